/* SPDX-License-Identifier: Apache-2.0 */
/* galen token: an issuer of access tokens for development and tests. */
#include "app/token.h"

#include <stdio.h>
#include <string.h>

static const struct token_command *const commands[] = {
    &token_keygen_command,
    &token_issue_command,
    &token_show_command,
    &token_serve_command,
};

enum { COMMAND_COUNT = sizeof(commands) / sizeof(commands[0]) };

enum exit_code token_complain(const char *subject, const char *why)
{
    (void)fprintf(stderr, "galen: token: %s: %s\n", subject, why);
    return EXIT_USAGE;
}

enum exit_code token_fail(enum galen_status status, const struct error *error)
{
    const bool is_ours = status == GALEN_INVALID || status == GALEN_FORBIDDEN ||
                         status == GALEN_NOT_FOUND || status == GALEN_TOO_LARGE;
    (void)fprintf(stderr, "galen: token: %s\n",
                  error->text[0] != '\0' ? error->text : galen_status_text(status));
    return is_ours ? EXIT_USAGE : EXIT_FAILED;
}

static bool read_unit(struct bytes *text, uint64_t *out_seconds)
{
    static const struct {
        uint8_t letter;
        uint64_t seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}};
    *out_seconds = 1;
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]) && text->size > 0; i++) {
        if (text->data[text->size - 1] == units[i].letter) {
            *out_seconds = units[i].seconds;
            text->size--;
            break;
        }
    }
    return text->size > 0;
}

static bool read_duration(const char *text, uint64_t *out_seconds)
{
    struct bytes digits = bytes_from_string(text);
    uint64_t unit_s;
    uint64_t count;
    if (!read_unit(&digits, &unit_s) ||
        !bytes_parse_u64(digits, TOKEN_LIFETIME_S_MAX / unit_s, &count) || count == 0) {
        return false;
    }
    *out_seconds = count * unit_s;
    return true;
}

bool token_take_duration(void *seconds, const char *value)
{
    if (!read_duration(value, seconds)) {
        (void)token_complain(value, "is no time: 90s, 15m, 1h; a day at most");
        return false;
    }
    return true;
}

static const struct token_command *find(const char *name)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(commands[i]->name, name) == 0) {
            return commands[i];
        }
    }
    return NULL;
}

static enum exit_code run(int argument_count, char **arguments)
{
    const struct token_command *command = argument_count < 1 ? NULL : find(arguments[0]);
    return command == NULL ? token_complain("COMMAND", "there is no such one; see galen "
                                                       "token --help")
                           : command->run(argument_count - 1, arguments + 1);
}

static const char *help(int argument_count, char **arguments)
{
    const struct token_command *command = argument_count < 1 ? NULL : find(arguments[0]);
    return command == NULL ? NULL : command->help;
}

const struct command token_command = {
    .name = "token",
    .summary = "a development issuer: keys, access tokens, and what is in one",
    .help =
        "Usage: galen token COMMAND [OPTION]...\n\n"
        "An issuer for development and tests, not for patients' data: it knows no\n"
        "people, keeps no records, and its keys lie unencrypted in a folder. Where\n"
        "galen serves, your identity provider issues the tokens.\n\n"
        "  keygen      makes a key that signs tokens, or the next one\n"
        "  issue       prints an access token (RFC 9068)\n"
        "  show        what a token says, and with --jwks whether its signature is right\n"
        "  serve       an issuer on this machine: discovery, keys, and POST /token\n"
        "\n`galen token COMMAND --help` says more.\n"
        "Exit codes: 0 done, 1 failed, 2 wrong usage, or files that are not usable.\n",
    .help_of = help,
    .run = run,
};
