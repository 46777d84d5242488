/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines for a person: a label, and a list of items behind it that goes on in the next line
 * where one has no room. No line is longer than SCREEN_COLUMN_COUNT. Text from outside does
 * nothing to a terminal.
 *
 * Pure. Threads: one owner. Failure is the writer's sticky one.
 */
#pragma once

#include "base/writer.h"

enum { SCREEN_COLUMN_COUNT = 80, SCREEN_LABEL_WIDTH = 10 };

/* Of ECMA-48, Select Graphic Rendition. */
enum screen_colour {
    SCREEN_PLAIN = 0,
    SCREEN_BOLD = 1,
    SCREEN_RED = 31,
    SCREEN_GREEN = 32,
    SCREEN_YELLOW = 33,
    SCREEN_CYAN = 36,
};

/* Caller's storage; the first two are set by it, the others zero. */
struct screen {
    struct writer *out; /* borrowed */
    bool has_colours;
    size_t column;
    size_t line_count; /* whole ones */
    bool has_items;    /* since the label, or the line's begin */
};

/* "" goes on with the list of the label before it. */
void screen_put_label(struct screen *screen, const char *label);

/* One more item, cut where it is longer than a line. */
void screen_put_item(struct screen *screen, enum screen_colour colour, struct bytes text);

/* The last item of its line. */
void screen_put_line(struct screen *screen, enum screen_colour colour, const char *text);

void screen_end_line(struct screen *screen);

/* So many characters at most, without a place of their own; the last is "~" where more are
 * left. */
void screen_put_text(struct screen *screen, struct bytes text, size_t width);
void screen_pad_to(struct screen *screen, size_t column);
void screen_set_colour(struct screen *screen, enum screen_colour colour);
