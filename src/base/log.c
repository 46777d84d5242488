/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

enum { LINE_SIZE = 4096, VALUE_SIZE_MAX = 512, TAIL_SIZE = 2 };

static atomic_int level_min = LOG_INFO;

struct line {
    char text[LINE_SIZE];
    size_t size;
};

void log_set_level(enum log_level level)
{
    atomic_store(&level_min, (int)level);
}

static void put(struct line *line, struct bytes bytes)
{
    const struct bytes fitting = bytes_first(bytes, LINE_SIZE - TAIL_SIZE - line->size);
    if (fitting.size == bytes.size && bytes.size > 0) {
        memcpy(line->text + line->size, bytes.data, bytes.size);
        line->size += bytes.size;
    }
}

static void put_string(struct line *line, const char *text)
{
    put(line, bytes_from_string(text));
}

static void put_escaped_byte(struct line *line, uint8_t byte)
{
    char escaped[8];
    int size;
    if (byte == '"' || byte == '\\') {
        size = snprintf(escaped, sizeof(escaped), "\\%c", byte);
    } else if (byte < 0x20 || byte >= 0x7F) {
        size = snprintf(escaped, sizeof(escaped), "\\u%04x", byte);
    } else {
        size = snprintf(escaped, sizeof(escaped), "%c", byte);
    }
    put(line, bytes_of(escaped, (size_t)size));
}

static void put_text(struct line *line, struct bytes text)
{
    const struct bytes value = bytes_first(text, VALUE_SIZE_MAX);
    put_string(line, "\"");
    for (size_t i = 0; i < value.size; i++) {
        put_escaped_byte(line, value.data[i]);
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
    const uint64_t now_ns = clock_wall_ns();
    const time_t seconds = (time_t)(now_ns / NS_PER_S);
    struct tm utc;
    char text[40];
    size_t size =
        strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", gmtime_r(&seconds, &utc));
    size += (size_t)snprintf(text + size, sizeof(text) - size, ".%03uZ",
                             (unsigned)(now_ns / NS_PER_MS % 1000));
    put_text(line, bytes_of(text, size));
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
    for (; fields->type != LOG_END; fields++) {
        put_string(&line, ",");
        put_text(&line, bytes_from_string(fields->name));
        put_string(&line, ":");
        if (fields->type == LOG_NUMBER) {
            put_number(&line, fields->number);
        } else {
            put_text(&line, fields->text);
        }
    }
    memcpy(line.text + line.size, "}\n", TAIL_SIZE);
    (void)!write(STDERR_FILENO, line.text, line.size + TAIL_SIZE);
}
