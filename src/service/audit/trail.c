/* SPDX-License-Identifier: Apache-2.0 */
#include "service/audit/trail.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/limits.h"
#include "service/audit/record.h"

enum { SIZE_DIGIT_COUNT = 20, SEGMENT_DIGIT_COUNT = 6 };

static const struct bytes copy_end = BYTES_INIT(".checkpoint");
static const struct bytes segment_end = BYTES_INIT(".ndjson");

void audit_descriptor_close_(const int *descriptor)
{
    if (*descriptor >= 0) {
        (void)close(*descriptor);
    }
}

static enum galen_status refuse(const char *path, struct error *out_error)
{
    return error_set(out_error, errno == ENOENT ? GALEN_NOT_FOUND : GALEN_UNAVAILABLE,
                     "%s: %s", path, strerror(errno));
}

static enum galen_status open_folder(int parent, const char *path, int flags,
                                     int *out_folder, struct error *out_error)
{
    const int folder = openat(parent, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | flags);
    if (folder < 0) {
        return refuse(path, out_error);
    }
    *out_folder = folder;
    return GALEN_OK;
}

/* Calls visit for each entry until it fails. */
static enum galen_status
visit_all(int folder, enum galen_status (*visit)(void *context, const char *name),
          void *context, struct error *out_error)
{
    const int own = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = own < 0 ? NULL : fdopendir(own);
    enum galen_status status = GALEN_OK;
    if (entries == NULL) {
        status = refuse("a folder of the trail", out_error);
        audit_descriptor_close_(&own);
        return status;
    }
    const struct dirent *entry;
    errno = 0;
    while (status == GALEN_OK && (entry = readdir(entries)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            status = visit(context, entry->d_name);
        }
        errno = status == GALEN_OK ? 0 : errno;
    }
    if (status == GALEN_OK && errno != 0) {
        status = refuse("a folder of the trail", out_error);
    }
    (void)closedir(entries);
    return status;
}

struct listing {
    struct audit_names *names;
    bool (*read)(struct bytes entry, struct audit_name *out_name);
    audit_stranger_fn *on_stranger;
    void *context;
};

static bool set_chain(struct bytes chain, struct audit_name *name)
{
    if (!audit_chain_name_is_valid(chain) || chain.size >= AUDIT_CHAIN_NAME_SIZE) {
        return false;
    }
    memcpy(name->text, chain.data, chain.size);
    name->text[chain.size] = '\0';
    return true;
}

static bool read_chain(struct bytes entry, struct audit_name *out_name)
{
    return set_chain(entry, out_name);
}

static bool ends_with(struct bytes text, struct bytes end)
{
    return text.size > end.size && bytes_equal(bytes_from(text, text.size - end.size), end);
}

/* A number with so many digits at least, as printf's "%0*u" has it. */
static bool read_padded(struct bytes digits, size_t digit_count, uint64_t *out_number)
{
    if (digits.size < digit_count || (digits.size > digit_count && digits.data[0] == '0')) {
        return false;
    }
    while (digits.size > 1 && digits.data[0] == '0') {
        digits = bytes_from(digits, 1);
    }
    return bytes_parse_u64(digits, UINT64_MAX, out_number);
}

static bool read_copy(struct bytes entry, struct audit_name *out_name)
{
    struct bytes chain;
    if (!ends_with(entry, copy_end)) {
        return false;
    }
    const struct bytes digits =
        bytes_split(bytes_first(entry, entry.size - copy_end.size), '.', &chain);
    return set_chain(chain, out_name) &&
           read_padded(digits, SIZE_DIGIT_COUNT, &out_name->size);
}

static enum galen_status add_name(struct audit_names *names, const struct audit_name *name)
{
    if (names->count == LIMIT_AUDIT_NAME_COUNT_MAX) {
        return GALEN_TOO_LARGE;
    }
    if (names->count == names->capacity_) {
        const size_t capacity = names->capacity_ == 0 ? 64 : 2 * names->capacity_;
        struct audit_name *grown =
            reallocarray(names->names, capacity, sizeof(names->names[0]));
        if (grown == NULL) {
            return GALEN_NO_MEMORY;
        }
        names->names = grown;
        names->capacity_ = capacity;
    }
    names->names[names->count++] = *name;
    return GALEN_OK;
}

static enum galen_status take_name(void *context, const char *entry)
{
    struct listing *listing = context;
    struct audit_name name = {.size = 0};
    if (listing->read(bytes_from_string(entry), &name)) {
        return add_name(listing->names, &name);
    }
    listing->on_stranger(listing->context, entry);
    return GALEN_OK;
}

static int compare_names(const void *a, const void *b)
{
    const struct audit_name *left = a;
    const struct audit_name *right = b;
    const int order = strcmp(left->text, right->text);
    return order != 0 ? order : (left->size > right->size) - (left->size < right->size);
}

static enum galen_status list(const char *path, struct listing *listing,
                              struct audit_names **out_names, struct error *out_error)
{
    scoped(audit_names) names = calloc(1, sizeof(*names));
    if (names == NULL) {
        return GALEN_NO_MEMORY;
    }
    names->folder = -1;
    listing->names = names;
    TRY(open_folder(AT_FDCWD, path, 0, &names->folder, out_error));
    TRY(visit_all(names->folder, take_name, listing, out_error));
    if (names->count > 0) {
        qsort(names->names, names->count, sizeof(names->names[0]), compare_names);
    }
    *out_names = take(&names);
    return GALEN_OK;
}

enum galen_status audit_trail_read(const char *path, audit_stranger_fn *on_stranger,
                                   void *context, struct audit_names **out_names,
                                   struct error *out_error)
{
    struct listing listing = {
        .read = read_chain, .on_stranger = on_stranger, .context = context};
    return list(path, &listing, out_names, out_error);
}

enum galen_status audit_witness_read(const char *path, audit_stranger_fn *on_stranger,
                                     void *context, struct audit_names **out_names,
                                     struct error *out_error)
{
    struct listing listing = {
        .read = read_copy, .on_stranger = on_stranger, .context = context};
    return list(path, &listing, out_names, out_error);
}

void audit_names_destroy(struct audit_names *names)
{
    if (names != NULL) {
        audit_descriptor_close_(&names->folder);
        free(names->names);
        free(names);
    }
}

/* The first name that is not before the chain. */
static size_t find_first(const struct audit_names *names, const char *chain)
{
    size_t begin = 0;
    size_t end = names->count;
    while (begin < end) {
        const size_t middle = begin + (end - begin) / 2;
        if (strcmp(names->names[middle].text, chain) < 0) {
            begin = middle + 1;
        } else {
            end = middle;
        }
    }
    return begin;
}

const struct audit_name *audit_names_of(const struct audit_names *names, const char *chain,
                                        size_t *out_count)
{
    const size_t first = find_first(names, chain);
    size_t end = first;
    while (end < names->count && strcmp(names->names[end].text, chain) == 0) {
        end++;
    }
    *out_count = end - first;
    return end == first ? NULL : &names->names[first];
}

void audit_witness_file(const struct audit_name *name, char *out_file)
{
    (void)snprintf(out_file, AUDIT_FILE_NAME_SIZE, "%s.%0*llu%.*s", name->text,
                   SIZE_DIGIT_COUNT, (unsigned long long)name->size, BYTES_PRINT(copy_end));
}

enum galen_status audit_chain_folder(const struct audit_names *trail, const char *chain,
                                     int *out_folder, struct error *out_error)
{
    return open_folder(trail->folder, chain, O_NOFOLLOW, out_folder, out_error);
}

static enum galen_status take_file(void *context, const char *entry)
{
    struct audit_files *files = context;
    uint64_t number;
    if (strcmp(entry, AUDIT_CHECKPOINTS_FILE) == 0) {
        files->has_checkpoints = true;
    } else if (audit_segment_read(bytes_from_string(entry), &number)) {
        files->segment_count =
            number > files->segment_count ? number : files->segment_count;
    } else if (files->stranger[0] == '\0' || strcmp(entry, files->stranger) < 0) {
        (void)snprintf(files->stranger, sizeof(files->stranger), "%s", entry);
    }
    return GALEN_OK;
}

enum galen_status audit_files_read(int folder, struct audit_files *out_files,
                                   struct error *out_error)
{
    *out_files = (struct audit_files){.segment_count = 0};
    return visit_all(folder, take_file, out_files, out_error);
}

void audit_segment_file(uint64_t number, char *out_file)
{
    (void)snprintf(out_file, AUDIT_FILE_NAME_SIZE, "%0*llu%.*s", SEGMENT_DIGIT_COUNT,
                   (unsigned long long)number, BYTES_PRINT(segment_end));
}

bool audit_segment_read(struct bytes entry, uint64_t *out_number)
{
    return ends_with(entry, segment_end) &&
           read_padded(bytes_first(entry, entry.size - segment_end.size),
                       SEGMENT_DIGIT_COUNT, out_number) &&
           *out_number > 0 && *out_number <= LIMIT_AUDIT_SEGMENT_COUNT_MAX;
}
