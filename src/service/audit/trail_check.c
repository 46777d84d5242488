/* SPDX-License-Identifier: Apache-2.0 */
#include "service/audit/trail_check.h"

#include <stdlib.h>

#include "base/limits.h"
#include "service/audit/input.h"

enum { CLAIM_MEMORY_SIZE_BYTES_MAX = 64 * LIMIT_AUDIT_RECORD_SIZE_BYTES_MAX };

struct run {
    const struct audit_trail_check *check;
    struct audit_names *trail;
    struct audit_names *witness; /* NULL: there is none */
    struct audit_claim *claims;  /* those that name a chain, by it */
    size_t claim_count;
    enum audit_fault_kind *start_faults; /* one a chain of the trail */
};

static void tell_of_trail(void *context, const char *name)
{
    const struct audit_trail_check *check = context;
    check->on_stranger(check->context, check->trail, name);
}

static void tell_of_witness(void *context, const char *name)
{
    const struct audit_trail_check *check = context;
    check->on_stranger(check->context, check->witness, name);
}

/* A chain that names none has nothing before its first record. */
static enum audit_fault_kind judge(const struct audit_claim *claim, const char *chain)
{
    static const uint8_t zeros[SHA256_SIZE];
    if (claim->chain[0] == '\0') {
        return memcmp(claim->hash, zeros, sizeof(zeros)) == 0 ? AUDIT_FAULT_NONE
                                                              : AUDIT_FAULT_PREVIOUS_NONE;
    }
    return bytes_equal(audit_chain_service(bytes_from_string(claim->chain)),
                       audit_chain_service(bytes_from_string(chain)))
               ? AUDIT_FAULT_NONE
               : AUDIT_FAULT_PREVIOUS_FORM;
}

static enum galen_status take_claim(struct run *run, struct bytes line, size_t index)
{
    struct arena arena;
    struct audit_record start;
    struct audit_claim claim;
    if (audit_record_read(line, &start) != GALEN_OK) {
        return GALEN_OK; /* the chain's own check tells */
    }
    arena_init(&arena, CLAIM_MEMORY_SIZE_BYTES_MAX);
    const enum galen_status status = audit_claim_read(line, &start, &arena, &claim);
    arena_deinit(&arena);
    if (status == GALEN_NO_MEMORY) {
        return status;
    }
    run->start_faults[index] = status == GALEN_OK
                                   ? judge(&claim, run->trail->names[index].text)
                                   : AUDIT_FAULT_PREVIOUS_FORM;
    if (run->start_faults[index] == AUDIT_FAULT_NONE && claim.chain[0] != '\0') {
        run->claims[run->claim_count++] = claim;
    }
    return GALEN_OK;
}

/* What cannot be read claims nothing; the chain's own check tells why. */
static enum galen_status read_claim(struct run *run, size_t index)
{
    int folder AUDIT_CLOSED_LATER = -1;
    char file[AUDIT_FILE_NAME_SIZE];
    struct bytes line;
    scoped(audit_input) input = NULL;
    audit_segment_file(1, file);
    if (audit_chain_folder(run->trail, run->trail->names[index].text, &folder, NULL) !=
        GALEN_OK) {
        return GALEN_OK;
    }
    const enum galen_status status = audit_input_open(folder, file, &input, NULL);
    if (status != GALEN_OK) {
        return status == GALEN_NO_MEMORY ? status : GALEN_OK;
    }
    return audit_input_line(input, &line) == GALEN_OK ? take_claim(run, line, index)
                                                      : GALEN_OK;
}

static enum galen_status read_claims(struct run *run)
{
    const size_t count = run->trail->count;
    run->claims = calloc(count + 1, sizeof(run->claims[0]));
    run->start_faults = calloc(count + 1, sizeof(run->start_faults[0]));
    if (run->claims == NULL || run->start_faults == NULL) {
        return GALEN_NO_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        TRY(read_claim(run, i));
    }
    qsort(run->claims, run->claim_count, sizeof(run->claims[0]), audit_claim_compare);
    return GALEN_OK;
}

/* Those that tell of one chain. */
static const struct audit_claim *claims_of(const struct run *run, const char *chain,
                                           size_t *out_count)
{
    size_t first = 0;
    while (first < run->claim_count && strcmp(run->claims[first].chain, chain) < 0) {
        first++;
    }
    size_t end = first;
    while (end < run->claim_count && strcmp(run->claims[end].chain, chain) == 0) {
        end++;
    }
    *out_count = end - first;
    return &run->claims[first];
}

static enum galen_status check_chain(struct run *run, size_t index)
{
    struct audit_chain_report report;
    struct audit_chain_check check = {
        .trail = run->trail,
        .chain = run->trail->names[index].text,
        .keys = run->check->keys,
        .key_count = run->check->key_count,
        .start_fault = run->start_faults[index],
    };
    check.claims = claims_of(run, check.chain, &check.claim_count);
    if (run->witness != NULL) {
        check.witness = run->witness->folder;
        check.copies = audit_names_of(run->witness, check.chain, &check.copy_count);
    }
    TRY(audit_chain_check_run(&check, &report));
    run->check->on_chain(run->check->context, &report);
    return GALEN_OK;
}

static bool is_there(const struct audit_names *names, const char *chain)
{
    size_t count;
    (void)audit_names_of(names, chain, &count);
    return count > 0;
}

static void tell_missing(struct run *run, const char *chain)
{
    const struct audit_chain_report report = {
        .chain = chain,
        .state = AUDIT_CHAIN_MISSING,
        .fault = {AUDIT_FAULT_CHAIN_MISSING, 0},
    };
    run->check->on_chain(run->check->context, &report);
}

static void check_claimed(struct run *run)
{
    for (size_t i = 0; i < run->claim_count; i++) {
        const char *chain = run->claims[i].chain;
        const bool is_told = i > 0 && strcmp(run->claims[i - 1].chain, chain) == 0;
        if (!is_told && !is_there(run->trail, chain)) {
            tell_missing(run, chain);
        }
    }
}

static void check_witnessed(struct run *run)
{
    const size_t count = run->witness == NULL ? 0 : run->witness->count;
    for (size_t i = 0; i < count; i++) {
        size_t claim_count;
        const char *chain = run->witness->names[i].text;
        const bool is_told = i > 0 && strcmp(run->witness->names[i - 1].text, chain) == 0;
        (void)claims_of(run, chain, &claim_count);
        if (!is_told && claim_count == 0 && !is_there(run->trail, chain)) {
            tell_missing(run, chain);
        }
    }
}

/* The witness is read first: what it has of a process that runs is on the disk already. */
static enum galen_status check_all(struct run *run, struct error *out_error)
{
    struct audit_trail_check check = *run->check;
    if (check.witness != NULL) {
        TRY(audit_witness_read(check.witness, tell_of_witness, &check, &run->witness,
                               out_error));
    }
    TRY(audit_trail_read(check.trail, tell_of_trail, &check, &run->trail, out_error));
    TRY(read_claims(run));
    for (size_t i = 0; i < run->trail->count; i++) {
        TRY(check_chain(run, i));
    }
    check_claimed(run);
    check_witnessed(run);
    return GALEN_OK;
}

enum galen_status audit_trail_check_run(const struct audit_trail_check *check,
                                        struct error *out_error)
{
    struct run run = {.check = check};
    const enum galen_status status = check_all(&run, out_error);
    free(run.claims);
    free(run.start_faults);
    audit_names_destroy(run.trail);
    audit_names_destroy(run.witness);
    return status;
}
