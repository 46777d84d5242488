/* SPDX-License-Identifier: Apache-2.0 */
#include "app/configure.h"

#include <stdio.h>
#include <unistd.h>

#include "app/arguments.h"
#include "base/invariant.h"
#include "service/metrics.h"

enum {
    OPTION_CONFIG,
    OPTION_SET,
    OPTION_LISTEN,
    OPTION_REPOSITORY,
    OPTION_SETTINGS,
    OPTION_METRICS,
};

static const struct option options[] = {
    [OPTION_CONFIG] = {.name = "--config", .has_value = true},
    [OPTION_SET] = {.name = "--set", .has_value = true},
    [OPTION_LISTEN] = {.name = "--listen", .has_value = true},
    [OPTION_REPOSITORY] = {.name = "--repository", .has_value = true},
    [OPTION_SETTINGS] = {.name = "--settings"},
    [OPTION_METRICS] = {.name = "--metrics"},
    {.name = NULL},
};

enum galen_status configure_set(struct settings *settings, const char *pair,
                                struct error *out_error)
{
    struct bytes key;
    INVARIANT(pair != NULL); /* the option is one with a value */
    const struct bytes text = bytes_from_string(pair);
    const struct bytes value = bytes_split(text, '=', &key);
    return key.size == text.size
               ? error_set(out_error, GALEN_INVALID, "--set needs KEY=VALUE")
               : settings_set(settings, key, value, out_error);
}

static enum galen_status apply(struct settings *settings, const struct argument *argument,
                               struct error *out_error)
{
    const struct bytes value = bytes_from_string(argument->value);
    switch (argument->option) {
    case OPTION_SET:
        return configure_set(settings, argument->value, out_error);
    case OPTION_LISTEN:
        return settings_set(settings, BYTES("listen.http"), value, out_error);
    case OPTION_REPOSITORY:
        return settings_set(settings, BYTES("repository"), value, out_error);
    case OPTION_CONFIG: /* read before */
        return GALEN_OK;
    default:
        return error_set(out_error, GALEN_INVALID, "there is nothing to do with '%s'",
                         argument->value);
    }
}

/* The file that --config names, wherever it stands; NULL: none. */
static const char *find_config(int count, char **words)
{
    const char *config = NULL;
    struct arguments arguments = {count, words, options};
    struct argument argument;
    while (arguments_next(&arguments, &argument)) {
        config = argument.option == OPTION_CONFIG ? argument.value : config;
    }
    return argument.failed ? "" : config;
}

static enum galen_status read_arguments(struct settings *settings, int count, char **words,
                                        struct error *out_error)
{
    struct arguments arguments = {count, words, options};
    struct argument argument;
    while (arguments_next(&arguments, &argument)) {
        TRY(apply(settings, &argument, out_error));
    }
    return GALEN_OK;
}

static enum galen_status read_all(struct settings *settings, const char *config, int count,
                                  char **words, struct error *out_error)
{
    settings_init(settings);
    if (config != NULL) {
        TRY(settings_read_file(settings, config, out_error));
    }
    TRY(settings_read_environment(settings, environ, out_error));
    return read_arguments(settings, count, words, out_error);
}

/* A role asks only itself or a peer; a role of its own has nobody else in its process. */
static enum galen_status check_peers(const struct role_kind *kind,
                                     const struct settings *settings,
                                     struct error *out_error)
{
    if (!kind->is_gateway) {
        return GALEN_OK;
    }
    if (!kind->runs_engine && settings->engine.is_local) {
        return error_set(out_error, GALEN_INVALID,
                         "engines.default: galen %s needs a URL, such as "
                         "--set engines.default=http://127.0.0.1:8012",
                         kind->name);
    }
    if (!kind->runs_preprocess && settings_preprocess_of_images(settings)->is_local) {
        return error_set(out_error, GALEN_INVALID,
                         "preprocess: galen %s needs a URL, such as "
                         "--set preprocess=http://127.0.0.1:8011",
                         kind->name);
    }
    return GALEN_OK;
}

/* Tokens are asked for at the edge. Behind it callers are known by certificates, and a
 * listener that an issuer seems to guard would be open. */
static enum galen_status check_callers(const struct role_kind *kind,
                                       const struct settings *settings,
                                       struct error *out_error)
{
    if (kind->is_gateway || settings_are_local(settings) ||
        settings->mode == SETTINGS_MODE_DEMO ||
        settings->listen_tls_client_certificate == SETTINGS_DEMAND_REQUIRE) {
        return GALEN_OK;
    }
    return error_set(
        out_error, GALEN_INVALID,
        "listen.http: is not a loopback address, and galen %s asks nobody for "
        "tokens there: set listen.tls.client_certificate to require, or listen "
        "on 127.0.0.1",
        kind->name);
}

static bool wants(int option, int count, char **words)
{
    struct arguments arguments = {count, words, options};
    struct argument argument;
    bool wanted = false;
    while (arguments_next(&arguments, &argument)) {
        wanted |= argument.option == option;
    }
    return wanted;
}

static void print_page(void (*write_page)(struct writer *out))
{
    struct writer text;
    writer_init(&text, 1 << 20);
    write_page(&text);
    (void)fwrite(writer_bytes(&text).data, 1, writer_bytes(&text).size, stdout);
    writer_deinit(&text);
}

/* The page that is asked for instead of the role; NULL: none. */
static void (*wanted_page(int count, char **words))(struct writer *out)
{
    if (wants(OPTION_SETTINGS, count, words)) {
        return settings_write_markdown;
    }
    return wants(OPTION_METRICS, count, words) ? metrics_write_markdown : NULL;
}

enum galen_status configure_again(const struct role *role, struct settings *out_settings,
                                  struct error *out_error)
{
    TRY(read_all(out_settings, find_config(role->argument_count, role->arguments),
                 role->argument_count, role->arguments, out_error));
    TRY(check_callers(role->kind, out_settings, out_error));
    TRY(settings_check(out_settings, out_error));
    return check_peers(role->kind, out_settings, out_error);
}

bool configure(struct role *role, int argument_count, char **arguments,
               enum exit_code *out_code)
{
    struct error error;
    const char *config = find_config(argument_count, arguments);
    *out_code = EXIT_USAGE;
    if (config != NULL && config[0] == '\0') {
        return false; /* arguments_next has said why */
    }
    void (*write_page)(struct writer * out) = wanted_page(argument_count, arguments);
    if (write_page != NULL) {
        print_page(write_page);
        *out_code = EXIT_DONE;
        return false;
    }
    error_clear(&error);
    role->argument_count = argument_count;
    role->arguments = arguments;
    const enum galen_status status = configure_again(role, &role->configured, &error);
    settings_copy(&role->settings, &role->configured);
    if (status != GALEN_OK) {
        (void)fprintf(stderr, "galen: %s\n", error.text);
    }
    return status == GALEN_OK;
}
