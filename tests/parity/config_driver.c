/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads configurations and prints what they hold. Each is announced on a line of its own,
 * "pbtxt SIZE" or "json SIZE", and answered on one: "ok JSON" or "no WHY".
 */
#include <stdio.h>
#include <stdlib.h>

#include <model_config.pb-c.h>

#include "base/limits.h"
#include "codec/message_json.h"
#include "codec/pbtxt.h"

enum { ARENA_SIZE_BYTES_MAX = 64 << 20 };

static enum galen_status read_json(struct bytes text, struct arena *arena,
                                   struct message_document *out_document,
                                   struct error *out_error)
{
    const struct json *root;
    TRY(json_parse(text, arena, &root, out_error));
    return message_read_json(root, "config", &inference__model_config__descriptor, arena,
                             out_document, out_error);
}

static void answer(bool is_json, struct bytes text)
{
    struct arena arena;
    struct writer out;
    struct error error;
    struct message_document document;
    arena_init(&arena, ARENA_SIZE_BYTES_MAX);
    writer_init(&out, ARENA_SIZE_BYTES_MAX);
    const enum galen_status status =
        is_json ? read_json(text, &arena, &document, &error)
                : pbtxt_parse(text, "input", &inference__model_config__descriptor, &arena,
                              &document, &error);
    if (status == GALEN_OK) {
        struct json_writer json = json_writer_on(&out);
        message_put_json(&json, document.root);
        (void)printf("ok %.*s\n", BYTES_PRINT(writer_bytes(&out)));
    } else {
        (void)printf("no %s\n", error.text);
    }
    writer_deinit(&out);
    arena_deinit(&arena);
}

int main(void)
{
    static uint8_t text[LIMIT_MODEL_CONFIG_SIZE_BYTES_MAX];
    char kind[8];
    size_t size;
    while (scanf("%7s %zu", kind, &size) == 2) {
        if (getchar() != '\n' || size > sizeof(text) ||
            fread(text, 1, size, stdin) != size) {
            return EXIT_FAILURE;
        }
        answer(strcmp(kind, "json") == 0, bytes_of(text, size));
        if (fflush(stdout) != 0) {
            return EXIT_FAILURE;
        }
    }
    return EXIT_SUCCESS;
}
