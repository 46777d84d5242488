/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/utc.h"

enum { LINE_SIZE = 4096, VALUE_SIZE_MAX = 512, TAIL_SIZE = 2 };

static atomic_int level_min = LOG_INFO;

struct line {
    char text[LINE_SIZE];
    size_t size;
    bool is_full; /* something did not fit, and nothing is added any more */
};

void log_set_level(enum log_level level)
{
    atomic_store(&level_min, (int)level);
}

enum log_level log_get_level(void)
{
    return (enum log_level)atomic_load(&level_min);
}

static void put(struct line *line, struct bytes bytes)
{
    line->is_full |= bytes.size > LINE_SIZE - TAIL_SIZE - line->size;
    if (!line->is_full && bytes.size > 0) {
        memcpy(line->text + line->size, bytes.data, bytes.size);
        line->size += bytes.size;
    }
}

static void put_string(struct line *line, const char *text)
{
    put(line, bytes_from_string(text));
}

static void put_escaped(struct line *line, struct bytes text)
{
    for (size_t i = 0; i < text.size; i++) {
        const uint8_t byte = text.data[i];
        char escaped[8];
        if (byte == '"' || byte == '\\') {
            (void)snprintf(escaped, sizeof(escaped), "\\%c", byte);
        } else if (byte < 0x20 || byte == 0x7F) {
            (void)snprintf(escaped, sizeof(escaped), "\\u%04x", byte);
        } else {
            (void)snprintf(escaped, sizeof(escaped), "%c", byte);
        }
        put_string(line, escaped);
    }
}

/* What is not UTF-8 becomes U+FFFD, byte by byte: the line is JSON whatever is in it. */
static void put_text(struct line *line, struct bytes text)
{
    struct bytes left = bytes_first_characters(text, VALUE_SIZE_MAX);
    put_string(line, "\"");
    while (left.size > 0) {
        size_t good = left.size;
        const bool all_good = bytes_are_utf8(left, &good);
        put_escaped(line, bytes_first(left, good));
        if (!all_good) {
            put_string(line, "\\ufffd");
        }
        left = bytes_from(left, good + 1);
    }
    put_string(line, "\"");
}

static void put_number(struct line *line, int64_t number)
{
    char digits[24];
    const int size = snprintf(digits, sizeof(digits), "%lld", (long long)number);
    put(line, bytes_of(digits, (size_t)size));
}

static void put_time(struct line *line)
{
    char text[UTC_SIZE];
    utc_write(clock_wall_ns(), text);
    put_text(line, bytes_from_string(text));
}

static void put_field(struct line *line, const struct log_field *field)
{
    put_string(line, ",");
    put_text(line, bytes_from_string(field->name));
    put_string(line, ":");
    if (field->type == LOG_NUMBER) {
        put_number(line, field->number);
    } else {
        put_text(line, field->text);
    }
}

void log_write(enum log_level level, const char *event, const struct log_field *fields)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    if ((int)level < atomic_load(&level_min)) {
        return;
    }
    struct line line = {.size = 0};
    put_string(&line, "{\"ts\":");
    put_time(&line);
    put_string(&line, ",\"level\":");
    put_text(&line, bytes_from_string(names[level]));
    put_string(&line, ",\"event\":");
    put_text(&line, bytes_from_string(event));
    for (; fields->type != LOG_END && !line.is_full; fields++) {
        const size_t size_before = line.size;
        put_field(&line, fields);
        if (line.is_full) {
            line.size = size_before;
        }
    }
    memcpy(line.text + line.size, "}\n", TAIL_SIZE);
    (void)!write(STDERR_FILENO, line.text, line.size + TAIL_SIZE);
}
