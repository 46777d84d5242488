/* SPDX-License-Identifier: Apache-2.0 */
#include "virtual_disk.h"

#include <stdlib.h>

#include "base/invariant.h"
#include "base/limits.h"

enum { PATH_SIZE = 256, FILE_SIZE_MAX = 1 << 20, PAGE_SIZE = 512 };

struct virtual_file {
    char path[PATH_SIZE];
    bool is_folder;
    uint8_t *data;
    size_t size;
    size_t capacity;
    uint8_t *durable; /* what the platters have */
    size_t durable_size;
    struct virtual_file *next;
};

/* What a program holds. */
struct virtual_handle {
    struct audit_file base; /* first */
    struct virtual_disk *disk;
    struct virtual_file *file;
};

void virtual_disk_deinit(struct virtual_disk *disk)
{
    while (disk->files != NULL) {
        struct virtual_file *file = disk->files;
        disk->files = file->next;
        free(file->data);
        free(file->durable);
        free(file);
    }
}

static enum galen_status fail(struct error *out_error, const char *why)
{
    return error_set(out_error, GALEN_UNAVAILABLE, "the simulated disk: %s", why);
}

/* Counts an operation; false: the machine has stopped. */
static bool runs(struct virtual_disk *disk)
{
    if (disk->operations_left == 0) {
        return false;
    }
    disk->operations_left--;
    return true;
}

static struct virtual_file *find(const struct virtual_disk *disk, const char *path)
{
    struct virtual_file *file = disk->files;
    while (file != NULL && strcmp(file->path, path) != 0) {
        file = file->next;
    }
    return file;
}

static struct virtual_file *add(struct virtual_disk *disk, const char *path, bool is_folder)
{
    struct virtual_file *file = calloc(1, sizeof(*file));
    INVARIANT(file != NULL && strlen(path) < PATH_SIZE);
    memcpy(file->path, path, strlen(path) + 1);
    file->is_folder = is_folder;
    file->next = disk->files;
    disk->files = file;
    return file;
}

static enum galen_status make_folder(struct audit_disk *base, const char *path,
                                     struct error *out_error)
{
    struct virtual_disk *disk = (struct virtual_disk *)base;
    if (!runs(disk) || disk->size_bytes >= disk->size_bytes_max) {
        return fail(out_error, "no folder can be made");
    }
    if (find(disk, path) == NULL) {
        (void)add(disk, path, true);
    }
    return GALEN_OK;
}

static enum galen_status create(struct audit_disk *base, const char *path,
                                struct audit_file **out_file, struct error *out_error)
{
    struct virtual_disk *disk = (struct virtual_disk *)base;
    if (!runs(disk) || disk->size_bytes >= disk->size_bytes_max) {
        return fail(out_error, "no file can be made");
    }
    INVARIANT(find(disk, path) == NULL);
    struct virtual_handle *handle = calloc(1, sizeof(*handle));
    INVARIANT(handle != NULL);
    *handle = (struct virtual_handle){{base->ops}, disk, add(disk, path, false)};
    *out_file = &handle->base;
    return GALEN_OK;
}

static void put_bytes(struct virtual_file *file, struct bytes bytes)
{
    if (bytes.size == 0) {
        return;
    }
    if (file->size + bytes.size > file->capacity) {
        file->capacity = 2 * (file->size + bytes.size);
        file->data = realloc(file->data, file->capacity);
        INVARIANT(file->data != NULL);
    }
    memcpy(file->data + file->size, bytes.data, bytes.size);
    file->size += bytes.size;
}

static enum galen_status append(struct audit_file *base, struct bytes bytes,
                                struct error *out_error)
{
    struct virtual_handle *handle = (struct virtual_handle *)base;
    struct virtual_disk *disk = handle->disk;
    const uint64_t space = disk->size_bytes_max - disk->size_bytes;
    size_t size = bytes.size < space ? bytes.size : (size_t)space;
    const bool stops = !runs(disk);
    if (stops || virtual_chance(disk->world, disk->append_fails)) {
        size = (size_t)virtual_between(disk->world, 0, size);
    }
    put_bytes(handle->file, bytes_first(bytes, size));
    disk->size_bytes += size;
    return size == bytes.size && !stops ? GALEN_OK : fail(out_error, "no space");
}

/* After a failure the pages count as clean: they can be read, and are never written. */
static void make_durable(struct virtual_file *file)
{
    if (file->size == file->durable_size) {
        return;
    }
    file->durable = realloc(file->durable, file->size + 1);
    INVARIANT(file->durable != NULL);
    memcpy(file->durable + file->durable_size, file->data + file->durable_size,
           file->size - file->durable_size);
    file->durable_size = file->size;
}

static enum galen_status sync_one(struct virtual_disk *disk, struct virtual_file *file,
                                  struct error *out_error)
{
    if (!runs(disk) || virtual_chance(disk->world, disk->sync_fails)) {
        return fail(out_error, "a sync failed");
    }
    make_durable(file);
    return GALEN_OK;
}

static enum galen_status sync_file(struct audit_file *base, struct error *out_error)
{
    struct virtual_handle *handle = (struct virtual_handle *)base;
    return sync_one(handle->disk, handle->file, out_error);
}

static enum galen_status sync_path(struct audit_disk *base, const char *path,
                                   struct error *out_error)
{
    struct virtual_disk *disk = (struct virtual_disk *)base;
    struct virtual_file *file = find(disk, path);
    return file == NULL ? error_set(out_error, GALEN_NOT_FOUND, "no such file")
                        : sync_one(disk, file, out_error);
}

static void close_file(struct audit_file *base)
{
    free(base);
}

static enum galen_status put(struct audit_disk *base, const char *path, struct bytes bytes,
                             struct error *out_error)
{
    struct virtual_disk *disk = (struct virtual_disk *)base;
    if (!runs(disk) || disk->size_bytes + bytes.size > disk->size_bytes_max) {
        return fail(out_error, "no file can be put");
    }
    struct virtual_file *file = add(disk, path, false);
    put_bytes(file, bytes);
    make_durable(file);
    return GALEN_OK;
}

static bool has_entries(const struct virtual_disk *disk, const char *path)
{
    const size_t size = strlen(path);
    for (const struct virtual_file *file = disk->files; file != NULL; file = file->next) {
        if (strncmp(file->path, path, size) == 0 && file->path[size] == '/') {
            return true;
        }
    }
    return false;
}

static void remove_entry(struct audit_disk *base, const char *path)
{
    struct virtual_disk *disk = (struct virtual_disk *)base;
    struct virtual_file **link = &disk->files;
    while (*link != NULL && strcmp((*link)->path, path) != 0) {
        link = &(*link)->next;
    }
    if (*link != NULL && runs(disk) && !has_entries(disk, path)) {
        struct virtual_file *file = *link;
        *link = file->next;
        disk->size_bytes -= file->size;
        free(file->data);
        free(file->durable);
        free(file);
    }
}

static enum galen_status list(struct audit_disk *base, const char *path,
                              void (*visit)(void *context, const char *name), void *context,
                              struct error *out_error)
{
    struct virtual_disk *disk = (struct virtual_disk *)base;
    const size_t size = strlen(path);
    if (!runs(disk)) {
        return fail(out_error, "no folder can be read");
    }
    for (const struct virtual_file *file = disk->files; file != NULL; file = file->next) {
        if (strncmp(file->path, path, size) == 0 && file->path[size] == '/' &&
            strchr(file->path + size + 1, '/') == NULL) {
            visit(context, file->path + size + 1);
        }
    }
    return GALEN_OK;
}

static enum galen_status read_file(struct audit_disk *base, const char *path,
                                   size_t size_bytes_max, struct blob **out_blob,
                                   struct error *out_error)
{
    struct virtual_disk *disk = (struct virtual_disk *)base;
    const struct virtual_file *file = find(disk, path);
    if (!runs(disk)) {
        return fail(out_error, "no file can be read");
    }
    if (file == NULL) {
        return error_set(out_error, GALEN_NOT_FOUND, "no such file");
    }
    INVARIANT(file->size <= size_bytes_max);
    *out_blob = blob_create(file->size, 0);
    INVARIANT(*out_blob != NULL);
    if (file->size > 0) {
        memcpy(blob_data(*out_blob), file->data, file->size);
    }
    return GALEN_OK;
}

static enum galen_status free_bytes(struct audit_disk *base, const char *path,
                                    uint64_t *out_bytes, struct error *out_error)
{
    const struct virtual_disk *disk = (struct virtual_disk *)base;
    (void)path, (void)out_error;
    *out_bytes = disk->size_bytes_max - disk->size_bytes;
    return GALEN_OK;
}

void virtual_disk_init(struct virtual_disk *disk, struct virtual *world)
{
    static const struct audit_disk_ops ops = {
        .make_folder = make_folder,
        .create = create,
        .append = append,
        .sync = sync_file,
        .close = close_file,
        .sync_path = sync_path,
        .put = put,
        .remove = remove_entry,
        .list = list,
        .read = read_file,
        .free_bytes = free_bytes,
    };
    *disk = (struct virtual_disk){
        .base = {&ops},
        .world = world,
        .size_bytes_max = UINT64_MAX / 2,
        .operations_left = UINT64_MAX,
    };
}

/* The unsynced part of the page that this byte is in. */
static void lose_page(struct virtual_file *file, size_t byte)
{
    const size_t page = byte / PAGE_SIZE * PAGE_SIZE;
    const size_t begin = page > file->durable_size ? page : file->durable_size;
    const size_t end = page + PAGE_SIZE < file->size ? page + PAGE_SIZE : file->size;
    memset(file->data + begin, 0, end - begin);
}

/* Some of what was not synced may have got there all the same, and not in order. */
static void lose(struct virtual *world, struct virtual_file *file)
{
    const size_t unsynced = file->size - file->durable_size;
    const size_t kept = (size_t)virtual_between(world, 0, unsynced);
    if (file->durable_size > 0) {
        memcpy(file->data, file->durable, file->durable_size);
    }
    file->size = file->durable_size + kept;
    if (kept > 0 && virtual_chance(world, 300)) {
        lose_page(file, (size_t)virtual_between(world, file->durable_size, file->size - 1));
    }
    make_durable(file);
}

void virtual_disk_restart(struct virtual_disk *disk)
{
    for (struct virtual_file *file = disk->files; file != NULL; file = file->next) {
        if (!file->is_folder && file->size > file->durable_size) {
            lose(disk->world, file);
        }
    }
    disk->operations_left = UINT64_MAX;
}

bool virtual_disk_has(const struct virtual_disk *disk, struct bytes words)
{
    for (const struct virtual_file *file = disk->files; file != NULL; file = file->next) {
        if (file->durable_size > 0 &&
            memmem(file->durable, file->durable_size, words.data, words.size) != NULL) {
            return true;
        }
    }
    return false;
}

void virtual_disk_visit(const struct virtual_disk *disk,
                        void (*visit)(void *context, const char *path,
                                      struct bytes content),
                        void *context)
{
    for (const struct virtual_file *file = disk->files; file != NULL; file = file->next) {
        if (!file->is_folder) {
            visit(context, file->path, bytes_of(file->data, file->size));
        }
    }
}
