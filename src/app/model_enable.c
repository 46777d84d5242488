/* SPDX-License-Identifier: Apache-2.0 */
/* galen model enable NAME: a model that was disabled serves again. */
#include "app/model.h"
#include "app/model_release.h"

static const struct model_syntax syntax = {
    .name = "enable",
    .word_count_min = 1,
    .word_count_max = 1,
    .options = MODEL_OPTION_RELEASE,
};

static enum exit_code run(int argument_count, char **arguments)
{
    static struct model_wish wish;
    return model_wish_read(&syntax, argument_count, arguments, &wish)
               ? model_release_run(&wish, RELEASE_ENABLE)
               : EXIT_USAGE;
}

const struct model_command model_enable_command = {
    .name = "enable",
    .help =
        "Usage: galen model enable NAME [OPTION]...\n\n"
        "Takes `galen model disable` back. What `current` names is held to its\n"
        "model.yaml first, as for a promotion.\n\n" MODEL_RELEASE_HELP
        "\nExit codes: 0 done, or so already; 1 somebody else was first, --expect does\n"
        "not hold, or the disk or the audit trail cannot be written; 2 wrong usage, or\n"
        "what `current` names cannot be used.\n",
    .run = run,
};
