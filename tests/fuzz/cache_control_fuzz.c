/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever else an answer says, it is never fresh for longer than any max-age of it. */
#include "codec/cache_control.h"

#include "base/writer.h"
#include "fuzz.h"

enum { SIZE_BYTES_MAX = 1 << 26, ONE_S = 7 };

static bool lifetime_of(const struct http_header *headers, size_t count, uint64_t *out_s)
{
    const bool is_told = cache_control_lifetime(headers, count, out_s);
    INVARIANT(!is_told || *out_s <= CACHE_LIFETIME_S_MAX);
    return is_told;
}

static void expect_less(const struct http_header *headers, size_t count, uint64_t than_s)
{
    uint64_t lifetime_s;
    INVARIANT(lifetime_of(headers, count, &lifetime_s) && lifetime_s <= than_s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct bytes text = bytes_of(data, size);
    const struct http_header headers[] = {
        {BYTES("Cache-Control"), text},
        {BYTES("Cache-Control"), BYTES("max-age=7")},
        {BYTES("Age"), text},
    };
    uint64_t alone_s = CACHE_LIFETIME_S_MAX;
    struct writer joined;
    (void)lifetime_of(headers, 1, &alone_s);
    expect_less(headers, 2, alone_s < ONE_S ? alone_s : ONE_S);
    expect_less(headers, 3, alone_s < ONE_S ? alone_s : ONE_S);
    writer_init(&joined, SIZE_BYTES_MAX);
    writer_put_string(&joined, "max-age=7,");
    writer_put(&joined, text);
    INVARIANT(joined.status == GALEN_OK);
    const struct http_header one = {BYTES("cache-control"), writer_bytes(&joined)};
    expect_less(&one, 1, alone_s < ONE_S ? alone_s : ONE_S);
    writer_deinit(&joined);
    return 0;
}
