/* SPDX-License-Identifier: Apache-2.0 */
#include "app/role.h"
#include "app/role_help.h"

const struct role_kind engine_kind = {
    .name = "engine",
    .runs_engine = true,
};

static enum exit_code run(int argument_count, char **arguments)
{
    return role_run(&engine_kind, argument_count, arguments);
}

const struct command engine_command = {
    .name = "engine",
    .summary = "runs the models, over v2",
    .help = "Usage: galen engine [OPTION]...\n\n"
            "Speaks v2 (KServe, Open Inference Protocol) to any client of NVIDIA "
            "Triton.\n" ROLE_HELP,
    .run = run,
};
