/* SPDX-License-Identifier: Apache-2.0 */
#include "model/import.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/descriptor.h"
#include "base/limits.h"
#include "base/writer.h"
#include "crypto/sha256.h"
#include "model/directory.h"

enum { PATH_SIZE = 4096, COPY_SIZE = 1 << 16, YAML_SIZE_MAX = 1 << 24 };

struct builder {
    const struct import *import;
    char place[PATH_SIZE]; /* where it is made: REPOSITORY/.import-XXXXXX */
    int version;           /* the folder `1` in it; -1: not yet */
    struct contract_file files[IMPORT_FILE_COUNT_MAX];
    struct error *error;
};

static enum galen_status refuse(struct builder *builder, const char *path)
{
    return error_set(builder->error, errno == ENOENT ? GALEN_NOT_FOUND : GALEN_UNAVAILABLE,
                     "%s: %s", path, strerror(errno));
}

static enum galen_status create_file(struct builder *builder, const char *name,
                                     int *out_file)
{
    *out_file =
        openat(builder->version, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    return *out_file >= 0 ? GALEN_OK : refuse(builder, name);
}

/* Copies and hashes what is copied. */
static enum galen_status pour(struct builder *builder, int from, int to,
                              const struct import_file *file, uint8_t *out_sha256)
{
    scoped(sha256) sha256 = NULL;
    uint64_t size = 0;
    uint8_t buffer[COPY_SIZE];
    ssize_t count;
    TRY(sha256_create(&sha256));
    while ((count = read(from, buffer, sizeof(buffer))) != 0) {
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            return refuse(builder, file->from);
        }
        size += (uint64_t)count;
        if (size > LIMIT_MODEL_FILE_SIZE_BYTES_MAX) {
            return error_set(builder->error, GALEN_TOO_LARGE, "%s: is too large",
                             file->from);
        }
        TRY(sha256_update(sha256, bytes_of(buffer, (size_t)count)));
        if (!descriptor_write(to, bytes_of(buffer, (size_t)count))) {
            return refuse(builder, file->name);
        }
    }
    return sha256_finish(sha256, out_sha256);
}

static enum galen_status sync_file(struct builder *builder, int file, const char *name)
{
    return fsync(file) == 0 ? GALEN_OK : refuse(builder, name);
}

static enum galen_status copy_file(struct builder *builder, size_t index)
{
    const struct import_file *file = &builder->import->files[index];
    int to CLOSED_LATER = -1;
    const int from CLOSED_LATER = open(file->from, O_RDONLY | O_CLOEXEC);
    if (from < 0) {
        return refuse(builder, file->from);
    }
    TRY(create_file(builder, file->name, &to));
    builder->files[index].name = file->name;
    TRY(pour(builder, from, to, file, builder->files[index].sha256));
    return sync_file(builder, to, file->name);
}

/* What is written has to read back: labels that are there twice, for one, do not. */
static enum galen_status check_text(struct builder *builder, struct bytes text)
{
    struct arena arena;
    struct contract contract;
    arena_init(&arena, LIMIT_ARENA_SIZE_BYTES_MAX);
    const enum galen_status status =
        contract_parse(text, "model.yaml", &arena, &contract, builder->error);
    arena_deinit(&arena);
    return status;
}

static enum galen_status put_text(struct builder *builder, struct bytes text)
{
    int file CLOSED_LATER = -1;
    TRY(check_text(builder, text));
    TRY(create_file(builder, "model.yaml", &file));
    if (!descriptor_write(file, text)) {
        return refuse(builder, "model.yaml");
    }
    return sync_file(builder, file, "model.yaml");
}

static enum galen_status write_contract(struct builder *builder)
{
    struct contract contract = *builder->import->contract;
    struct writer text;
    contract.files = builder->files;
    contract.file_count = builder->import->file_count;
    writer_init(&text, YAML_SIZE_MAX);
    contract_write(&contract, builder->import->card, &text);
    const enum galen_status status =
        text.status == GALEN_OK ? put_text(builder, writer_bytes(&text)) : text.status;
    writer_deinit(&text);
    return status;
}

static enum galen_status make_place(struct builder *builder)
{
    char version[PATH_SIZE + 4];
    const char *repository = builder->import->repository;
    if (mkdir(repository, 0755) != 0 && errno != EEXIST) {
        return refuse(builder, repository);
    }
    if (snprintf(builder->place, PATH_SIZE, "%s/.import-XXXXXX", repository) >= PATH_SIZE ||
        mkdtemp(builder->place) == NULL || chmod(builder->place, 0755) != 0) {
        return refuse(builder, repository);
    }
    (void)snprintf(version, sizeof(version), "%s/1", builder->place);
    if (mkdir(version, 0755) != 0) {
        return refuse(builder, version);
    }
    return directory_open_root(version, &builder->version, builder->error);
}

static enum galen_status tag_version(struct builder *builder)
{
    char tag[PATH_SIZE + 16];
    (void)snprintf(tag, sizeof(tag), "%s/current", builder->place);
    return symlink("1", tag) == 0 ? GALEN_OK : refuse(builder, tag);
}

/* A folder that holds something is never replaced by rename(2). */
static enum galen_status move_to_place(struct builder *builder)
{
    char path[PATH_SIZE];
    const struct import *import = builder->import;
    if (snprintf(path, sizeof(path), "%s/%s", import->repository, import->model) >=
        PATH_SIZE) {
        return error_set(builder->error, GALEN_INVALID, "%s: is too long",
                         import->repository);
    }
    if (rename(builder->place, path) == 0) {
        return GALEN_OK;
    }
    return errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR
               ? error_set(builder->error, GALEN_INVALID, "%s: is there already", path)
               : refuse(builder, path);
}

static enum galen_status build(struct builder *builder)
{
    TRY(make_place(builder));
    for (size_t i = 0; i < builder->import->file_count; i++) {
        TRY(copy_file(builder, i));
    }
    TRY(write_contract(builder));
    TRY(tag_version(builder));
    return move_to_place(builder);
}

static void remove_at(const struct builder *builder, const char *name)
{
    char path[PATH_SIZE + 512];
    (void)snprintf(path, sizeof(path), "%s/%s", builder->place, name);
    (void)remove(path);
}

static void take_back(const struct builder *builder)
{
    for (size_t i = 0; builder->version >= 0 && i < builder->import->file_count; i++) {
        (void)unlinkat(builder->version, builder->import->files[i].name, 0);
    }
    if (builder->version >= 0) {
        (void)unlinkat(builder->version, "model.yaml", 0);
    }
    remove_at(builder, "current");
    remove_at(builder, "1");
    remove_at(builder, "");
}

enum galen_status import_model(const struct import *import, struct error *out_error)
{
    struct builder builder = {.import = import, .version = -1, .error = out_error};
    const enum galen_status status = build(&builder);
    if (status != GALEN_OK && builder.place[0] != '\0') {
        take_back(&builder);
    }
    if (builder.version >= 0) {
        (void)close(builder.version);
    }
    return status;
}
