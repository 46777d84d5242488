/* SPDX-License-Identifier: Apache-2.0 */
#include "app/bearer.h"

#include "app/file.h"
#include "base/limits.h"
#include "base/writer.h"

enum { BLANKS_SIZE_MAX = 64 };

#define SCHEME "Bearer "

/* Whether it can be a header's value as it is. */
static bool is_one_word(struct bytes text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] <= ' ' || text.data[i] > '~') {
            return false;
        }
    }
    return text.size > 0;
}

static bool is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static struct bytes trim(struct bytes text)
{
    while (text.size > 0 && is_blank(text.data[text.size - 1])) {
        text.size--;
    }
    while (text.size > 0 && is_blank(text.data[0])) {
        text = bytes_from(text, 1);
    }
    return text;
}

enum galen_status bearer_read(const char *path, struct blob **out_value,
                              struct error *out_error)
{
    scoped(blob) file = NULL;
    struct writer value;
    TRY(file_read(path, LIMIT_TOKEN_SIZE_BYTES_MAX + BLANKS_SIZE_MAX, &file, out_error));
    const struct bytes token = trim(bytes_of(blob_data(file), blob_size(file)));
    if (!is_one_word(token)) {
        return error_set(out_error, GALEN_INVALID, "%s: holds no token", path);
    }
    writer_init(&value, sizeof(SCHEME) + token.size);
    writer_put_string(&value, SCHEME);
    writer_put(&value, token);
    const enum galen_status status = writer_finish(&value, out_value);
    writer_deinit(&value);
    return status;
}
