/* SPDX-License-Identifier: Apache-2.0 */
#include "net/tls_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/wipe.h"

enum { FILE_COUNT = 4, SIZE_MAX_AND_ONE = LIMIT_TLS_FILE_SIZE_BYTES_MAX + 1 };

/* What was read: wiped when it is let go, since one of them is a key. */
struct text {
    uint8_t *bytes;
    size_t size;
};

static void text_deinit(struct text *text)
{
    if (text->bytes != NULL) {
        wipe(text->bytes, text->size);
        free(text->bytes);
    }
}

static bool is_given(const char *path)
{
    return path != NULL && path[0] != '\0';
}

static enum galen_status refuse(const char *path, const char *why, struct error *out_error)
{
    return error_set(out_error, GALEN_INVALID, "%s: %s", path, why);
}

static enum galen_status check_mode(int descriptor, const char *path, bool is_secret,
                                    struct error *out_error)
{
    struct stat about;
    if (fstat(descriptor, &about) != 0 || !S_ISREG(about.st_mode)) {
        return refuse(path, "is not a file", out_error);
    }
    return is_secret && (about.st_mode & (S_IROTH | S_IWOTH)) != 0
               ? refuse(path, "everybody on this machine may use this key: chmod o-rwx",
                        out_error)
               : GALEN_OK;
}

static enum galen_status read_all(int descriptor, const char *path, struct text *out_text,
                                  struct error *out_error)
{
    ssize_t size = 0;
    out_text->bytes = malloc(SIZE_MAX_AND_ONE);
    if (out_text->bytes == NULL) {
        return GALEN_NO_MEMORY;
    }
    do {
        out_text->size += (size_t)size;
        size = read(descriptor, out_text->bytes + out_text->size,
                    SIZE_MAX_AND_ONE - out_text->size);
    } while (size > 0);
    if (size < 0) {
        return refuse(path, strerrordesc_np(errno), out_error);
    }
    return out_text->size == SIZE_MAX_AND_ONE ? refuse(path, "is too large", out_error)
                                              : GALEN_OK;
}

static enum galen_status read_file(const char *path, bool is_secret, struct text *out_text,
                                   struct tls_pem *out_pem, struct error *out_error)
{
    if (!is_given(path)) {
        return GALEN_OK;
    }
    const int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0) {
        return refuse(path, strerrordesc_np(errno), out_error);
    }
    enum galen_status status = check_mode(descriptor, path, is_secret, out_error);
    if (status == GALEN_OK) {
        status = read_all(descriptor, path, out_text, out_error);
    }
    (void)close(descriptor);
    *out_pem = (struct tls_pem){path, bytes_of(out_text->bytes, out_text->size)};
    return status;
}

static enum galen_status read_files(const struct tls_files *files, struct text *texts,
                                    struct tls_context_options *options,
                                    struct error *out_error)
{
    TRY(read_file(files->certificate, false, &texts[0], &options->certificate, out_error));
    TRY(read_file(files->key, true, &texts[1], &options->key, out_error));
    TRY(read_file(files->authorities, false, &texts[2], &options->authorities, out_error));
    return read_file(files->revoked, false, &texts[3], &options->revoked, out_error);
}

enum galen_status tls_files_load(const struct tls_files *files,
                                 const struct tls_context_options *options,
                                 struct tls_context **out_context, struct error *out_error)
{
    struct tls_context_options filled = *options;
    struct text texts[FILE_COUNT] = {{.bytes = NULL}};
    enum galen_status status = read_files(files, texts, &filled, out_error);
    if (status == GALEN_OK) {
        status = tls_context_create(&filled, out_context, out_error);
    }
    for (size_t i = 0; i < FILE_COUNT; i++) {
        text_deinit(&texts[i]);
    }
    return status;
}

/* FNV-1a */
static uint64_t mix(uint64_t stamp, uint64_t value)
{
    for (int i = 0; i < 8; i++) {
        stamp = (stamp ^ (value >> (8 * i) & 0xff)) * 0x100000001b3;
    }
    return stamp;
}

uint64_t tls_files_stamp(const struct tls_files *files)
{
    const char *const paths[FILE_COUNT] = {files->certificate, files->key,
                                           files->authorities, files->revoked};
    uint64_t stamp = 0xcbf29ce484222325;
    for (size_t i = 0; i < FILE_COUNT; i++) {
        struct stat about;
        const bool is_there = is_given(paths[i]) && stat(paths[i], &about) == 0;
        stamp = mix(stamp, is_there);
        if (is_there) {
            stamp = mix(mix(stamp, about.st_dev), about.st_ino);
            stamp = mix(mix(stamp, (uint64_t)about.st_size), about.st_mode);
            stamp = mix(mix(stamp, (uint64_t)about.st_ctim.tv_sec),
                        (uint64_t)about.st_ctim.tv_nsec);
        }
    }
    return stamp;
}
