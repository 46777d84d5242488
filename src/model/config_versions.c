/* SPDX-License-Identifier: Apache-2.0 */
#include "model/config_versions.h"

#include "codec/pbtxt_token.h"

/* Of the text: from the name of the field to the end of its message. */
struct place {
    size_t begin;
    size_t end;
};

struct walk {
    struct pbtxt_tokens tokens;
    struct pbtxt_token token;
    size_t depth;       /* of what encloses the token; the token closing it is outside */
    bool follows_colon; /* it is a value */
    const char *why;    /* there is no next token */
};

static bool is_symbol(const struct pbtxt_token *token, const char *symbols)
{
    return token->kind == PBTXT_SYMBOL && strchr(symbols, token->text.data[0]) != NULL;
}

/* False: the text ends, or is none. */
static bool step(struct walk *walk)
{
    walk->follows_colon = is_symbol(&walk->token, ":");
    walk->depth += is_symbol(&walk->token, "{<[");
    walk->why = pbtxt_next(&walk->tokens, &walk->token);
    if (walk->why != NULL || walk->token.kind == PBTXT_END) {
        return false;
    }
    walk->depth -= walk->depth > 0 && is_symbol(&walk->token, "}>]");
    return true;
}

static bool is_policy(const struct walk *walk)
{
    return walk->depth == 0 && walk->token.kind == PBTXT_NAME && !walk->follows_colon &&
           bytes_equal_string(walk->token.text, "version_policy");
}

static size_t offset_of(const struct walk *walk)
{
    return (size_t)(walk->token.text.data - walk->tokens.text.data);
}

/* Its message has been entered when something is deeper. */
static void skip_value(struct walk *walk, struct place *place)
{
    while (step(walk)) {
        place->end = offset_of(walk) + walk->token.text.size;
        if (walk->depth == 0 && is_symbol(&walk->token, "}>]")) {
            return;
        }
    }
}

/* At the end of the text where it has none. */
static const char *find_policy(struct walk *walk, struct place *out_place)
{
    *out_place = (struct place){walk->tokens.text.size, walk->tokens.text.size};
    while (step(walk)) {
        if (is_policy(walk)) {
            out_place->begin = offset_of(walk);
            skip_value(walk, out_place);
            return walk->why;
        }
    }
    return walk->why;
}

static void put_policy(const uint64_t *versions, size_t count, struct writer *out)
{
    writer_put_string(out, "version_policy: { specific: { versions: [ ");
    for (size_t i = 0; i < count; i++) {
        writer_put_string(out, i == 0 ? "" : ", ");
        writer_put_u64(out, versions[i]);
    }
    writer_put_string(out, " ] } }");
}

enum galen_status config_versions_write(struct bytes text, const char *file,
                                        const uint64_t *versions, size_t count,
                                        struct writer *out, struct error *out_error)
{
    struct walk walk = {.tokens = pbtxt_tokens_of(text)};
    struct place place;
    const char *why = find_policy(&walk, &place);
    if (why != NULL) {
        return error_set(out_error, GALEN_INVALID, "%s:%u:%u: %s", file, walk.tokens.line,
                         walk.tokens.column, why);
    }
    const bool is_new = place.begin == text.size;
    const bool ends_line = text.size == 0 || text.data[text.size - 1] == '\n';
    writer_put(out, bytes_of(text.data, place.begin));
    writer_put_string(out, is_new && !ends_line ? "\n" : "");
    put_policy(versions, count, out);
    writer_put_string(out, is_new ? "\n" : "");
    writer_put(out, bytes_from(text, place.end));
    return GALEN_OK;
}
