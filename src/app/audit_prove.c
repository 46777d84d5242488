/* SPDX-License-Identifier: Apache-2.0 */
/* galen audit prove: one record, or one checkpoint, for somebody who has not the trail. */
#include <stdio.h>

#include "app/audit.h"
#include "app/audit_evidence.h"

enum { PROOF_SIZE_BYTES_MAX = 8 * LIMIT_AUDIT_RECORD_SIZE_BYTES_MAX };

struct number {
    bool is_set;
    uint64_t value;
};

struct wish {
    const char *chain;
    const char *trail;
    struct number seq;
    struct number size;
    struct number from;
    struct number to;
};

static bool take_number(void *field, const char *value)
{
    struct number *number = field;
    number->is_set = bytes_parse_u64(bytes_from_string(value), INT64_MAX, &number->value);
    if (!number->is_set) {
        (void)audit_complain(value, "is no number");
    }
    return number->is_set;
}

static const struct option options[] = {
    OPTION_TEXT("--chain", struct wish, chain),
    OPTION_READ("--seq", struct wish, seq, take_number),
    OPTION_READ("--size", struct wish, size, take_number),
    OPTION_READ("--from", struct wish, from, take_number),
    OPTION_READ("--to", struct wish, to, take_number),
    OPERAND(struct wish, trail),
    {.name = NULL},
};

/* A record, or two sizes, and not both. */
static bool is_whole(const struct wish *wish)
{
    const bool has_from = wish->from.is_set;
    const bool has_to = wish->to.is_set;
    const bool is_right =
        wish->seq.is_set ? !has_from && !has_to : has_from && has_to && !wish->size.is_set;
    if (!is_right || wish->trail == NULL || wish->chain == NULL) {
        (void)audit_complain("prove",
                             "needs --chain CHAIN, --seq N or --from SIZE --to SIZE, "
                             "and a trail; see galen audit prove --help");
        return false;
    }
    if (has_from && (wish->from.value == 0 || wish->from.value > wish->to.value)) {
        (void)audit_complain("prove", "--from is at least 1 and at most --to");
        return false;
    }
    return true;
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

static struct audit_evidence_wish wish_of(const struct wish *wish)
{
    const bool is_record = wish->seq.is_set;
    return (struct audit_evidence_wish){
        .trail = wish->trail,
        .chain = wish->chain,
        .kind = is_record ? AUDIT_PROOF_INCLUSION : AUDIT_PROOF_CONSISTENCY,
        .seq = wish->seq.value,
        .has_size = wish->size.is_set,
        .sizes = {is_record ? wish->size.value : wish->from.value, wish->to.value},
    };
}

static enum exit_code run(int argument_count, char **arguments)
{
    static struct audit_evidence evidence;
    struct wish wish = {.chain = NULL};
    struct error error;
    if (!arguments_read(options, argument_count, arguments, &wish) || !is_whole(&wish)) {
        return EXIT_USAGE;
    }
    error_clear(&error);
    const struct audit_evidence_wish wanted = wish_of(&wish);
    enum galen_status status = audit_evidence_find(&wanted, &evidence, &error);
    if (status == GALEN_OK) {
        status = print(&evidence.proof);
    }
    audit_evidence_deinit(&evidence);
    if (status == GALEN_OK) {
        return EXIT_DONE;
    }
    (void)audit_complain(wish.chain,
                         error.text[0] == '\0' ? galen_status_text(status) : error.text);
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
