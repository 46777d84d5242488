/* SPDX-License-Identifier: Apache-2.0 */
/* galen model canary NAME: a version answers a part of what names none. */
#include "app/model.h"
#include "app/model_release.h"

static const struct model_syntax syntax = {
    .name = "canary",
    .word_count_min = 1,
    .word_count_max = 1,
    .options = MODEL_OPTION_RELEASE | MODEL_OPTION_CANARY | MODEL_OPTION_ENGINE,
};

static enum exit_code run(int argument_count, char **arguments)
{
    static struct model_wish wish;
    if (!model_wish_read(&syntax, argument_count, arguments, &wish)) {
        return EXIT_USAGE;
    }
    return model_release_run(&wish, wish.stops ? RELEASE_ROLLBACK : RELEASE_CANARY);
}

const struct model_command model_canary_command = {
    .name = "canary",
    .help =
        "Usage: galen model canary NAME --version VERSION [OPTION]...\n\n"
        "This version, to which `canary` points from now on, answers a part of the\n"
        "requests that name none; those of one subject, or of one caller, stay together.\n"
        "Gateways compare it with `current`, and roll it back by themselves where it\n"
        "errs, slows or disagrees. Said again of the same version, the shares change.\n"
        "docs/rollout.md says more.\n\n"
        "  --version VERSION   the one that is tried; may be left out while it is\n"
        "  --engine NAME       the set of engines that runs it, of those in the gateways'\n"
        "                      configuration; without --version it is `current` there\n"
        "  --percent PERCENT   of requests that it answers, 0 to 99.99\n"
        "  --shadow PERCENT    of the others, that it is asked too: its answer is\n"
        "                      compared, and nobody gets it\n"
        "  --auto              it is promoted once it is found to be as good\n"
        "  --stop              it ends: `current` answers all\n" MODEL_RELEASE_HELP
        "\nExit codes: 0 done, or so already; 1 somebody else was first, --expect does\n"
        "not hold, or the disk or the audit trail cannot be written; 2 wrong usage, or\n"
        "there is no such version, it cannot be used, or is `current` already, where it\n"
        "is to run.\n",
    .run = run,
};
