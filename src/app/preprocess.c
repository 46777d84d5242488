/* SPDX-License-Identifier: Apache-2.0 */
#include "app/role.h"
#include "app/role_help.h"

const struct role_kind preprocess_kind = {
    .name = "preprocess",
    .runs_preprocess = true,
};

static enum exit_code run(int argument_count, char **arguments)
{
    return role_run(&preprocess_kind, argument_count, arguments);
}

const struct command preprocess_command = {
    .name = "preprocess",
    .summary = "notes, images and vectors to tensors, over v2",
    .help = "Usage: galen preprocess [OPTION]...\n\n"
            "Speaks v2: for each model, what a client sent becomes the inputs of its "
            "network.\n" ROLE_HELP,
    .run = run,
};
