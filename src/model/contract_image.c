/* SPDX-License-Identifier: Apache-2.0 */
/* What a contract says of images, beyond its table. */
#include <float.h>
#include <math.h>

#include "base/limits.h"
#include "model/contract_impl.h"

/* The value that is wrong, or the mapping if it is not there. */
static enum galen_status refuse(const struct contract_checker *checker, const char *key,
                                const char *why)
{
    const struct yaml_node *image = contract_member(checker, "image");
    const struct yaml_node *node = yaml_member(image, key);
    return yaml_refuse(&checker->document, node == NULL ? image : node, checker->error,
                       "%s", why);
}

static bool fits_float(double value)
{
    return fabs(value) <= (double)FLT_MAX;
}

static bool all_fit(const double *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!fits_float(values[i])) {
            return false;
        }
    }
    return true;
}

static bool all_above_zero(const double *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!((float)values[i] > 0)) {
            return false;
        }
    }
    return true;
}

static enum galen_status check_numbers(const struct contract_checker *checker)
{
    const struct contract *contract = &checker->text.contract;
    const size_t channels = contract_channel_count(contract->image.channels);
    if (contract->image.mean_count != 0 && contract->image.mean_count != channels) {
        return refuse(checker, "mean", "needs one number a channel");
    }
    if (contract->image.std_count != 0 && contract->image.std_count != channels) {
        return refuse(checker, "std", "needs one number a channel");
    }
    if (!all_fit(contract->image.mean, contract->image.mean_count)) {
        return refuse(checker, "mean", "does not fit FP32");
    }
    if (!all_fit(contract->image.std, contract->image.std_count) ||
        !all_above_zero(contract->image.std, contract->image.std_count)) {
        return refuse(checker, "std", "must be greater than 0 and fit FP32");
    }
    return fits_float(contract->image.scale)
               ? GALEN_OK
               : refuse(checker, "scale", "does not fit FP32");
}

/* Bytes of pixels have nothing that they could be scaled into. */
static enum galen_status check_bytes(const struct contract_checker *checker)
{
    static const char *const keys[] = {"scale", "mean", "std"};
    const struct yaml_node *image = contract_member(checker, "image");
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        if (checker->text.datatype == INPUT_UINT8 && yaml_member(image, keys[i]) != NULL) {
            return refuse(checker, keys[i], "does not go with UINT8");
        }
    }
    return GALEN_OK;
}

static enum galen_status check_size(const struct contract_checker *checker)
{
    static const uint64_t element_size_max = sizeof(float);
    const struct contract *contract = &checker->text.contract;
    const uint64_t size = contract->image.width * contract->image.height *
                          contract_channel_count(contract->image.channels) *
                          element_size_max;
    return size <= LIMIT_TENSOR_SIZE_BYTES_MAX
               ? GALEN_OK
               : refuse(checker, "height", "makes the tensor too large");
}

/* What decoders are here for. */
static enum galen_status check_types(const struct contract_checker *checker)
{
    const struct contract *contract = &checker->text.contract;
    for (size_t i = 0; i < contract->media_type_count; i++) {
        if (strcmp(contract->media_types[i], "image/jpeg") != 0 &&
            strcmp(contract->media_types[i], "image/png") != 0) {
            return yaml_refuse(&checker->document,
                               yaml_at(contract_member(checker, "media_types"), i),
                               checker->error, "must be image/jpeg or image/png");
        }
    }
    return GALEN_OK;
}

static enum galen_status check_fit(const struct contract_checker *checker)
{
    const struct contract *contract = &checker->text.contract;
    const uint64_t shorter = contract->image.shorter;
    if (shorter != 0 && contract->image.fit != FIT_COVER) {
        return refuse(checker, "shorter", "needs fit: cover");
    }
    if (shorter != 0 &&
        (shorter < contract->image.width || shorter < contract->image.height)) {
        return refuse(checker, "shorter", "is less than width or height");
    }
    if (contract->image.pad != 0 && contract->image.fit != FIT_CONTAIN) {
        return refuse(checker, "pad", "needs fit: contain");
    }
    return GALEN_OK;
}

enum galen_status contract_check_image(const struct contract_checker *checker)
{
    if (!contract_takes_images(&checker->text.contract)) {
        return GALEN_OK;
    }
    TRY(check_types(checker));
    TRY(check_size(checker));
    TRY(check_fit(checker));
    TRY(check_bytes(checker));
    return check_numbers(checker);
}
