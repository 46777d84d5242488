/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AuditEvent of FHIR R4 (hl7.org/fhir/R4/auditevent.html), with the codes that IHE's Basic
 * Audit Log Patterns use: a restful operation, who asked as its source, we as its
 * destination, and the request's id as an entity. No patient is an entity, since no record
 * names one.
 */
#include <stdio.h>

#include "app/audit_export.h"
#include "codec/json_writer.h"
#include "service/audit/event.h"

#define DICOM "http://dicom.nema.org/resources/ontology/DCM"
#define TERMINOLOGY "http://terminology.hl7.org/CodeSystem/"
#define BALP "https://profiles.ihe.net/ITI/BALP/CodeSystem/"
#define OWN "urn:x-galen:" /* what no published code system has */

struct coding {
    const char *system;
    const char *code;
    const char *display; /* NULL: the code says it */
};

/* What serves is software that was configured. */
#define RELEASE                                   \
    {DICOM, "110113", "Security Alert"},          \
    {                                             \
        DICOM, "110131", "Software Configuration" \
    }

/* The event as others name it. */
static const struct {
    const char *event;
    struct coding type;
    struct coding subtype;
} events[] = {
    {"start",
     {DICOM, "110100", "Application Activity"},
     {DICOM, "110120", "Application Start"}},
    {"stop",
     {DICOM, "110100", "Application Activity"},
     {DICOM, "110121", "Application Stop"}},
    {"model.promote", RELEASE},
    {"model.rollback", RELEASE},
    {"model.disable", RELEASE},
    {"model.enable", RELEASE},
    {"model.canary", RELEASE},
};

static const struct coding rest = {TERMINOLOGY "audit-event-type", "rest",
                                   "Restful Operation"};
static const struct coding operation = {"http://hl7.org/fhir/restful-interaction",
                                        "operation", "operation"};

static void put_text(struct json_writer *json, const char *name, struct bytes text)
{
    json_put_name(json, name);
    json_put_string(json, text);
}

static void put_members(struct json_writer *json, struct coding coding)
{
    json_begin_object(json);
    put_text(json, "system", bytes_from_string(coding.system));
    put_text(json, "code", bytes_from_string(coding.code));
    if (coding.display != NULL) {
        put_text(json, "display", bytes_from_string(coding.display));
    }
    json_end_object(json);
}

static void put_coding(struct json_writer *json, const char *name, struct coding coding)
{
    json_put_name(json, name);
    put_members(json, coding);
}

static void put_concept(struct json_writer *json, const char *name, struct coding coding)
{
    json_put_name(json, name);
    json_begin_object(json);
    json_put_name(json, "coding");
    json_begin_array(json);
    put_members(json, coding);
    json_end_array(json);
    json_end_object(json);
}

/* A reference by an identifier, as there is no resource to point at. */
static void put_identifier(struct json_writer *json, const char *name, const char *system,
                           struct bytes value)
{
    json_put_name(json, name);
    json_begin_object(json);
    json_put_name(json, "identifier");
    json_begin_object(json);
    if (system != NULL) {
        put_text(json, "system", bytes_from_string(system));
    }
    put_text(json, "value", value);
    json_end_object(json);
    json_end_object(json);
}

static void put_kind(struct json_writer *json, const struct audit_entry *entry)
{
    char event[32];
    const struct coding *type = &rest;
    const struct coding *subtype = &operation;
    (void)snprintf(event, sizeof(event), "%.*s", BYTES_PRINT(entry->record->event));
    for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
        if (strcmp(events[i].event, event) == 0) {
            type = &events[i].type;
            subtype = &events[i].subtype;
        }
    }
    put_coding(json, "type", *type);
    json_put_name(json, "subtype");
    json_begin_array(json);
    put_members(json, *subtype);
    put_members(json, (struct coding){OWN "audit-event", event, NULL});
    json_end_array(json);
}

/* AuditEventOutcome: 4 is the caller's fault, 8 ours. */
static const char *outcome_of(struct bytes outcome)
{
    return outcome.size == 0 || bytes_equal_string(outcome, "ok") ? "0"
           : bytes_equal_string(outcome, "failed")                ? "8"
                                                                  : "4";
}

static void put_outcome(struct json_writer *json, const struct audit_entry *entry)
{
    const struct bytes reason = audit_entry_text(entry, "reason");
    json_put_name(json, "outcome");
    json_put_cstring(json, outcome_of(audit_entry_text(entry, "outcome")));
    if (reason.size > 0) {
        put_text(json, "outcomeDesc", reason);
    }
}

static void put_source_role(struct json_writer *json, const char *system, struct bytes who)
{
    json_begin_object(json);
    put_concept(json, "type", (struct coding){DICOM, "110153", "Source Role ID"});
    put_identifier(json, "who", system, who);
    json_put_name(json, "requestor");
    json_put_bool(json, true);
    json_end_object(json);
}

static void put_server(struct json_writer *json, const struct audit_entry *entry,
                       bool is_asked)
{
    json_begin_object(json);
    put_concept(json, "type",
                is_asked ? (struct coding){DICOM, "110152", "Destination Role ID"}
                         : (struct coding){DICOM, "110150", "Application"});
    put_identifier(json, "who", OWN "service", entry->record->head.service);
    json_put_name(json, "requestor");
    json_put_bool(json, false);
    json_end_object(json);
}

static void put_agents(struct json_writer *json, const struct audit_entry *entry)
{
    const struct bytes client = audit_entry_text(entry, "actor.client_id");
    const struct bytes releaser = audit_entry_text(entry, "actor.operator");
    json_put_name(json, "agent");
    json_begin_array(json);
    if (client.size > 0) {
        put_source_role(json, OWN "client", client);
    } else if (releaser.size > 0) {
        put_source_role(json, OWN "operator", releaser);
    }
    put_server(json, entry, client.size + releaser.size > 0);
    json_end_array(json);
}

static void put_source(struct json_writer *json, const struct audit_entry *entry)
{
    json_put_name(json, "source");
    json_begin_object(json);
    put_identifier(json, "observer", OWN "chain", entry->record->head.chain);
    json_put_name(json, "type");
    json_begin_array(json);
    put_members(json, (struct coding){TERMINOLOGY "security-source-type", "4",
                                      "Application Server"});
    json_end_array(json);
    json_end_object(json);
}

static void put_transaction(struct json_writer *json, const struct audit_entry *entry)
{
    const struct bytes request = audit_entry_text(entry, "request_id");
    if (request.size > 0) {
        json_begin_object(json);
        put_identifier(json, "what", NULL, request);
        put_coding(json, "type",
                   (struct coding){BALP "BasicAuditEntityType", "XrequestId", NULL});
        json_end_object(json);
    }
}

static const struct coding system_object = {TERMINOLOGY "audit-entity-type", "2",
                                            "System Object"};

static void put_model(struct json_writer *json, const struct audit_entry *entry)
{
    char model[1024];
    const struct bytes name = audit_entry_text(entry, "model.name");
    const struct bytes version = audit_entry_text(entry, "model.version");
    if (name.size > 0) {
        const int size = snprintf(model, sizeof(model), "%.*s%s%.*s", BYTES_PRINT(name),
                                  version.size > 0 ? "/" : "", BYTES_PRINT(version));
        json_begin_object(json);
        put_identifier(json, "what", OWN "model", bytes_of(model, (size_t)size));
        put_coding(json, "type", system_object);
        json_end_object(json);
    }
}

static void put_detail(struct json_writer *json, const struct audit_entry *entry,
                       const char *path)
{
    const struct bytes text = audit_entry_text(entry, path);
    if (text.size > 0) {
        json_begin_object(json);
        put_text(json, "type", bytes_from_string(path));
        put_text(json, "valueString", text);
        json_end_object(json);
    }
}

/* The record itself, with all that it says: its hash leads back into the trail. */
static void put_record(struct json_writer *json, const struct audit_entry *entry)
{
    char place[128];
    const int size =
        snprintf(place, sizeof(place), "%.*s/%llu", BYTES_PRINT(entry->record->head.chain),
                 (unsigned long long)entry->record->head.seq);
    json_begin_object(json);
    put_identifier(json, "what", OWN "record", bytes_of(place, (size_t)size));
    put_coding(json, "type", system_object);
    put_coding(json, "role",
               (struct coding){TERMINOLOGY "object-role", "13", "Security Resource"});
    json_put_name(json, "detail");
    json_begin_array(json);
    for (size_t i = 0; i < audit_field_count; i++) {
        put_detail(json, entry, audit_fields[i].path);
    }
    put_detail(json, entry, "key_id");
    put_detail(json, entry, "hash");
    json_end_array(json);
    json_end_object(json);
}

static void put_resource(struct json_writer *json, const struct audit_entry *entry)
{
    char id[128];
    (void)snprintf(id, sizeof(id), "%.*s.%llu", BYTES_PRINT(entry->record->head.chain),
                   (unsigned long long)entry->record->head.seq);
    json_begin_object(json);
    put_text(json, "resourceType", BYTES("AuditEvent"));
    put_text(json, "id", bytes_from_string(id));
    put_kind(json, entry);
    put_text(json, "action", BYTES("E"));
    put_text(json, "recorded", entry->record->head.ts);
    put_outcome(json, entry);
    put_agents(json, entry);
    put_source(json, entry);
    json_put_name(json, "entity");
    json_begin_array(json);
    put_transaction(json, entry);
    put_model(json, entry);
    put_record(json, entry);
    json_end_array(json);
    json_end_object(json);
}

static enum galen_status put(void *state, const struct audit_entry *entry,
                             struct writer *out)
{
    (void)state;
    struct json_writer json = json_writer_on(out);
    put_resource(&json, entry);
    writer_put_byte(out, '\n');
    return out->status;
}

const struct audit_exporter audit_fhir_exporter = {.name = "fhir", .put = put};
