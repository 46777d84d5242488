/* SPDX-License-Identifier: Apache-2.0 */
#include "preprocess/text/token_model.h"

#include "preprocess/text/part.h"

static const struct token_model_ops *const models[] = {
    &wordpiece_model_ops,
    &bpe_model_ops,
};

/* Old files have no `type`: only BPE has merges. */
static enum galen_status type_of(const struct json *section, struct bytes *out_type,
                                 struct error *out_error)
{
    if (section == NULL || json_type(section) != JSON_OBJECT) {
        return error_set(out_error, GALEN_INVALID, "there is no model");
    }
    if (json_member(section, "type") == NULL) {
        *out_type =
            json_member(section, "merges") != NULL ? BYTES("BPE") : BYTES("WordPiece");
        return GALEN_OK;
    }
    return part_type(section, "model", out_type, out_error);
}

enum galen_status token_model_parse(const struct json *section, struct arena *arena,
                                    struct token_model **out_model, struct error *out_error)
{
    struct bytes type;
    TRY(type_of(section, &type, out_error));
    for (size_t i = 0; i < sizeof(models) / sizeof(models[0]); i++) {
        if (bytes_equal_string(type, models[i]->type)) {
            struct vocabulary vocabulary;
            TRY(vocabulary_parse(json_member(section, "vocab"), arena, &vocabulary,
                                 out_error));
            return models[i]->parse(section, &vocabulary, arena, out_model, out_error);
        }
    }
    return part_refuse("model", type, out_error);
}
