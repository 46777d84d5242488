/* SPDX-License-Identifier: Apache-2.0 */
/* What a Hugging Face folder says of how text becomes rows of tokens. */
#include <string.h>

#include "base/limits.h"
#include "model/hugging_face_impl.h"

enum { BUCKET = 8, STRIDE_SHARE = 4 };

/* tokenizer_config.json writes int(1e30) where a tokenizer has no maximum. */
#define LENGTH_MAX ((uint64_t)LIMIT_TOKEN_COUNT_MAX)

/* Labels. */

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

static enum galen_status read_scheme(struct hugging_face_reader *reader)
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

/* The network. */

static bool holds_ids(const struct galen_tensor_spec *spec)
{
    return spec->rank == 2 &&
           (spec->datatype == GALEN_INT64 || spec->datatype == GALEN_INT32);
}

static enum galen_status check_input(struct hugging_face_reader *reader,
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
    const struct galen_tensor_spec *spec = hugging_face_input(files, name);
    return spec == NULL ? NULL : spec->name;
}

/* *out_row_length: GALEN_DIMENSION_ANY where the network takes any. */
static enum galen_status read_inputs(struct hugging_face_reader *reader,
                                     int64_t *out_row_length)
{
    const struct hugging_face *files = reader->files;
    struct contract *contract = reader->contract;
    const struct galen_tensor_spec *ids = hugging_face_input(files, "input_ids");
    if (ids == NULL) {
        return error_set(reader->error, GALEN_NOT_IMPLEMENTED,
                         "the network has no input 'input_ids'");
    }
    contract->input.tensor = ids->name;
    contract->input.datatype = ids->datatype;
    *out_row_length = ids->shape[1];
    for (size_t i = 0; i < files->input_count; i++) {
        TRY(check_input(reader, &files->inputs[i]));
    }
    contract->text.mask = name_of(files, "attention_mask");
    contract->text.types = name_of(files, "token_type_ids");
    return GALEN_OK;
}

/* How long a text may be. */

/* RoBERTa's positions begin behind its padding: 514 of them take 512 tokens. */
static uint64_t lost_positions(const struct hugging_face_reader *reader)
{
    static const char *const kinds[] = {"roberta", "xlm-roberta", "camembert",
                                        "longformer"};
    const struct json *type =
        hugging_face_member(reader->config, "model_type", JSON_STRING);
    uint64_t pad = 1;
    for (size_t i = 0; type != NULL && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (bytes_equal_string(json_string(type), kinds[i])) {
            (void)hugging_face_count(reader->config, "pad_token_id", LENGTH_MAX, &pad);
            return pad + 1;
        }
    }
    return 0;
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static enum galen_status read_max_length(struct hugging_face_reader *reader)
{
    uint64_t positions;
    uint64_t length;
    if (!hugging_face_count(reader->config, "max_position_embeddings", LENGTH_MAX,
                            &positions) &&
        !hugging_face_count(reader->config, "n_positions", LENGTH_MAX, &positions)) {
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
    if (hugging_face_count(reader->tokenizer_config, "model_max_length", LENGTH_MAX,
                           &length) &&
        length > 0) {
        positions = smaller(positions, length);
    }
    reader->contract->text.max_length = positions;
    return GALEN_OK;
}

/* A network that was exported with one length gets every row padded to it. */
static enum galen_status read_rows(struct hugging_face_reader *reader, int64_t fixed)
{
    struct contract *contract = reader->contract;
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

enum galen_status hugging_face_read_text(struct hugging_face_reader *reader)
{
    static const char *const media_types[] = {"text/plain"};
    int64_t row_length;
    reader->contract->media_types = media_types;
    reader->contract->media_type_count = 1;
    reader->contract->text.tokenizer = HUGGING_FACE_TOKENIZER;
    TRY(read_scheme(reader));
    TRY(read_inputs(reader, &row_length));
    TRY(read_max_length(reader));
    return read_rows(reader, row_length);
}
