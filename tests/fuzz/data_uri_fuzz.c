/* SPDX-License-Identifier: Apache-2.0 */
/* What a data: URI holds can be written as another one that holds the same. */
#include "codec/data_uri.h"

#include "base/writer.h"
#include "codec/base64.h"
#include "codec/url.h"
#include "fuzz.h"

enum { SIZE_BYTES_MAX = 1 << 26 };

static void expect_bytes(const struct writer *text, struct bytes bytes, struct arena *arena)
{
    struct data_uri uri = {.is_base64 = false};
    struct bytes again = BYTES_NONE;
    INVARIANT(text->status == GALEN_OK);
    INVARIANT(data_uri_split(writer_bytes(text), &uri));
    INVARIANT(data_uri_decode(&uri, arena, &again, NULL) == GALEN_OK);
    INVARIANT(bytes_equal(again, bytes));
}

static void bytes_survive_both_encodings(struct bytes bytes, struct arena *arena)
{
    struct writer text;
    writer_init(&text, SIZE_BYTES_MAX);
    writer_put_string(&text, "data:a/b;base64,");
    base64_encode(bytes, &text);
    expect_bytes(&text, bytes, arena);
    writer_deinit(&text);
    writer_init(&text, SIZE_BYTES_MAX);
    writer_put_string(&text, "data:,");
    url_encode(bytes, &text);
    expect_bytes(&text, bytes, arena);
    writer_deinit(&text);
}

static void uri_is_cut_from_the_text(struct bytes text, struct arena *arena)
{
    struct data_uri uri = {.is_base64 = false};
    struct bytes bytes = BYTES_NONE;
    struct error error = {"", ""};
    if (!data_uri_split(text, &uri)) {
        INVARIANT(uri.data.data == NULL);
        return;
    }
    INVARIANT(media_type_parameters_are_valid(uri.type));
    INVARIANT(uri.data.size == 0 || uri.data.data + uri.data.size == text.data + text.size);
    if (data_uri_decode(&uri, arena, &bytes, &error) != GALEN_OK) {
        INVARIANT(bytes_starts_with(bytes_from_string(error.text), BYTES("byte offset ")));
        return;
    }
    INVARIANT(bytes.size <= uri.data.size);
    bytes_survive_both_encodings(bytes, arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    arena_init(&arena, SIZE_BYTES_MAX);
    uri_is_cut_from_the_text(bytes_of(data, size), &arena);
    bytes_survive_both_encodings(bytes_of(data, size), &arena);
    arena_deinit(&arena);
    return 0;
}
