/* SPDX-License-Identifier: Apache-2.0 */
#include <model_config.pb-c.h>
#include <stdio.h>

#include "base/limits.h"
#include "model/config_complete_impl.h"

enum { SHAPE_TEXT_SIZE = 8 * 24 };

/* An input or output of the file, and the network's of that name. */
struct pair {
    const struct galen_tensor_spec *declared; /* without the dimension of rows */
    const struct galen_tensor_spec *own;
    const ProtobufCMessage *message; /* of the file */
    bool is_squeezed;                /* its dims are [ 1 ], and none of the network's */
};

static void shape_text(const struct galen_tensor_spec *spec, char *out_text)
{
    size_t used = (size_t)snprintf(out_text, SHAPE_TEXT_SIZE, "[");
    for (uint32_t i = 0; i < spec->rank; i++) {
        used += (size_t)snprintf(out_text + used, SHAPE_TEXT_SIZE - used, "%s%lld",
                                 i == 0 ? "" : ",", (long long)spec->shape[i]);
    }
    (void)snprintf(out_text + used, SHAPE_TEXT_SIZE - used, "]");
}

static const struct galen_tensor_spec *find_spec(const struct galen_tensor_spec *specs,
                                                 size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(specs[i].name, name) == 0) {
            return &specs[i];
        }
    }
    return NULL;
}

/* As clients see it: with the dimension of rows. */
static enum galen_status client_spec(struct config_completion *completion,
                                     const struct pair *pair,
                                     struct galen_tensor_spec *out_spec)
{
    const bool has_rows = completion->reader.config->row_count_max > 0;
    const struct galen_tensor_spec *declared = pair->declared;
    *out_spec = *declared;
    if (!has_rows) {
        return GALEN_OK;
    }
    if (declared->rank == GALEN_RANK_MAX) {
        return config_refuse(&completion->reader, pair->message, "dims", 0, GALEN_TOO_LARGE,
                             "are, with that of rows, more than %u dimensions",
                             GALEN_RANK_MAX);
    }
    out_spec->rank = declared->rank + 1;
    out_spec->shape[0] = GALEN_DIMENSION_ANY;
    memcpy(out_spec->shape + 1, declared->shape, declared->rank * sizeof(int64_t));
    return GALEN_OK;
}

static bool shape_fits(const struct pair *pair, const struct galen_tensor_spec *spec)
{
    const uint32_t rank = spec->rank - pair->is_squeezed;
    if (rank != pair->own->rank) {
        return false;
    }
    for (uint32_t i = 0; i < rank; i++) {
        if (!config_dimension_fits(spec->shape[i], pair->own->shape[i])) {
            return false;
        }
    }
    return true;
}

static enum galen_status refuse_shape(struct config_completion *completion,
                                      const struct pair *pair,
                                      const struct galen_tensor_spec *spec)
{
    char wanted[SHAPE_TEXT_SIZE];
    char own[SHAPE_TEXT_SIZE];
    shape_text(spec, wanted);
    shape_text(pair->own, own);
    const bool has_rows = completion->reader.config->row_count_max > 0;
    return config_refuse(&completion->reader, pair->message, "dims", 0, GALEN_INVALID,
                         "make %s%s, and the network has %s", wanted,
                         has_rows ? " with the rows" : "", own);
}

static enum galen_status match(struct config_completion *completion,
                               const struct pair *pair, bool is_rank_open,
                               struct galen_tensor_spec *out_spec)
{
    if (pair->declared->datatype != pair->own->datatype) {
        return config_refuse(&completion->reader, pair->message, "data_type", 0,
                             GALEN_INVALID, "is %s, and the network's is %s",
                             galen_datatype_name(pair->declared->datatype),
                             galen_datatype_name(pair->own->datatype));
    }
    TRY(client_spec(completion, pair, out_spec));
    return is_rank_open || shape_fits(pair, out_spec)
               ? GALEN_OK
               : refuse_shape(completion, pair, out_spec);
}

/* Without rows a scalar of the network is a tensor of one element for Triton's clients. */
static bool is_squeezed(const struct config_completion *completion, const struct pair *pair,
                        bool has_reshape)
{
    const struct galen_tensor_spec *declared = pair->declared;
    return has_reshape ||
           (completion->reader.config->row_count_max == 0 && pair->own->rank == 0 &&
            declared->rank == 1 && declared->shape[0] == 1);
}

/* -- what the file leaves out ------------------------------------------------------------
 */

static enum galen_status copy_spec(struct config_completion *completion,
                                   const struct galen_tensor_spec *own,
                                   struct galen_tensor_spec *out_spec)
{
    char *name = NULL;
    TRY(config_copy_text(completion, own->name, &name));
    *out_spec = *own;
    out_spec->name = name;
    return GALEN_OK;
}

/* The dimensions without that of rows. */
static enum galen_status copy_dims(struct config_completion *completion,
                                   const struct galen_tensor_spec *spec, size_t *out_count,
                                   int64_t **out_dims)
{
    const uint32_t first = completion->reader.config->row_count_max > 0;
    const size_t count = spec->rank - first;
    int64_t *dims = arena_alloc_array(completion->reader.arena, count, sizeof(*dims));
    if (dims == NULL) {
        return config_no_memory(&completion->reader);
    }
    memcpy(dims, spec->shape + first, count * sizeof(*dims));
    *out_count = count;
    *out_dims = dims;
    return GALEN_OK;
}

static enum galen_status fill_input(struct config_completion *completion,
                                    struct galen_tensor_spec *spec,
                                    const struct galen_tensor_spec *own,
                                    Inference__ModelInput **out_input)
{
    Inference__ModelInput *input =
        config_new_message(completion, &inference__model_input__descriptor);
    if (input == NULL) {
        return config_no_memory(&completion->reader);
    }
    TRY(copy_spec(completion, own, spec));
    TRY(config_copy_text(completion, own->name, &input->name));
    input->data_type = (Inference__DataType)config_type_of(own->datatype);
    TRY(copy_dims(completion, own, &input->n_dims, &input->dims));
    *out_input = input;
    return GALEN_OK;
}

static enum galen_status fill_output(struct config_completion *completion,
                                     struct galen_tensor_spec *spec,
                                     const struct galen_tensor_spec *own,
                                     Inference__ModelOutput **out_output)
{
    Inference__ModelOutput *output =
        config_new_message(completion, &inference__model_output__descriptor);
    if (output == NULL) {
        return config_no_memory(&completion->reader);
    }
    TRY(copy_spec(completion, own, spec));
    TRY(config_copy_text(completion, own->name, &output->name));
    output->data_type = (Inference__DataType)config_type_of(own->datatype);
    TRY(copy_dims(completion, own, &output->n_dims, &output->dims));
    *out_output = output;
    return GALEN_OK;
}

static enum galen_status fill_inputs(struct config_completion *completion,
                                     struct galen_tensor_spec *specs)
{
    Inference__ModelConfig *root = (Inference__ModelConfig *)completion->root;
    const struct galen_model_spec *own = completion->network->spec;
    Inference__ModelInput **inputs =
        arena_alloc_array(completion->reader.arena, own->input_count, sizeof(*inputs));
    if (inputs == NULL) {
        return config_no_memory(&completion->reader);
    }
    for (size_t i = 0; i < own->input_count; i++) {
        TRY(fill_input(completion, &specs[i], &own->inputs[i], &inputs[i]));
    }
    root->n_input = own->input_count;
    root->input = inputs;
    return GALEN_OK;
}

static enum galen_status fill_outputs(struct config_completion *completion,
                                      struct galen_tensor_spec *specs)
{
    Inference__ModelConfig *root = (Inference__ModelConfig *)completion->root;
    const struct galen_model_spec *own = completion->network->spec;
    Inference__ModelOutput **outputs =
        arena_alloc_array(completion->reader.arena, own->output_count, sizeof(*outputs));
    if (outputs == NULL) {
        return config_no_memory(&completion->reader);
    }
    for (size_t i = 0; i < own->output_count; i++) {
        TRY(fill_output(completion, &specs[i], &own->outputs[i], &outputs[i]));
        completion->reader.config->listed_outputs |= UINT64_C(1) << i;
    }
    root->n_output = own->output_count;
    root->output = outputs;
    return GALEN_OK;
}

/* -- what the file has -------------------------------------------------------------------
 */

static enum galen_status check_names(struct config_completion *completion,
                                     const ProtobufCMessage *message, const char *name,
                                     const struct galen_tensor_spec *own, size_t own_count,
                                     const char *kind)
{
    return find_spec(own, own_count, name) != NULL
               ? GALEN_OK
               : config_refuse(&completion->reader, message, "name", 0, GALEN_INVALID,
                               "'%s': the network has no such %s", name, kind);
}

static enum galen_status match_input(struct config_completion *completion, size_t index,
                                     struct galen_tensor_spec *out_spec)
{
    const struct model_config *given = completion->given;
    const Inference__ModelConfig *root =
        (const Inference__ModelConfig *)given->document_.root;
    const struct galen_tensor_spec *own = &completion->network->spec->inputs[index];
    const struct galen_tensor_spec *declared =
        find_spec(given->inputs, given->input_count, own->name);
    if (declared == NULL) {
        return config_refuse(&completion->reader, completion->root, "input", 0,
                             GALEN_INVALID, "the network's input '%s' is not there",
                             own->name);
    }
    const Inference__ModelInput *input = root->input[declared - given->inputs];
    struct pair pair = {.declared = declared, .own = own, .message = &input->base};
    pair.is_squeezed = is_squeezed(completion, &pair, input->reshape != NULL);
    if (pair.is_squeezed) {
        completion->reader.config->squeezed_inputs |= UINT64_C(1) << index;
    }
    return match(completion, &pair, false, out_spec);
}

static enum galen_status match_inputs(struct config_completion *completion,
                                      struct galen_tensor_spec *specs)
{
    const struct galen_model_spec *own = completion->network->spec;
    const struct model_config *given = completion->given;
    const Inference__ModelConfig *root =
        (const Inference__ModelConfig *)given->document_.root;
    for (size_t i = 0; i < given->input_count; i++) {
        TRY(check_names(completion, &root->input[i]->base, given->inputs[i].name,
                        own->inputs, own->input_count, "input"));
    }
    for (size_t i = 0; i < own->input_count; i++) {
        TRY(match_input(completion, i, &specs[i]));
    }
    return GALEN_OK;
}

enum galen_status config_complete_inputs(struct config_completion *completion)
{
    const size_t count = completion->network->spec->input_count;
    struct galen_tensor_spec *specs =
        arena_alloc_array(completion->reader.arena, count, sizeof(*specs));
    if (specs == NULL) {
        return config_no_memory(&completion->reader);
    }
    completion->reader.config->inputs = specs;
    completion->reader.config->input_count = count;
    return completion->given->input_count == 0 ? fill_inputs(completion, specs)
                                               : match_inputs(completion, specs);
}

/* The network may leave the rank of an output open, which its spec does not tell from that
 * of a scalar. */
static enum galen_status match_output(struct config_completion *completion,
                                      const struct galen_tensor_spec *own,
                                      const struct galen_tensor_spec *declared,
                                      size_t out_index, struct galen_tensor_spec *out_spec)
{
    const struct model_config *given = completion->given;
    const Inference__ModelConfig *root =
        (const Inference__ModelConfig *)given->document_.root;
    const Inference__ModelOutput *output = root->output[declared - given->outputs];
    struct pair pair = {.declared = declared, .own = own, .message = &output->base};
    pair.is_squeezed = is_squeezed(completion, &pair, output->reshape != NULL);
    if (pair.is_squeezed) {
        completion->reader.config->squeezed_outputs |= UINT64_C(1) << out_index;
    }
    return match(completion, &pair, own->rank == 0, out_spec);
}

static enum galen_status match_outputs(struct config_completion *completion,
                                       struct galen_tensor_spec *specs,
                                       const char **label_files)
{
    size_t count = 0;
    struct model_config *made = completion->reader.config;
    const struct model_config *given = completion->given;
    const struct galen_model_spec *own = completion->network->spec;
    for (size_t i = 0; i < own->output_count; i++) {
        const struct galen_tensor_spec *declared =
            find_spec(given->outputs, given->output_count, own->outputs[i].name);
        if (declared == NULL) {
            continue;
        }
        TRY(match_output(completion, &own->outputs[i], declared, count, &specs[count]));
        label_files[count++] = given->label_files[declared - given->outputs];
        made->listed_outputs |= UINT64_C(1) << i;
    }
    made->output_count = count;
    return GALEN_OK;
}

static enum galen_status check_output_names(struct config_completion *completion)
{
    const struct model_config *given = completion->given;
    const struct galen_model_spec *own = completion->network->spec;
    const Inference__ModelConfig *root =
        (const Inference__ModelConfig *)given->document_.root;
    for (size_t i = 0; i < given->output_count; i++) {
        TRY(check_names(completion, &root->output[i]->base, given->outputs[i].name,
                        own->outputs, own->output_count, "output"));
    }
    return GALEN_OK;
}

enum galen_status config_complete_outputs(struct config_completion *completion)
{
    struct arena *arena = completion->reader.arena;
    struct model_config *made = completion->reader.config;
    const size_t count = completion->network->spec->output_count;
    struct galen_tensor_spec *specs = arena_alloc_array(arena, count, sizeof(*specs));
    const char **label_files = arena_alloc_array(arena, count, sizeof(*label_files));
    if (specs == NULL || label_files == NULL) {
        return config_no_memory(&completion->reader);
    }
    made->outputs = specs;
    made->output_count = count;
    made->label_files = label_files;
    if (completion->given->output_count == 0) {
        return fill_outputs(completion, specs);
    }
    TRY(check_output_names(completion));
    return match_outputs(completion, specs, label_files);
}
