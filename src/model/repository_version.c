/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/count.h"
#include "base/limits.h"
#include "base/writer.h"
#include "crypto/sha256.h"
#include "model/repository_impl.h"

DEFINE_SCOPED(repository_version, repository_version_unref)

/* The times of a file system are as coarse as its clock's tick. */
static const uint64_t tick_ns = 10 * NS_PER_MS;

/* Who writes a model writes for a while. */
static const uint64_t settle_ns = 500 * NS_PER_MS;

static const size_t print_text_size_max = (size_t)LIMIT_MODEL_ENTRY_COUNT_MAX * 512;

struct repository_version *repository_version_ref(struct repository_version *version)
{
    count_more(&version->reference_count_);
    return version;
}

void repository_version_unref(struct repository_version *version)
{
    if (version == NULL) {
        return;
    }
    if (count_less(&version->reference_count_)) {
        arena_deinit(&version->arena_);
        free(version);
    }
}

const char *repository_join(struct arena *arena, const char *folder, const char *name)
{
    const size_t size = strlen(folder) + strlen(name) + 2;
    char *path = arena_alloc(arena, size);
    if (path != NULL) {
        (void)snprintf(path, size, "%s/%s", folder, name);
    }
    return path;
}

enum galen_status repository_blame(enum galen_status status, const char *folder,
                                   const char *name, struct error *error)
{
    const struct error why = *error;
    return status == GALEN_OK || status == GALEN_NO_MEMORY
               ? status
               : error_set(error, status, "%s/%s: %s", folder, name, why.text);
}

/* What is in the folder. */

static enum galen_status verify_file(const struct contract_file *file, int folder,
                                     struct error *why)
{
    int descriptor CLOSED_LATER = -1;
    uint64_t size_bytes;
    uint8_t digest[SHA256_SIZE];
    TRY(directory_open_file(folder, file->name, LIMIT_MODEL_FILE_SIZE_BYTES_MAX,
                            &descriptor, &size_bytes, why));
    const enum galen_status status = sha256_of_file(descriptor, size_bytes, digest);
    if (status != GALEN_OK) {
        return error_set(why, status, "cannot be hashed: %s",
                         status == GALEN_TOO_LARGE ? "it grew" : galen_status_text(status));
    }
    return memcmp(digest, file->sha256, sizeof(digest)) == 0
               ? GALEN_OK
               : error_set(why, GALEN_INVALID,
                           "its SHA-256 is not the one that model.yaml states");
}

static enum galen_status verify_files(const struct repository_version *version, int folder,
                                      struct error *why)
{
    for (size_t i = 0; i < version->contract->file_count; i++) {
        const struct contract_file *file = &version->contract->files[i];
        TRY(repository_blame(verify_file(file, folder, why), version->path, file->name,
                             why));
    }
    return GALEN_OK;
}

static enum galen_status parse_contract(struct repository_scan *scan, struct bytes text,
                                        struct repository_version *version,
                                        struct error *why)
{
    const char *file = repository_join(&scan->scratch, version->path, "model.yaml");
    struct contract *contract = arena_alloc(&version->arena_, sizeof(*contract));
    if (file == NULL || contract == NULL) {
        return GALEN_NO_MEMORY;
    }
    TRY(contract_parse(text, file, &version->arena_, contract, why));
    version->contract = contract;
    memcpy(version->model_sha256, contract_network_file(contract)->sha256,
           sizeof(version->model_sha256));
    return GALEN_OK;
}

static enum galen_status read_contract(struct repository_scan *scan, int folder,
                                       struct repository_version *version,
                                       struct error *why)
{
    struct bytes text;
    const enum galen_status status = directory_read_file(
        folder, "model.yaml", LIMIT_MODEL_YAML_SIZE_BYTES_MAX, &scan->scratch, &text, why);
    if (status == GALEN_NOT_FOUND) {
        return GALEN_OK;
    }
    TRY(repository_blame(status, version->path, "model.yaml", why));
    TRY(parse_contract(scan, text, version, why));
    return scan->verify ? verify_files(version, folder, why) : GALEN_OK;
}

/* Whether it is what it was. */

struct print {
    uint8_t digest[SHA256_SIZE];
    uint64_t changed_ns; /* the latest */
};

static void print_entry(const struct directory_entry *entry, struct writer *text,
                        struct print *print)
{
    const uint64_t numbers[] = {entry->kind, entry->inode, entry->size_bytes,
                                entry->changed_ns};
    writer_put(text, bytes_of(numbers, sizeof(numbers)));
    writer_put(text, bytes_of(entry->name, strlen(entry->name) + 1));
    if (entry->changed_ns > print->changed_ns) {
        print->changed_ns = entry->changed_ns;
    }
}

static void print_if_there(int folder, const char *name, struct writer *text,
                           struct print *print)
{
    struct directory_entry entry;
    if (directory_look(folder, name, &entry) == GALEN_OK) {
        print_entry(&entry, text, print);
    }
}

/* It and its files, and the configuration of the model, which is every version's. */
static enum galen_status print_folder(struct repository_scan *scan, int model, int folder,
                                      struct writer *text, struct print *out_print,
                                      struct error *why)
{
    struct directory_entry *entries = NULL;
    size_t count = 0;
    *out_print = (struct print){.changed_ns = 0};
    TRY(directory_list(folder, LIMIT_MODEL_ENTRY_COUNT_MAX, &scan->scratch, &entries,
                       &count, why));
    for (size_t i = 0; i < count; i++) {
        print_entry(&entries[i], text, out_print);
    }
    print_if_there(folder, ".", text, out_print);
    print_if_there(model, "config.pbtxt", text, out_print);
    TRY(text->status);
    return sha256_of(writer_bytes(text), out_print->digest);
}

static enum galen_status take_print(struct repository_scan *scan, int model, int folder,
                                    struct print *out_print, struct error *why)
{
    struct writer text;
    writer_init(&text, print_text_size_max);
    const enum galen_status status =
        print_folder(scan, model, folder, &text, out_print, why);
    writer_deinit(&text);
    return status;
}

static bool is_younger(const struct repository_scan *scan, const struct print *print,
                       uint64_t age_ns)
{
    const uint64_t low = scan->now_ns - age_ns;
    const uint64_t high =
        scan->now_ns + age_ns; /* of another machine's clock, or set back */
    return print->changed_ns > low && print->changed_ns < high;
}

/* A version that is there, and how it was found. */
struct reading {
    struct repository_scan *scan;
    const struct repository_folder *model;
    struct repository_version *before;  /* NULL: it was not there */
    struct repository_version *version; /* new */
};

static enum galen_status read_new(const struct reading *reading, int folder,
                                  const struct print *print, struct error *why)
{
    struct repository_version *version = reading->version;
    memcpy(version->print_, print->digest, sizeof(version->print_));
    if (is_younger(reading->scan, print, tick_ns)) {
        (void)usleep(tick_ns / NS_PER_US); /* what changes from now on has another time */
    }
    return read_contract(reading->scan, folder, version, why);
}

static bool is_same(const struct reading *reading, const struct print *print)
{
    return reading->before != NULL &&
           memcmp(print->digest, reading->before->print_, SHA256_SIZE) == 0;
}

/* *out_same: it is what it was, or shall stay what it was for now. */
static enum galen_status read_or_keep(const struct reading *reading, int folder,
                                      bool *out_same, struct error *why)
{
    struct print print;
    const char *path = reading->version->path;
    TRY(repository_blame(
        take_print(reading->scan, reading->model->descriptor, folder, &print, why),
        reading->model->path, reading->version->number_text, why));
    const bool is_settling =
        reading->scan->before != NULL && is_younger(reading->scan, &print, settle_ns);
    if (is_same(reading, &print) || (is_settling && reading->before != NULL)) {
        *out_same = true;
        return GALEN_OK;
    }
    return is_settling ? error_set(why, GALEN_UNAVAILABLE, "%s: is being written", path)
                       : read_new(reading, folder, &print, why);
}

static enum galen_status open_and_read(const struct reading *reading, bool *out_same,
                                       struct error *why)
{
    int folder CLOSED_LATER = -1;
    const char *name = reading->version->number_text;
    TRY(repository_blame(directory_open(reading->model->descriptor, name, &folder, why),
                         reading->model->path, name, why));
    return read_or_keep(reading, folder, out_same, why);
}

static struct repository_version *version_new(const struct repository_folder *model,
                                              const char *name, uint64_t number)
{
    scoped(repository_version) version = calloc(1, sizeof(*version));
    if (version == NULL) {
        return NULL;
    }
    arena_init(&version->arena_, LIMIT_REPOSITORY_SIZE_BYTES_MAX);
    count_begin(&version->reference_count_);
    version->number = number;
    version->usable = true;
    version->number_text = arena_copy_string(&version->arena_, bytes_from_string(name));
    version->path = repository_join(&version->arena_, model->path, name);
    return version->number_text == NULL || version->path == NULL ? NULL : take(&version);
}

enum galen_status repository_version_read(struct repository_scan *scan,
                                          const struct repository_folder *model,
                                          const char *name, uint64_t number,
                                          struct repository_version *before,
                                          struct repository_version **out_version)
{
    struct error why = {0};
    bool same = false;
    scoped(repository_version) version = version_new(model, name, number);
    if (version == NULL) {
        return GALEN_NO_MEMORY;
    }
    const struct reading reading = {scan, model, before, version};
    const enum galen_status status = open_and_read(&reading, &same, &why);
    arena_clear(&scan->scratch);
    if (status == GALEN_NO_MEMORY) {
        return status;
    }
    version->usable = status == GALEN_OK;
    version->why_not = why;
    *out_version = same ? repository_version_ref(before) : take(&version);
    return GALEN_OK;
}
