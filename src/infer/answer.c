/* SPDX-License-Identifier: Apache-2.0 */
#include "infer/answer.h"

#include "infer/validate.h"

enum galen_status infer_answer_version(struct infer_call *call, const char *version)
{
    const char *copy = arena_copy_string(call->arena, bytes_from_string(version));
    if (copy == NULL) {
        return GALEN_NO_MEMORY;
    }
    call->response.version = copy;
    return GALEN_OK;
}

enum galen_status infer_answer_note(struct infer_call *call, const char *note)
{
    call->response.note = arena_copy_string(call->arena, bytes_from_string(note));
    return call->response.note == NULL ? GALEN_NO_MEMORY : GALEN_OK;
}

static const struct galen_tensor_spec *
copy_specs(struct arena *arena, const struct galen_tensor_spec *specs, size_t count)
{
    struct galen_tensor_spec *copies = arena_alloc_array(arena, count, sizeof(*copies));
    for (size_t i = 0; copies != NULL && i < count; i++) {
        copies[i] = specs[i];
        copies[i].name = arena_copy_string(arena, bytes_from_string(specs[i].name));
        if (copies[i].name == NULL) {
            return NULL;
        }
    }
    return copies;
}

static const char *const *copy_strings(struct arena *arena, const char *const *strings,
                                       size_t count)
{
    const char **copies = arena_alloc_array(arena, count, sizeof(*copies));
    for (size_t i = 0; copies != NULL && i < count; i++) {
        copies[i] = arena_copy_string(arena, bytes_from_string(strings[i]));
        if (copies[i] == NULL) {
            return NULL;
        }
    }
    return copies;
}

enum galen_status infer_answer_model(struct infer_call *call, const struct v2_model *model)
{
    struct arena *arena = call->arena;
    struct v2_model copy = *model;
    copy.name = arena_copy_string(arena, bytes_from_string(model->name));
    copy.platform = arena_copy_string(arena, bytes_from_string(model->platform));
    copy.versions = copy_strings(arena, model->versions, model->version_count);
    copy.inputs = copy_specs(arena, model->inputs, model->input_count);
    copy.outputs = copy_specs(arena, model->outputs, model->output_count);
    if (copy.name == NULL || copy.platform == NULL || copy.versions == NULL ||
        copy.inputs == NULL || copy.outputs == NULL) {
        return GALEN_NO_MEMORY;
    }
    call->response.model = copy;
    return GALEN_OK;
}

static uint64_t wanted_classes(const struct infer_request *request, const char *output)
{
    for (size_t i = 0; request->class_counts != NULL && i < request->output_count; i++) {
        if (strcmp(request->outputs[i], output) == 0) {
            return request->class_counts[i];
        }
    }
    return 0;
}

static enum galen_status add_output(struct infer_call *call,
                                    const struct galen_tensor *tensor, struct blob *storage)
{
    const char *name = arena_copy_string(call->arena, bytes_from_string(tensor->name));
    if (name == NULL) {
        blob_unref(storage);
        return GALEN_NO_MEMORY;
    }
    struct infer_output *output = &call->response.outputs[call->response.output_count];
    *output = (struct infer_output){.tensor = *tensor, .storage = storage};
    output->tensor.name = name;
    call->response.output_count++;
    return GALEN_OK;
}

enum galen_status infer_answer_output(struct infer_call *call,
                                      const struct galen_tensor *tensor,
                                      struct blob *storage)
{
    const uint64_t class_count = wanted_classes(&call->request, tensor->name);
    if (class_count == 0 || !infer_has_classes(tensor->datatype)) {
        return add_output(call, tensor, storage); /* or it is made of classes already */
    }
    struct galen_tensor classes;
    struct blob *class_storage;
    const enum galen_status status = infer_classes_make(
        tensor, &call->classing, class_count, call->arena, &classes, &class_storage);
    const enum galen_status added =
        status == GALEN_OK ? add_output(call, &classes, class_storage) : status;
    blob_unref(storage);
    return added;
}

enum galen_status infer_refuse_unknown(struct infer_call *call, bool model_is_known)
{
    const char *model = infer_quotable_name(call->request.model);
    if (model_is_known && call->request.version[0] != '\0') {
        return error_set(&call->error, GALEN_NOT_FOUND,
                         "Request for unknown model: '%s' version %s is not found", model,
                         infer_quotable_name(call->request.version));
    }
    return error_set(&call->error, GALEN_NOT_FOUND,
                     "Request for unknown model: '%s' is not found", model);
}

enum galen_status infer_refuse_late(struct infer_call *call)
{
    return error_set(&call->error, GALEN_TIMEOUT, "the deadline has passed");
}

enum galen_status infer_refuse_cancelled(struct infer_call *call)
{
    return error_set(&call->error, GALEN_CANCELLED, "cancelled");
}
