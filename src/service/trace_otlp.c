/* SPDX-License-Identifier: Apache-2.0 */
#include "service/trace_otlp.h"

#include "codec/json.h"
#include "codec/json_writer.h"

enum { DECIMAL_SIZE = 24, STATUS_ERROR = 2, FIRST_ERROR_OF_SERVERS = 500 };

static void put_hex(struct json_writer *json, const char *name, const uint8_t *bytes,
                    size_t size)
{
    char text[2 * TRACE_ID_SIZE];
    (void)trace_put_hex(text, bytes, size);
    json_put_name(json, name);
    json_put_string(json, bytes_of(text, 2 * size));
}

/* As a string: JSON's numbers have 53 bits for many who read them. */
static void put_u64(struct json_writer *json, const char *name, uint64_t value)
{
    char text[DECIMAL_SIZE];
    size_t at = sizeof(text);
    do {
        text[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    json_put_name(json, name);
    json_put_string(json, bytes_of(text + at, sizeof(text) - at));
}

static void begin_attribute(struct json_writer *json, const char *key)
{
    json_begin_object(json);
    json_put_name(json, "key");
    json_put_cstring(json, key);
    json_put_name(json, "value");
    json_begin_object(json);
}

static void end_attribute(struct json_writer *json)
{
    json_end_object(json);
    json_end_object(json);
}

/* NULL, or "": it has none. */
static void put_text_attribute(struct json_writer *json, const char *key, const char *value)
{
    if (value == NULL || value[0] == '\0') {
        return;
    }
    begin_attribute(json, key);
    json_put_name(json, "stringValue");
    json_put_cstring(json, value);
    end_attribute(json);
}

static void put_number_attribute(struct json_writer *json, const char *key, uint64_t value)
{
    if (value == 0) {
        return;
    }
    begin_attribute(json, key);
    put_u64(json, "intValue", value);
    end_attribute(json);
}

static void put_attributes(struct json_writer *json, const struct trace_span *span)
{
    json_put_name(json, "attributes");
    json_begin_array(json);
    put_text_attribute(json, "http.request.method", span->method);
    put_text_attribute(json, "http.route", span->route);
    put_number_attribute(json, "http.response.status_code", (uint64_t)span->http_status);
    put_text_attribute(json, "error.type",
                       span->status == GALEN_OK ? NULL : galen_status_slug(span->status));
    put_text_attribute(json, "galen.model.name", span->model);
    put_number_attribute(json, "galen.model.version", span->model_version);
    put_number_attribute(json, "galen.batch.rows", span->row_count);
    json_end_array(json);
}

/* What a client did wrong is no error of the server's. */
static bool is_error(const struct trace_span *span)
{
    return span->kind == TRACE_SERVER ? span->http_status >= FIRST_ERROR_OF_SERVERS
                                      : span->status != GALEN_OK;
}

static void put_status(struct json_writer *json, const struct trace_span *span)
{
    if (is_error(span)) {
        json_put_name(json, "status");
        json_begin_object(json);
        json_put_name(json, "code");
        json_put_u64(json, STATUS_ERROR);
        json_end_object(json);
    }
}

static void put_name(struct json_writer *json, const struct trace_span *span)
{
    char name[128];
    size_t size = 0;
    const char *const parts[] = {span->name == NULL ? span->method : span->name,
                                 span->name == NULL && span->route != NULL ? " " : "",
                                 span->name == NULL && span->route != NULL ? span->route
                                                                           : ""};
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        const struct bytes part =
            bytes_first(bytes_from_string(parts[i]), sizeof(name) - size);
        memcpy(name + size, part.data, part.size);
        size += part.size;
    }
    json_put_name(json, "name");
    json_put_string(json, bytes_of(name, size));
}

static bool has_parent(const struct trace_span *span)
{
    static const uint8_t none[TRACE_SPAN_ID_SIZE];
    return memcmp(span->parent_id, none, sizeof(none)) != 0;
}

static void put_span(struct json_writer *json, const struct trace_span *span,
                     uint64_t wall_ahead_ns)
{
    json_begin_object(json);
    put_hex(json, "traceId", span->trace_id, TRACE_ID_SIZE);
    put_hex(json, "spanId", span->id, TRACE_SPAN_ID_SIZE);
    if (has_parent(span)) {
        put_hex(json, "parentSpanId", span->parent_id, TRACE_SPAN_ID_SIZE);
    }
    put_name(json, span);
    json_put_name(json, "kind");
    json_put_u64(json, span->kind);
    put_u64(json, "startTimeUnixNano", span->began_ns + wall_ahead_ns);
    put_u64(json, "endTimeUnixNano", span->ended_ns + wall_ahead_ns);
    put_attributes(json, span);
    put_status(json, span);
    json_end_object(json);
}

static void put_resource(struct json_writer *json, const struct trace_resource *resource)
{
    json_put_name(json, "resource");
    json_begin_object(json);
    json_put_name(json, "attributes");
    json_begin_array(json);
    put_text_attribute(json, "service.name", resource->service);
    put_text_attribute(json, "service.version", resource->version);
    put_text_attribute(json, "service.instance.id", resource->instance);
    json_end_array(json);
    json_end_object(json);
}

static void put_scope(struct json_writer *json, const struct trace_resource *resource)
{
    json_put_name(json, "scope");
    json_begin_object(json);
    json_put_name(json, "name");
    json_put_cstring(json, "galen");
    json_put_name(json, "version");
    json_put_cstring(json, resource->version);
    json_end_object(json);
}

/* One object, the only one of a list. */
static void begin_only(struct json_writer *json, const char *name)
{
    json_put_name(json, name);
    json_begin_array(json);
    json_begin_object(json);
}

static void end_only(struct json_writer *json)
{
    json_end_object(json);
    json_end_array(json);
}

void trace_otlp_write(const struct trace_resource *resource, const struct trace_span *spans,
                      size_t count, uint64_t wall_ahead_ns, struct writer *out)
{
    struct json_writer json = json_writer_on(out);
    json_begin_object(&json);
    begin_only(&json, "resourceSpans");
    put_resource(&json, resource);
    begin_only(&json, "scopeSpans");
    put_scope(&json, resource);
    json_put_name(&json, "spans");
    json_begin_array(&json);
    for (size_t i = 0; i < count; i++) {
        put_span(&json, &spans[i], wall_ahead_ns);
    }
    json_end_array(&json);
    end_only(&json);
    end_only(&json);
    json_end_object(&json);
}

/* -- answers -----------------------------------------------------------------------------
 */

static const struct json *member_of(const struct json *value, const char *name)
{
    return value != NULL && json_type(value) == JSON_OBJECT ? json_member(value, name)
                                                            : NULL;
}

uint64_t trace_otlp_rejected_count(struct bytes body, struct arena *arena)
{
    const struct json *root = NULL;
    uint64_t count = 0;
    if (json_parse(body, arena, &root, NULL) != GALEN_OK) {
        return 0;
    }
    const struct json *rejected =
        member_of(member_of(root, "partialSuccess"), "rejectedSpans");
    if (rejected == NULL ||
        (json_type(rejected) != JSON_STRING && json_type(rejected) != JSON_NUMBER)) {
        return 0;
    }
    const struct bytes text =
        json_type(rejected) == JSON_STRING ? json_string(rejected) : json_number(rejected);
    return bytes_parse_u64(text, INT64_MAX, &count) ? count : 0;
}
