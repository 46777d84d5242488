/* SPDX-License-Identifier: Apache-2.0 */
/* galen image-worker: what preprocess starts, never a person. */
#include <unistd.h>

#include "app/command.h"
#include "preprocess/image_process/image_worker.h"

/* Past what runs at exit: that would make system calls that are given up. */
static enum exit_code run(int argument_count, char **arguments)
{
    (void)argument_count;
    (void)arguments;
    _exit(image_worker_run());
}

const struct command image_worker_command = {
    .name = IMAGE_WORKER_COMMAND,
    .help =
        "Usage: galen image-worker\n\n"
        "Decodes images for the preprocess role, which starts it. Not for use by hand.\n",
    .run = run,
};
