/* SPDX-License-Identifier: Apache-2.0 */
#include "service/audit/predecessor.h"

#include <stdio.h>

#include "base/limits.h"
#include "service/audit/record.h"
#include "service/audit/trail.h"

enum { PATH_SIZE = 2048 };

struct search {
    struct audit_disk *disk;
    char path[PATH_SIZE]; /* of the chain's folder */
    struct sha256 *sha256;
    struct audit_claim *found;
    struct error *error;
};

/* The newest name of a chain of the service, of those before a bound. */
struct newest {
    struct bytes service;
    char bound[AUDIT_CHAIN_NAME_SIZE]; /* "": none */
    char name[AUDIT_CHAIN_NAME_SIZE];
};

static void take_newer(void *context, const char *name)
{
    struct newest *newest = context;
    if (audit_chain_name_is_valid(bytes_from_string(name)) &&
        bytes_equal(audit_chain_service(bytes_from_string(name)), newest->service) &&
        strlen(name) < sizeof(newest->name) && strcmp(name, newest->name) > 0 &&
        (newest->bound[0] == '\0' || strcmp(name, newest->bound) < 0)) {
        memcpy(newest->name, name, strlen(name) + 1);
    }
}

static void count_segment(void *context, const char *name)
{
    uint64_t *count = context;
    uint64_t number;
    if (audit_segment_read(bytes_from_string(name), &number) && number > *count) {
        *count = number;
    }
}

static enum galen_status read_member(struct search *search, const char *name,
                                     struct blob **out_blob)
{
    char path[PATH_SIZE + AUDIT_FILE_NAME_SIZE];
    (void)snprintf(path, sizeof(path), "%s/%s", search->path, name);
    TRY(search->disk->ops->sync_path(search->disk, path, search->error));
    return search->disk->ops->read(search->disk, path, LIMIT_AUDIT_SEGMENT_SIZE_BYTES_MAX,
                                   out_blob, search->error);
}

static enum galen_status seal(struct search *search, struct bytes torn, uint64_t *out_size,
                              uint8_t *out_sha256)
{
    *out_size = torn.size;
    if (torn.size == 0) {
        return GALEN_OK;
    }
    TRY(sha256_update(search->sha256, torn));
    return sha256_finish(search->sha256, out_sha256);
}

/* Whether the line is the next record: the disk may have kept a later page of a batch and
 * not an earlier one. The first line of a segment has nothing of it before. */
static bool is_next(struct search *search, struct bytes line, bool is_first)
{
    struct audit_record record;
    uint8_t hash[SHA256_SIZE];
    struct audit_claim *found = search->found;
    if (audit_record_read(line, &record) != GALEN_OK ||
        audit_record_hash(&record, search->sha256, hash) != GALEN_OK ||
        memcmp(hash, record.hash, sizeof(hash)) != 0 ||
        !bytes_equal_string(record.head.chain, found->chain) ||
        (!is_first && (record.head.seq != found->record_count ||
                       memcmp(record.prev, found->hash, sizeof(hash)) != 0))) {
        return false;
    }
    found->record_count = record.head.seq + 1;
    memcpy(found->hash, hash, sizeof(hash));
    return true;
}

/* Goes over the records of a segment to the first that is none; what is from there on is
 * torn. */
static enum galen_status read_segment(struct search *search, struct bytes text)
{
    bool is_first = true;
    while (text.size > 0) {
        const size_t end = bytes_find(text, '\n');
        if (end == text.size || !is_next(search, bytes_first(text, end), is_first)) {
            break;
        }
        text = bytes_from(text, end + 1);
        is_first = false;
    }
    struct audit_claim *found = search->found;
    return text.size == 0 ? GALEN_OK
                          : seal(search, text, &found->torn_bytes, found->torn_sha256);
}

/* The last segment may hold no whole record: then the one before it has the last. */
static enum galen_status read_last_segments(struct search *search, uint64_t number)
{
    for (; number > 0 && search->found->record_count == 0; number--) {
        char name[AUDIT_FILE_NAME_SIZE];
        struct blob *segment = NULL;
        audit_segment_file(number, name);
        TRY(read_member(search, name, &segment));
        const enum galen_status status =
            read_segment(search, bytes_of(blob_data(segment), blob_size(segment)));
        blob_unref(segment);
        TRY(status);
    }
    return GALEN_OK;
}

/* What comes behind the first empty line, that is, behind two line feeds. */
static bool skip_empty_line(struct bytes *rest)
{
    for (size_t i = 0; i + 1 < rest->size; i++) {
        if (rest->data[i] == '\n' && rest->data[i + 1] == '\n') {
            *rest = bytes_from(*rest, i + 2);
            return true;
        }
    }
    return false;
}

/* A note has an empty line in it, and one behind it. */
static bool skip_note(struct bytes *rest)
{
    struct bytes behind = *rest;
    const bool is_whole = skip_empty_line(&behind) && skip_empty_line(&behind);
    *rest = is_whole ? behind : *rest;
    return is_whole;
}

static enum galen_status read_checkpoints(struct search *search)
{
    struct blob *notes = NULL;
    const enum galen_status status = read_member(search, AUDIT_CHECKPOINTS_FILE, &notes);
    if (status == GALEN_NOT_FOUND) {
        return GALEN_OK;
    }
    TRY(status);
    struct bytes rest = bytes_of(blob_data(notes), blob_size(notes));
    const size_t size = rest.size;
    while (rest.size > 0 && skip_note(&rest)) {
    }
    struct audit_claim *found = search->found;
    const enum galen_status sealed =
        seal(search, rest, &found->torn_checkpoint_bytes, found->torn_checkpoint_sha256);
    found->checkpoint_bytes = size - rest.size;
    blob_unref(notes);
    return sealed;
}

static enum galen_status read_chain(struct search *search, const char *trail,
                                    const char *name)
{
    uint64_t segment_count = 0;
    *search->found = (struct audit_claim){.record_count = 0};
    memcpy(search->found->chain, name, strlen(name) + 1);
    (void)snprintf(search->path, sizeof(search->path), "%s/%s", trail, name);
    TRY(search->disk->ops->list(search->disk, search->path, count_segment, &segment_count,
                                search->error));
    TRY(read_last_segments(search, segment_count));
    return read_checkpoints(search);
}

/* A chain that never got its first record is no link: what is before it counts. */
static enum galen_status find(struct search *search, const char *trail, const char *service)
{
    struct newest newest = {.service = bytes_from_string(service)};
    do {
        memcpy(newest.bound, newest.name, sizeof(newest.bound));
        newest.name[0] = '\0';
        TRY(search->disk->ops->list(search->disk, trail, take_newer, &newest,
                                    search->error));
        if (newest.name[0] == '\0') {
            *search->found = (struct audit_claim){.record_count = 0};
            return GALEN_OK;
        }
        TRY(read_chain(search, trail, newest.name));
    } while (search->found->record_count == 0);
    return GALEN_OK;
}

enum galen_status audit_predecessor_find(struct audit_disk *disk, const char *trail,
                                         const char *service, struct audit_claim *out_claim,
                                         struct error *out_error)
{
    struct search search = {.disk = disk, .found = out_claim, .error = out_error};
    TRY(sha256_create(&search.sha256));
    const enum galen_status status = find(&search, trail, service);
    sha256_destroy(search.sha256);
    return status;
}
