/* SPDX-License-Identifier: Apache-2.0 */
#include "service/audit/chain.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/utc.h"
#include "service/audit/merkle.h"
#include "service/audit/record.h"
#include "service/audit/trail.h"

enum {
    PATH_SIZE = 2048,
    RANDOM_SIZE = 8,
    BATCH_SIZE_BYTES_MAX = 1 << 30,
    EVENT_SIZE_BYTES_MAX = LIMIT_AUDIT_RECORD_SIZE_BYTES_MAX,
};

struct audit_chain {
    struct audit_chain_options options;
    char name[AUDIT_CHAIN_NAME_SIZE];
    char path[PATH_SIZE];
    struct audit_file *segment;
    uint64_t segment_number;
    uint64_t segment_size_bytes;
    struct audit_file *checkpoints; /* NULL: none was written yet */
    struct sha256 *sha256;
    struct merkle merkle;      /* over the batch too */
    uint8_t hash[SHA256_SIZE]; /* of the last record */
    struct writer batch;       /* whole lines */
    enum galen_status batch_status;
    uint64_t checkpointed_size; /* records that the last checkpoint covers */
    uint64_t first_unsigned_ns; /* when the first record behind it came */
    uint64_t unwitnessed_count;
    struct audit_claim durable; /* of this chain */
};

static const struct audit_disk_ops *disk_of(const struct audit_chain *chain)
{
    return chain->options.disk->ops;
}

static uint64_t wall_ns(const struct audit_chain *chain)
{
    return chain->options.clock->wall_ns(chain->options.clock->context);
}

static uint64_t now_ns(const struct audit_chain *chain)
{
    return chain->options.clock->now_ns(chain->options.clock->context);
}

static uint64_t draw(const struct audit_chain *chain)
{
    uint8_t random[RANDOM_SIZE];
    uint64_t number = 0;
    chain->options.clock->random(chain->options.clock->context, random, sizeof(random));
    memcpy(&number, random, sizeof(random));
    return number;
}

/* The name just behind another, with its time. */
static void follow_name(struct audit_chain *chain, const char *previous, uint64_t number)
{
    const char *digits = strrchr(previous, '-') + 1;
    const uint64_t next = strtoull(digits, NULL, 16) + 1 + (number >> 32);
    (void)snprintf(chain->name, sizeof(chain->name), "%.*s%016llx",
                   (int)(digits - previous), previous, (unsigned long long)next);
}

/* The newest chain is the one with the greatest name: seconds and chance alone would put
 * one that begins within the second of its predecessor, or after a clock was set back,
 * before it half of the time. */
static void choose_name(struct audit_chain *chain, const char *trail, const char *previous)
{
    const uint64_t number = draw(chain);
    char time[UTC_COMPACT_SIZE];
    utc_write_compact(wall_ns(chain), time);
    (void)snprintf(chain->name, sizeof(chain->name), "%s-%s-%016llx",
                   chain->options.service, time, (unsigned long long)number);
    if (strcmp(chain->name, previous) <= 0) {
        follow_name(chain, previous, number);
    }
    (void)snprintf(chain->path, sizeof(chain->path), "%s/%s", trail, chain->name);
}

static enum galen_status create_file(struct audit_chain *chain, const char *name,
                                     struct audit_file **out_file, struct error *out_error)
{
    char path[PATH_SIZE + AUDIT_FILE_NAME_SIZE];
    (void)snprintf(path, sizeof(path), "%s/%s", chain->path, name);
    return disk_of(chain)->create(chain->options.disk, path, out_file, out_error);
}

static enum galen_status next_segment(struct audit_chain *chain, struct error *out_error)
{
    char name[AUDIT_FILE_NAME_SIZE];
    struct audit_file *segment;
    audit_segment_file(chain->segment_number + 1, name);
    TRY(create_file(chain, name, &segment, out_error));
    if (chain->segment != NULL) {
        disk_of(chain)->close(chain->segment);
    }
    chain->segment = segment;
    chain->segment_number++;
    chain->segment_size_bytes = 0;
    return GALEN_OK;
}

static enum galen_status append(struct audit_chain *chain, struct bytes fields)
{
    char ts[UTC_SIZE];
    uint8_t hash[SHA256_SIZE];
    utc_write(wall_ns(chain), ts);
    const struct audit_record_head head = {
        .seq = chain->merkle.size,
        .ts = bytes_from_string(ts),
        .chain = bytes_from_string(chain->name),
        .service = bytes_from_string(chain->options.service),
        .key_id = bytes_from_string(chain->options.key_id),
    };
    TRY(audit_record_write(&head, fields, chain->hash, chain->sha256, &chain->batch, hash));
    memcpy(chain->hash, hash, sizeof(hash));
    if (chain->merkle.size == chain->checkpointed_size) {
        chain->first_unsigned_ns = now_ns(chain);
    }
    return merkle_append(&chain->merkle, hash);
}

void audit_chain_append(struct audit_chain *chain, struct bytes fields)
{
    if (chain->batch_status == GALEN_OK) {
        chain->batch_status = append(chain, fields);
    }
}

static enum galen_status append_event(struct audit_chain *chain,
                                      const struct audit_event *event)
{
    struct writer fields;
    writer_init(&fields, EVENT_SIZE_BYTES_MAX);
    audit_event_write(event, &fields);
    if (fields.status == GALEN_OK) {
        audit_chain_append(chain, writer_bytes(&fields));
    } else {
        chain->batch_status = fields.status;
    }
    writer_deinit(&fields);
    return chain->batch_status;
}

static enum galen_status keep(struct audit_chain *chain, struct audit_file *file,
                              struct bytes bytes, struct error *out_error)
{
    TRY(disk_of(chain)->append(file, bytes, out_error));
    return disk_of(chain)->sync(file, out_error);
}

static enum galen_status keep_batch(struct audit_chain *chain, struct error *out_error)
{
    const struct bytes batch = writer_bytes(&chain->batch);
    if (chain->batch_status != GALEN_OK) {
        return error_set(out_error, chain->batch_status, "a record cannot be made: %s",
                         galen_status_text(chain->batch_status));
    }
    if (batch.size == 0) {
        return GALEN_OK;
    }
    if (chain->segment_size_bytes >= chain->options.segment_size_bytes_max) {
        TRY(next_segment(chain, out_error));
    }
    TRY(keep(chain, chain->segment, batch, out_error));
    chain->segment_size_bytes += batch.size;
    chain->durable.record_count = chain->merkle.size;
    memcpy(chain->durable.hash, chain->hash, sizeof(chain->hash));
    writer_shrink(&chain->batch, batch.size);
    return GALEN_OK;
}

/* The trail has the checkpoint, so that the witness lacks it is not the end of the chain.
 */
static void witness(struct audit_chain *chain, struct bytes note)
{
    char path[PATH_SIZE + AUDIT_FILE_NAME_SIZE];
    char file[AUDIT_FILE_NAME_SIZE];
    struct audit_name copy = {.size = chain->merkle.size};
    struct error error;
    if (chain->options.witness == NULL) {
        return;
    }
    memcpy(copy.text, chain->name, sizeof(copy.text));
    audit_witness_file(&copy, file);
    (void)snprintf(path, sizeof(path), "%s/%s", chain->options.witness, file);
    if (disk_of(chain)->put(chain->options.disk, path, note, &error) != GALEN_OK) {
        chain->unwitnessed_count++;
    }
}

static enum galen_status write_note(struct audit_chain *chain, struct writer *out)
{
    struct checkpoint checkpoint = {.chain = bytes_from_string(chain->name),
                                    .size = chain->merkle.size};
    TRY(merkle_root(&chain->merkle, checkpoint.root));
    return checkpoint_write(&checkpoint, chain->options.checkpoint_key, out);
}

static enum galen_status keep_note(struct audit_chain *chain, struct writer *note,
                                   struct error *out_error)
{
    if (chain->checkpoints == NULL) {
        TRY(create_file(chain, AUDIT_CHECKPOINTS_FILE, &chain->checkpoints, out_error));
    }
    writer_put_byte(note, '\n');
    TRY(note->status);
    TRY(keep(chain, chain->checkpoints, writer_bytes(note), out_error));
    chain->durable.checkpoint_bytes += note->size;
    witness(chain, bytes_first(writer_bytes(note), note->size - 1));
    return GALEN_OK;
}

static enum galen_status make_checkpoint(struct audit_chain *chain, struct error *out_error)
{
    struct writer note;
    writer_init(&note, CHECKPOINT_SIZE_BYTES_MAX);
    enum galen_status status = write_note(chain, &note);
    if (status == GALEN_OK) {
        status = keep_note(chain, &note, out_error);
    } else {
        (void)error_set(out_error, status, "a checkpoint cannot be signed");
    }
    writer_deinit(&note);
    chain->checkpointed_size = chain->merkle.size;
    return status;
}

uint64_t audit_chain_checkpoint_due_ns(const struct audit_chain *chain)
{
    return chain->merkle.size == chain->checkpointed_size
               ? CLOCK_NEVER
               : chain->first_unsigned_ns + chain->options.checkpoint_ns;
}

static bool is_checkpoint_due(const struct audit_chain *chain)
{
    return chain->merkle.size - chain->checkpointed_size >=
               chain->options.checkpoint_records ||
           audit_chain_checkpoint_due_ns(chain) <= now_ns(chain);
}

enum galen_status audit_chain_commit(struct audit_chain *chain, struct error *out_error)
{
    TRY(keep_batch(chain, out_error));
    return is_checkpoint_due(chain) ? make_checkpoint(chain, out_error) : GALEN_OK;
}

static struct audit_count count_unless_0(uint64_t number)
{
    return number == 0 ? (struct audit_count){.is_set = false} : AUDIT_COUNT(number);
}

static enum galen_status begin(struct audit_chain *chain,
                               const struct audit_claim *previous, uint64_t missed,
                               struct error *out_error)
{
    struct audit_event event = {
        .kind = AUDIT_EVENT_start,
        .galen = GALEN_VERSION,
        .instance = bytes_from_string(chain->options.instance),
        .boot_id = bytes_from_string(chain->options.boot_id),
        .config_sha256 = chain->options.config_sha256,
        .missed = count_unless_0(missed),
    };
    audit_claim_put(previous, &event);
    memcpy(chain->hash, previous->hash, sizeof(chain->hash));
    TRY(append_event(chain, &event));
    TRY(keep_batch(chain, out_error));
    return make_checkpoint(chain, out_error);
}

static void remove_file(struct audit_chain *chain, const char *name)
{
    char path[PATH_SIZE + AUDIT_FILE_NAME_SIZE];
    (void)snprintf(path, sizeof(path), "%s/%s", chain->path, name);
    disk_of(chain)->remove(chain->options.disk, path);
}

/* A chain that could not begin leaves nothing: on a full disk it is tried again and again.
 * A file that it did not make is another's. */
static void discard(struct audit_chain *chain)
{
    char segment[AUDIT_FILE_NAME_SIZE];
    if (chain->segment != NULL) {
        audit_segment_file(1, segment);
        remove_file(chain, segment);
    }
    if (chain->checkpoints != NULL) {
        remove_file(chain, AUDIT_CHECKPOINTS_FILE);
    }
    if (chain->path[0] != '\0') {
        disk_of(chain)->remove(chain->options.disk, chain->path);
    }
}

static enum galen_status open_in(struct audit_chain *chain, const char *trail,
                                 const struct audit_claim *known, uint64_t missed,
                                 struct error *out_error)
{
    struct audit_disk *disk = chain->options.disk;
    struct audit_claim previous;
    TRY(sha256_create(&chain->sha256));
    merkle_init(&chain->merkle, chain->sha256);
    TRY(disk->ops->make_folder(disk, trail, out_error));
    if (known != NULL) {
        previous = *known;
    } else {
        TRY(audit_predecessor_find(disk, trail, chain->options.service, &previous,
                                   out_error));
    }
    choose_name(chain, trail, previous.chain);
    TRY(disk->ops->make_folder(disk, chain->path, out_error));
    TRY(next_segment(chain, out_error));
    return begin(chain, &previous, missed, out_error);
}

enum galen_status audit_chain_open(const struct audit_chain_options *options,
                                   const char *trail, const struct audit_claim *known,
                                   uint64_t missed, struct audit_chain **out_chain,
                                   struct error *out_error)
{
    scoped(audit_chain) chain = calloc(1, sizeof(*chain));
    if (chain == NULL) {
        return GALEN_NO_MEMORY;
    }
    chain->options = *options;
    writer_init(&chain->batch, BATCH_SIZE_BYTES_MAX);
    const enum galen_status status = open_in(chain, trail, known, missed, out_error);
    if (status != GALEN_OK) {
        discard(chain);
        return status;
    }
    *out_chain = take(&chain);
    return GALEN_OK;
}

void audit_chain_tell_end(const struct audit_chain *chain, struct audit_claim *out_end)
{
    *out_end = chain->durable;
    memcpy(out_end->chain, chain->name, sizeof(out_end->chain));
    out_end->is_unsure = true;
}

enum galen_status audit_chain_stop(struct audit_chain *chain, struct error *out_error)
{
    TRY(append_event(chain, &(struct audit_event){.kind = AUDIT_EVENT_stop}));
    TRY(keep_batch(chain, out_error));
    return make_checkpoint(chain, out_error);
}

void audit_chain_close(struct audit_chain *chain)
{
    if (chain == NULL) {
        return;
    }
    if (chain->segment != NULL) {
        disk_of(chain)->close(chain->segment);
    }
    if (chain->checkpoints != NULL) {
        disk_of(chain)->close(chain->checkpoints);
    }
    writer_deinit(&chain->batch);
    sha256_destroy(chain->sha256);
    free(chain);
}

const char *audit_chain_name(const struct audit_chain *chain)
{
    return chain->name;
}

uint64_t audit_chain_unwitnessed(const struct audit_chain *chain)
{
    return chain->unwitnessed_count;
}
