/* SPDX-License-Identifier: Apache-2.0 */
/* galen explain: one request on one screen, as the audit trail has it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "app/explain_json.h"
#include "app/explain_read.h"
#include "app/explain_screen.h"
#include "service/request_id.h"

enum {
    OUTPUT_SIZE_BYTES_MAX =
        2 * LIMIT_EXPLAINED_RECORD_COUNT_MAX * LIMIT_AUDIT_RECORD_SIZE_BYTES_MAX
};

struct wish {
    struct audit_trails trails;
    struct audit_filter filter; /* its request is who is explained */
    struct audit_keys keys;
    bool as_json;
};

static enum exit_code complain(const char *subject, const char *why)
{
    (void)fprintf(stderr, "galen: explain: %s: %s\n", subject, why);
    return EXIT_USAGE;
}

static bool take_request(void *request, const char *id)
{
    if (!option_take_operand(request, id)) {
        return false;
    }
    if (!request_id_is_plain(bytes_from_string(id))) {
        (void)complain(id, "is no id of a request");
        return false;
    }
    return true;
}

static const struct option options[] = {
    OPTION_READ("--directory", struct wish, trails, audit_trails_add),
    AUDIT_KEYS_OPTIONS(struct wish),
    AUDIT_FILTER_TIME_OPTIONS(struct wish),
    OPTION_FLAG("--json", struct wish, as_json),
    OPERANDS(struct wish, filter.request, take_request),
    {.name = NULL},
};

static const char *default_trail(void)
{
    const char *named = getenv("GALEN_AUDIT_DIRECTORY");
    return named != NULL && named[0] != '\0' ? named : "audit";
}

static bool complete(struct wish *wish)
{
    if (wish->filter.request == NULL) {
        (void)complain("the id of a request is needed", "see galen explain --help");
        return false;
    }
    if (wish->trails.count == 0 && !audit_trails_add(&wish->trails, default_trail())) {
        return false;
    }
    return audit_keys_complete(&wish->keys);
}

/* https://no-color.org, and terminals that have none. */
static struct explain_look look_of_output(void)
{
    const char *no_colour = getenv("NO_COLOR");
    const char *terminal = getenv("TERM");
    const bool is_terminal = isatty(STDOUT_FILENO) == 1;
    const bool is_dumb = terminal == NULL || strcmp(terminal, "dumb") == 0;
    return (struct explain_look){
        .has_bars = is_terminal,
        .has_colours =
            is_terminal && !is_dumb && (no_colour == NULL || no_colour[0] == '\0'),
    };
}

static void say_not_found(const struct explanation *explanation)
{
    (void)fprintf(stderr, "galen: explain: %s: no record has this id\n",
                  explanation->request_id);
    if (explanation->other_faulty_count > 0) {
        (void)fprintf(stderr,
                      "galen: explain: %" PRIu64
                      " chains do not verify; see galen audit verify\n",
                      explanation->other_faulty_count);
    }
}

static enum exit_code print(const struct wish *wish, const struct explanation *explanation)
{
    struct writer out;
    const struct explain_look look = look_of_output();
    writer_init(&out, OUTPUT_SIZE_BYTES_MAX);
    if (wish->as_json) {
        explain_json_put(explanation, &out);
    } else if (explanation->count > 0) {
        explain_screen_put(explanation, &look, &out);
    }
    const struct bytes text = writer_bytes(&out);
    const bool is_printed = out.status == GALEN_OK &&
                            fwrite(text.data, 1, text.size, stdout) == text.size &&
                            fflush(stdout) == 0;
    writer_deinit(&out);
    if (!is_printed) {
        return complain("standard output", "cannot be written");
    }
    return explanation_is_sound(explanation) ? EXIT_DONE : EXIT_FAILED;
}

static enum exit_code explain(const struct wish *wish)
{
    static struct explanation explanation;
    explanation_init(&explanation, wish->filter.request);
    enum exit_code code =
        explain_read(&wish->trails, &wish->filter, &wish->keys, &explanation);
    if (code == EXIT_DONE) {
        code = print(wish, &explanation);
        if (explanation.count == 0) {
            say_not_found(&explanation);
        }
    }
    explanation_deinit(&explanation);
    return code;
}

static enum exit_code run(int argument_count, char **arguments)
{
    static struct wish wish;
    const enum exit_code code =
        arguments_read(options, argument_count, arguments, &wish) && complete(&wish)
            ? explain(&wish)
            : EXIT_USAGE;
    audit_keys_clear(&wish.keys);
    return code;
}

const struct command explain_command = {
    .name = "explain",
    .summary = "shows one request: who, what, how long, and whether the trail is whole",
    .help =
        "Usage: galen explain [OPTION]... REQUEST_ID\n\n"
        "Shows on one screen what audit trails say of a request: who asked, what came of\n"
        "it, which version answered and why that one, what was hidden, who was asked in\n"
        "vain, where its time went, and the records of all processes that it crossed,\n"
        "with whether they are as they were written. REQUEST_ID is X-Request-Id of the\n"
        "answer.\n\n"
        "  --directory TRAIL   a folder that galen writes (audit.directory); several. By\n"
        "                      default GALEN_AUDIT_DIRECTORY of the environment, or audit\n"
        "  --key VERIFIERKEY   whose checkpoints count, as galen key list prints; several\n"
        "  --keys FOLDER       those of a folder's .pub files; without either option, of\n"
        "                      GALEN_KEYS_DIRECTORY or of keys\n"
        "  --since TIME        only records from then on: 2026-11-25 or\n"
        "                      2026-11-25T20:55:16Z (UTC)\n"
        "  --until TIME        only records before it; of several requests with one id\n"
        "                      the last is shown\n"
        "  --json              one JSON object\n\n"
        "Nothing of a payload is in a trail, so that nothing of it is shown.\n"
        "docs/explain.md goes through a screen line by line. Exit codes: 0 found, 1 no\n"
        "such request, or something does not verify, 2 wrong usage, or a folder cannot be\n"
        "read.\n",
    .run = run,
};
