/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever a discovery document says, the URL that is taken from it may be fetched; and a
 * URL is nothing but the parts that it is read to. */
#include "service/auth/discovery.h"

#include "fuzz.h"

enum { SIZE_BYTES_MAX = 1 << 26 };

static void put_again(const struct web_url *url, struct writer *out)
{
    const bool is_v6 = bytes_find(url->host, ':') < url->host.size;
    writer_put_string(out, url->is_https ? "https://" : "http://");
    writer_put_string(out, is_v6 ? "[" : "");
    writer_put(out, url->host);
    writer_put_string(out, is_v6 ? "]" : "");
    writer_put_byte(out, ':');
    writer_put_u64(out, url->port);
    writer_put(out, url->path);
    writer_put(out, url->query);
}

static void a_url_is_its_parts(struct bytes text)
{
    struct web_url url;
    struct web_url again;
    struct writer out;
    if (web_url_parse(text, &url, NULL) != GALEN_OK) {
        return;
    }
    writer_init(&out, SIZE_BYTES_MAX);
    put_again(&url, &out);
    if (web_url_parse(writer_bytes(&out), &again, NULL) == GALEN_OK) { /* not too long */
        INVARIANT(again.is_https == url.is_https && again.port == url.port);
        INVARIANT(bytes_equal(again.host, url.host));
        INVARIANT(bytes_equal(again.path, url.path));
        INVARIANT(bytes_equal(again.query, url.query));
        INVARIANT(web_url_is_safe(&again) == web_url_is_safe(&url));
    }
    writer_deinit(&out);
}

static void what_is_discovered_may_be_fetched(struct bytes document, struct arena *arena)
{
    struct bytes uri = BYTES_NONE;
    struct web_url url;
    struct error error = {"", ""};
    if (discovery_read(document, BYTES("https://a"), arena, &uri, &error) != GALEN_OK) {
        INVARIANT(uri.data == NULL && error.text[0] != '\0');
        return;
    }
    INVARIANT(web_url_parse(uri, &url, NULL) == GALEN_OK);
    INVARIANT(web_url_is_safe(&url));
    a_url_is_its_parts(uri);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    arena_init(&arena, SIZE_BYTES_MAX);
    what_is_discovered_may_be_fetched(bytes_of(data, size), &arena);
    a_url_is_its_parts(bytes_of(data, size));
    arena_deinit(&arena);
    return 0;
}
