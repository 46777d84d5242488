/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/v2_management.h"

#include "codec/v2_impl.h"

/* What cannot be changed, and is so: of logging, then of trace. */
#define LOG_FILE ""          /* standard error */
#define LOG_FORMAT "ISO8601" /* in JSON, one event a line */

static enum galen_status refuse(enum galen_status status, const char *name, const char *why,
                                struct error *out_error)
{
    error_write(out_error, "setting '%s' %s", name, why);
    error_prefix_name(out_error, bytes_from_string(name));
    return status;
}

/* Names that are not ours are a client's and do not go into errors. */
static enum galen_status refuse_unknown(size_t index, struct error *out_error)
{
    return error_set(out_error, GALEN_INVALID, "setting %zu is not one that there is",
                     index);
}

static enum galen_status parse_object(struct bytes body, struct arena *arena,
                                      const struct json **out_root, struct error *out_error)
{
    TRY(json_parse(body, arena, out_root, out_error));
    return json_type(*out_root) == JSON_OBJECT
               ? GALEN_OK
               : error_set(out_error, GALEN_INVALID, "the body is not a JSON object");
}

static bool is_text(const struct json *value, const char *text)
{
    return json_type(value) == JSON_STRING && bytes_equal_string(json_string(value), text);
}

/* -- logging -----------------------------------------------------------------------------
 */

static const struct {
    const char *name;
    size_t offset;
} flags[] = {
    {"log_info", offsetof(struct v2_log_settings, info)},
    {"log_warning", offsetof(struct v2_log_settings, warning)},
    {"log_error", offsetof(struct v2_log_settings, error)},
};

enum { FLAG_COUNT = sizeof(flags) / sizeof(flags[0]) };

void v2_log_settings_encode(const struct v2_log_settings *settings, struct writer *out)
{
    struct json_writer json = json_writer_on(out);
    json_begin_object(&json);
    json_put_name(&json, "log_file");
    json_put_cstring(&json, LOG_FILE);
    for (size_t i = 0; i < FLAG_COUNT; i++) {
        json_put_name(&json, flags[i].name);
        json_put_bool(&json, *(const bool *)((const uint8_t *)settings + flags[i].offset));
    }
    json_put_name(&json, "log_verbose_level");
    json_put_u64(&json, settings->verbose);
    json_put_name(&json, "log_format");
    json_put_cstring(&json, LOG_FORMAT);
    json_end_object(&json);
}

static enum galen_status take_flag(const struct json_cursor *at, size_t index,
                                   struct v2_log_settings *settings,
                                   struct error *out_error)
{
    if (json_type(at->value) != JSON_BOOL) {
        return refuse(GALEN_INVALID, flags[index].name, "is true or false", out_error);
    }
    *(bool *)((uint8_t *)settings + flags[index].offset) = json_bool(at->value);
    return GALEN_OK;
}

static enum galen_status take_verbose_level(const struct json_cursor *at,
                                            struct v2_log_settings *settings,
                                            struct error *out_error)
{
    const struct bytes text =
        json_type(at->value) == JSON_NUMBER ? json_number(at->value) : BYTES_NONE;
    if (!bytes_equal_string(text, "0") && !bytes_equal_string(text, "1")) {
        return refuse(GALEN_INVALID, "log_verbose_level", "is 0 or 1", out_error);
    }
    settings->verbose = bytes_equal_string(text, "1");
    return GALEN_OK;
}

static enum galen_status take_log_setting(const struct json_cursor *at,
                                          struct v2_log_settings *settings,
                                          struct error *out_error)
{
    for (size_t i = 0; i < FLAG_COUNT; i++) {
        if (bytes_equal_string(at->name, flags[i].name)) {
            return take_flag(at, i, settings, out_error);
        }
    }
    if (bytes_equal_string(at->name, "log_verbose_level")) {
        return take_verbose_level(at, settings, out_error);
    }
    if (bytes_equal_string(at->name, "log_file")) {
        return is_text(at->value, LOG_FILE)
                   ? GALEN_OK
                   : refuse(GALEN_INVALID, "log_file",
                            "cannot be changed: the log goes to standard error", out_error);
    }
    if (bytes_equal_string(at->name, "log_format")) {
        return is_text(at->value, LOG_FORMAT)
                   ? GALEN_OK
                   : refuse(GALEN_INVALID, "log_format",
                            "cannot be changed: events are JSON, with times in ISO 8601",
                            out_error);
    }
    return refuse_unknown(at->index, out_error);
}

/* What is graver is logged as well. */
static enum galen_status check_log_settings(const struct v2_log_settings *settings,
                                            struct error *out_error)
{
    if (!settings->error) {
        return refuse(GALEN_INVALID, "log_error", "is always on", out_error);
    }
    if (!settings->warning && (settings->info || settings->verbose)) {
        return refuse(GALEN_INVALID, "log_warning",
                      "cannot be off while log_info or log_verbose_level is on", out_error);
    }
    if (!settings->info && settings->verbose) {
        return refuse(GALEN_INVALID, "log_info",
                      "cannot be off while log_verbose_level is on", out_error);
    }
    return GALEN_OK;
}

enum galen_status v2_log_settings_update(struct bytes body, struct arena *arena,
                                         struct v2_log_settings *settings,
                                         struct error *out_error)
{
    struct v2_log_settings changed = *settings;
    const struct json *root;
    TRY(parse_object(body, arena, &root, out_error));
    struct json_cursor at = json_walk(root);
    while (json_next(&at)) {
        TRY(take_log_setting(&at, &changed, out_error));
    }
    TRY(check_log_settings(&changed, out_error));
    *settings = changed;
    return GALEN_OK;
}

/* -- trace -------------------------------------------------------------------------------
 */

#define TRACE_OFF "OFF"

static const struct {
    const char *name;
    const char *value; /* that it has */
} trace_settings[] = {
    {"trace_rate", "1000"}, {"trace_count", "-1"},    {"log_frequency", "0"},
    {"trace_file", ""},     {"trace_mode", "triton"},
};

enum { TRACE_SETTING_COUNT = sizeof(trace_settings) / sizeof(trace_settings[0]) };

void v2_trace_settings_encode(struct writer *out)
{
    struct json_writer json = json_writer_on(out);
    json_begin_object(&json);
    json_put_name(&json, "trace_level");
    json_begin_array(&json);
    json_put_cstring(&json, TRACE_OFF);
    json_end_array(&json);
    for (size_t i = 0; i < TRACE_SETTING_COUNT; i++) {
        json_put_name(&json, trace_settings[i].name);
        json_put_cstring(&json, trace_settings[i].value);
    }
    json_end_object(&json);
}

/* null puts a setting back to what it is. */
static enum galen_status check_trace_level(const struct json *value,
                                           struct error *out_error)
{
    const bool is_list = json_type(value) == JSON_ARRAY;
    bool is_off = json_type(value) == JSON_NULL || is_text(value, TRACE_OFF) || is_list;
    if (is_list) {
        struct json_cursor at = json_walk(value);
        while (json_next(&at)) {
            is_off &= is_text(at.value, TRACE_OFF);
        }
    }
    return is_off
               ? GALEN_OK
               : refuse(GALEN_NOT_IMPLEMENTED, "trace_level",
                        "can only be OFF: the trace extension is not supported", out_error);
}

static bool is_value(const struct json *value, const char *wanted)
{
    return json_type(value) == JSON_NULL || is_text(value, wanted) ||
           (json_type(value) == JSON_NUMBER &&
            bytes_equal_string(json_number(value), wanted));
}

static enum galen_status check_trace_setting(const struct json_cursor *at,
                                             struct error *out_error)
{
    if (bytes_equal_string(at->name, "trace_level")) {
        return check_trace_level(at->value, out_error);
    }
    for (size_t i = 0; i < TRACE_SETTING_COUNT; i++) {
        if (bytes_equal_string(at->name, trace_settings[i].name)) {
            return is_value(at->value, trace_settings[i].value)
                       ? GALEN_OK
                       : refuse(GALEN_INVALID, trace_settings[i].name,
                                "cannot be changed: the trace extension is not supported",
                                out_error);
        }
    }
    return refuse_unknown(at->index, out_error);
}

enum galen_status v2_trace_settings_check(struct bytes body, struct arena *arena,
                                          struct error *out_error)
{
    const struct json *root;
    TRY(parse_object(body, arena, &root, out_error));
    struct json_cursor at = json_walk(root);
    while (json_next(&at)) {
        TRY(check_trace_setting(&at, out_error));
    }
    return GALEN_OK;
}
