/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes have one text and that text has those bytes; anything else is refused. */
#include "codec/base64.h"

#include "fuzz.h"

enum { SIZE_BYTES_MAX = 1 << 26 };

static void text_decodes_to_what_encodes_to_it(struct bytes text, struct arena *arena)
{
    struct bytes decoded = BYTES_NONE;
    struct error error = {"", ""};
    struct writer again;
    if (base64_decode(text, arena, &decoded, &error) != GALEN_OK) {
        INVARIANT(decoded.data == NULL);
        INVARIANT(bytes_starts_with(bytes_from_string(error.text), BYTES("byte offset ")));
        return;
    }
    writer_init(&again, SIZE_BYTES_MAX);
    base64_encode(decoded, &again);
    INVARIANT(again.status == GALEN_OK);
    INVARIANT(bytes_equal(writer_bytes(&again), text));
    writer_deinit(&again);
}

static void bytes_encode_to_what_decodes_to_them(struct bytes plain, struct arena *arena)
{
    struct bytes decoded = BYTES_NONE;
    struct writer text;
    writer_init(&text, SIZE_BYTES_MAX);
    base64_encode(plain, &text);
    INVARIANT(text.status == GALEN_OK);
    INVARIANT(base64_decode(writer_bytes(&text), arena, &decoded, NULL) == GALEN_OK);
    INVARIANT(bytes_equal(decoded, plain));
    writer_deinit(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    arena_init(&arena, SIZE_BYTES_MAX);
    text_decodes_to_what_encodes_to_it(bytes_of(data, size), &arena);
    bytes_encode_to_what_decodes_to_them(bytes_of(data, size), &arena);
    arena_deinit(&arena);
    return 0;
}
