/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operations log: one JSON object a line on stderr, an event name and typed fields. No
 * prose, no payload, no identity. Programs log once, where a failure is handled; cores
 * never do.
 *
 * Threads: any; a line is one write. Values are escaped and cut at 512 bytes, lines at 4
 * KiB.
 */
#pragma once

#include "base/bytes.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

struct log_field {
    const char *name;
    enum { LOG_TEXT, LOG_NUMBER, LOG_END } type;
    struct bytes text;
    int64_t number;
};

#define LOG_STR(name, value) \
    ((struct log_field){(name), LOG_TEXT, bytes_from_string(value), 0})
#define LOG_BYTES(name, value) ((struct log_field){(name), LOG_TEXT, (value), 0})
#define LOG_INT(name, value) \
    ((struct log_field){(name), LOG_NUMBER, BYTES_NONE, (int64_t)(value)})

void log_set_level(enum log_level level); /* LOG_INFO until set */
enum log_level log_get_level(void);

/* log_event(LOG_INFO, "engine.loaded", LOG_STR("model", name), LOG_INT("version", 2)) */
#define log_event(level, ...) LOG_EVENT_(level, __VA_ARGS__, LOG_FIELD_END_)
#define LOG_EVENT_(level, event, ...) \
    log_write((level), (event), (const struct log_field[]){__VA_ARGS__})
#define LOG_FIELD_END_ ((struct log_field){NULL, LOG_END, BYTES_NONE, 0})

/* fields end with LOG_END. */
void log_write(enum log_level level, const char *event, const struct log_field *fields);
