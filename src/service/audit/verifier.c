/* SPDX-License-Identifier: Apache-2.0 */
#include "service/audit/verifier.h"

static const struct {
    const char *slug;
    const char *text;
} faults[] = {
#define AUDIT_FAULT(name, slug, text) {slug, text},
#include "service/audit/fault.def"
};

const char *audit_fault_slug(enum audit_fault_kind kind)
{
    return faults[kind].slug;
}

const char *audit_fault_text(enum audit_fault_kind kind)
{
    return faults[kind].text;
}

void audit_verifier_init(struct audit_verifier *verifier,
                         const struct audit_verifier_options *options)
{
    *verifier = (struct audit_verifier){.options = *options};
    merkle_init(&verifier->merkle, options->sha256);
}

static enum galen_status fail_at(struct audit_verifier *verifier,
                                 enum audit_fault_kind kind, uint64_t seq)
{
    verifier->fault = (struct audit_fault){kind, seq};
    return GALEN_INVALID;
}

enum galen_status audit_verifier_fail(struct audit_verifier *verifier,
                                      enum audit_fault_kind kind)
{
    return fail_at(verifier, kind, verifier->merkle.size);
}

/* The row behind a checkpoint's is the witness's. */
static enum audit_fault_kind fault_of(enum audit_fault_kind kind, enum audit_source source)
{
    return source == AUDIT_SOURCE_WITNESS ? kind + 1 : kind;
}

static enum galen_status fail_source(struct audit_verifier *verifier,
                                     enum audit_fault_kind kind, enum audit_source source)
{
    return fail_at(verifier, fault_of(kind, source), verifier->sources[source].covered);
}

static bool is_of_chain(const struct audit_verifier *verifier,
                        const struct audit_record *record)
{
    const struct bytes chain = verifier->options.chain;
    return bytes_equal(record->head.chain, chain) &&
           bytes_equal(record->head.service, audit_chain_service(chain));
}

/* What is to be compared before a hash is computed. */
static enum audit_fault_kind compare(const struct audit_verifier *verifier,
                                     const struct audit_record *record)
{
    const uint64_t seq = verifier->merkle.size;
    if (record->head.seq != seq) {
        return AUDIT_FAULT_SEQ;
    }
    if (!is_of_chain(verifier, record)) {
        return AUDIT_FAULT_CHAIN;
    }
    if (seq > 0 && memcmp(record->prev, verifier->hash, SHA256_SIZE) != 0) {
        return AUDIT_FAULT_PREV;
    }
    return AUDIT_FAULT_NONE;
}

static enum galen_status take_record(struct audit_verifier *verifier,
                                     const struct audit_record *record)
{
    uint8_t hash[SHA256_SIZE];
    TRY(audit_record_hash(record, verifier->options.sha256, hash));
    if (memcmp(hash, record->hash, sizeof(hash)) != 0) {
        return audit_verifier_fail(verifier, AUDIT_FAULT_HASH);
    }
    if (bytes_equal_string(record->event, "start") != (verifier->merkle.size == 0)) {
        return audit_verifier_fail(verifier, AUDIT_FAULT_START);
    }
    verifier->is_stopped = bytes_equal_string(record->event, "stop");
    memcpy(verifier->hash, hash, sizeof(hash));
    return merkle_append(&verifier->merkle, hash);
}

static enum galen_status compare_root(struct audit_verifier *verifier,
                                      enum audit_source source)
{
    struct audit_signed *signed_ = &verifier->sources[source];
    uint8_t root[SHA256_SIZE];
    if (!signed_->is_waiting || signed_->size != verifier->merkle.size) {
        return GALEN_OK;
    }
    TRY(merkle_root(&verifier->merkle, root));
    if (memcmp(root, signed_->root, sizeof(root)) != 0) {
        return fail_source(verifier, AUDIT_FAULT_CHECKPOINT_ROOT, source);
    }
    signed_->is_waiting = false;
    signed_->covered = signed_->size;
    signed_->count++;
    return GALEN_OK;
}

static enum galen_status compare_claims(struct audit_verifier *verifier)
{
    const struct audit_verifier_options *options = &verifier->options;
    while (verifier->claim_index < options->claim_count) {
        const struct audit_claim *claim = &options->claims[verifier->claim_index];
        if (claim->record_count != verifier->merkle.size) {
            break;
        }
        if (memcmp(claim->hash, verifier->hash, SHA256_SIZE) != 0) {
            return fail_at(verifier, AUDIT_FAULT_RECORDS_OTHER, verifier->merkle.size - 1);
        }
        verifier->claim_index++;
    }
    return GALEN_OK;
}

enum galen_status audit_verifier_record(struct audit_verifier *verifier, struct bytes line)
{
    struct audit_record record;
    if (verifier->is_stopped) {
        return audit_verifier_fail(verifier, AUDIT_FAULT_STOP);
    }
    if (audit_record_read(line, &record) != GALEN_OK) {
        return audit_verifier_fail(verifier, AUDIT_FAULT_FORM);
    }
    const enum audit_fault_kind kind = compare(verifier, &record);
    if (kind != AUDIT_FAULT_NONE) {
        return audit_verifier_fail(verifier, kind);
    }
    TRY(take_record(verifier, &record));
    for (unsigned source = 0; source < AUDIT_SOURCE_COUNT; source++) {
        TRY(compare_root(verifier, source));
    }
    return compare_claims(verifier);
}

bool audit_verifier_wants_note(const struct audit_verifier *verifier,
                               enum audit_source source)
{
    return !verifier->sources[source].is_waiting;
}

static enum audit_fault_kind fault_of_reading(enum galen_status status)
{
    return status == GALEN_NOT_FOUND   ? AUDIT_FAULT_CHECKPOINT_KEY
           : status == GALEN_FORBIDDEN ? AUDIT_FAULT_CHECKPOINT_SIGNATURE
                                       : AUDIT_FAULT_CHECKPOINT_FORM;
}

enum galen_status audit_verifier_note(struct audit_verifier *verifier,
                                      enum audit_source source, struct bytes note)
{
    const struct audit_verifier_options *options = &verifier->options;
    struct audit_signed *signed_ = &verifier->sources[source];
    struct checkpoint checkpoint;
    struct bytes rest;
    const enum galen_status status =
        checkpoint_read(note, options->keys, options->key_count, &checkpoint, &rest, NULL);
    if (status != GALEN_OK) {
        return fail_source(verifier, fault_of_reading(status), source);
    }
    if (rest.size > 0) {
        return fail_source(verifier, AUDIT_FAULT_CHECKPOINT_FORM, source);
    }
    if (!bytes_equal(checkpoint.chain, options->chain)) {
        return fail_source(verifier, AUDIT_FAULT_CHECKPOINT_CHAIN, source);
    }
    if (checkpoint.size <= verifier->merkle.size || checkpoint.size <= signed_->size) {
        return fail_source(verifier, AUDIT_FAULT_CHECKPOINT_ORDER, source);
    }
    signed_->size = checkpoint.size;
    memcpy(signed_->root, checkpoint.root, sizeof(signed_->root));
    signed_->is_waiting = true;
    return GALEN_OK;
}

/* A process may be killed between its stop and the last checkpoint: then a later chain,
 * which has checkpoints of its own, tells of the stop. */
static bool is_end_told(const struct audit_verifier *verifier)
{
    const struct audit_verifier_options *options = &verifier->options;
    return options->claim_count > 0 &&
           options->claims[options->claim_count - 1].record_count == verifier->merkle.size;
}

enum galen_status audit_verifier_end(struct audit_verifier *verifier)
{
    const struct audit_signed *own = &verifier->sources[AUDIT_SOURCE_CHAIN];
    if (verifier->claim_index < verifier->options.claim_count) {
        return audit_verifier_fail(verifier, AUDIT_FAULT_RECORDS_SHORT);
    }
    for (unsigned source = 0; source < AUDIT_SOURCE_COUNT; source++) {
        if (verifier->sources[source].is_waiting) {
            return audit_verifier_fail(verifier,
                                       fault_of(AUDIT_FAULT_CHECKPOINT_BEYOND, source));
        }
    }
    if (verifier->is_stopped && own->covered != verifier->merkle.size &&
        !is_end_told(verifier)) {
        return fail_at(verifier, AUDIT_FAULT_STOP_UNSIGNED, own->covered);
    }
    return GALEN_OK;
}
