/* SPDX-License-Identifier: Apache-2.0 */
/* An explanation on one screen: EXPLAIN_LINE_COUNT lines at most, of screen.h. Pure. */
#pragma once

#include "app/explanation.h"
#include "base/writer.h"

enum { EXPLAIN_LINE_COUNT = 40 };

struct explain_look {
    bool has_bars;
    bool has_colours; /* ECMA-48 SGR */
};

/* It has a record. The writer's failure is sticky. */
void explain_screen_put(const struct explanation *explanation,
                        const struct explain_look *look, struct writer *out);
