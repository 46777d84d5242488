/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one record says (audit.def), before it has its place in a chain. Patient data has no
 * way in: members are texts of ours, numbers, digests and plain tokens.
 *
 * I/O-free. Everything is borrowed until the event is written.
 */
#pragma once

#include "base/writer.h"

enum audit_event_kind {
#define AUDIT_EVENT(member, name, meaning) AUDIT_EVENT_##member,
#include "service/audit/audit.def"
    AUDIT_EVENT_COUNT,
};

struct audit_count {
    bool is_set;
    uint64_t value;
};

#define AUDIT_COUNT(number) ((struct audit_count){true, (number)})

/* Zeroed: nothing is set. */
struct audit_event {
    enum audit_event_kind kind;
#define AUDIT_MEMBER_WORD(member) const char *member;
#define AUDIT_MEMBER_TEXT(member) struct bytes member;
#define AUDIT_MEMBER_COUNT(member) struct audit_count member;
#define AUDIT_MEMBER_DIGEST(member) const uint8_t *member;
#define AUDIT_FIELD(path, member, type, events, meaning) AUDIT_MEMBER_##type(member)
#include "service/audit/audit.def"
};

/* What audit.def says, for docs and checks. */
enum audit_field_type { AUDIT_WORD, AUDIT_TEXT, AUDIT_NUMBER, AUDIT_HEX };

#define AUDIT_EVENTS_START (1u << AUDIT_EVENT_start)
#define AUDIT_EVENTS_REQUESTS                                                           \
    ((1u << AUDIT_EVENT_infer) | (1u << AUDIT_EVENT_validate) |                         \
     (1u << AUDIT_EVENT_authn) | (1u << AUDIT_EVENT_authz) | (1u << AUDIT_EVENT_load) | \
     (1u << AUDIT_EVENT_unload) | (1u << AUDIT_EVENT_configure) |                       \
     (1u << AUDIT_EVENT_shadow))
#define AUDIT_EVENTS_CONFIGS ((1u << AUDIT_EVENT_start) | (1u << AUDIT_EVENT_configure))
#define AUDIT_EVENTS_RELEASES                                                 \
    ((1u << AUDIT_EVENT_model_promote) | (1u << AUDIT_EVENT_model_rollback) | \
     (1u << AUDIT_EVENT_model_disable) | (1u << AUDIT_EVENT_model_enable) |   \
     (1u << AUDIT_EVENT_model_canary))
#define AUDIT_EVENTS_MODELS ((1u << AUDIT_EVENT_infer) | (1u << AUDIT_EVENT_validate))
#define AUDIT_EVENTS_SHADOW (1u << AUDIT_EVENT_shadow)
#define AUDIT_EVENTS_ASKED (AUDIT_EVENTS_REQUESTS | AUDIT_EVENTS_RELEASES)

struct audit_field {
    const char *path;
    size_t offset;
    enum audit_field_type type;
    unsigned events; /* a bit a kind: those that may have it */
    const char *meaning;
};

extern const struct audit_field audit_fields[];
extern const size_t audit_field_count;

/* The outcome of a request that is answered with this status of HTTP. */
const char *audit_outcome(int http_status);

const char *audit_event_name(enum audit_event_kind kind);
const char *audit_event_meaning(enum audit_event_kind kind);

/* One JSON object, {"event":"infer",…}. Texts are cut at AUDIT_TEXT_SIZE_BYTES_MAX, and
 * what is not UTF-8 becomes U+FFFD. A field that the event may not have is a broken
 * invariant. */
#define AUDIT_TEXT_SIZE_BYTES_MAX 256u
void audit_event_write(const struct audit_event *event, struct writer *out);
