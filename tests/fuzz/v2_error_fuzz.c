/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whatever a peer answers becomes a failure with a text, and this failure keeps its meaning
 * when it is passed on. The first two bytes choose the HTTP status.
 */
#include "v2_fuzz.h"

enum { HTTP_MIN = 300, HTTP_COUNT = 300 };

static void expect_passed_on(enum galen_status status, const struct error *error,
                             struct arena *arena)
{
    struct writer out;
    struct error again = {"", "/old"};
    writer_init(&out, BODY_SIZE_BYTES_MAX);
    v2_error_encode(status, error, &out);
    INVARIANT(out.status == GALEN_OK);
    INVARIANT(v2_error_decode(galen_status_http(status), writer_bytes(&out), arena,
                              &again) == status);
    INVARIANT(strcmp(error->text, again.text) == 0);
    INVARIANT(strcmp(error->pointer, again.pointer) == 0);
    writer_deinit(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct error error = {"", "/old"};
    if (size < 2) {
        return 0;
    }
    const int http = HTTP_MIN + (data[0] * 256 + data[1]) % HTTP_COUNT;
    arena_init(&arena, LIMIT_ARENA_SIZE_BYTES_MAX);
    const enum galen_status status =
        v2_error_decode(http, bytes_of(data + 2, size - 2), &arena, &error);
    INVARIANT(status != GALEN_OK);
    INVARIANT(error.text[0] != '\0');
    INVARIANT(error.pointer[0] == '\0' || error.pointer[0] == '/');
    INVARIANT(bytes_are_utf8(bytes_from_string(error.text), NULL));
    expect_passed_on(status, &error, &arena);
    arena_deinit(&arena);
    return 0;
}
