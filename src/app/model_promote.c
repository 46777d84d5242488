/* SPDX-License-Identifier: Apache-2.0 */
/* galen model promote NAME VERSION: a version becomes the one that serves. */
#include "app/model.h"
#include "app/model_release.h"

static const struct model_syntax syntax = {
    .name = "promote",
    .word_count_min = 1,
    .word_count_max = 2,
    .options = MODEL_OPTION_RELEASE | MODEL_OPTION_TAG | MODEL_OPTION_ENGINE,
};

static enum exit_code run(int argument_count, char **arguments)
{
    static struct model_wish wish;
    if (!model_wish_read(&syntax, argument_count, arguments, &wish)) {
        return EXIT_USAGE;
    }
    return wish.words[1] == NULL || model_version_parse(wish.words[1], &wish.version)
               ? model_release_run(&wish, RELEASE_PROMOTE)
               : model_complain("a version is a number; see galen model promote --help");
}

const struct model_command model_promote_command = {
    .name = "promote",
    .help =
        "Usage: galen model promote NAME [VERSION] [OPTION]...\n\n"
        "`current` of the model names this version from now on, and `previous` the one\n"
        "that it named; without VERSION that is the canary that is under way, which ends\n"
        "with this. The version's files are hashed first and have to be those that\n"
        "its model.yaml states. The release is recorded in NAME/releases and in the\n"
        "audit trail before a tag moves. Where the tag names the version already,\n"
        "nothing is done. NVIDIA Tritons that models.triton names have loaded it before\n"
        "the tag moves. docs/releases.md says more.\n\n"
        "  --engine NAME       the set of engines, of those in the gateways' "
        "configuration,\n"
        "                      that runs it from now on; without VERSION and a canary it "
        "is\n"
        "                      `current` that moves there\n"
        "  --tag TAG           another tag than current, such as canary; it moves "
        "alone\n" MODEL_RELEASE_HELP
        "\nExit codes: 0 done, or so already; 1 somebody else was first, --expect does\n"
        "not hold, a Triton does not follow, or the disk or the audit trail cannot be\n"
        "written; 2 wrong usage, or there is no such version, or it cannot be used.\n",
    .run = run,
};
