/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/number.h"
#include "codec/tensor_json.h"
#include "codec/v2_impl.h"

enum { LENGTH_SIZE = sizeof(uint32_t), DATATYPE_NAME_SIZE_MAX = 16, ALIGNMENT = 64 };

/* -- name, datatype, shape ---------------------------------------------------------------
 */

static enum galen_status datatype_decode(const struct json *element,
                                         enum galen_datatype *out_datatype,
                                         struct error *out_error)
{
    const struct json *value;
    TRY(v2_required_member(element, "datatype", JSON_STRING, &value, out_error));
    const struct bytes name = json_string(value);
    if (galen_datatype_parse((const char *)name.data, name.size, out_datatype) !=
        GALEN_OK) {
        const enum galen_status status =
            error_set(out_error, GALEN_INVALID, "there is no such datatype");
        error_prefix_name(out_error, BYTES("datatype"));
        return status;
    }
    return GALEN_OK;
}

static enum galen_status dimension_decode(const struct json *value, int64_t lowest,
                                          int64_t *out_dimension, struct error *out_error)
{
    if (json_type(value) != JSON_NUMBER ||
        number_read_i64(json_number(value), lowest, INT64_MAX, out_dimension) != GALEN_OK) {
        return error_set(out_error, GALEN_INVALID, "a dimension is an integer from %d on",
                         (int)lowest);
    }
    return GALEN_OK;
}

static enum galen_status dimensions_decode(const struct json *shape, int64_t lowest,
                                           struct galen_tensor_spec *spec,
                                           struct error *out_error)
{
    if (json_count(shape) > GALEN_RANK_MAX) {
        return error_set(out_error, GALEN_INVALID, "a shape has at most %u dimensions",
                         GALEN_RANK_MAX);
    }
    struct json_cursor at = json_walk(shape);
    while (json_next(&at)) {
        const enum galen_status status =
            dimension_decode(at.value, lowest, &spec->shape[at.index], out_error);
        if (status != GALEN_OK) {
            error_prefix_index(out_error, at.index);
            return status;
        }
    }
    spec->rank = (uint32_t)json_count(shape);
    return GALEN_OK;
}

enum galen_status v2_spec_decode(const struct json *element, int64_t lowest,
                                 struct arena *arena, struct galen_tensor_spec *out_spec,
                                 struct error *out_error)
{
    struct galen_tensor_spec spec = {0};
    const struct json *shape;
    if (json_type(element) != JSON_OBJECT) {
        return error_set(out_error, GALEN_INVALID, "a tensor is an object");
    }
    TRY(v2_required_string(element, "name", LIMIT_TENSOR_NAME_SIZE_BYTES_MAX, arena,
                           &spec.name, out_error));
    TRY(datatype_decode(element, &spec.datatype, out_error));
    TRY(v2_required_member(element, "shape", JSON_ARRAY, &shape, out_error));
    const enum galen_status status = dimensions_decode(shape, lowest, &spec, out_error);
    if (status != GALEN_OK) {
        error_prefix_name(out_error, BYTES("shape"));
        return status;
    }
    *out_spec = spec;
    return GALEN_OK;
}

void v2_put_spec(struct json_writer *json, const char *name, enum galen_datatype datatype,
                 uint32_t rank, const int64_t *shape)
{
    json_put_name(json, "name");
    json_put_cstring(json, name);
    json_put_name(json, "datatype");
    json_put_cstring(json, galen_datatype_name(datatype));
    json_put_name(json, "shape");
    json_begin_array(json);
    for (uint32_t i = 0; i < rank; i++) {
        json_put_i64(json, shape[i]);
    }
    json_end_array(json);
}

/* -- elements ----------------------------------------------------------------------------
 */

struct tensor_decoder {
    struct v2_body *body;
    struct arena *arena;
    struct error *out_error;
};

/* The list's name without its plural: what one of its tensors is called. */
#define ONE_OF(list) (int)strlen(list) - 1, (list)

static enum galen_status refuse_shape(struct error *out_error)
{
    error_prefix_name(out_error, BYTES("shape"));
    return GALEN_INVALID;
}

/* Each element has its size at least, a string its length. What is no more than huge does
 * not agree with its data, or is beyond the limits with it. */
static enum galen_status size_check(const struct tensor_decoder *decoder,
                                    const struct galen_tensor *tensor, uint64_t *out_count)
{
    const size_t size = galen_datatype_size(tensor->datatype);
    struct error *out_error = decoder->out_error;
    uint64_t count;
    if (galen_shape_element_count(tensor->shape, tensor->rank, &count) != GALEN_OK) {
        error_write(out_error,
                    "the shape causes total element count to exceed maximum size of %lld",
                    (long long)INT64_MAX);
        return refuse_shape(out_error);
    }
    if (count > INT64_MAX / (size == 0 ? LENGTH_SIZE : size)) {
        error_write(out_error, "byte size overflow for %.*s", ONE_OF(decoder->body->list));
        return refuse_shape(out_error);
    }
    *out_count = count;
    return GALEN_OK;
}

static enum galen_status refuse_size(const struct tensor_decoder *decoder, uint64_t size,
                                     uint64_t wanted)
{
    if (size < wanted) {
        return error_set(decoder->out_error, GALEN_INVALID,
                         "unexpected size for %.*s, expecting %llu additional bytes",
                         ONE_OF(decoder->body->list), (unsigned long long)(wanted - size));
    }
    return error_set(decoder->out_error, GALEN_INVALID,
                     "unexpected size for %.*s, %llu bytes more than the shape takes",
                     ONE_OF(decoder->body->list), (unsigned long long)(size - wanted));
}

/* Where the tensor may be read: in the body, or a copy when it is misaligned there. */
static const uint8_t *aligned(struct bytes raw, enum galen_datatype datatype,
                              struct arena *arena)
{
    const size_t size = galen_datatype_size(datatype);
    if (size < 2 || (uintptr_t)raw.data % size == 0) {
        return raw.data;
    }
    uint8_t *room = arena_alloc(arena, raw.size + ALIGNMENT);
    if (room == NULL) {
        return NULL;
    }
    room += (ALIGNMENT - (uintptr_t)room % ALIGNMENT) % ALIGNMENT;
    return memcpy(room, raw.data, raw.size);
}

static bool booleans_are_0_or_1(struct bytes raw)
{
    uint8_t bits = 0;
    for (size_t i = 0; i < raw.size; i++) {
        bits |= raw.data[i];
    }
    return bits <= 1;
}

static enum galen_status raw_check(const struct galen_tensor *tensor,
                                   struct error *out_error)
{
    const struct bytes raw = bytes_of(tensor->bytes, tensor->size_bytes);
    if (tensor->datatype == GALEN_BOOL && !booleans_are_0_or_1(raw)) {
        return error_set(out_error, GALEN_INVALID, "a BOOL is a byte of 0 or 1");
    }
    if (galen_tensor_check(tensor) != GALEN_OK) {
        return error_set(out_error, GALEN_INVALID,
                         "the binary data is not a length and as many bytes per element");
    }
    return GALEN_OK;
}

static enum galen_status raw_decode(struct tensor_decoder *decoder, uint64_t size,
                                    uint64_t count, struct galen_tensor *tensor)
{
    struct reader *raw = &decoder->body->raw;
    const uint64_t element_size = galen_datatype_size(tensor->datatype);
    if (element_size != 0 && size != count * element_size) {
        return refuse_size(decoder, size, count * element_size);
    }
    if (size > raw->left.size) {
        return refuse_size(decoder, raw->left.size, size);
    }
    if (size > LIMIT_TENSOR_SIZE_BYTES_MAX) {
        return error_set(decoder->out_error, GALEN_TOO_LARGE,
                         "a tensor has at most %d bytes", (int)LIMIT_TENSOR_SIZE_BYTES_MAX);
    }
    const struct bytes bytes = reader_take(raw, size);
    tensor->bytes = aligned(bytes, tensor->datatype, decoder->arena);
    tensor->size_bytes = bytes.size;
    if (tensor->bytes == NULL && bytes.size > 0) {
        return error_set(decoder->out_error, GALEN_NO_MEMORY, "no memory for a tensor");
    }
    return raw_check(tensor, decoder->out_error);
}

static enum galen_status data_decode(struct tensor_decoder *decoder, struct bytes data,
                                     struct galen_tensor *tensor)
{
    enum galen_status status;
    if (data.size == 0) { /* the scan knows the name by its plain letters only */
        status = error_set(decoder->out_error, GALEN_INVALID,
                           "Unable to parse 'data': it is no array, or its name or its "
                           "tensors' is written with escapes");
    } else {
        status = tensor_json_read(data, decoder->body->special_numbers, decoder->arena,
                                  tensor, decoder->out_error);
    }
    if (status != GALEN_OK) {
        error_prefix_name(decoder->out_error, BYTES("data"));
    }
    return status;
}

static enum galen_status elements_decode(struct tensor_decoder *decoder,
                                         const struct json_cursor *at,
                                         struct galen_tensor *tensor)
{
    struct v2_parameters parameters;
    uint64_t count;
    const bool has_data = json_member(at->value, "data") != NULL;
    TRY(size_check(decoder, tensor, &count));
    TRY(v2_parameters_decode(at->value, V2_OF_TENSOR, &parameters, decoder->out_error));
    if (has_data == parameters.has_binary_data_size) {
        return error_set(decoder->out_error, GALEN_INVALID,
                         "a tensor has either 'data' or the parameter 'binary_data_size'");
    }
    return has_data ? data_decode(decoder, decoder->body->data[at->index], tensor)
                    : raw_decode(decoder, parameters.binary_data_size, count, tensor);
}

static enum galen_status tensor_decode(struct tensor_decoder *decoder,
                                       const struct json_cursor *at,
                                       struct galen_tensor *out_tensor)
{
    struct galen_tensor_spec spec;
    TRY(v2_spec_decode(at->value, 0, decoder->arena, &spec, decoder->out_error));
    *out_tensor = (struct galen_tensor){
        .name = spec.name, .datatype = spec.datatype, .rank = spec.rank};
    memcpy(out_tensor->shape, spec.shape, sizeof(spec.shape));
    return elements_decode(decoder, at, out_tensor);
}

static enum galen_status check_name_is_new(const struct galen_tensor *tensors, size_t index,
                                           struct error *out_error)
{
    for (size_t i = 0; i < index; i++) {
        if (strcmp(tensors[i].name, tensors[index].name) == 0) {
            const enum galen_status status = error_set(
                out_error, GALEN_INVALID,
                "tensor %zu already exists in request: it has the name of tensor %zu",
                index, i);
            error_prefix_name(out_error, BYTES("name"));
            return status;
        }
    }
    return GALEN_OK;
}

static enum galen_status list_decode(struct tensor_decoder *decoder,
                                     const struct json *list, struct galen_tensor *tensors)
{
    struct json_cursor at = json_walk(list);
    while (json_next(&at)) {
        enum galen_status status = tensor_decode(decoder, &at, &tensors[at.index]);
        if (status == GALEN_OK) {
            status = check_name_is_new(tensors, at.index, decoder->out_error);
        }
        if (status != GALEN_OK) {
            return v2_at_element(status, decoder->body->list, at.index, decoder->out_error);
        }
    }
    if (decoder->body->raw.left.size > 0) {
        return error_set(decoder->out_error, GALEN_INVALID,
                         "unexpected additional %.*s data: %zu bytes",
                         ONE_OF(decoder->body->list), decoder->body->raw.left.size);
    }
    return GALEN_OK;
}

enum galen_status v2_tensors_decode(struct v2_body *body, struct arena *arena,
                                    struct galen_tensor **out_tensors, size_t *out_count,
                                    struct error *out_error)
{
    struct tensor_decoder decoder = {body, arena, out_error};
    const struct json *list;
    TRY(v2_required_member(body->root, body->list, JSON_ARRAY, &list, out_error));
    const size_t count = json_count(list);
    if (count > LIMIT_TENSOR_COUNT_MAX) {
        const enum galen_status status =
            error_set(out_error, GALEN_INVALID, "there are at most %d tensors",
                      (int)LIMIT_TENSOR_COUNT_MAX);
        error_prefix_name(out_error, bytes_from_string(body->list));
        return status;
    }
    struct galen_tensor *tensors = arena_alloc_array(arena, count, sizeof(*tensors));
    if (tensors == NULL) {
        return error_set(out_error, GALEN_NO_MEMORY, "no memory for %zu tensors", count);
    }
    TRY(list_decode(&decoder, list, tensors));
    *out_tensors = tensors;
    *out_count = count;
    return GALEN_OK;
}

void v2_put_binary_tensor(struct json_writer *json, const struct galen_tensor *tensor)
{
    json_begin_object(json);
    v2_put_spec(json, tensor->name, tensor->datatype, tensor->rank, tensor->shape);
    json_put_name(json, "parameters");
    json_begin_object(json);
    json_put_name(json, "binary_data_size");
    json_put_u64(json, tensor->size_bytes);
    json_end_object(json);
    json_end_object(json);
}
