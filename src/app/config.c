/* SPDX-License-Identifier: Apache-2.0 */
/* galen config check, galen config show: a configuration before it is started with. */
#include <stdio.h>
#include <string.h>

#include "app/audit_opening.h"
#include "app/command.h"
#include "app/configure.h"
#include "app/role_models.h"
#include "app/role_policies.h"

enum { TEXT_SIZE_BYTES_MAX = 1 << 20 };

static const struct role_kind *const kinds[] = {&serve_kind, &gateway_kind,
                                                &preprocess_kind, &engine_kind};

static const struct role_kind *find_kind(const char *name)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strcmp(kinds[i]->name, name) == 0) {
            return kinds[i];
        }
    }
    return NULL;
}

static enum exit_code complain(const char *why)
{
    (void)fprintf(stderr, "galen: %s\n", why);
    return EXIT_USAGE;
}

/* In demo mode missing keys are made at the start, and a check makes nothing. */
static enum galen_status check_keys(struct role *role, struct error *out_error)
{
    if (role->settings.mode == SETTINGS_MODE_DEMO) {
        return GALEN_OK;
    }
    if (role->settings.audit_enabled) {
        TRY(audit_opening_create(&role->settings, role->kind->name, &role->audit_opening,
                                 out_error));
    }
    const enum galen_status status = role_open_policies(role, out_error);
    role_close_policies(role);
    audit_opening_destroy(take(&role->audit_opening));
    return status;
}

static enum exit_code check(struct role *role)
{
    struct error error;
    error_clear(&error);
    enum galen_status status = role_read_models(role, &error);
    if (status == GALEN_OK) {
        status = check_keys(role, &error);
    }
    role_close_models(role);
    if (status != GALEN_OK) {
        return complain(error.text[0] != '\0' ? error.text : galen_status_text(status));
    }
    (void)printf("galen %s can start with this\n", role->kind->name);
    return EXIT_DONE;
}

static enum exit_code show(struct role *role)
{
    struct writer text;
    writer_init(&text, TEXT_SIZE_BYTES_MAX);
    settings_write(&role->settings, &text);
    (void)fwrite(writer_bytes(&text).data, 1, writer_bytes(&text).size, stdout);
    writer_deinit(&text);
    return fflush(stdout) == 0 ? EXIT_DONE : EXIT_FAILED;
}

static enum exit_code (*find_action(const char *name))(struct role *role)
{
    if (strcmp(name, "check") == 0) {
        return check;
    }
    return strcmp(name, "show") == 0 ? show : NULL;
}

static enum exit_code run(int argument_count, char **arguments)
{
    enum exit_code (*act)(struct role * role) =
        argument_count < 1 ? NULL : find_action(arguments[0]);
    struct role role = {.kind = &serve_kind};
    enum exit_code code;
    int skipped = 1;
    if (act == NULL) {
        return complain("config needs check or show; see galen config --help");
    }
    if (argument_count > 1 && arguments[1][0] != '-') {
        role.kind = find_kind(arguments[1]);
        skipped = 2;
    }
    if (role.kind == NULL) {
        return complain("there is no such role; see galen config --help");
    }
    return configure(&role, argument_count - skipped, arguments + skipped, &code)
               ? act(&role)
               : code;
}

const struct command config_command = {
    .name = "config",
    .summary = "checks a configuration before it is started with",
    .help = "Usage: galen config check [ROLE] [OPTION]...\n"
            "       galen config show [ROLE] [OPTION]...\n\n"
            "With the options of `galen ROLE` (serve where none is named: also gateway, "
            "preprocess,\nengine), and with its environment.\n\n"
            "  check   whether the role would start: settings, routes, repository, keys; "
            "it opens\n          no listener, loads no network and writes nothing\n"
            "  show    every setting with its value, as the records of the audit trail "
            "mean it:\n          sha256sum of it is their config.sha256\n\n"
            "Exit codes: 0 yes, 2 no: one line on stderr says why.\n",
    .run = run,
};
