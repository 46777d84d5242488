/* SPDX-License-Identifier: Apache-2.0 */
/* The subcommands. To add one: write its file, then its line here and in main.c. */
#pragma once

/* What a program ends with. */
enum exit_code {
    EXIT_DONE = 0,
    EXIT_FAILED = 1, /* it was asked for something right and could not do it */
    EXIT_USAGE = 2,  /* arguments, configuration or models are not usable */
};

struct command {
    const char *name;
    const char *summary; /* one line for `galen --help`; NULL: it is not listed there */
    const char *help;    /* what `galen NAME --help` prints */
    /* The help for what comes behind the name; NULL, or giving NULL: it is `help`. */
    const char *(*help_of)(int argument_count, char **arguments);
    enum exit_code (*run)(int argument_count, char **arguments); /* behind the name */
};

extern const struct command serve_command;
extern const struct command gateway_command;
extern const struct command preprocess_command;
extern const struct command engine_command;
extern const struct command infer_command;
extern const struct command model_command;
extern const struct command key_command;
extern const struct command config_command;
extern const struct command audit_command;
extern const struct command explain_command;
extern const struct command token_command;
extern const struct command health_command;
extern const struct command image_worker_command;
