/* SPDX-License-Identifier: Apache-2.0 */
#include "service/audit/input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "crypto/sha256.h"
#include "service/audit/checkpoint.h"

/* Fits into the second-level cache. */
enum { BUFFER_SIZE = 256 << 10 };

struct audit_input {
    int file;
    uint64_t size;
    uint64_t offset; /* of buffer[begin] */
    size_t begin;
    size_t end;
    size_t capacity; /* of the buffer: no more than the file needs */
    uint8_t *buffer;
};

static enum galen_status refuse(const char *name, const char *why, struct error *out_error)
{
    return error_set(out_error, errno == ENOENT ? GALEN_NOT_FOUND : GALEN_UNAVAILABLE,
                     "%s: %s", name, why);
}

static enum galen_status open_file(struct audit_input *input, int folder, const char *name,
                                   struct error *out_error)
{
    struct stat about;
    input->file = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (input->file < 0 || fstat(input->file, &about) != 0) {
        return refuse(name, strerror(errno), out_error);
    }
    if (!S_ISREG(about.st_mode)) {
        errno = 0;
        return refuse(name, "is no file", out_error);
    }
    input->size = (uint64_t)about.st_size;
    (void)posix_fadvise(input->file, 0, 0, POSIX_FADV_SEQUENTIAL);
    return GALEN_OK;
}

enum galen_status audit_input_open(int folder, const char *name,
                                   struct audit_input **out_input, struct error *out_error)
{
    scoped(audit_input) input = calloc(1, sizeof(*input));
    if (input == NULL) {
        return GALEN_NO_MEMORY;
    }
    TRY(open_file(input, folder, name, out_error));
    input->capacity = input->size < BUFFER_SIZE ? (size_t)input->size + 1 : BUFFER_SIZE;
    input->buffer = malloc(input->capacity);
    if (input->buffer == NULL) {
        return GALEN_NO_MEMORY;
    }
    *out_input = take(&input);
    return GALEN_OK;
}

void audit_input_close(struct audit_input *input)
{
    if (input != NULL) {
        if (input->file >= 0) {
            (void)close(input->file);
        }
        free(input->buffer);
        free(input);
    }
}

static struct bytes window_of(const struct audit_input *input)
{
    return bytes_of(input->buffer + input->begin, input->end - input->begin);
}

/* Puts more behind what is there. GALEN_NOT_FOUND: there is no more. What a process appends
 * while we read is left for the next time: half of it may be there. */
static enum galen_status fill(struct audit_input *input)
{
    const struct bytes left = window_of(input);
    memmove(input->buffer, left.data, left.size);
    input->begin = 0;
    input->end = left.size;
    const uint64_t behind = input->size - input->offset - left.size;
    const size_t room = input->capacity - input->end;
    const size_t wanted = behind < room ? (size_t)behind : room;
    ssize_t size;
    do {
        size = read(input->file, input->buffer + input->end, wanted);
    } while (size < 0 && errno == EINTR);
    if (size <= 0) {
        return size < 0 ? GALEN_UNAVAILABLE : GALEN_NOT_FOUND;
    }
    input->end += (size_t)size;
    return GALEN_OK;
}

static void skip(struct audit_input *input, size_t size)
{
    input->begin += size;
    input->offset += size;
}

enum galen_status audit_input_line(struct audit_input *input, struct bytes *out_line)
{
    for (;;) {
        const struct bytes window =
            bytes_first(window_of(input), LIMIT_AUDIT_RECORD_SIZE_BYTES_MAX);
        const uint8_t *end = memchr(window.data, '\n', window.size);
        if (end != NULL) {
            *out_line = bytes_first(window, (size_t)(end - window.data));
            skip(input, out_line->size + 1);
            return GALEN_OK;
        }
        if (window.size == LIMIT_AUDIT_RECORD_SIZE_BYTES_MAX) {
            return GALEN_TOO_LARGE;
        }
        TRY(fill(input));
    }
}

/* The size of the note that begins the window, its empty line included; 0: it has no end
 * there. */
static size_t find_note(struct bytes window)
{
    const uint8_t *text_end = memmem(window.data, window.size, "\n\n", 2);
    if (text_end == NULL) {
        return 0;
    }
    const size_t text_size = (size_t)(text_end - window.data) + 2;
    const struct bytes behind = bytes_from(window, text_size);
    const uint8_t *note_end =
        behind.size == 0 ? NULL : memmem(behind.data, behind.size, "\n\n", 2);
    return note_end == NULL ? 0 : text_size + (size_t)(note_end - behind.data) + 2;
}

enum galen_status audit_input_note(struct audit_input *input, struct bytes *out_note)
{
    for (;;) {
        const struct bytes window =
            bytes_first(window_of(input), CHECKPOINT_SIZE_BYTES_MAX + 1);
        const size_t size = find_note(window);
        if (size > 0) {
            *out_note = bytes_first(window, size - 1);
            skip(input, size);
            return GALEN_OK;
        }
        if (window.size > CHECKPOINT_SIZE_BYTES_MAX) {
            return GALEN_TOO_LARGE;
        }
        TRY(fill(input));
    }
}

enum galen_status audit_input_rest(struct audit_input *input, struct bytes *out_rest)
{
    enum galen_status status = GALEN_OK;
    while (status == GALEN_OK && window_of(input).size <= CHECKPOINT_SIZE_BYTES_MAX) {
        status = fill(input);
    }
    if (status != GALEN_NOT_FOUND) {
        return status == GALEN_OK ? GALEN_TOO_LARGE : status;
    }
    *out_rest = window_of(input);
    skip(input, out_rest->size);
    return GALEN_OK;
}

uint64_t audit_input_offset(const struct audit_input *input)
{
    return input->offset;
}

uint64_t audit_input_size(const struct audit_input *input)
{
    return input->size;
}

static ssize_t read_at(int file, uint8_t *piece, size_t size, uint64_t offset)
{
    ssize_t got;
    do {
        got = pread(file, piece, size, (off_t)offset);
    } while (got < 0 && errno == EINTR);
    return got;
}

enum galen_status audit_input_digest(const struct audit_input *input, uint64_t offset,
                                     uint64_t size, uint8_t *out_digest)
{
    uint8_t piece[16384];
    scoped(sha256) sha256 = NULL;
    TRY(sha256_create(&sha256));
    while (size > 0) {
        const size_t wanted = size < sizeof(piece) ? (size_t)size : sizeof(piece);
        const ssize_t got = read_at(input->file, piece, wanted, offset);
        if (got <= 0) {
            return got < 0 ? GALEN_UNAVAILABLE : GALEN_NOT_FOUND;
        }
        TRY(sha256_update(sha256, bytes_of(piece, (size_t)got)));
        offset += (uint64_t)got;
        size -= (uint64_t)got;
    }
    return sha256_finish(sha256, out_digest);
}
