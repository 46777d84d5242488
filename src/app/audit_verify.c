/* SPDX-License-Identifier: Apache-2.0 */
/* galen audit verify: a line a chain, and the first fault of those that have one. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/audit.h"
#include "app/audit_proof.h"
#include "codec/json_writer.h"
#include "service/audit/trail_check.h"

enum { LINE_SIZE_BYTES_MAX = 65536 };

struct wish {
    struct audit_keys keys;
    const char *witness;
    const char *proof; /* instead of trails */
    bool as_json;
    struct audit_trails trails;
};

static const struct option options[] = {
    AUDIT_KEYS_OPTIONS(struct wish),
    OPTION_TEXT("--witness", struct wish, witness),
    OPTION_TEXT("--proof", struct wish, proof),
    OPTION_FLAG("--json", struct wish, as_json),
    OPERANDS(struct wish, trails, audit_trails_add),
    {.name = NULL},
};

/* What is being told of one trail. */
struct telling {
    const struct wish *wish;
    const char *trail;
    size_t chain_count;
    bool found_fault;
};

static bool complete(struct wish *wish)
{
    if ((wish->trails.count == 0) == (wish->proof == NULL)) {
        (void)audit_complain(
            "verify", "needs a trail, or --proof FILE; see galen audit verify --help");
        return false;
    }
    return audit_keys_complete(&wish->keys);
}

static void print_good(const struct telling *telling,
                       const struct audit_chain_report *report)
{
    if (telling->wish->trails.count > 1) {
        (void)printf("%s/", telling->trail);
    }
    (void)printf("%s: ok, %" PRIu64 " records, %" PRIu64 " of them signed, %" PRIu64
                 " checkpoints",
                 report->chain, report->record_count, report->signed_count,
                 report->checkpoint_count);
    if (telling->wish->witness != NULL) {
        (void)printf(", %" PRIu64 " witnessed", report->witness_count);
    }
    (void)printf(", %s\n", audit_chain_state_name(report->state));
}

static void print_fault(const struct telling *telling,
                        const struct audit_chain_report *report)
{
    if (telling->wish->trails.count > 1) {
        (void)printf("%s/", telling->trail);
    }
    (void)printf("%s: FAULT at seq %" PRIu64 ": %s", report->chain, report->fault.seq,
                 audit_fault_text(report->fault.kind));
    if (report->file[0] != '\0') {
        (void)printf(" (%s)", report->file);
    }
    (void)printf("\n");
}

static void put_count(struct json_writer *json, const char *name, uint64_t count)
{
    json_put_name(json, name);
    json_put_u64(json, count);
}

static void put_text(struct json_writer *json, const char *name, const char *text)
{
    json_put_name(json, name);
    json_put_cstring(json, text);
}

static void put_fault(struct json_writer *json, const struct audit_chain_report *report)
{
    json_put_name(json, "fault");
    json_begin_object(json);
    put_count(json, "seq", report->fault.seq);
    put_text(json, "kind", audit_fault_slug(report->fault.kind));
    put_text(json, "text", audit_fault_text(report->fault.kind));
    if (report->file[0] != '\0') {
        put_text(json, "file", report->file);
    }
    json_end_object(json);
}

static void print_json(const struct telling *telling,
                       const struct audit_chain_report *report)
{
    struct writer line;
    writer_init(&line, LINE_SIZE_BYTES_MAX);
    struct json_writer json = json_writer_on(&line);
    json_begin_object(&json);
    put_text(&json, "trail", telling->trail);
    put_text(&json, "chain", report->chain);
    json_put_name(&json, "ok");
    json_put_bool(&json, report->fault.kind == AUDIT_FAULT_NONE);
    put_text(&json, "state", audit_chain_state_name(report->state));
    put_count(&json, "records", report->record_count);
    put_count(&json, "signed", report->signed_count);
    put_count(&json, "checkpoints", report->checkpoint_count);
    put_count(&json, "witnessed", report->witness_count);
    put_count(&json, "torn_bytes", report->torn_bytes);
    if (report->fault.kind != AUDIT_FAULT_NONE) {
        put_fault(&json, report);
    }
    json_end_object(&json);
    (void)printf("%.*s\n", BYTES_PRINT(writer_bytes(&line)));
    writer_deinit(&line);
}

static void on_chain(void *context, const struct audit_chain_report *report)
{
    struct telling *telling = context;
    telling->chain_count++;
    telling->found_fault = telling->found_fault || report->fault.kind != AUDIT_FAULT_NONE;
    if (telling->wish->as_json) {
        print_json(telling, report);
    } else if (report->fault.kind == AUDIT_FAULT_NONE) {
        print_good(telling, report);
    } else {
        print_fault(telling, report);
    }
}

static void on_stranger(void *context, const char *folder, const char *name)
{
    (void)context;
    (void)fprintf(stderr, "galen: audit: %s/%s: does not belong here, and is left alone\n",
                  folder, name);
}

static enum exit_code verify(const struct wish *wish, const char *trail)
{
    struct telling telling = {.wish = wish, .trail = trail};
    struct error error;
    const struct audit_trail_check check = {
        .trail = trail,
        .witness = wish->witness,
        .keys = wish->keys.all,
        .key_count = wish->keys.count,
        .on_chain = on_chain,
        .on_stranger = on_stranger,
        .context = &telling,
    };
    error_clear(&error);
    const enum galen_status status = audit_trail_check_run(&check, &error);
    if (status != GALEN_OK) {
        return audit_complain(trail, error.text[0] == '\0' ? galen_status_text(status)
                                                           : error.text);
    }
    if (telling.chain_count == 0) {
        return audit_complain(trail, "holds no chain");
    }
    return telling.found_fault ? EXIT_FAILED : EXIT_DONE;
}

static enum exit_code verify_all(const struct wish *wish)
{
    enum exit_code worst = EXIT_DONE;
    if (wish->proof != NULL) {
        return audit_proof_verify(wish->proof, &wish->keys);
    }
    for (size_t i = 0; i < wish->trails.count; i++) {
        const enum exit_code code = verify(wish, wish->trails.paths[i]);
        worst = code > worst ? code : worst;
    }
    return worst;
}

static enum exit_code run(int argument_count, char **arguments)
{
    static struct wish wish;
    const enum exit_code code =
        arguments_read(options, argument_count, arguments, &wish) && complete(&wish)
            ? verify_all(&wish)
            : EXIT_USAGE;
    audit_keys_clear(&wish.keys);
    return code;
}

const struct audit_command audit_verify_command = {
    .name = "verify",
    .help =
        "Usage: galen audit verify [OPTION]... TRAIL...\n"
        "       galen audit verify [OPTION]... --proof FILE\n\n"
        "Reads every record of every chain: its form, its place, its hash, what follows "
        "it;\n"
        "that the signed checkpoints cover these records; what chains tell of one "
        "another;\n"
        "and, with a witness, that no record which it has seen signed is gone. Prints a "
        "line\n"
        "a chain: how many records it has, or the first seq that is not as it was "
        "written.\n\n"
        "  --key VERIFIERKEY   whose checkpoints count, as galen key list prints it; "
        "several\n"
        "  --keys FOLDER       those of a folder's .pub files; without either option, of\n"
        "                      GALEN_KEYS_DIRECTORY or of keys\n"
        "  --witness FOLDER    copies of checkpoints that somebody else keeps\n"
        "                      (audit.witness)\n"
        "  --proof FILE        what galen audit prove printed; no trail is needed\n"
        "  --json              a JSON object a chain\n\n"
        "Records behind the last checkpoint of a chain that was not stopped are held by\n"
        "their hashes alone until the next one is signed; \"signed\" counts the others.\n\n"
        "Exit codes: 0 all is as it was written, 1 there is a fault, 2 wrong usage, or a\n"
        "folder cannot be read or holds no chain.\n",
    .run = run,
};
