/* SPDX-License-Identifier: Apache-2.0 */
#include "app/role.h"
#include "app/role_help.h"

const struct role_kind gateway_kind = {
    .name = "gateway",
    .is_gateway = true,
};

static enum exit_code run(int argument_count, char **arguments)
{
    return role_run(&gateway_kind, argument_count, arguments);
}

const struct command gateway_command = {
    .name = "gateway",
    .summary = "answers clients; asks preprocess and engine over v2",
    .help =
        "Usage: galen gateway [OPTION]...\n\n"
        "Answers clients on listen.http and asks the other roles, whose URLs are needed:\n"
        "  galen gateway --set preprocess=http://127.0.0.1:8011 \\\n"
        "                --set engines.default=http://127.0.0.1:8012\n" ROLE_HELP,
    .run = run,
};
