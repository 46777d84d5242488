/* SPDX-License-Identifier: Apache-2.0 */
#include "app/model_wish.h"

#include <stdio.h>
#include <unistd.h>

#include "app/arguments.h"
#include "app/model.h"
#include "model/release_record.h"

enum {
    OPTION_REPOSITORY,
    OPTION_CONFIG,
    OPTION_SET,
    OPTION_JSON,
    OPTION_ACTOR,
    OPTION_REASON,
    OPTION_EXPECT,
    OPTION_TAG,
    OPTION_TO,
    OPTION_VERSION,
    OPTION_PERCENT,
    OPTION_SHADOW,
    OPTION_AUTO,
    OPTION_STOP,
    OPTION_ADMIN,
    OPTION_TOKEN_FILE,
    OPTION_CA,
    OPTION_CERTIFICATE,
    OPTION_KEY,
    OPTION_ENGINE,
    OPTION_COUNT,
};

static const struct option options[] = {
    [OPTION_REPOSITORY] = {"--repository", true},
    [OPTION_CONFIG] = {"--config", true},
    [OPTION_SET] = {"--set", true},
    [OPTION_JSON] = {"--json", false},
    [OPTION_ACTOR] = {"--actor", true},
    [OPTION_REASON] = {"--reason", true},
    [OPTION_EXPECT] = {"--expect", true},
    [OPTION_TAG] = {"--tag", true},
    [OPTION_TO] = {"--to", true},
    [OPTION_VERSION] = {"--version", true},
    [OPTION_PERCENT] = {"--percent", true},
    [OPTION_SHADOW] = {"--shadow", true},
    [OPTION_AUTO] = {"--auto", false},
    [OPTION_STOP] = {"--stop", false},
    [OPTION_ADMIN] = {"--admin", true},
    [OPTION_TOKEN_FILE] = {"--token-file", true},
    [OPTION_CA] = {"--ca", true},
    [OPTION_CERTIFICATE] = {"--certificate", true},
    [OPTION_KEY] = {"--key", true},
    [OPTION_ENGINE] = {"--engine", true},
    {NULL, false},
};

/* Which subcommands take it; 0: all. */
static const unsigned takers[OPTION_COUNT] = {
    [OPTION_ACTOR] = MODEL_OPTION_RELEASE,  [OPTION_REASON] = MODEL_OPTION_RELEASE,
    [OPTION_EXPECT] = MODEL_OPTION_RELEASE, [OPTION_TAG] = MODEL_OPTION_TAG,
    [OPTION_TO] = MODEL_OPTION_TO,          [OPTION_VERSION] = MODEL_OPTION_CANARY,
    [OPTION_PERCENT] = MODEL_OPTION_CANARY, [OPTION_SHADOW] = MODEL_OPTION_CANARY,
    [OPTION_AUTO] = MODEL_OPTION_CANARY,    [OPTION_STOP] = MODEL_OPTION_CANARY,
    [OPTION_ENGINE] = MODEL_OPTION_ENGINE,
};

static const uint64_t version_max = INT64_MAX;

static enum galen_status refuse(const struct model_syntax *syntax, const char *subject,
                                const char *why, struct error *out_error)
{
    return error_set(out_error, GALEN_INVALID, "%s %s; see galen model %s --help", subject,
                     why, syntax->name);
}

bool model_version_parse(const char *text, uint64_t *out_version)
{
    return bytes_parse_u64(bytes_from_string(text), version_max, out_version) &&
           *out_version > 0;
}

static bool parse_expected(const char *text, struct model_wish *wish)
{
    wish->expects = true;
    return bytes_parse_u64(bytes_from_string(text), version_max, &wish->expected);
}

static bool take_text(const char *value, const char **out_text)
{
    *out_text = value;
    return value[0] != '\0' && release_text_is_valid(value);
}

static bool take_tag(const char *value, const char **out_tag)
{
    *out_tag = value;
    return release_tag_may_move(value);
}

static bool take_word(const struct model_syntax *syntax, const char *value,
                      struct model_wish *wish)
{
    for (size_t i = 0; i < syntax->word_count_max; i++) {
        if (wish->words[i] == NULL) {
            wish->words[i] = value;
            return true;
        }
    }
    return false;
}

static enum galen_status take_set(const char *pair, struct settings *settings,
                                  struct error *out_error)
{
    struct bytes key;
    const struct bytes text = bytes_from_string(pair);
    const struct bytes value = bytes_split(text, '=', &key);
    return key.size == text.size
               ? error_set(out_error, GALEN_INVALID, "--set needs KEY=VALUE")
               : settings_set(settings, key, value, out_error);
}

static bool take_share(const char *value, uint32_t max, bool *out_has, uint32_t *out_share)
{
    *out_has = true;
    return release_percent_parse(bytes_from_string(value), out_share) && *out_share <= max;
}

static bool take_server(const struct argument *argument, struct model_wish *wish)
{
    switch (argument->option) {
    case OPTION_ADMIN:
        wish->admin = argument->value;
        return true;
    case OPTION_TOKEN_FILE:
        wish->token_file = argument->value;
        return true;
    case OPTION_CA:
        wish->tls.authorities = argument->value;
        return true;
    case OPTION_CERTIFICATE:
        wish->tls.certificate = argument->value;
        return true;
    case OPTION_KEY:
        wish->tls.key = argument->value;
        return true;
    default:
        return true; /* the file was read before */
    }
}

/* All of it is what `promote` is for: nothing would be left to compare it with. */
static bool take_canary(const struct argument *argument, struct model_wish *wish)
{
    switch (argument->option) {
    case OPTION_VERSION:
        return model_version_parse(argument->value, &wish->version);
    case OPTION_PERCENT:
        return take_share(argument->value, RELEASE_WHOLE - 1, &wish->has_share,
                          &wish->share);
    case OPTION_SHADOW:
        return take_share(argument->value, RELEASE_WHOLE, &wish->has_shadow, &wish->shadow);
    case OPTION_AUTO:
        wish->has_promotes = true;
        wish->promotes = true;
        return true;
    case OPTION_STOP:
        wish->stops = true;
        return true;
    default:
        return take_server(argument, wish);
    }
}

static bool take_own(const struct model_syntax *syntax, const struct argument *argument,
                     struct model_wish *wish)
{
    switch (argument->option) {
    case -1:
        return take_word(syntax, argument->value, wish);
    case OPTION_JSON:
        wish->is_json = true;
        return true;
    case OPTION_ACTOR:
        return take_text(argument->value, &wish->actor);
    case OPTION_REASON:
        return take_text(argument->value, &wish->reason);
    case OPTION_EXPECT:
        return parse_expected(argument->value, wish);
    case OPTION_TAG:
        return take_tag(argument->value, &wish->tag);
    case OPTION_ENGINE:
        wish->engine = argument->value;
        return engine_name_is_valid(argument->value);
    case OPTION_TO:
        return model_version_parse(argument->value, &wish->to);
    default:
        return take_canary(argument, wish);
    }
}

static const char *subject_of(const struct argument *argument)
{
    return argument->option < 0 ? argument->value : options[argument->option].name;
}

static enum galen_status take_argument(const struct model_syntax *syntax,
                                       const struct argument *argument,
                                       struct model_wish *wish, struct error *out_error)
{
    const unsigned needed = argument->option < 0 ? 0 : takers[argument->option];
    if (needed != 0 && (syntax->options & needed) == 0) {
        return refuse(syntax, subject_of(argument), "is no option here", out_error);
    }
    if (argument->option == OPTION_REPOSITORY) {
        return settings_set(&wish->settings, BYTES("repository"),
                            bytes_from_string(argument->value), out_error);
    }
    if (argument->option == OPTION_SET) {
        return take_set(argument->value, &wish->settings, out_error);
    }
    return take_own(syntax, argument, wish)
               ? GALEN_OK
               : refuse(syntax, subject_of(argument),
                        argument->option < 0 ? "is one word too many"
                                             : "has a value that cannot be",
                        out_error);
}

static enum galen_status take_all(const struct model_syntax *syntax, int count,
                                  char **words, struct model_wish *wish,
                                  struct error *out_error)
{
    struct arguments arguments = {count, words, options};
    struct argument argument;
    while (arguments_next(&arguments, &argument)) {
        TRY(take_argument(syntax, &argument, wish, out_error));
    }
    if (wish->admin != NULL && wish->actor != NULL) {
        return refuse(syntax, "--actor", "is for here: --admin knows who asks", out_error);
    }
    return syntax->word_count_min == 0 || wish->words[syntax->word_count_min - 1] != NULL
               ? GALEN_OK
               : refuse(syntax, syntax->name, "needs a model", out_error);
}

/* The file comes before the environment and that before the command line, wherever on it
 * --config stands. False: stderr has what is wrong. */
static bool find_config(int count, char **words, const char **out_config)
{
    struct arguments arguments = {count, words, options};
    struct argument argument;
    *out_config = NULL;
    while (arguments_next(&arguments, &argument)) {
        *out_config = argument.option == OPTION_CONFIG ? argument.value : *out_config;
    }
    return !argument.failed;
}

static enum galen_status read_all(const struct model_syntax *syntax, const char *config,
                                  int count, char **words, struct model_wish *wish,
                                  struct error *out_error)
{
    settings_init(&wish->settings);
    if (config != NULL) {
        TRY(settings_read_file(&wish->settings, config, out_error));
    }
    TRY(settings_read_environment(&wish->settings, environ, out_error));
    return take_all(syntax, count, words, wish, out_error);
}

bool model_wish_read(const struct model_syntax *syntax, int count, char **words,
                     struct model_wish *out_wish)
{
    const char *config;
    struct error error = {"", ""};
    *out_wish = (struct model_wish){.tag = RELEASE_CURRENT, .reason = ""};
    if (!find_config(count, words, &config)) {
        return false;
    }
    const enum galen_status status =
        read_all(syntax, config, count, words, out_wish, &error);
    if (status != GALEN_OK) {
        (void)model_fail(status, &error);
    }
    return status == GALEN_OK;
}

enum exit_code model_fail(enum galen_status status, const struct error *error)
{
    const bool is_ours = status == GALEN_INVALID || status == GALEN_NOT_FOUND ||
                         status == GALEN_FORBIDDEN || status == GALEN_TOO_LARGE;
    (void)model_complain(error->text[0] != '\0' ? error->text : galen_status_text(status));
    return is_ours ? EXIT_USAGE : EXIT_FAILED;
}

void model_print(const struct writer *text)
{
    const struct bytes all = writer_bytes(text);
    (void)fwrite(all.data, 1, all.size, stdout);
}

enum exit_code model_finish(enum exit_code code)
{
    return fflush(stdout) == 0 && ferror(stdout) == 0 ? code : EXIT_FAILED;
}
