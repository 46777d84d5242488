/* SPDX-License-Identifier: Apache-2.0 */
#include "app/file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/writer.h"

enum { CHUNK_SIZE = 65536 };

static enum galen_status read_to(FILE *file, struct writer *text)
{
    while (feof(file) == 0 && ferror(file) == 0 && text->status == GALEN_OK) {
        uint8_t *at = writer_extend(text, CHUNK_SIZE);
        if (at != NULL) {
            writer_shrink(text, CHUNK_SIZE - fread(at, 1, CHUNK_SIZE, file));
        }
    }
    return ferror(file) != 0 ? GALEN_UNAVAILABLE : text->status;
}

static const char *why_not(enum galen_status status)
{
    switch ((int)status) {
    case GALEN_TOO_LARGE:
        return "is too large";
    case GALEN_UNAVAILABLE:
        return "cannot be read";
    default:
        return galen_status_text(status);
    }
}

static enum galen_status read_open(FILE *file, const char *path, size_t size_bytes_max,
                                   struct blob **out_text, struct error *out_error)
{
    struct writer text;
    writer_init(&text, size_bytes_max + CHUNK_SIZE);
    enum galen_status status = read_to(file, &text);
    if (status == GALEN_OK && text.size > size_bytes_max) {
        status = GALEN_TOO_LARGE;
    }
    if (status == GALEN_OK) {
        status = writer_finish(&text, out_text);
    }
    writer_deinit(&text);
    return status == GALEN_OK
               ? GALEN_OK
               : error_set(out_error, status, "%s: %s", path, why_not(status));
}

enum galen_status file_read(const char *path, size_t size_bytes_max, struct blob **out_text,
                            struct error *out_error)
{
    FILE *file = fopen(path, "rbe");
    if (file == NULL) {
        return error_set(out_error, errno == ENOENT ? GALEN_NOT_FOUND : GALEN_UNAVAILABLE,
                         "%s: %s", path, strerrordesc_np(errno));
    }
    const enum galen_status status =
        read_open(file, path, size_bytes_max, out_text, out_error);
    (void)fclose(file);
    return status;
}

enum galen_status file_read_operand(const char *path, size_t size_bytes_max,
                                    struct blob **out_text, struct error *out_error)
{
    return strcmp(path, "-") == 0
               ? read_open(stdin, path, size_bytes_max, out_text, out_error)
               : file_read(path, size_bytes_max, out_text, out_error);
}
