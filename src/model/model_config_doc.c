/* SPDX-License-Identifier: Apache-2.0 */
/* Prints the table of docs/model-config.md from the one that configurations are read by. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/config_impl.h"

static void print_row(const struct config_field *field)
{
    static const char *const uses[] = {
        [CONFIG_USED] = "used", [CONFIG_IGNORED] = "ignored", [CONFIG_REFUSED] = "refused"};
    const size_t size = strlen(field->why);
    const bool is_sentence = size > 0 && field->why[size - 1] == '.';
    (void)printf("| `%s` | %s | %s%s |\n", field->name, uses[field->use], field->why,
                 is_sentence ? "" : ".");
}

int main(void)
{
    (void)printf("| field | here | what it does, or why not |\n|---|---|---|\n");
    for (size_t i = 0; i < config_field_count; i++) {
        print_row(&config_fields[i]);
    }
    return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
