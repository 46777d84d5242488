/* SPDX-License-Identifier: Apache-2.0 */
/* galen audit prove: one record, or one checkpoint, for somebody who has not the trail. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/audit.h"
#include "base/limits.h"
#include "service/audit/input.h"
#include "service/audit/proof.h"
#include "service/audit/trail_walk.h"

enum { OPTION_CHAIN, OPTION_SEQ, OPTION_SIZE, OPTION_FROM, OPTION_TO };

enum { PROOF_SIZE_BYTES_MAX = 8 * LIMIT_AUDIT_RECORD_SIZE_BYTES_MAX };

static const struct option options[] = {
    [OPTION_CHAIN] = {"--chain", true}, [OPTION_SEQ] = {"--seq", true},
    [OPTION_SIZE] = {"--size", true},   [OPTION_FROM] = {"--from", true},
    [OPTION_TO] = {"--to", true},       {NULL, false},
};

struct number {
    bool is_set;
    uint64_t value;
};

struct wish {
    const char *chain;
    const char *trail;
    struct number numbers[OPTION_TO + 1]; /* by option */
};

/* What is found in the trail; all of it ours. */
struct evidence {
    const struct wish *wish;
    struct audit_proof proof;
    char notes[2][CHECKPOINT_SIZE_BYTES_MAX];
    uint8_t record[LIMIT_AUDIT_RECORD_SIZE_BYTES_MAX];
    uint8_t *hashes;
    uint64_t hash_count;
    uint64_t hash_capacity;
    uint64_t wanted; /* hashes */
    struct error error;
};

static bool take_number(struct wish *wish, const struct argument *argument)
{
    struct number *number = &wish->numbers[argument->option];
    number->is_set =
        bytes_parse_u64(bytes_from_string(argument->value), INT64_MAX, &number->value);
    if (!number->is_set) {
        (void)audit_complain(argument->value, "is no number");
    }
    return number->is_set;
}

static bool take_argument(struct wish *wish, const struct argument *argument)
{
    switch (argument->option) {
    case -1:
        if (wish->trail != NULL) {
            (void)audit_complain(argument->value, "is one trail too many");
            return false;
        }
        wish->trail = argument->value;
        return true;
    case OPTION_CHAIN:
        wish->chain = argument->value;
        return true;
    default:
        return take_number(wish, argument);
    }
}

/* A record, or two sizes, and not both. */
static bool is_whole(const struct wish *wish)
{
    const bool is_record = wish->numbers[OPTION_SEQ].is_set;
    const bool has_from = wish->numbers[OPTION_FROM].is_set;
    const bool has_to = wish->numbers[OPTION_TO].is_set;
    const bool is_right = is_record
                              ? !has_from && !has_to
                              : has_from && has_to && !wish->numbers[OPTION_SIZE].is_set;
    if (!is_right || wish->trail == NULL || wish->chain == NULL) {
        (void)audit_complain("prove",
                             "needs --chain CHAIN, --seq N or --from SIZE --to SIZE, "
                             "and a trail; see galen audit prove --help");
        return false;
    }
    if (has_from && (wish->numbers[OPTION_FROM].value == 0 ||
                     wish->numbers[OPTION_FROM].value > wish->numbers[OPTION_TO].value)) {
        (void)audit_complain("prove", "--from is at least 1 and at most --to");
        return false;
    }
    return true;
}

static bool read_wish(int count, char **words, struct wish *wish)
{
    struct arguments arguments = {count, words, options};
    struct argument argument;
    while (arguments_next(&arguments, &argument)) {
        if (!take_argument(wish, &argument)) {
            return false;
        }
    }
    return !argument.failed && is_whole(wish);
}

/* The second line of a note. */
static uint64_t size_of_note(struct bytes note)
{
    struct bytes line;
    uint64_t size = 0;
    (void)bytes_split(bytes_split(note, '\n', &line), '\n', &line);
    return bytes_parse_u64(line, UINT64_MAX, &size) ? size : 0;
}

/* Whether this checkpoint is the one for a place of the proof. */
static bool is_wanted(const struct evidence *evidence, size_t index, uint64_t size)
{
    const struct number *numbers = evidence->wish->numbers;
    if (evidence->proof.kind == AUDIT_PROOF_CONSISTENCY) {
        return size == numbers[index == 0 ? OPTION_FROM : OPTION_TO].value;
    }
    return index == 0 && size > numbers[OPTION_SEQ].value &&
           (!numbers[OPTION_SIZE].is_set || size == numbers[OPTION_SIZE].value);
}

static void take_note(struct evidence *evidence, struct bytes note)
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

static enum galen_status read_notes(struct evidence *evidence, int folder)
{
    scoped(audit_input) input = NULL;
    struct bytes note;
    TRY(audit_input_open(folder, AUDIT_CHECKPOINTS_FILE, &input, &evidence->error));
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

static enum galen_status find_notes(struct evidence *evidence)
{
    int folder AUDIT_CLOSED_LATER = -1;
    scoped(audit_names) trail = NULL;
    TRY(audit_trail_read(evidence->wish->trail, ignore, NULL, &trail, &evidence->error));
    TRY(audit_chain_folder(trail, evidence->wish->chain, &folder, &evidence->error));
    TRY(read_notes(evidence, folder));
    const bool needs_two = evidence->proof.kind == AUDIT_PROOF_CONSISTENCY;
    if (evidence->proof.notes[0].size == 0 ||
        (needs_two && evidence->proof.notes[1].size == 0)) {
        return error_set(
            &evidence->error, GALEN_NOT_FOUND,
            "the chain has no checkpoint of this size, or none over this record");
    }
    evidence->wanted = evidence->proof.sizes[needs_two ? 1 : 0];
    return GALEN_OK;
}

static enum galen_status make_room(struct evidence *evidence)
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
    struct evidence *evidence = context;
    const struct number *seq = &evidence->wish->numbers[OPTION_SEQ];
    if (evidence->hash_count == evidence->wanted) {
        return GALEN_OK;
    }
    TRY(make_room(evidence));
    memcpy(evidence->hashes + evidence->hash_count * SHA256_SIZE, record->hash,
           SHA256_SIZE);
    if (seq->is_set && seq->value == evidence->hash_count) {
        memcpy(evidence->record, line.data, line.size);
        evidence->proof.record = bytes_of(evidence->record, line.size);
        evidence->proof.seq = seq->value;
    }
    evidence->hash_count++;
    return GALEN_OK;
}

static void pass_over(void *context, const char *chain, const char *file)
{
    (void)context, (void)chain, (void)file;
}

static enum galen_status find_records(struct evidence *evidence)
{
    const struct audit_trail_walk walk = {
        .trail = evidence->wish->trail,
        .chain = evidence->wish->chain,
        .on_record = take_record,
        .on_damage = pass_over,
        .context = evidence,
    };
    TRY(audit_trail_walk_run(&walk, &evidence->error));
    return evidence->hash_count == evidence->wanted
               ? GALEN_OK
               : error_set(
                     &evidence->error, GALEN_INVALID,
                     "the checkpoint covers records that are missing; see galen audit "
                     "verify");
}

static enum galen_status find_path(struct evidence *evidence)
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

static enum galen_status print(const struct audit_proof *proof)
{
    struct writer out;
    writer_init(&out, PROOF_SIZE_BYTES_MAX);
    const enum galen_status status = audit_proof_write(proof, &out);
    if (status == GALEN_OK) {
        (void)printf("%.*s", BYTES_PRINT(writer_bytes(&out)));
    }
    writer_deinit(&out);
    return status;
}

static enum galen_status prove(struct evidence *evidence)
{
    TRY(find_notes(evidence));
    TRY(find_records(evidence));
    TRY(find_path(evidence));
    return print(&evidence->proof);
}

static enum exit_code run(int argument_count, char **arguments)
{
    static struct evidence evidence;
    struct wish wish = {.chain = NULL};
    if (!read_wish(argument_count, arguments, &wish)) {
        return EXIT_USAGE;
    }
    evidence.wish = &wish;
    evidence.proof.chain = bytes_from_string(wish.chain);
    evidence.proof.kind =
        wish.numbers[OPTION_SEQ].is_set ? AUDIT_PROOF_INCLUSION : AUDIT_PROOF_CONSISTENCY;
    const enum galen_status status = prove(&evidence);
    free(evidence.hashes);
    if (status == GALEN_OK) {
        return EXIT_DONE;
    }
    (void)audit_complain(wish.chain, evidence.error.text[0] == '\0'
                                         ? galen_status_text(status)
                                         : evidence.error.text);
    return status == GALEN_INVALID ? EXIT_FAILED : EXIT_USAGE;
}

const struct audit_command audit_prove_command = {
    .name = "prove",
    .help =
        "Usage: galen audit prove --chain CHAIN --seq N [--size SIZE] TRAIL\n"
        "       galen audit prove --chain CHAIN --from SIZE --to SIZE TRAIL\n\n"
        "Prints a proof as JSON, for somebody who has a verifier key and not the trail:\n"
        "galen audit verify --proof FILE --key VERIFIERKEY checks it.\n\n"
        "  --seq N             this record is one of those that a checkpoint was signed "
        "over\n"
        "  --size SIZE         the checkpoint over SIZE records; the first one that covers "
        "it\n"
        "  --from SIZE --to SIZE\n"
        "                      the checkpoint over so many records continues the other "
        "one\n\n"
        "A proof of a trail that was changed does not verify. Exit codes: 0 done, 1 "
        "records\n"
        "are missing, 2 wrong usage, no such chain or no such checkpoint.\n",
    .run = run,
};
