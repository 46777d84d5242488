/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/infer_options.h"

#include "codec/number.h"

static enum galen_status refuse(struct error *out_error, enum galen_status status,
                                const char *name, const char *why)
{
    error_write(out_error, "%s", why);
    if (name != NULL) {
        error_prefix_name(out_error, bytes_from_string(name));
    }
    error_prefix_name(out_error, BYTES("options"));
    return status;
}

static enum galen_status read_threshold(const struct json *value,
                                        struct infer_options *options,
                                        struct error *out_error)
{
    double number;
    if (json_type(value) != JSON_NUMBER ||
        number_read_f64(json_number(value), &number) != GALEN_OK || number < 0 ||
        number > 1) {
        return refuse(out_error, GALEN_UNPROCESSABLE, "threshold",
                      "is not a number from 0 to 1");
    }
    options->has_threshold = true;
    options->threshold = number;
    return GALEN_OK;
}

/* A member that is not ours is the client's own word: the error tells its place. */
static enum galen_status refuse_member(const struct json_cursor *at,
                                       struct error *out_error)
{
    error_write(out_error, "member %zu is not one that /infer takes", at->index);
    error_prefix_name(out_error, BYTES("options"));
    return GALEN_UNPROCESSABLE;
}

enum galen_status infer_options_read(const struct json *value,
                                     struct infer_options *out_options,
                                     struct error *out_error)
{
    *out_options = (struct infer_options){.has_threshold = false};
    if (value == NULL) {
        return GALEN_OK;
    }
    if (json_type(value) != JSON_OBJECT) {
        return refuse(out_error, GALEN_UNPROCESSABLE, NULL, "is not an object");
    }
    struct json_cursor at = json_walk(value);
    while (json_next(&at)) {
        if (!bytes_equal_string(at.name, "threshold")) {
            return refuse_member(&at, out_error);
        }
        TRY(read_threshold(at.value, out_options, out_error));
    }
    return GALEN_OK;
}

enum galen_status infer_options_check(const struct infer_options *options,
                                      const struct contract *contract,
                                      struct error *out_error)
{
    if (!options->has_threshold) {
        return GALEN_OK;
    }
    if (contract->threshold_max == 0) {
        return refuse(out_error, GALEN_FORBIDDEN, "threshold",
                      "this model leaves no choice of it");
    }
    if (options->threshold < contract->threshold ||
        options->threshold > contract->threshold_max) {
        error_write(out_error, "this model allows a threshold from %g to %g",
                    contract->threshold, contract->threshold_max);
        error_prefix_name(out_error, BYTES("threshold"));
        error_prefix_name(out_error, BYTES("options"));
        return GALEN_FORBIDDEN;
    }
    return GALEN_OK;
}
