/* SPDX-License-Identifier: Apache-2.0 */
/* A list that is read names what its lines say, as a search from line to line finds it. */
#include "service/auth/deny_list.h"

#include "fuzz.h"

static const struct {
    const char *lead;
    enum deny_kind kind;
} kinds[] = {{"jti:", DENY_TOKEN_ID}, {"sub:", DENY_SUBJECT}, {"client_id:", DENY_CLIENT}};

/* How many things the line names that are in the list: 1, or 0 for a line without any. */
static size_t expect_line(const struct deny_list *list, struct bytes line)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (bytes_starts_with(line, bytes_from_string(kinds[i].lead))) {
            INVARIANT(deny_list_names(list, kinds[i].kind,
                                      bytes_from(line, strlen(kinds[i].lead))));
            return 1;
        }
    }
    INVARIANT(line.size == 0 || line.data[0] == '#');
    return 0;
}

static void expect_list(const struct deny_list *list, struct bytes text)
{
    size_t count = 0;
    while (text.size > 0) {
        struct bytes line;
        text = bytes_split(text, '\n', &line);
        count += expect_line(list, line);
    }
    INVARIANT(count == deny_list_count(list));
    INVARIANT(!deny_list_names(list, DENY_SUBJECT, BYTES("\x01")));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct deny_list *list = NULL;
    struct error error = {"", ""};
    if (deny_list_parse(bytes_of(data, size), &list, &error) != GALEN_OK) {
        INVARIANT(list == NULL);
        INVARIANT(bytes_starts_with(bytes_from_string(error.text), BYTES("line ")));
        return 0;
    }
    expect_list(list, bytes_of(data, size));
    deny_list_unref(list);
    return 0;
}
