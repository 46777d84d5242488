/* SPDX-License-Identifier: Apache-2.0 */
/* galen model disable NAME: no version of a model serves. */
#include "app/model.h"
#include "app/model_release.h"

static const struct model_syntax syntax = {
    .name = "disable",
    .word_count_min = 1,
    .word_count_max = 1,
    .options = MODEL_OPTION_RELEASE,
};

static enum exit_code run(int argument_count, char **arguments)
{
    static struct model_wish wish;
    return model_wish_read(&syntax, argument_count, arguments, &wish)
               ? model_release_run(&wish, RELEASE_DISABLE)
               : EXIT_USAGE;
}

const struct model_command model_disable_command = {
    .name = "disable",
    .help =
        "Usage: galen model disable NAME [OPTION]...\n\n"
        "No version of the model answers until `galen model enable`. Its tags stay as\n"
        "they are; an entry `disabled` in its folder points to the record of who did\n"
        "it and why. NVIDIA Tritons that models.triton names are told to unload it, once\n"
        "it is disabled.\n\n" MODEL_RELEASE_HELP
        "\nExit codes: 0 done, or so already; 1 somebody else was first, --expect does\n"
        "not hold, a Triton could not be told, or the disk or the audit trail cannot be\n"
        "written; 2 wrong usage, or there is no such model.\n",
    .run = run,
};
