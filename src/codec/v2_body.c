/* SPDX-License-Identifier: Apache-2.0 */
#include "base/invariant.h"
#include "codec/json_text.h"
#include "codec/v2_impl.h"

enum { BLOCK_SIZE = 16 };
typedef uint8_t block __attribute__((vector_size(BLOCK_SIZE)));

/* Follows the JSON only as far as the list's elements and their members. It judges nothing:
 * where the text is not as expected it stops, and the document's parser says why. */
struct scanner {
    const uint8_t *at;
    const uint8_t *end;
    struct v2_body *body;
};

static void space_skip(struct scanner *scanner)
{
    while (scanner->at < scanner->end && (*scanner->at == ' ' || *scanner->at == '\n' ||
                                          *scanner->at == '\r' || *scanner->at == '\t')) {
        scanner->at++;
    }
}

static bool next_is(struct scanner *scanner, char byte)
{
    space_skip(scanner);
    return scanner->at < scanner->end && *scanner->at == (uint8_t)byte;
}

static bool take_byte(struct scanner *scanner, char byte)
{
    if (!next_is(scanner, byte)) {
        return false;
    }
    scanner->at++;
    return true;
}

/* Whether a quote or a bracket of either kind may be among these bytes. All four brackets,
 * and few other characters, become 0x7F. */
static bool has_structure(const uint8_t *at)
{
    block bytes;
    uint64_t halves[2];
    memcpy(&bytes, at, sizeof(bytes));
    const block hits = (block)((bytes | 0x26) == 0x7F) | (block)(bytes == '"');
    memcpy(halves, &hits, sizeof(halves));
    return (halves[0] | halves[1]) != 0;
}

/* Skips an array or object by counting brackets outside of strings. */
static void container_skip(struct scanner *scanner)
{
    const uint8_t *at = scanner->at;
    const uint8_t *end = scanner->end;
    uint64_t depth = 0;
    while (at < end) {
        if (end - at >= BLOCK_SIZE && !has_structure(at)) {
            at += BLOCK_SIZE;
            continue;
        }
        const uint8_t *stop = end - at >= BLOCK_SIZE ? at + BLOCK_SIZE : end;
        while (at < stop) {
            const uint8_t byte = *at++;
            if (byte == '"') {
                at = json_text_skip(at, end);
            } else if (byte == '[' || byte == '{') {
                depth++;
            } else if ((byte == ']' || byte == '}') && --depth == 0) {
                scanner->at = at;
                return;
            }
        }
    }
    scanner->at = end;
}

static void value_skip(struct scanner *scanner)
{
    if (next_is(scanner, '[') || next_is(scanner, '{')) {
        container_skip(scanner);
    } else if (take_byte(scanner, '"')) {
        scanner->at = json_text_skip(scanner->at, scanner->end);
    } else {
        while (scanner->at < scanner->end && *scanner->at != ',' && *scanner->at != '}' &&
               *scanner->at != ']') {
            scanner->at++;
        }
    }
}

static bool take_name(struct scanner *scanner, struct bytes *out_name)
{
    if (!take_byte(scanner, '"')) {
        return false;
    }
    const uint8_t *begin = scanner->at;
    scanner->at = json_text_skip(begin, scanner->end);
    *out_name = bytes_of(begin, (size_t)(scanner->at - begin - (scanner->at > begin)));
    return take_byte(scanner, ':');
}

static void element_scan(struct scanner *scanner, size_t index)
{
    struct bytes name;
    if (!take_byte(scanner, '{')) {
        value_skip(scanner);
        return;
    }
    while (take_name(scanner, &name)) {
        const bool is_data = bytes_equal_string(name, "data") && next_is(scanner, '[');
        const uint8_t *begin = scanner->at;
        value_skip(scanner);
        if (is_data && index < LIMIT_TENSOR_COUNT_MAX &&
            scanner->body->data[index].size == 0) {
            scanner->body->data[index] = bytes_of(begin, (size_t)(scanner->at - begin));
        }
        if (!take_byte(scanner, ',')) {
            break;
        }
    }
    (void)take_byte(scanner, '}');
}

static void list_scan(struct scanner *scanner)
{
    size_t index = 0;
    (void)take_byte(scanner, '[');
    do {
        element_scan(scanner, index++);
    } while (take_byte(scanner, ','));
    (void)take_byte(scanner, ']');
}

/* Of two lists, which the parser will refuse, only the first is looked into: what is found
 * must be in the order of the text. */
static void message_scan(struct scanner *scanner)
{
    struct bytes name;
    bool is_found = false;
    if (!take_byte(scanner, '{')) {
        return;
    }
    while (take_name(scanner, &name)) {
        if (!is_found && bytes_equal_string(name, scanner->body->list) &&
            next_is(scanner, '[')) {
            is_found = true;
            list_scan(scanner);
        } else {
            value_skip(scanner);
        }
        if (!take_byte(scanner, ',')) {
            break;
        }
    }
}

static void append(uint8_t *document, size_t *size, struct bytes text)
{
    memcpy(document + *size, text.data, text.size);
    *size += text.size;
}

/* The text with "[]" in place of each array that was found. cuts has room for them all. */
static struct bytes without_data(struct bytes text, const struct v2_body *body,
                                 uint8_t *document, struct json_cut *cuts,
                                 size_t *cut_count)
{
    const struct bytes stand_in = BYTES("[]");
    const uint8_t *copied = text.data;
    size_t size = 0;
    for (size_t i = 0; i < LIMIT_TENSOR_COUNT_MAX; i++) {
        const struct bytes data = body->data[i];
        if (data.size < stand_in.size) {
            continue;
        }
        INVARIANT(data.data >= copied);
        append(document, &size, bytes_of(copied, (size_t)(data.data - copied)));
        append(document, &size, stand_in);
        copied = data.data + data.size;
        cuts[(*cut_count)++] = (struct json_cut){size, data.size - stand_in.size};
    }
    append(document, &size, bytes_of(copied, (size_t)(text.data + text.size - copied)));
    return bytes_of(document, size);
}

static size_t size_without_data(struct bytes text, const struct v2_body *body)
{
    size_t size = text.size;
    for (size_t i = 0; i < LIMIT_TENSOR_COUNT_MAX; i++) {
        size -= body->data[i].size < 2 ? 0 : body->data[i].size - 2;
    }
    return size;
}

static enum galen_status document_parse(struct bytes text, struct v2_body *body,
                                        struct arena *arena, struct error *out_error)
{
    struct json_cut cuts[LIMIT_TENSOR_COUNT_MAX];
    size_t cut_count = 0;
    uint8_t *document = arena_alloc(arena, size_without_data(text, body));
    if (document == NULL) {
        return error_set(out_error, GALEN_NO_MEMORY, "no memory for a JSON document");
    }
    const struct bytes rest = without_data(text, body, document, cuts, &cut_count);
    return json_parse_cut(rest, cuts, cut_count, arena, &body->root, out_error);
}

enum galen_status v2_body_parse(const struct v2_message *message, const char *list,
                                struct arena *arena, struct v2_body *out_body,
                                struct error *out_error)
{
    const struct bytes body = message->body;
    const size_t json_size = message->json_size;
    if (json_size == 0 || json_size > body.size) {
        return error_set(out_error, GALEN_INVALID,
                         "inference header size should be in range (0, %zu), got: %zu",
                         body.size, json_size);
    }
    const struct bytes text = bytes_first(body, json_size);
    struct scanner scanner = {text.data, text.data + text.size, out_body};
    *out_body = (struct v2_body){.list = list,
                                 .special_numbers = message->special_numbers,
                                 .raw = reader_of(bytes_from(body, json_size))};
    message_scan(&scanner);
    TRY(document_parse(text, out_body, arena, out_error));
    if (json_type(out_body->root) != JSON_OBJECT) {
        return error_set(out_error, GALEN_INVALID, "the body is not a JSON object");
    }
    return GALEN_OK;
}
