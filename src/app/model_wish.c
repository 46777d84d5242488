/* SPDX-License-Identifier: Apache-2.0 */
#include "app/model_wish.h"

#include <stdio.h>
#include <unistd.h>

#include "app/configure.h"
#include "app/errand.h"
#include "app/model.h"
#include "model/release_record.h"

static const uint64_t version_max = INT64_MAX;

bool model_version_parse(const char *text, uint64_t *out_version)
{
    return bytes_parse_u64(bytes_from_string(text), version_max, out_version) &&
           *out_version > 0;
}

/* Rows; what cannot be is said for all of them in one place. */

static bool take_version(void *version, const char *value)
{
    return model_version_parse(value, version);
}

static bool take_expected(void *context, const char *value)
{
    struct model_wish *wish = context;
    wish->expects = true;
    return bytes_parse_u64(bytes_from_string(value), version_max, &wish->expected);
}

static bool take_text(void *text, const char *value)
{
    (void)option_take_text(text, value);
    return value[0] != '\0' && release_text_is_valid(value);
}

static bool take_tag(void *tag, const char *value)
{
    (void)option_take_text(tag, value);
    return release_tag_may_move(value);
}

static bool take_engine(void *engine, const char *value)
{
    (void)option_take_text(engine, value);
    return engine_name_is_valid(value);
}

/* All of it is what `promote` is for: nothing would be left to compare it with. */
static bool take_percent(void *context, const char *value)
{
    struct model_wish *wish = context;
    wish->has_share = true;
    return release_percent_parse(bytes_from_string(value), &wish->share) &&
           wish->share < RELEASE_WHOLE;
}

static bool take_shadow(void *context, const char *value)
{
    struct model_wish *wish = context;
    wish->has_shadow = true;
    return release_percent_parse(bytes_from_string(value), &wish->shadow) &&
           wish->shadow <= RELEASE_WHOLE;
}

static bool take_auto(void *context, const char *value)
{
    struct model_wish *wish = context;
    wish->has_promotes = true;
    return option_set(&wish->promotes, value);
}

enum {
    OPTION_REPOSITORY,
    OPTION_CONFIG,
    OPTION_SET,
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
    OPTION_ENGINE,
};

static const struct option options[] = {
    [OPTION_REPOSITORY] = {.name = "--repository", .has_value = true},
    [OPTION_CONFIG] = {.name = "--config", .has_value = true},
    [OPTION_SET] = {.name = "--set", .has_value = true},
    [OPTION_ACTOR] = OPTION_READ("--actor", struct model_wish, actor, take_text),
    [OPTION_REASON] = OPTION_READ("--reason", struct model_wish, reason, take_text),
    [OPTION_EXPECT] = {"--expect", true, take_expected, 0},
    [OPTION_TAG] = OPTION_READ("--tag", struct model_wish, tag, take_tag),
    [OPTION_TO] = OPTION_READ("--to", struct model_wish, to, take_version),
    [OPTION_VERSION] = OPTION_READ("--version", struct model_wish, version, take_version),
    [OPTION_PERCENT] = {"--percent", true, take_percent, 0},
    [OPTION_SHADOW] = {"--shadow", true, take_shadow, 0},
    [OPTION_AUTO] = {"--auto", false, take_auto, 0},
    [OPTION_STOP] = OPTION_FLAG("--stop", struct model_wish, stops),
    [OPTION_ENGINE] = OPTION_READ("--engine", struct model_wish, engine, take_engine),
    OPTION_FLAG("--json", struct model_wish, is_json),
    OPTION_TEXT("--admin", struct model_wish, admin),
    OPTION_TEXT("--token-file", struct model_wish, token_file),
    ERRAND_TLS_OPTIONS(struct model_wish),
    {.name = NULL},
};

/* Which subcommands take it; 0: all. */
static const unsigned takers[sizeof(options) / sizeof(options[0])] = {
    [OPTION_ACTOR] = MODEL_OPTION_RELEASE,  [OPTION_REASON] = MODEL_OPTION_RELEASE,
    [OPTION_EXPECT] = MODEL_OPTION_RELEASE, [OPTION_TAG] = MODEL_OPTION_TAG,
    [OPTION_TO] = MODEL_OPTION_TO,          [OPTION_VERSION] = MODEL_OPTION_CANARY,
    [OPTION_PERCENT] = MODEL_OPTION_CANARY, [OPTION_SHADOW] = MODEL_OPTION_CANARY,
    [OPTION_AUTO] = MODEL_OPTION_CANARY,    [OPTION_STOP] = MODEL_OPTION_CANARY,
    [OPTION_ENGINE] = MODEL_OPTION_ENGINE,
};

static enum galen_status refuse(const struct model_syntax *syntax, const char *subject,
                                const char *why, struct error *out_error)
{
    return error_set(out_error, GALEN_INVALID, "%s %s; see galen model %s --help", subject,
                     why, syntax->name);
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

static bool take_own(const struct model_syntax *syntax, const struct argument *argument,
                     struct model_wish *wish)
{
    if (argument->option < 0) {
        return take_word(syntax, argument->value, wish);
    }
    return argument->option == OPTION_CONFIG /* read before */ ||
           option_take(&options[argument->option], argument->value, wish);
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
        return configure_set(&wish->settings, argument->value, out_error);
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
