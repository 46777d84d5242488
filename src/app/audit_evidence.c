/* SPDX-License-Identifier: Apache-2.0 */
#include "app/audit_evidence.h"

#include <stdlib.h>

#include "service/audit/input.h"
#include "service/audit/trail_walk.h"

/* The second line of a note. */
static uint64_t size_of_note(struct bytes note)
{
    struct bytes line;
    uint64_t size = 0;
    (void)bytes_split(bytes_split(note, '\n', &line), '\n', &line);
    return bytes_parse_u64(line, UINT64_MAX, &size) ? size : 0;
}

/* Whether this checkpoint is the one for a place of the proof. */
static bool is_wanted(const struct audit_evidence *evidence, size_t index, uint64_t size)
{
    const struct audit_evidence_wish *wish = evidence->wish;
    if (wish->kind == AUDIT_PROOF_CONSISTENCY) {
        return size == wish->sizes[index];
    }
    return index == 0 && size > wish->seq && (!wish->has_size || size == wish->sizes[0]);
}

static void take_note(struct audit_evidence *evidence, struct bytes note)
{
    const uint64_t size = size_of_note(note);
    for (size_t i = 0; i < 2; i++) {
        if (evidence->proof.notes[i].size == 0 && note.size <= sizeof(evidence->notes[i]) &&
            is_wanted(evidence, i, size)) {
            memcpy(evidence->notes[i], note.data, note.size);
            evidence->proof.notes[i] = bytes_of(evidence->notes[i], note.size);
            evidence->proof.sizes[i] = size;
        }
    }
}

static enum galen_status read_notes(struct audit_evidence *evidence, int folder,
                                    struct error *out_error)
{
    scoped(audit_input) input = NULL;
    struct bytes note;
    TRY(audit_input_open(folder, AUDIT_CHECKPOINTS_FILE, &input, out_error));
    enum galen_status status;
    while ((status = audit_input_note(input, &note)) == GALEN_OK) {
        take_note(evidence, note);
    }
    return status == GALEN_UNAVAILABLE ? status : GALEN_OK;
}

static void ignore(void *context, const char *name)
{
    (void)context, (void)name;
}

static enum galen_status find_notes(struct audit_evidence *evidence,
                                    struct error *out_error)
{
    int folder AUDIT_CLOSED_LATER = -1;
    scoped(audit_names) trail = NULL;
    TRY(audit_trail_read(evidence->wish->trail, ignore, NULL, &trail, out_error));
    TRY(audit_chain_folder(trail, evidence->wish->chain, &folder, out_error));
    TRY(read_notes(evidence, folder, out_error));
    const bool needs_two = evidence->proof.kind == AUDIT_PROOF_CONSISTENCY;
    if (evidence->proof.notes[0].size == 0 ||
        (needs_two && evidence->proof.notes[1].size == 0)) {
        return error_set(
            out_error, GALEN_NOT_FOUND,
            "the chain has no checkpoint of this size, or none over this record");
    }
    evidence->hashes_wanted = evidence->proof.sizes[needs_two ? 1 : 0];
    return GALEN_OK;
}

static enum galen_status make_room(struct audit_evidence *evidence)
{
    if (evidence->hash_count < evidence->hash_capacity) {
        return GALEN_OK;
    }
    const uint64_t capacity =
        evidence->hash_capacity == 0 ? 1024 : 2 * evidence->hash_capacity;
    uint8_t *hashes = reallocarray(evidence->hashes, capacity, SHA256_SIZE);
    if (hashes == NULL) {
        return GALEN_NO_MEMORY;
    }
    evidence->hashes = hashes;
    evidence->hash_capacity = capacity;
    return GALEN_OK;
}

static enum galen_status take_record(void *context, const struct audit_record *record,
                                     struct bytes line)
{
    struct audit_evidence *evidence = context;
    const struct audit_evidence_wish *wish = evidence->wish;
    if (evidence->hash_count == evidence->hashes_wanted) {
        return GALEN_OK;
    }
    TRY(make_room(evidence));
    memcpy(evidence->hashes + evidence->hash_count * SHA256_SIZE, record->hash,
           SHA256_SIZE);
    if (wish->kind == AUDIT_PROOF_INCLUSION && wish->seq == evidence->hash_count) {
        memcpy(evidence->record, line.data, line.size);
        evidence->proof.record = bytes_of(evidence->record, line.size);
        evidence->proof.seq = wish->seq;
    }
    evidence->hash_count++;
    return GALEN_OK;
}

static void pass_over(void *context, const char *chain, const char *file)
{
    (void)context, (void)chain, (void)file;
}

static enum galen_status find_records(struct audit_evidence *evidence,
                                      struct error *out_error)
{
    const struct audit_trail_walk walk = {
        .trail = evidence->wish->trail,
        .chain = evidence->wish->chain,
        .on_record = take_record,
        .on_damage = pass_over,
        .context = evidence,
    };
    TRY(audit_trail_walk_run(&walk, out_error));
    return evidence->hash_count == evidence->hashes_wanted
               ? GALEN_OK
               : error_set(
                     out_error, GALEN_INVALID,
                     "the checkpoint covers records that are missing; see galen audit "
                     "verify");
}

static enum galen_status find_path(struct audit_evidence *evidence)
{
    struct audit_proof *proof = &evidence->proof;
    scoped(sha256) sha256 = NULL;
    TRY(sha256_create(&sha256));
    return proof->kind == AUDIT_PROOF_INCLUSION
               ? merkle_prove_inclusion(sha256, evidence->hashes, proof->sizes[0],
                                        proof->seq, &proof->path)
               : merkle_prove_consistency(sha256, evidence->hashes, proof->sizes[1],
                                          proof->sizes[0], &proof->path);
}

enum galen_status audit_evidence_find(const struct audit_evidence_wish *wish,
                                      struct audit_evidence *out_evidence,
                                      struct error *out_error)
{
    *out_evidence = (struct audit_evidence){
        .wish = wish,
        .proof = {.kind = wish->kind, .chain = bytes_from_string(wish->chain)},
    };
    TRY(find_notes(out_evidence, out_error));
    TRY(find_records(out_evidence, out_error));
    return find_path(out_evidence);
}

void audit_evidence_deinit(struct audit_evidence *evidence)
{
    free(evidence->hashes);
    evidence->hashes = NULL;
}
