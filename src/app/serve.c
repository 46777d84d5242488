/* SPDX-License-Identifier: Apache-2.0 */
#include "app/role.h"
#include "app/role_help.h"

const struct role_kind serve_kind = {
    .name = "serve",
    .is_gateway = true,
    .runs_engine = true,
    .runs_preprocess = true,
};

static enum exit_code run(int argument_count, char **arguments)
{
    return role_run(&serve_kind, argument_count, arguments);
}

const struct command serve_command = {
    .name = "serve",
    .summary = "gateway, preprocess and engine in one process",
    .help = "Usage: galen serve [OPTION]...\n\n"
            "All roles in one process, on http://127.0.0.1:8000, with the models in "
            "./models.\n" ROLE_HELP,
    .run = run,
};
