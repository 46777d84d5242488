/* SPDX-License-Identifier: Apache-2.0 */
#include "app/explain_read.h"

#include "app/audit_evidence.h"
#include "service/audit/trail_check.h"

/* One trail of several. */
struct reading {
    const char *trail;
    const struct audit_keys *keys;
    struct explanation *explanation;
};

static enum galen_status take_entry(void *context, const struct audit_entry *entry)
{
    const struct reading *reading = context;
    return explanation_add(reading->explanation, reading->trail, entry);
}

static bool is_of(const struct explained *it, const char *trail, const char *chain)
{
    return strcmp(it->trail, trail) == 0 && strcmp(it->chain, chain) == 0;
}

static void take_report(void *context, const struct audit_chain_report *report)
{
    const struct reading *reading = context;
    struct explanation *explanation = reading->explanation;
    bool has_record = false;
    for (size_t i = 0; i < explanation->count; i++) {
        struct explained *it = &explanation->records[i];
        if (is_of(it, reading->trail, report->chain)) {
            has_record = true;
            it->is_checked = true;
            it->fault = report->fault;
            memcpy(it->fault_file, report->file, sizeof(it->fault_file));
        }
    }
    explanation->other_faulty_count +=
        !has_record && report->fault.kind != AUDIT_FAULT_NONE;
}

static void pass_stranger(void *context, const char *folder, const char *name)
{
    (void)context, (void)folder, (void)name;
}

static enum galen_status check_chains(struct reading *reading, struct error *out_error)
{
    const struct audit_trail_check check = {
        .trail = reading->trail,
        .keys = reading->keys->all,
        .key_count = reading->keys->count,
        .on_chain = take_report,
        .on_stranger = pass_stranger,
        .context = reading,
    };
    return audit_trail_check_run(&check, out_error);
}

static void keep_checkpoint(const struct audit_evidence *evidence,
                            const struct audit_keys *keys, struct explained *it)
{
    struct checkpoint checkpoint;
    struct bytes rest;
    it->proof = EXPLAINED_PROVED;
    it->checkpoint_size = evidence->proof.sizes[0];
    if (checkpoint_read(evidence->proof.notes[0], keys->all, keys->count, &checkpoint,
                        &rest, NULL) == GALEN_OK) {
        sha256_to_hex(checkpoint.root, it->checkpoint_root);
    }
}

/* By the first checkpoint that covers the record, as who has not the trail would. */
static enum galen_status prove(struct explained *it, const struct audit_keys *keys)
{
    static struct audit_evidence evidence;
    const struct audit_evidence_wish wish = {.trail = it->trail,
                                             .chain = it->chain,
                                             .kind = AUDIT_PROOF_INCLUSION,
                                             .seq = it->seq};
    enum galen_status status = audit_evidence_find(&wish, &evidence, NULL);
    if (status == GALEN_OK) {
        status = audit_proof_check(&evidence.proof, keys->all, keys->count, NULL);
    }
    if (status == GALEN_OK) {
        keep_checkpoint(&evidence, keys, it);
    } else if (status != GALEN_NOT_FOUND) {
        it->proof = EXPLAINED_UNPROVED;
    }
    audit_evidence_deinit(&evidence);
    return status == GALEN_NO_MEMORY ? status : GALEN_OK;
}

static enum exit_code complain(const char *trail, enum galen_status status,
                               const struct error *error)
{
    return audit_complain(trail,
                          error->text[0] == '\0' ? galen_status_text(status) : error->text);
}

static enum exit_code check(const struct audit_trails *trails,
                            const struct audit_keys *keys, struct explanation *explanation)
{
    struct error error;
    error_clear(&error);
    for (size_t i = 0; i < trails->count; i++) {
        struct reading reading = {trails->paths[i], keys, explanation};
        const enum galen_status status = check_chains(&reading, &error);
        if (status != GALEN_OK) {
            return complain(reading.trail, status, &error);
        }
    }
    for (size_t i = 0; i < explanation->count; i++) {
        struct explained *it = &explanation->records[i];
        const enum galen_status status = prove(it, keys);
        if (status != GALEN_OK) {
            return complain(it->trail, status, &error);
        }
    }
    return EXIT_DONE;
}

enum exit_code explain_read(const struct audit_trails *trails,
                            const struct audit_filter *filter,
                            const struct audit_keys *keys, struct explanation *explanation)
{
    for (size_t i = 0; i < trails->count; i++) {
        struct reading reading = {trails->paths[i], keys, explanation};
        const struct audit_trails one = {.paths = {trails->paths[i]}, .count = 1};
        if (audit_read(&one, filter, take_entry, &reading) == EXIT_USAGE) {
            return EXIT_USAGE;
        }
    }
    explanation_settle(explanation);
    return check(trails, keys, explanation);
}
