/* SPDX-License-Identifier: Apache-2.0 */
/* The options that every server subcommand takes. */
#pragma once

#define ROLE_HELP                                                                       \
    "\n"                                                                                \
    "  --config FILE        a YAML file of settings\n"                                  \
    "  --set KEY=VALUE      one setting; over the file and the environment\n"           \
    "  --listen ADDRESS     the same as --set listen.http=ADDRESS\n"                    \
    "  --repository FOLDER  the same as --set repository=FOLDER\n"                      \
    "  --settings           prints every setting with its default, and ends\n"          \
    "  --metrics            prints every metric with its meaning, and ends\n"           \
    "  --help               prints this, and ends\n"                                    \
    "\n"                                                                                \
    "SIGTERM and SIGINT drain: no new connection, what is under way is answered.\n"     \
    "SIGHUP reads file and environment again; what changed takes effect whole or not\n" \
    "at all (`galen serve --settings` says what can change).\n"
