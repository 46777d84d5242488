/* SPDX-License-Identifier: Apache-2.0 */
#include "app/arguments.h"

#include <stdio.h>
#include <string.h>

static int find_option(const struct option *options, const char *text, size_t size)
{
    for (int i = 0; options[i].name != NULL; i++) {
        if (strlen(options[i].name) == size && memcmp(options[i].name, text, size) == 0) {
            return i;
        }
    }
    return -1;
}

static bool fail(struct argument *out_argument, const char *text, const char *why)
{
    (void)fprintf(stderr, "galen: %s: %s\n", text, why);
    out_argument->failed = true;
    return false;
}

/* The value behind '=', or the next word. */
static bool take_value(struct arguments *arguments, const char *text, const char *equals,
                       struct argument *out_argument)
{
    if (equals != NULL) {
        out_argument->value = equals + 1;
        return true;
    }
    if (arguments->left == 0) {
        return fail(out_argument, text, "needs a value");
    }
    out_argument->value = *arguments->at++;
    arguments->left--;
    return true;
}

bool arguments_next(struct arguments *arguments, struct argument *out_argument)
{
    *out_argument = (struct argument){.option = -1, .value = ""};
    if (arguments->left == 0) {
        return false;
    }
    const char *text = *arguments->at++;
    arguments->left--;
    if (text[0] != '-' || text[1] == '\0') {
        out_argument->value = text;
        return true;
    }
    const char *equals = strchr(text, '=');
    const size_t size = equals == NULL ? strlen(text) : (size_t)(equals - text);
    out_argument->option = find_option(arguments->options, text, size);
    if (out_argument->option < 0) {
        return fail(out_argument, text, "there is no such option; see --help");
    }
    if (arguments->options[out_argument->option].has_value) {
        return take_value(arguments, text, equals, out_argument);
    }
    return equals == NULL ? true : fail(out_argument, text, "takes no value");
}
