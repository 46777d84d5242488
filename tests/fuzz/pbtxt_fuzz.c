/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What pbtxt_parse accepts stands where its places say, in the order of the text, and comes
 * back the same by way of JSON. What it refuses has a place in the text.
 */
#include "codec/pbtxt.h"

#include <model_config.pb-c.h>

#include "base/limits.h"
#include "codec/message_json.h"
#include "yaml_text.h"

enum { TEXT_SIZE_BYTES_MAX = 1 << 16, ARENA_SIZE_BYTES_MAX = 64 << 20 };

static struct bytes text_at(struct bytes text, uint32_t line, uint32_t column)
{
    for (; line > 1; line--) {
        text = bytes_from(text, bytes_find(text, '\n') + 1);
    }
    for (; column > 1; column--) {
        do {
            text = bytes_from(text, 1);
        } while (text.size > 0 && (text.data[0] & 0xC0) == 0x80);
    }
    return text;
}

/* The first value of a field stands at its name, an element behind '[' or ','. */
static void check_places(const struct message_document *document, struct bytes text)
{
    size_t count = 0;
    const struct message_value *last = NULL;
    for (const struct message_value *value = document->first; value != NULL;
         value = value->next) {
        const struct bytes at = text_at(text, value->line, value->column);
        const bool is_named = bytes_starts_with(at, bytes_from_string(value->field->name));
        INVARIANT(at.size > 0);
        INVARIANT(is_named || value->field->label == PROTOBUF_C_LABEL_REPEATED);
        INVARIANT(last == NULL || last->line < value->line ||
                  (last->line == value->line && last->column < value->column));
        INVARIANT((value->message != NULL) ==
                  (value->field->type == PROTOBUF_C_TYPE_MESSAGE));
        last = value;
        count++;
    }
    INVARIANT(count <= LIMIT_MESSAGE_VALUE_COUNT_MAX);
}

static struct bytes written(const ProtobufCMessage *message, struct writer *out)
{
    writer_init(out, ARENA_SIZE_BYTES_MAX);
    struct json_writer json = json_writer_on(out);
    message_put_json(&json, message);
    INVARIANT(out->status == GALEN_OK);
    return writer_bytes(out);
}

static void expect_same_by_json(const ProtobufCMessage *message, struct arena *arena)
{
    struct writer out;
    struct writer out_again;
    const struct json *root;
    struct message_document again;
    const struct bytes text = written(message, &out);
    const enum galen_status status = json_parse(text, arena, &root, NULL);
    INVARIANT(status == GALEN_OK || status == GALEN_TOO_LARGE);
    /* Of defaults there may be more values than in the text. */
    if (status == GALEN_OK && message_read_json(root, "again", message->descriptor, arena,
                                                &again, NULL) != GALEN_TOO_LARGE) {
        INVARIANT(bytes_equal(text, written(again.root, &out_again)));
        writer_deinit(&out_again);
    }
    writer_deinit(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct bytes text = bytes_of(data, size);
    struct arena arena;
    struct message_document document;
    struct error error;
    if (size > TEXT_SIZE_BYTES_MAX) {
        return 0;
    }
    arena_init(&arena, ARENA_SIZE_BYTES_MAX);
    const enum galen_status status = pbtxt_parse(
        text, "fuzz", &inference__model_config__descriptor, &arena, &document, &error);
    INVARIANT(status == GALEN_OK || status == GALEN_INVALID || status == GALEN_TOO_LARGE);
    if (status == GALEN_OK) {
        check_places(&document, text);
        expect_same_by_json(document.root, &arena);
    } else {
        expect_place(&error, "fuzz", size);
    }
    arena_deinit(&arena);
    return 0;
}
