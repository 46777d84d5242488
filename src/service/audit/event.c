/* SPDX-License-Identifier: Apache-2.0 */
#include "service/audit/event.h"

#include "base/invariant.h"
#include "codec/json_writer.h"
#include "crypto/sha256.h"

enum { REPLACEMENT_SIZE = 3, CLEAN_SIZE = AUDIT_TEXT_SIZE_BYTES_MAX * REPLACEMENT_SIZE };

#define AUDIT_TYPE_WORD AUDIT_WORD
#define AUDIT_TYPE_TEXT AUDIT_TEXT
#define AUDIT_TYPE_COUNT AUDIT_NUMBER
#define AUDIT_TYPE_DIGEST AUDIT_HEX

const struct audit_field audit_fields[] = {
#define AUDIT_FIELD(path, member, type, events, meaning)                                   \
    {path, offsetof(struct audit_event, member), AUDIT_TYPE_##type, AUDIT_EVENTS_##events, \
     meaning},
#include "service/audit/audit.def"
};

const size_t audit_field_count = sizeof(audit_fields) / sizeof(audit_fields[0]);

static const struct {
    const char *name;
    const char *meaning;
} events[] = {
#define AUDIT_EVENT(member, name, meaning) {name, meaning},
#include "service/audit/audit.def"
};

const char *audit_outcome(int http_status)
{
    if (http_status < 400) {
        return "ok";
    }
    if (http_status == galen_status_http(GALEN_CANCELLED)) {
        return "cancelled";
    }
    return http_status < 500 ? "refused" : "failed";
}

const char *audit_event_name(enum audit_event_kind kind)
{
    return events[kind].name;
}

const char *audit_event_meaning(enum audit_event_kind kind)
{
    return events[kind].meaning;
}

static void put_clean(struct json_writer *json, struct bytes text)
{
    char clean[CLEAN_SIZE];
    struct bytes left = text;
    size_t size = 0;
    while (left.size > 0) {
        size_t good = left.size;
        const bool all_good = bytes_are_utf8(left, &good);
        memcpy(clean + size, left.data, good);
        size += good;
        if (!all_good) {
            memcpy(clean + size, "\xEF\xBF\xBD", REPLACEMENT_SIZE);
            size += REPLACEMENT_SIZE;
        }
        left = bytes_from(left, good + 1);
    }
    json_put_string(json, bytes_of(clean, size));
}

static void put_text(struct json_writer *json, struct bytes text)
{
    const struct bytes short_text = bytes_first_characters(text, AUDIT_TEXT_SIZE_BYTES_MAX);
    if (bytes_are_utf8(short_text, NULL)) {
        json_put_string(json, short_text);
    } else {
        put_clean(json, short_text);
    }
}

static void put_digest(struct json_writer *json, const uint8_t *digest)
{
    char hex[SHA256_HEX_SIZE];
    sha256_to_hex(digest, hex);
    json_put_string(json, bytes_of(hex, sizeof(hex)));
}

static const void *member_of(const struct audit_event *event,
                             const struct audit_field *field)
{
    return (const uint8_t *)event + field->offset;
}

static bool is_set(const struct audit_event *event, const struct audit_field *field)
{
    const void *member = member_of(event, field);
    switch (field->type) {
    case AUDIT_WORD:
        return *(const char *const *)member != NULL;
    case AUDIT_TEXT:
        return ((const struct bytes *)member)->data != NULL;
    case AUDIT_NUMBER:
        return ((const struct audit_count *)member)->is_set;
    case AUDIT_HEX:
        return *(const uint8_t *const *)member != NULL;
    }
    return false;
}

static void put_value(struct json_writer *json, const struct audit_event *event,
                      const struct audit_field *field)
{
    const void *member = member_of(event, field);
    switch (field->type) {
    case AUDIT_WORD:
        json_put_cstring(json, *(const char *const *)member);
        break;
    case AUDIT_TEXT:
        put_text(json, *(const struct bytes *)member);
        break;
    case AUDIT_NUMBER:
        json_put_u64(json, ((const struct audit_count *)member)->value);
        break;
    case AUDIT_HEX:
        put_digest(json, *(const uint8_t *const *)member);
        break;
    }
}

/* The object that a path lies in: "model" of "model.name"; empty at the top. */
static struct bytes object_of(const char *path)
{
    const struct bytes whole = bytes_from_string(path);
    const size_t dot = bytes_find(whole, '.');
    return dot == whole.size ? BYTES_NONE : bytes_first(whole, dot);
}

/* Leaves the object that is open for the one that the field lies in. */
static struct bytes change_object(struct json_writer *json, struct bytes open,
                                  struct bytes wanted)
{
    if (bytes_equal(open, wanted)) {
        return open;
    }
    if (open.size > 0) {
        json_end_object(json);
    }
    if (wanted.size > 0) {
        json_put_name_bytes(json, wanted);
        json_begin_object(json);
    }
    return wanted;
}

static void put_field(struct json_writer *json, const struct audit_event *event,
                      const struct audit_field *field, struct bytes *open)
{
    const struct bytes object = object_of(field->path);
    INVARIANT((field->events & (1U << event->kind)) != 0);
    *open = change_object(json, *open, object);
    json_put_name(json, field->path + (object.size > 0 ? object.size + 1 : 0));
    put_value(json, event, field);
}

void audit_event_write(const struct audit_event *event, struct writer *out)
{
    struct json_writer json = json_writer_on(out);
    struct bytes open = BYTES_NONE;
    json_begin_object(&json);
    json_put_name(&json, "event");
    json_put_cstring(&json, audit_event_name(event->kind));
    for (size_t i = 0; i < audit_field_count; i++) {
        if (is_set(event, &audit_fields[i])) {
            put_field(&json, event, &audit_fields[i], &open);
        }
    }
    (void)change_object(&json, open, BYTES_NONE);
    json_end_object(&json);
}
