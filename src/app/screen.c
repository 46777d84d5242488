/* SPDX-License-Identifier: Apache-2.0 */
#include "app/screen.h"

#include <stdio.h>

#include "app/printable.h"

void screen_end_line(struct screen *screen)
{
    writer_put_byte(screen->out, '\n');
    screen->column = 0;
    screen->line_count++;
    screen->has_items = false;
}

void screen_pad_to(struct screen *screen, size_t column)
{
    for (; screen->column < column; screen->column++) {
        writer_put_byte(screen->out, ' ');
    }
}

void screen_set_colour(struct screen *screen, enum screen_colour colour)
{
    char text[16];
    if (screen->has_colours) {
        (void)snprintf(text, sizeof(text), "\033[%dm", (int)colour);
        writer_put_string(screen->out, text);
    }
}

void screen_put_text(struct screen *screen, struct bytes text, size_t width)
{
    size_t put = 0;
    while (text.size > 0 && put < width) {
        struct bytes character;
        text = printable_next(text, &character);
        const bool is_cut = put + 1 == width && text.size > 0;
        writer_put(screen->out, is_cut ? BYTES("~") : character);
        put++;
    }
    screen->column += put;
}

void screen_put_label(struct screen *screen, const char *label)
{
    if (label[0] != '\0') {
        screen_set_colour(screen, SCREEN_BOLD);
        screen_put_text(screen, bytes_from_string(label), SCREEN_LABEL_WIDTH);
        screen_set_colour(screen, SCREEN_PLAIN);
    }
    screen_pad_to(screen, SCREEN_LABEL_WIDTH);
}

/* Here, or in the next line where there is more room. */
static void begin_item(struct screen *screen, size_t width)
{
    if (screen->has_items) {
        writer_put_byte(screen->out, ',');
        screen->column++;
        if (screen->column + 1 + width < SCREEN_COLUMN_COUNT) {
            screen_pad_to(screen, screen->column + 1);
        } else {
            screen_end_line(screen);
        }
    }
    screen_pad_to(screen, SCREEN_LABEL_WIDTH);
}

void screen_put_item(struct screen *screen, enum screen_colour colour, struct bytes text)
{
    const size_t room =
        SCREEN_COLUMN_COUNT - SCREEN_LABEL_WIDTH - 1; /* a comma may follow */
    const size_t width = bytes_count_code_points(text);
    begin_item(screen, width < room ? width : room);
    if (colour != SCREEN_PLAIN) {
        screen_set_colour(screen, colour);
    }
    screen_put_text(screen, text, room);
    if (colour != SCREEN_PLAIN) {
        screen_set_colour(screen, SCREEN_PLAIN);
    }
    screen->has_items = true;
}

void screen_put_line(struct screen *screen, enum screen_colour colour, const char *text)
{
    screen_put_item(screen, colour, bytes_from_string(text));
    screen_end_line(screen);
}
