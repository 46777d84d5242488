/* SPDX-License-Identifier: Apache-2.0 */
#include "backend/onnxruntime_spec.h"

#include "backend/onnxruntime_tensor.h"
#include "base/limits.h"

struct source {
    const struct onnxruntime *runtime;
    const OrtSession *session;
    struct arena *arena;
    struct galen_error *error;
};

/* Inputs and outputs are read alike, through these. */
struct side {
    const char *kind;
    OrtStatus *(ORT_API_CALL *count)(const OrtSession *session, size_t *out_count);
    OrtStatus *(ORT_API_CALL *name)(const OrtSession *session, size_t index,
                                    OrtAllocator *allocator, char **out_name);
    OrtStatus *(ORT_API_CALL *type)(const OrtSession *session, size_t index,
                                    OrtTypeInfo **out_type);
};

static const char *const kinds[] = {
    [ONNX_TYPE_UNKNOWN] = "of no known type",
    [ONNX_TYPE_TENSOR] = "a tensor",
    [ONNX_TYPE_SEQUENCE] = "a sequence",
    [ONNX_TYPE_MAP] = "a map",
    [ONNX_TYPE_OPAQUE] = "opaque",
    [ONNX_TYPE_SPARSETENSOR] = "a sparse tensor",
    [ONNX_TYPE_OPTIONAL] = "an optional",
};

static const char *kind_text(enum ONNXType kind)
{
    return (size_t)kind < sizeof(kinds) / sizeof(kinds[0]) ? kinds[kind] : kinds[0];
}

static enum galen_status checked(const struct source *source, OrtStatus *result)
{
    return onnxruntime_status(source->runtime, result, source->error);
}

static enum galen_status read_name(const struct source *source, const struct side *side,
                                   size_t index, const char **out_name)
{
    char *theirs = NULL;
    OrtAllocator *allocator = source->runtime->allocator;
    TRY(checked(source, side->name(source->session, index, allocator, &theirs)));
    const char *name = arena_copy_string(source->arena, bytes_from_string(theirs));
    allocator->Free(allocator, theirs);
    if (name == NULL) {
        return GALEN_NO_MEMORY;
    }
    *out_name = name;
    return GALEN_OK;
}

static enum galen_status read_size_names(const struct source *source,
                                         const OrtTensorTypeAndShapeInfo *info, size_t rank,
                                         struct size_names *names)
{
    const char *theirs[GALEN_RANK_MAX];
    TRY(checked(source, source->runtime->api->GetSymbolicDimensions(info, theirs, rank)));
    for (size_t i = 0; i < rank; i++) {
        names->of[i] = arena_copy_string(source->arena, bytes_from_string(theirs[i]));
        if (names->of[i] == NULL) {
            return GALEN_NO_MEMORY;
        }
    }
    return GALEN_OK;
}

static enum galen_status read_shape(const struct source *source, const struct side *side,
                                    const OrtTensorTypeAndShapeInfo *info,
                                    struct galen_tensor_spec *tensor,
                                    struct size_names *names)
{
    const OrtApi *api = source->runtime->api;
    size_t rank = 0;
    TRY(checked(source, api->GetDimensionsCount(info, &rank)));
    if (rank > GALEN_RANK_MAX) {
        return galen_error_set(source->error, GALEN_INVALID,
                               "%s '%s' has %zu dimensions, at most %u can be served",
                               side->kind, tensor->name, rank, GALEN_RANK_MAX);
    }
    tensor->rank = (uint32_t)rank;
    TRY(checked(source, api->GetDimensions(info, tensor->shape, rank)));
    return read_size_names(source, info, rank, names);
}

static enum galen_status read_type(const struct source *source, const struct side *side,
                                   const OrtTypeInfo *type,
                                   struct galen_tensor_spec *tensor,
                                   struct size_names *names)
{
    const OrtApi *api = source->runtime->api;
    const OrtTensorTypeAndShapeInfo *info = NULL;
    enum ONNXType kind = ONNX_TYPE_UNKNOWN;
    ONNXTensorElementDataType element = ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;

    TRY(checked(source, api->GetOnnxTypeFromTypeInfo(type, &kind)));
    if (kind != ONNX_TYPE_TENSOR) {
        return galen_error_set(source->error, GALEN_INVALID,
                               "%s '%s' is %s, only tensors can be served", side->kind,
                               tensor->name, kind_text(kind));
    }
    TRY(checked(source, api->CastTypeInfoToTensorInfo(type, &info)));
    TRY(checked(source, api->GetTensorElementType(info, &element)));
    if (!onnxruntime_datatype(element, &tensor->datatype)) {
        return galen_error_set(source->error, GALEN_INVALID,
                               "%s '%s' has ONNX element type %d, which v2 has no name for",
                               side->kind, tensor->name, (int)element);
    }
    return read_shape(source, side, info, tensor, names);
}

static enum galen_status read_tensor(const struct source *source, const struct side *side,
                                     size_t index, struct galen_tensor_spec *tensor,
                                     struct size_names *names)
{
    OrtTypeInfo *type = NULL;
    TRY(read_name(source, side, index, &tensor->name));
    TRY(checked(source, side->type(source->session, index, &type)));
    const enum galen_status status = read_type(source, side, type, tensor, names);
    source->runtime->api->ReleaseTypeInfo(type);
    return status;
}

static enum galen_status read_side(const struct source *source, const struct side *side,
                                   const struct galen_tensor_spec **out_tensors,
                                   const struct size_names **out_names, size_t *out_count)
{
    size_t count = 0;
    TRY(checked(source, side->count(source->session, &count)));
    if (count > LIMIT_TENSOR_COUNT_MAX) {
        return galen_error_set(source->error, GALEN_INVALID, "more than %d %ss",
                               (int)LIMIT_TENSOR_COUNT_MAX, side->kind);
    }
    struct galen_tensor_spec *tensors =
        arena_alloc_array(source->arena, count, sizeof(*tensors));
    struct size_names *names = arena_alloc_array(source->arena, count, sizeof(*names));
    if (tensors == NULL || names == NULL) {
        return GALEN_NO_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        TRY(read_tensor(source, side, i, &tensors[i], &names[i]));
    }
    *out_tensors = tensors;
    *out_names = names;
    *out_count = count;
    return GALEN_OK;
}

enum galen_status onnxruntime_spec_read(const struct onnxruntime *runtime,
                                        const OrtSession *session, struct arena *arena,
                                        struct onnxruntime_spec *out_spec,
                                        struct galen_error *out_error)
{
    const OrtApi *api = runtime->api;
    const struct source source = {runtime, session, arena, out_error};
    const struct side inputs = {"input", api->SessionGetInputCount,
                                api->SessionGetInputName, api->SessionGetInputTypeInfo};
    const struct side outputs = {"output", api->SessionGetOutputCount,
                                 api->SessionGetOutputName, api->SessionGetOutputTypeInfo};
    struct onnxruntime_spec spec = {.model = {.platform = "onnxruntime_onnx"}};

    TRY(read_side(&source, &inputs, &spec.model.inputs, &spec.input_sizes,
                  &spec.model.input_count));
    TRY(read_side(&source, &outputs, &spec.model.outputs, &spec.output_sizes,
                  &spec.model.output_count));
    *out_spec = spec;
    return GALEN_OK;
}
