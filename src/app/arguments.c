/* SPDX-License-Identifier: Apache-2.0 */
#include "app/arguments.h"

#include <stdio.h>
#include <string.h>

static bool say(const char *text, const char *why)
{
    (void)fprintf(stderr, "galen: %s: %s\n", text, why);
    return false;
}

bool option_take_text(void *field, const char *value)
{
    const char **text = field;
    *text = value;
    return true;
}

bool option_take_bytes(void *field, const char *value)
{
    struct bytes *text = field;
    *text = bytes_from_string(value);
    return true;
}

bool option_set(void *field, const char *value)
{
    bool *flag = field;
    (void)value;
    *flag = true;
    return true;
}

bool option_clear(void *field, const char *value)
{
    bool *flag = field;
    (void)value;
    *flag = false;
    return true;
}

bool option_take_operand(void *field, const char *value)
{
    const char **text = field;
    if (value[0] == '\0' || *text != NULL) {
        return say(value, "is one word too many; see --help");
    }
    return option_take_text(field, value);
}

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
    out_argument->failed = true;
    return say(text, why);
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

bool option_take(const struct option *option, const char *value, void *out)
{
    return option->take((char *)out + option->offset, value);
}

static bool take(const struct option *options, const struct argument *argument, void *out)
{
    const int row = argument->option < 0 ? find_option(options, "", 0) : argument->option;
    return row < 0 ? say(argument->value, "is not understood here; see --help")
                   : option_take(&options[row], argument->value, out);
}

bool arguments_read(const struct option *options, int count, char **words, void *out)
{
    struct arguments arguments = {count, words, options};
    struct argument argument;
    while (arguments_next(&arguments, &argument)) {
        if (!take(options, &argument, out)) {
            return false;
        }
    }
    return !argument.failed;
}
