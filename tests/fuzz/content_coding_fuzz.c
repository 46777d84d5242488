/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whatever a client sends as gzip or deflate is refused or decodes within its limit, the
 * same wherever its tensors are to be aligned; what encodes gets smaller and decodes to
 * itself. As an Accept-Encoding it chooses something. The first byte chooses the coding and
 * the lead.
 */
#include "codec/content_coding.h"

#include "fuzz.h"

enum { SIZE_BYTES_MAX = 1 << 16, ARENA_SIZE_BYTES_MAX = 1 << 24 };

static struct bytes bytes_of_blob(struct blob *blob)
{
    return bytes_of(blob_data(blob), blob_size(blob));
}

static void expect_round_trip(enum content_coding coding, struct bytes body,
                              struct arena *arena)
{
    struct blob *coded;
    struct blob *back = NULL;
    if (!content_encode(coding, body, arena, &coded)) {
        return;
    }
    INVARIANT(blob_size(coded) < body.size);
    const struct content_source source = {coding, bytes_of_blob(coded), body.size, 0};
    INVARIANT(content_decode(&source, arena, &back, NULL) == GALEN_OK);
    INVARIANT(bytes_equal(bytes_of_blob(back), body));
    blob_unref(back);
    blob_unref(coded);
}

static void expect_bounded(const struct content_source *source, struct arena *arena)
{
    struct blob *body = NULL;
    struct error error = {"", ""};
    const enum galen_status status = content_decode(source, arena, &body, &error);
    if (status == GALEN_OK) {
        INVARIANT(blob_size(body) <= source->size_bytes_max);
        expect_round_trip(source->coding, bytes_of_blob(body), arena);
        blob_unref(body);
        return;
    }
    INVARIANT(status == GALEN_INVALID || status == GALEN_TOO_LARGE);
    INVARIANT(body == NULL && error.text[0] != '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    enum content_coding coding;
    if (size == 0) {
        return 0;
    }
    const struct bytes text = bytes_of(data + 1, size - 1);
    const struct content_source source = {
        .coding = (data[0] & 1) != 0 ? CONTENT_GZIP : CONTENT_DEFLATE,
        .coded = text,
        .size_bytes_max = SIZE_BYTES_MAX,
        .lead = (size_t)(data[0] >> 1) * 33,
    };
    arena_init(&arena, ARENA_SIZE_BYTES_MAX);
    expect_bounded(&source, &arena);
    expect_round_trip(source.coding, text, &arena);
    INVARIANT(content_coding_choose(text) <= CONTENT_DEFLATE);
    if (content_coding_parse(text, &coding, NULL) == GALEN_OK) {
        INVARIANT(content_coding_choose(text) == coding);
    }
    arena_deinit(&arena);
    return 0;
}
