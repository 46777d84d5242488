/* SPDX-License-Identifier: Apache-2.0 */
#include "service/audit/chain_check.h"

#include <stdio.h>

#include "service/audit/input.h"

struct run {
    const struct audit_chain_check *check;
    struct audit_verifier verifier;
    struct audit_chain_report *report;
    int folder;
    struct audit_files files;
    struct audit_input *notes; /* NULL: there is no such file */
    bool notes_are_read;
    size_t claims_of_notes; /* claims whose place among the notes was found */
    bool notes_end_is_told; /* what stands behind the last note */
    size_t copy_index;
    struct audit_input *segment;
    uint64_t segment_number;
    size_t torn_index; /* the first claim whose torn bytes are not looked at yet */
    uint64_t told_end; /* of bytes in the segment that a claim at this place tells of */
};

const char *audit_chain_state_name(enum audit_chain_state state)
{
    static const char *const names[] = {
        [AUDIT_CHAIN_OPEN] = "open",
        [AUDIT_CHAIN_STOPPED] = "stopped",
        [AUDIT_CHAIN_EMPTY] = "empty",
        [AUDIT_CHAIN_MISSING] = "missing",
    };
    return names[state];
}

static void set_file(struct run *run, const char *file)
{
    (void)snprintf(run->report->file, sizeof(run->report->file), "%s", file);
}

static enum galen_status fail_in(struct run *run, const char *file,
                                 enum audit_fault_kind kind)
{
    set_file(run, file);
    return audit_verifier_fail(&run->verifier, kind);
}

/* What the system refuses is a fault of the chain; memory and SHA-256 are ours. */
static enum galen_status cannot_read(struct run *run, const char *file,
                                     enum galen_status status)
{
    return status == GALEN_NO_MEMORY || status == GALEN_INTERNAL
               ? status
               : fail_in(run, file, AUDIT_FAULT_UNREADABLE);
}

/* Whether bytes of the file are those that a claim tells of. */
static enum galen_status compare_torn(struct run *run, const struct audit_input *input,
                                      const char *file, uint64_t size,
                                      const uint8_t *expected, enum audit_fault_kind kind)
{
    uint8_t digest[SHA256_SIZE];
    const enum galen_status status =
        audit_input_digest(input, audit_input_offset(input), size, digest);
    if (status == GALEN_OK && memcmp(digest, expected, sizeof(digest)) == 0) {
        return GALEN_OK;
    }
    return status == GALEN_OK || status == GALEN_NOT_FOUND ? fail_in(run, file, kind)
                                                           : cannot_read(run, file, status);
}

static enum galen_status compare_note_claim(struct run *run,
                                            const struct audit_claim *claim)
{
    run->claims_of_notes++;
    if (claim->torn_checkpoint_bytes == 0) {
        return GALEN_OK;
    }
    if (run->notes == NULL) {
        return fail_in(run, AUDIT_CHECKPOINTS_FILE, AUDIT_FAULT_TORN_CHECKPOINT_OTHER);
    }
    TRY(compare_torn(run, run->notes, AUDIT_CHECKPOINTS_FILE, claim->torn_checkpoint_bytes,
                     claim->torn_checkpoint_sha256, AUDIT_FAULT_TORN_CHECKPOINT_OTHER));
    run->notes_end_is_told =
        run->notes_end_is_told ||
        audit_input_offset(run->notes) + claim->torn_checkpoint_bytes ==
            audit_input_size(run->notes);
    return GALEN_OK;
}

/* At the begin, and behind each note. */
static enum galen_status compare_note_claims(struct run *run)
{
    const uint64_t offset = run->notes == NULL ? 0 : audit_input_offset(run->notes);
    run->notes_end_is_told = false;
    for (size_t i = 0; i < run->check->claim_count; i++) {
        if (run->check->claims[i].checkpoint_bytes == offset) {
            TRY(compare_note_claim(run, &run->check->claims[i]));
        }
    }
    return GALEN_OK;
}

/* Whether a later chain tells that its disk failed here, or before. */
static bool is_note_unsure(const struct run *run)
{
    for (size_t i = 0; i < run->check->claim_count; i++) {
        const struct audit_claim *claim = &run->check->claims[i];
        if (claim->is_unsure && claim->checkpoint_bytes <= audit_input_offset(run->notes)) {
            return true;
        }
    }
    return false;
}

static enum galen_status end_notes(struct run *run)
{
    run->notes_are_read = true;
    return audit_input_offset(run->notes) == audit_input_size(run->notes) ||
                   run->notes_end_is_told || is_note_unsure(run)
               ? GALEN_OK
               : fail_in(run, AUDIT_CHECKPOINTS_FILE, AUDIT_FAULT_TORN_CHECKPOINT);
}

static enum galen_status take_note(struct run *run)
{
    struct bytes note;
    const enum galen_status status = audit_input_note(run->notes, &note);
    if (status == GALEN_NOT_FOUND || status == GALEN_TOO_LARGE) {
        return end_notes(run);
    }
    if (status != GALEN_OK) {
        return cannot_read(run, AUDIT_CHECKPOINTS_FILE, status);
    }
    set_file(run, AUDIT_CHECKPOINTS_FILE);
    TRY(audit_verifier_note(&run->verifier, AUDIT_SOURCE_CHAIN, note));
    return compare_note_claims(run);
}

static enum galen_status take_copy(struct run *run)
{
    char file[AUDIT_FILE_NAME_SIZE];
    struct bytes note;
    scoped(audit_input) input = NULL;
    const struct audit_name *copy = &run->check->copies[run->copy_index++];
    audit_witness_file(copy, file);
    enum galen_status status = audit_input_open(run->check->witness, file, &input, NULL);
    if (status == GALEN_OK) {
        status = audit_input_rest(input, &note);
    }
    if (status == GALEN_TOO_LARGE) {
        return fail_in(run, file, AUDIT_FAULT_WITNESS_FORM);
    }
    if (status != GALEN_OK) {
        return cannot_read(run, file, status);
    }
    set_file(run, file);
    TRY(audit_verifier_note(&run->verifier, AUDIT_SOURCE_WITNESS, note));
    return run->verifier.sources[AUDIT_SOURCE_WITNESS].size == copy->size
               ? GALEN_OK
               : fail_in(run, file, AUDIT_FAULT_WITNESS_CHAIN);
}

static enum galen_status take_notes(struct run *run)
{
    while (!run->notes_are_read &&
           audit_verifier_wants_note(&run->verifier, AUDIT_SOURCE_CHAIN)) {
        TRY(take_note(run));
    }
    while (run->copy_index < run->check->copy_count &&
           audit_verifier_wants_note(&run->verifier, AUDIT_SOURCE_WITNESS)) {
        TRY(take_copy(run));
    }
    return GALEN_OK;
}

/* The claims that tell of what stands behind the last good record, which is here. */
static enum galen_status compare_torn_claims(struct run *run, const char *file)
{
    const struct audit_chain_check *check = run->check;
    const uint64_t seq = run->verifier.merkle.size;
    run->told_end = 0;
    while (run->torn_index < check->claim_count &&
           check->claims[run->torn_index].record_count <= seq) {
        const struct audit_claim *claim = &check->claims[run->torn_index++];
        if (claim->record_count == seq && claim->torn_bytes > 0) {
            TRY(compare_torn(run, run->segment, file, claim->torn_bytes, claim->torn_sha256,
                             AUDIT_FAULT_TORN_OTHER));
            const uint64_t end = audit_input_offset(run->segment) + claim->torn_bytes;
            run->told_end = end > run->told_end ? end : run->told_end;
        }
    }
    return GALEN_OK;
}

/* The same of records. */
static bool is_record_unsure(const struct run *run)
{
    for (size_t i = 0; i < run->check->claim_count; i++) {
        const struct audit_claim *claim = &run->check->claims[i];
        if (claim->is_unsure && claim->record_count <= run->verifier.merkle.size) {
            return true;
        }
    }
    return false;
}

/* The process or the disk failed while the chain began, so that nobody can tell of it. */
static bool never_began(const struct run *run)
{
    return run->verifier.merkle.size == 0 && run->notes == NULL &&
           run->check->claim_count == 0 && run->verifier.fault.kind == AUDIT_FAULT_TORN;
}

/* What is no record is no fault either where a later chain has told exactly of it, or that
 * nothing can be told. */
static enum galen_status end_torn(struct run *run, uint64_t offset)
{
    const uint64_t size = audit_input_size(run->segment);
    const bool is_told = run->told_end == size || is_record_unsure(run) || never_began(run);
    if (run->verifier.is_stopped || !is_told ||
        run->segment_number != run->files.segment_count) {
        return GALEN_INVALID;
    }
    run->verifier.fault.kind = AUDIT_FAULT_NONE;
    run->report->torn_bytes = size - offset;
    return GALEN_OK;
}

static bool is_at_end(const struct run *run)
{
    return audit_input_offset(run->segment) == audit_input_size(run->segment);
}

/* One line. GALEN_NOT_FOUND: the segment has none any more. */
static enum galen_status take_line(struct run *run, const char *file)
{
    struct bytes line;
    const uint64_t offset = audit_input_offset(run->segment);
    if (is_at_end(run) && run->segment_number < run->files.segment_count) {
        return GALEN_NOT_FOUND; /* claims tell of the begin of the next one */
    }
    TRY(compare_torn_claims(run, file));
    if (is_at_end(run)) {
        return GALEN_NOT_FOUND;
    }
    enum galen_status status = audit_input_line(run->segment, &line);
    if (status == GALEN_NOT_FOUND || status == GALEN_TOO_LARGE) {
        status = fail_in(run, file,
                         run->verifier.is_stopped    ? AUDIT_FAULT_STOP
                         : status == GALEN_NOT_FOUND ? AUDIT_FAULT_TORN
                                                     : AUDIT_FAULT_FORM);
    } else if (status == GALEN_OK) {
        status = audit_verifier_record(&run->verifier, line);
    } else {
        return cannot_read(run, file, status);
    }
    if (status == GALEN_INVALID) {
        set_file(run, file);
        TRY(end_torn(run, offset));
        return GALEN_NOT_FOUND;
    }
    return status;
}

static enum galen_status check_start(struct run *run)
{
    if (run->verifier.merkle.size == 1 && run->check->start_fault != AUDIT_FAULT_NONE) {
        run->verifier.fault = (struct audit_fault){run->check->start_fault, 0};
        return GALEN_INVALID;
    }
    return GALEN_OK;
}

static enum galen_status take_lines(struct run *run, const char *file)
{
    const uint64_t first = run->verifier.merkle.size;
    enum galen_status status = take_notes(run);
    while (status == GALEN_OK) {
        status = take_line(run, file);
        if (status == GALEN_OK) {
            TRY(check_start(run));
            status = take_notes(run);
        }
    }
    if (status != GALEN_NOT_FOUND) {
        return status;
    }
    return run->verifier.merkle.size == first &&
                   run->segment_number < run->files.segment_count
               ? fail_in(run, file, AUDIT_FAULT_SEGMENT_EMPTY)
               : GALEN_OK;
}

static enum galen_status check_segment(struct run *run)
{
    char file[AUDIT_FILE_NAME_SIZE];
    audit_segment_file(run->segment_number, file);
    enum galen_status status = audit_input_open(run->folder, file, &run->segment, NULL);
    if (status == GALEN_NOT_FOUND) {
        return fail_in(run, file, AUDIT_FAULT_SEGMENT_MISSING);
    }
    if (status != GALEN_OK) {
        return cannot_read(run, file, status);
    }
    status = take_lines(run, file);
    audit_input_close(run->segment);
    return status;
}

/* Before the segments: what a running process signs has its records on the disk already. */
static enum galen_status open_files(struct run *run)
{
    enum galen_status status =
        audit_chain_folder(run->check->trail, run->check->chain, &run->folder, NULL);
    if (status != GALEN_OK) {
        return cannot_read(run, "", status);
    }
    status = audit_input_open(run->folder, AUDIT_CHECKPOINTS_FILE, &run->notes, NULL);
    run->notes_are_read = status == GALEN_NOT_FOUND;
    if (status != GALEN_OK && status != GALEN_NOT_FOUND) {
        return cannot_read(run, AUDIT_CHECKPOINTS_FILE, status);
    }
    status = audit_files_read(run->folder, &run->files, NULL);
    return status == GALEN_OK ? GALEN_OK : cannot_read(run, "", status);
}

static enum galen_status end_run(struct run *run)
{
    TRY(take_notes(run));
    set_file(run, "");
    TRY(audit_verifier_end(&run->verifier));
    if (run->claims_of_notes < run->check->claim_count) {
        return fail_in(run, AUDIT_CHECKPOINTS_FILE, AUDIT_FAULT_CHECKPOINTS_SHORT);
    }
    return run->files.stranger[0] == '\0'
               ? GALEN_OK
               : fail_in(run, run->files.stranger, AUDIT_FAULT_NAME);
}

static enum galen_status check_all(struct run *run)
{
    TRY(open_files(run));
    TRY(compare_note_claims(run));
    for (run->segment_number = 1; run->segment_number <= run->files.segment_count;
         run->segment_number++) {
        TRY(check_segment(run));
    }
    return end_run(run);
}

static void report(const struct run *run)
{
    const struct audit_verifier *verifier = &run->verifier;
    struct audit_chain_report *out = run->report;
    out->fault = verifier->fault;
    out->record_count = verifier->merkle.size;
    out->signed_count = verifier->sources[AUDIT_SOURCE_CHAIN].covered;
    out->checkpoint_count = verifier->sources[AUDIT_SOURCE_CHAIN].count;
    out->witness_count = verifier->sources[AUDIT_SOURCE_WITNESS].count;
    out->state = verifier->is_stopped     ? AUDIT_CHAIN_STOPPED
                 : out->record_count == 0 ? AUDIT_CHAIN_EMPTY
                                          : AUDIT_CHAIN_OPEN;
}

enum galen_status audit_chain_check_run(const struct audit_chain_check *check,
                                        struct audit_chain_report *out_report)
{
    struct run run = {.check = check, .report = out_report, .folder = -1};
    scoped(sha256) sha256 = NULL;
    TRY(sha256_create(&sha256));
    const struct audit_verifier_options options = {
        .chain = bytes_from_string(check->chain),
        .keys = check->keys,
        .key_count = check->key_count,
        .claims = check->claims,
        .claim_count = check->claim_count,
        .sha256 = sha256,
    };
    audit_verifier_init(&run.verifier, &options);
    *out_report = (struct audit_chain_report){.chain = check->chain};
    const enum galen_status status = check_all(&run);
    report(&run);
    audit_input_close(run.notes);
    audit_descriptor_close_(&run.folder);
    return status == GALEN_INVALID ? GALEN_OK : status;
}
