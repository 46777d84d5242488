/* SPDX-License-Identifier: Apache-2.0 */
/* For tests: a document that is written, and read again to look for what it says. */
#pragma once

#include "base/writer.h"
#include "codec/json.h"
#include "expect.h"

struct rig {
    struct writer text;
    struct arena arena;
    const struct json *document;
};

static inline void rig_open(struct rig *out_rig)
{
    *out_rig = (struct rig){0};
    writer_init(&out_rig->text, 1);
    arena_init(&out_rig->arena, 1 << 26);
}

static inline int tear_down(void **state)
{
    struct rig *rig = *state;
    writer_deinit(&rig->text);
    arena_deinit(&rig->arena);
    return 0;
}

/* "paths" then "/infer" then …; NULL: there is none. The last name is NULL. */
static inline const struct json *at(const struct rig *rig, const char *const *names)
{
    const struct json *value = rig->document;
    for (size_t i = 0; value != NULL && names[i] != NULL; i++) {
        value = json_member(value, names[i]);
    }
    return value;
}

#define AT(rig, ...) at((rig), (const char *const[]){__VA_ARGS__, NULL})
