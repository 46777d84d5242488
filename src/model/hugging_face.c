/* SPDX-License-Identifier: Apache-2.0 */
#include "model/hugging_face.h"

#include <string.h>

#include "base/limits.h"
#include "codec/json.h"
#include "codec/number.h"

enum { BUCKET = 8, STRIDE_SHARE = 4 };

/* tokenizer_config.json writes int(1e30) where a tokenizer has no maximum. */
#define LENGTH_MAX ((uint64_t)LIMIT_TOKEN_COUNT_MAX)

struct reader_of_files {
    const struct hugging_face *files;
    const struct json *config;
    const struct json *tokenizer_config; /* NULL: there is none */
    int64_t row_length;                  /* of the network; GALEN_DIMENSION_ANY: any */
    struct contract *contract;
    struct arena *arena;
    struct error *error;
};

static enum galen_status parse_object(struct reader_of_files *reader, struct bytes text,
                                      const char *file, const struct json **out_object)
{
    struct error why;
    error_clear(&why);
    const enum galen_status status = json_parse(text, reader->arena, out_object, &why);
    if (status != GALEN_OK) {
        return error_set(reader->error, status, "%s: %s", file,
                         why.text[0] != '\0' ? why.text : galen_status_text(status));
    }
    return json_type(*out_object) == JSON_OBJECT
               ? GALEN_OK
               : error_set(reader->error, GALEN_INVALID, "%s: is no object", file);
}

static const struct json *typed_member(const struct json *object, const char *name,
                                       enum json_type type)
{
    const struct json *value = object == NULL ? NULL : json_member(object, name);
    return value != NULL && json_type(value) == type ? value : NULL;
}

static bool read_count(const struct json *object, const char *name, uint64_t *out_count)
{
    const struct json *value = typed_member(object, name, JSON_NUMBER);
    return value != NULL && bytes_parse_u64(json_number(value), LENGTH_MAX, out_count);
}

/* The task. */

static bool ends_with(struct bytes text, struct bytes ending)
{
    return text.size >= ending.size &&
           bytes_equal(bytes_from(text, text.size - ending.size), ending);
}

static enum galen_status read_task(struct reader_of_files *reader)
{
    const struct json *names = typed_member(reader->config, "architectures", JSON_ARRAY);
    struct json_cursor at = {.value = NULL};
    if (names != NULL) {
        at = json_walk(names);
    }
    if (names == NULL || !json_next(&at) || json_type(at.value) != JSON_STRING) {
        return error_set(reader->error, GALEN_INVALID,
                         "config.json: architectures: does not name the model's class");
    }
    const struct bytes name = json_string(at.value);
    if (ends_with(name, BYTES("ForTokenClassification"))) {
        reader->contract->task = TASK_TOKEN_CLASSIFICATION;
    } else if (ends_with(name, BYTES("ForSequenceClassification"))) {
        reader->contract->task = TASK_TEXT_CLASSIFICATION;
    } else {
        return error_set(reader->error, GALEN_NOT_IMPLEMENTED,
                         "config.json: architectures: %.*s is not served, only "
                         "…ForTokenClassification and …ForSequenceClassification",
                         (int)(name.size < 64 ? name.size : 64), (const char *)name.data);
    }
    return GALEN_OK;
}

/* Labels. */

static enum galen_status refuse_labels(struct reader_of_files *reader)
{
    return error_set(reader->error, GALEN_INVALID,
                     "config.json: id2label: does not name labels from \"0\" on");
}

static enum galen_status read_labels(struct reader_of_files *reader)
{
    const struct json *names = typed_member(reader->config, "id2label", JSON_OBJECT);
    const size_t count = names == NULL ? 0 : json_count(names);
    const char **labels = arena_alloc_array(reader->arena, count + 1, sizeof(*labels));
    if (labels == NULL) {
        return GALEN_NO_MEMORY;
    }
    if (count == 0) {
        return refuse_labels(reader);
    }
    struct json_cursor at = json_walk(names);
    while (json_next(&at)) {
        uint64_t index;
        if (!bytes_parse_u64(at.name, count - 1, &index) || labels[index] != NULL ||
            json_type(at.value) != JSON_STRING || json_string(at.value).size == 0 ||
            bytes_find(json_string(at.value), '\0') < json_string(at.value).size) {
            return refuse_labels(reader);
        }
        labels[index] = arena_copy_string(reader->arena, json_string(at.value));
        if (labels[index] == NULL) {
            return GALEN_NO_MEMORY;
        }
    }
    reader->contract->labels = labels;
    reader->contract->label_count = count;
    return GALEN_OK;
}

static bool all_have_prefix(const struct contract *contract, const char *prefixes)
{
    for (size_t i = 0; i < contract->label_count; i++) {
        const char *label = contract->labels[i];
        const bool fits = label[0] != '\0' && strchr(prefixes, label[0]) != NULL &&
                          label[1] == '-' && label[2] != '\0';
        if (!fits && strcmp(label, "O") != 0) {
            return false;
        }
    }
    return true;
}

static enum galen_status read_scheme(struct reader_of_files *reader)
{
    struct contract *contract = reader->contract;
    if (contract->task != TASK_TOKEN_CLASSIFICATION) {
        return GALEN_OK;
    }
    if (all_have_prefix(contract, "BI")) {
        contract->entities.scheme = SCHEME_BIO;
    } else if (all_have_prefix(contract, "BILU")) {
        contract->entities.scheme = SCHEME_BILOU;
    } else if (all_have_prefix(contract, "BIES")) {
        return error_set(reader->error, GALEN_NOT_IMPLEMENTED,
                         "config.json: id2label: the scheme BIOES is not served; rename E- "
                         "to L- and S- to U-, which is BILOU");
    } else {
        contract->entities.scheme = SCHEME_IO;
    }
    return GALEN_OK;
}

static void read_activation(struct reader_of_files *reader)
{
    const struct json *type = typed_member(reader->config, "problem_type", JSON_STRING);
    const bool is_multi_label =
        type != NULL && bytes_equal_string(json_string(type), "multi_label_classification");
    const bool is_text = reader->contract->task == TASK_TEXT_CLASSIFICATION;
    reader->contract->output.activation =
        is_text && (is_multi_label || reader->contract->label_count == 1)
            ? ACTIVATION_SIGMOID
            : ACTIVATION_SOFTMAX;
}

/* The network. */

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

static bool holds_ids(const struct galen_tensor_spec *spec)
{
    return spec->rank == 2 &&
           (spec->datatype == GALEN_INT64 || spec->datatype == GALEN_INT32);
}

static enum galen_status check_input(struct reader_of_files *reader,
                                     const struct galen_tensor_spec *spec)
{
    static const char *const known[] = {"input_ids", "attention_mask", "token_type_ids"};
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strcmp(spec->name, known[i]) == 0) {
            return holds_ids(spec) && spec->datatype == reader->contract->input.datatype
                       ? GALEN_OK
                       : error_set(reader->error, GALEN_NOT_IMPLEMENTED,
                                   "the network's input '%s' is not [batch, tokens] of "
                                   "integers like input_ids",
                                   spec->name);
        }
    }
    return error_set(reader->error, GALEN_NOT_IMPLEMENTED,
                     "the network's input '%s' is none that preprocess can make",
                     spec->name);
}

static const char *name_of(const struct hugging_face *files, const char *name)
{
    const struct galen_tensor_spec *spec =
        find_spec(files->inputs, files->input_count, name);
    return spec == NULL ? NULL : spec->name;
}

static enum galen_status read_inputs(struct reader_of_files *reader)
{
    const struct hugging_face *files = reader->files;
    struct contract *contract = reader->contract;
    const struct galen_tensor_spec *ids =
        find_spec(files->inputs, files->input_count, "input_ids");
    if (ids == NULL) {
        return error_set(reader->error, GALEN_NOT_IMPLEMENTED,
                         "the network has no input 'input_ids'");
    }
    contract->input.tensor = ids->name;
    contract->input.datatype = ids->datatype;
    reader->row_length = ids->shape[1];
    for (size_t i = 0; i < files->input_count; i++) {
        TRY(check_input(reader, &files->inputs[i]));
    }
    contract->text.mask = name_of(files, "attention_mask");
    contract->text.types = name_of(files, "token_type_ids");
    return GALEN_OK;
}

static bool fits_task(const struct contract *contract, const struct galen_tensor_spec *spec)
{
    const uint32_t rank = contract->task == TASK_TOKEN_CLASSIFICATION ? 3 : 2;
    if ((spec->datatype != GALEN_FP32 && spec->datatype != GALEN_FP64) ||
        spec->rank != rank) {
        return false;
    }
    const int64_t last = spec->shape[rank - 1];
    return last == GALEN_DIMENSION_ANY || (uint64_t)last == contract->label_count;
}

static enum galen_status read_output(struct reader_of_files *reader)
{
    const struct hugging_face *files = reader->files;
    const struct galen_tensor_spec *spec =
        find_spec(files->outputs, files->output_count, "logits");
    if (spec == NULL && files->output_count > 0) {
        spec = &files->outputs[0];
    }
    if (spec == NULL || !fits_task(reader->contract, spec)) {
        return error_set(reader->error, GALEN_INVALID,
                         "the network's output '%s' is not one score for each of the %zu "
                         "labels of id2label",
                         spec == NULL ? "" : spec->name, reader->contract->label_count);
    }
    reader->contract->output.tensor = spec->name;
    return GALEN_OK;
}

/* How long a text may be. */

/* RoBERTa's positions begin behind its padding: 514 of them take 512 tokens. */
static uint64_t lost_positions(const struct reader_of_files *reader)
{
    static const char *const kinds[] = {"roberta", "xlm-roberta", "camembert",
                                        "longformer"};
    const struct json *type = typed_member(reader->config, "model_type", JSON_STRING);
    uint64_t pad = 1;
    for (size_t i = 0; type != NULL && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (bytes_equal_string(json_string(type), kinds[i])) {
            (void)read_count(reader->config, "pad_token_id", &pad);
            return pad + 1;
        }
    }
    return 0;
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static enum galen_status read_max_length(struct reader_of_files *reader)
{
    uint64_t positions;
    uint64_t length;
    if (!read_count(reader->config, "max_position_embeddings", &positions) &&
        !read_count(reader->config, "n_positions", &positions)) {
        return error_set(reader->error, GALEN_INVALID,
                         "config.json: neither max_position_embeddings nor n_positions "
                         "says how many tokens the model takes");
    }
    const uint64_t lost = lost_positions(reader);
    if (positions <= lost) {
        return error_set(reader->error, GALEN_INVALID,
                         "config.json: max_position_embeddings: leaves no token");
    }
    positions -= lost;
    if (read_count(reader->tokenizer_config, "model_max_length", &length) && length > 0) {
        positions = smaller(positions, length);
    }
    reader->contract->text.max_length = positions;
    return GALEN_OK;
}

/* A network that was exported with one length gets every row padded to it. */
static enum galen_status read_rows(struct reader_of_files *reader)
{
    struct contract *contract = reader->contract;
    const int64_t fixed = reader->row_length;
    contract->text.bucket = contract->text.mask != NULL ? BUCKET : 1;
    if (fixed != GALEN_DIMENSION_ANY) {
        if (contract->text.mask == NULL || fixed < 1 || (uint64_t)fixed > LENGTH_MAX) {
            return error_set(reader->error, GALEN_NOT_IMPLEMENTED,
                             "the network takes rows of %lld tokens only, and has no "
                             "attention_mask",
                             (long long)fixed);
        }
        contract->text.max_length = (uint64_t)fixed;
        contract->text.bucket = (uint64_t)fixed;
    }
    contract->text.longer = LONGER_WINDOW;
    contract->text.stride = contract->text.max_length / STRIDE_SHARE;
    contract->text.merge =
        contract->task == TASK_TOKEN_CLASSIFICATION ? MERGE_CENTER : MERGE_MEAN;
    return GALEN_OK;
}

static enum galen_status read_all(struct reader_of_files *reader)
{
    const struct hugging_face *files = reader->files;
    TRY(parse_object(reader, files->config, "config.json", &reader->config));
    if (files->tokenizer_config.size > 0) {
        TRY(parse_object(reader, files->tokenizer_config, "tokenizer_config.json",
                         &reader->tokenizer_config));
    }
    TRY(read_task(reader));
    TRY(read_labels(reader));
    TRY(read_scheme(reader));
    read_activation(reader);
    TRY(read_inputs(reader));
    TRY(read_output(reader));
    TRY(read_max_length(reader));
    return read_rows(reader);
}

enum galen_status hugging_face_read(const struct hugging_face *files, struct arena *arena,
                                    struct contract *out_contract, struct error *out_error)
{
    static const char *const media_types[] = {"text/plain"};
    struct contract contract = {
        .media_types = media_types,
        .media_type_count = 1,
        .text = {.tokenizer = HUGGING_FACE_TOKENIZER},
    };
    struct reader_of_files reader = {
        .files = files, .contract = &contract, .arena = arena, .error = out_error};
    TRY(read_all(&reader));
    *out_contract = contract;
    return GALEN_OK;
}
