/* SPDX-License-Identifier: Apache-2.0 */
/* galen model rollback NAME: the version that served before serves again. */
#include "app/model.h"
#include "app/model_release.h"

static const struct model_syntax syntax = {
    .name = "rollback",
    .word_count_min = 1,
    .word_count_max = 1,
    .options = MODEL_OPTION_RELEASE | MODEL_OPTION_TO,
};

static enum exit_code run(int argument_count, char **arguments)
{
    static struct model_wish wish;
    return model_wish_read(&syntax, argument_count, arguments, &wish)
               ? model_release_run(&wish, RELEASE_ROLLBACK)
               : EXIT_USAGE;
}

const struct model_command model_rollback_command = {
    .name = "rollback",
    .help =
        "Usage: galen model rollback NAME [OPTION]...\n\n"
        "The canary that is under way ends, and `current` answers all. Without one\n"
        "`current` and `previous` of the model change places: what becomes current is\n"
        "held to its model.yaml as for a promotion, and recorded like one.\n\n"
        "  --to VERSION        current names this version instead, and a canary "
        "ends\n" MODEL_RELEASE_HELP
        "\nExit codes: 0 done, or so already; 1 somebody else was first, --expect does\n"
        "not hold, or the disk or the audit trail cannot be written; 2 wrong usage, or\n"
        "there is no such version, or it cannot be used.\n",
    .run = run,
};
