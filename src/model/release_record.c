/* SPDX-License-Identifier: Apache-2.0 */
#include "model/release_record.h"

#include "base/limits.h"
#include "base/utc.h"
#include "codec/json.h"
#include "codec/number.h"

enum { FORMAT = 1 };

static const uint64_t version_max = INT64_MAX;

static const char *const actions[RELEASE_ACTION_COUNT] = {
    [RELEASE_PROMOTE] = "promote", [RELEASE_ROLLBACK] = "rollback",
    [RELEASE_DISABLE] = "disable", [RELEASE_ENABLE] = "enable",
    [RELEASE_CANARY] = "canary",
};

const char *release_action_name(enum release_action action)
{
    return actions[action];
}

/* Of ASCII, DEL, and the second set of controls, U+0080 to U+009F. */
static bool is_control(const uint8_t *at)
{
    return at[0] < 0x20 || at[0] == 0x7f || (at[0] == 0xc2 && at[1] < 0xa0);
}

bool release_text_is_valid(const char *text)
{
    const struct bytes bytes = bytes_from_string(text);
    if (bytes.size > LIMIT_RELEASE_TEXT_SIZE_BYTES_MAX || !bytes_are_utf8(bytes, NULL)) {
        return false;
    }
    for (size_t i = 0; i < bytes.size; i++) {
        if (is_control(bytes.data + i)) {
            return false;
        }
    }
    return true;
}

const struct release_version *release_record_version(const struct release_record *record,
                                                     uint64_t number)
{
    for (size_t i = 0; i < record->version_count; i++) {
        if (record->versions[i].number == number) {
            return &record->versions[i];
        }
    }
    return NULL;
}

/* Writing. */

static void put_text(struct json_writer *json, const char *name, const char *text)
{
    json_put_name(json, name);
    json_put_cstring(json, text);
}

static void put_number(struct json_writer *json, const char *name, uint64_t number)
{
    json_put_name(json, name);
    json_put_u64(json, number);
}

static void put_digest(struct json_writer *json, const char *name, const uint8_t *digest)
{
    char hex[SHA256_HEX_SIZE];
    sha256_to_hex(digest, hex);
    json_put_name(json, name);
    json_put_string(json, bytes_of(hex, sizeof(hex)));
}

static void put_percent(struct json_writer *json, const char *name, uint32_t share)
{
    char text[RELEASE_PERCENT_SIZE];
    release_percent_write(share, text);
    json_put_name(json, name);
    json_put_raw(json, bytes_from_string(text));
}

static void put_rollout(struct json_writer *json, const struct release_rollout *rollout)
{
    json_put_name(json, "canary");
    json_begin_object(json);
    put_number(json, "version", rollout->version);
    if (rollout->engine[0] != '\0') {
        put_text(json, "engine", rollout->engine);
    }
    put_percent(json, "percent", rollout->share);
    put_percent(json, "shadow", rollout->shadow);
    json_put_name(json, "auto");
    json_put_bool(json, rollout->promotes);
    put_number(json, "started", rollout->started);
    json_end_object(json);
}

static void put_engines(struct json_writer *json, const struct release_engines *engines)
{
    json_put_name(json, "engines");
    json_begin_object(json);
    put_text(json, "current", engines->current);
    put_text(json, "previous", engines->previous);
    json_end_object(json);
}

void release_state_write(const struct release_state *state, struct json_writer *json)
{
    json_begin_object(json);
    json_put_name(json, "tags");
    json_begin_object(json);
    for (size_t i = 0; i < state->tag_count; i++) {
        put_number(json, state->tags[i].name, state->tags[i].version);
    }
    json_end_object(json);
    json_put_name(json, "disabled");
    json_put_bool(json, state->is_disabled);
    if (release_engines_are_named(&state->engines)) {
        put_engines(json, &state->engines);
    }
    if (state->rollout.version != 0) {
        put_rollout(json, &state->rollout);
    }
    json_end_object(json);
}

static void put_state(struct json_writer *json, const char *name,
                      const struct release_state *state)
{
    json_put_name(json, name);
    release_state_write(state, json);
}

static void put_versions(struct json_writer *json, const struct release_record *record)
{
    json_put_name(json, "versions");
    json_begin_array(json);
    for (size_t i = 0; i < record->version_count; i++) {
        const struct release_version *version = &record->versions[i];
        json_begin_object(json);
        put_number(json, "number", version->number);
        put_digest(json, "network_sha256", version->network_sha256);
        if (version->has_contract) {
            put_digest(json, "model_yaml_sha256", version->contract_sha256);
        }
        json_end_object(json);
    }
    json_end_array(json);
}

static void put_head(struct json_writer *json, const struct release_record *record)
{
    char time[UTC_SIZE];
    utc_write(record->wall_ns, time);
    put_number(json, "v", FORMAT);
    put_number(json, "number", record->number);
    put_text(json, "time", time);
    put_text(json, "action", actions[record->action]);
    put_text(json, "actor", record->actor);
    if (record->reason[0] != '\0') {
        put_text(json, "reason", record->reason);
    }
}

void release_record_write(const struct release_record *record, struct writer *out)
{
    struct json_writer json = json_writer_on(out);
    json_begin_object(&json);
    put_head(&json, record);
    put_state(&json, "before", &record->before);
    put_state(&json, "after", &record->after);
    put_versions(&json, record);
    put_text(&json, "galen", record->galen);
    put_digest(&json, "previous", record->previous_sha256);
    json_end_object(&json);
    writer_put_byte(out, '\n');
}

/* Reading. */

static enum galen_status refuse(struct error *out_error, const char *member,
                                const char *why)
{
    return error_set(out_error, GALEN_INVALID, "%s: %s", member, why);
}

static enum galen_status need(const struct json *object, const char *name,
                              enum json_type type, const struct json **out_value,
                              struct error *out_error)
{
    const struct json *value = json_member(object, name);
    if (value == NULL || json_type(value) != type) {
        return error_set(out_error, GALEN_INVALID, "%s: there must be one, of type %s",
                         name, json_type_name(type));
    }
    *out_value = value;
    return GALEN_OK;
}

static enum galen_status read_number(const struct json *object, const char *name,
                                     uint64_t max, uint64_t *out_number,
                                     struct error *out_error)
{
    const struct json *value;
    uint64_t number;
    TRY(need(object, name, JSON_NUMBER, &value, out_error));
    if (number_read_u64(json_number(value), max, &number) != GALEN_OK || number == 0) {
        return refuse(out_error, name, "is no number that can be here");
    }
    *out_number = number;
    return GALEN_OK;
}

static enum galen_status read_text(const struct json *object, const char *name,
                                   struct arena *arena, const char **out_text,
                                   struct error *out_error)
{
    const struct json *value;
    TRY(need(object, name, JSON_STRING, &value, out_error));
    const struct bytes bytes = json_string(value);
    const char *text = arena_copy_string(arena, bytes);
    if (text == NULL) {
        return GALEN_NO_MEMORY;
    }
    if (strlen(text) != bytes.size || bytes.size == 0 || !release_text_is_valid(text)) {
        return refuse(out_error, name, "is empty, too long, or has control characters");
    }
    *out_text = text;
    return GALEN_OK;
}

static enum galen_status read_digest(const struct json *object, const char *name,
                                     uint8_t *out_digest, struct error *out_error)
{
    const struct json *value;
    TRY(need(object, name, JSON_STRING, &value, out_error));
    return sha256_from_hex(json_string(value), out_digest)
               ? GALEN_OK
               : refuse(out_error, name, "is not 64 hexadecimal digits");
}

static enum galen_status read_time(const struct json *object, uint64_t *out_wall_ns,
                                   struct error *out_error)
{
    const struct json *value;
    TRY(need(object, "time", JSON_STRING, &value, out_error));
    return utc_read(json_string(value), out_wall_ns)
               ? GALEN_OK
               : refuse(out_error, "time", "is no time");
}

static enum galen_status read_action(const struct json *object,
                                     enum release_action *out_action,
                                     struct error *out_error)
{
    const struct json *value;
    TRY(need(object, "action", JSON_STRING, &value, out_error));
    for (size_t i = 0; i < RELEASE_ACTION_COUNT; i++) {
        if (bytes_equal_string(json_string(value), actions[i])) {
            *out_action = (enum release_action)i;
            return GALEN_OK;
        }
    }
    return refuse(out_error, "action", "is none");
}

static enum galen_status read_tag(const struct json_cursor *at, struct arena *arena,
                                  struct release_tag *out_tag, struct error *out_error)
{
    out_tag->name = arena_copy_string(arena, at->name);
    if (out_tag->name == NULL) {
        return GALEN_NO_MEMORY;
    }
    return release_tag_is_valid(out_tag->name) && json_type(at->value) == JSON_NUMBER &&
                   number_read_u64(json_number(at->value), version_max,
                                   &out_tag->version) == GALEN_OK &&
                   out_tag->version > 0
               ? GALEN_OK
               : refuse(out_error, "tags", "has one that is none");
}

static enum galen_status read_tags(const struct json *object, struct arena *arena,
                                   struct release_state *out_state, struct error *out_error)
{
    const size_t count = json_count(object);
    if (count > LIMIT_RELEASE_TAG_COUNT_MAX) {
        return refuse(out_error, "tags", "are too many");
    }
    struct release_tag *tags = arena_alloc_array(arena, count + 1, sizeof(*tags));
    if (tags == NULL) {
        return GALEN_NO_MEMORY;
    }
    struct json_cursor at = json_walk(object);
    while (json_next(&at)) {
        struct release_tag *tag = &tags[at.index];
        TRY(read_tag(&at, arena, tag, out_error));
        if (at.index > 0 && strcmp(tag[-1].name, tag->name) >= 0) {
            return refuse(out_error, "tags", "are not in order");
        }
    }
    out_state->tags = tags;
    out_state->tag_count = count;
    return GALEN_OK;
}

static enum galen_status read_share(const struct json *object, const char *name,
                                    uint32_t *out_share, struct error *out_error)
{
    const struct json *value;
    TRY(need(object, name, JSON_NUMBER, &value, out_error));
    return release_percent_parse(json_number(value), out_share)
               ? GALEN_OK
               : refuse(out_error, name, "is no percentage");
}

/* "": none is named. */
static enum galen_status read_engine(const struct json *object, const char *name,
                                     char *out_engine, struct error *out_error)
{
    const struct json *value;
    char engine[RELEASE_ENGINE_SIZE] = "";
    TRY(need(object, name, JSON_STRING, &value, out_error));
    const struct bytes text = json_string(value);
    if (text.size < sizeof(engine)) {
        memcpy(engine, text.data, text.size);
    }
    if (text.size > 0 && (!engine_name_is_valid(engine) || strlen(engine) != text.size)) {
        return refuse(out_error, name, "is no name of a set of engines");
    }
    release_engine_set(out_engine, engine);
    return GALEN_OK;
}

static enum galen_status read_engines(const struct json *object,
                                      struct release_engines *out_engines,
                                      struct error *out_error)
{
    const struct json *value;
    TRY(need(object, "engines", JSON_OBJECT, &value, out_error));
    TRY(read_engine(value, "current", out_engines->current, out_error));
    return read_engine(value, "previous", out_engines->previous, out_error);
}

static enum galen_status read_rollout(const struct json *object,
                                      struct release_rollout *out_rollout,
                                      struct error *out_error)
{
    const struct json *value;
    const struct json *promotes;
    struct release_rollout rollout = {.version = 0};
    TRY(need(object, "canary", JSON_OBJECT, &value, out_error));
    TRY(read_number(value, "version", version_max, &rollout.version, out_error));
    if (json_member(value, "engine") != NULL) {
        TRY(read_engine(value, "engine", rollout.engine, out_error));
    }
    TRY(read_share(value, "percent", &rollout.share, out_error));
    TRY(read_share(value, "shadow", &rollout.shadow, out_error));
    TRY(need(value, "auto", JSON_BOOL, &promotes, out_error));
    rollout.promotes = json_bool(promotes);
    TRY(read_number(value, "started", LIMIT_RELEASE_COUNT_MAX, &rollout.started,
                    out_error));
    *out_rollout = rollout;
    return GALEN_OK;
}

static enum galen_status read_state(const struct json *object, const char *name,
                                    struct arena *arena, struct release_state *out_state,
                                    struct error *out_error)
{
    const struct json *value;
    const struct json *member;
    TRY(need(object, name, JSON_OBJECT, &value, out_error));
    TRY(need(value, "disabled", JSON_BOOL, &member, out_error));
    out_state->is_disabled = json_bool(member);
    if (json_member(value, "engines") != NULL) {
        TRY(read_engines(value, &out_state->engines, out_error));
    }
    if (json_member(value, "canary") != NULL) {
        TRY(read_rollout(value, &out_state->rollout, out_error));
    }
    TRY(need(value, "tags", JSON_OBJECT, &member, out_error));
    return read_tags(member, arena, out_state, out_error);
}

static enum galen_status read_version(const struct json *value,
                                      struct release_version *out_version,
                                      struct error *out_error)
{
    if (json_type(value) != JSON_OBJECT) {
        return refuse(out_error, "versions", "has one that is none");
    }
    TRY(read_number(value, "number", version_max, &out_version->number, out_error));
    TRY(read_digest(value, "network_sha256", out_version->network_sha256, out_error));
    out_version->has_contract = json_member(value, "model_yaml_sha256") != NULL;
    return out_version->has_contract ? read_digest(value, "model_yaml_sha256",
                                                   out_version->contract_sha256, out_error)
                                     : GALEN_OK;
}

static enum galen_status read_versions(const struct json *object, struct arena *arena,
                                       struct release_record *record,
                                       struct error *out_error)
{
    const struct json *value;
    TRY(need(object, "versions", JSON_ARRAY, &value, out_error));
    const size_t count = json_count(value);
    if (count > LIMIT_RELEASE_TAG_COUNT_MAX) {
        return refuse(out_error, "versions", "are too many");
    }
    struct release_version *versions =
        arena_alloc_array(arena, count + 1, sizeof(*versions));
    if (versions == NULL) {
        return GALEN_NO_MEMORY;
    }
    struct json_cursor at = json_walk(value);
    while (json_next(&at)) {
        struct release_version *version = &versions[at.index];
        TRY(read_version(at.value, version, out_error));
        if (at.index > 0 && version[-1].number >= version->number) {
            return refuse(out_error, "versions", "are not in order");
        }
    }
    record->versions = versions;
    record->version_count = count;
    return GALEN_OK;
}

static enum galen_status read_reason(const struct json *object, struct arena *arena,
                                     const char **out_reason, struct error *out_error)
{
    *out_reason = "";
    return json_member(object, "reason") == NULL
               ? GALEN_OK
               : read_text(object, "reason", arena, out_reason, out_error);
}

static enum galen_status read_format(const struct json *root, struct error *out_error)
{
    uint64_t format;
    if (json_type(root) != JSON_OBJECT) {
        return error_set(out_error, GALEN_INVALID, "is no object");
    }
    TRY(read_number(root, "v", UINT64_MAX, &format, out_error));
    return format == FORMAT ? GALEN_OK : refuse(out_error, "v", "is none that we know");
}

static enum galen_status read_members(const struct json *root, struct arena *arena,
                                      struct release_record *record,
                                      struct error *out_error)
{
    TRY(read_format(root, out_error));
    TRY(read_number(root, "number", LIMIT_RELEASE_COUNT_MAX, &record->number, out_error));
    TRY(read_time(root, &record->wall_ns, out_error));
    TRY(read_action(root, &record->action, out_error));
    TRY(read_text(root, "actor", arena, &record->actor, out_error));
    TRY(read_reason(root, arena, &record->reason, out_error));
    TRY(read_state(root, "before", arena, &record->before, out_error));
    TRY(read_state(root, "after", arena, &record->after, out_error));
    TRY(read_versions(root, arena, record, out_error));
    TRY(read_text(root, "galen", arena, &record->galen, out_error));
    return read_digest(root, "previous", record->previous_sha256, out_error);
}

/* One text for what it says: other members, another order or other spaces do not pass. */
static enum galen_status expect_own_text(const struct release_record *record,
                                         struct bytes text, struct error *out_error)
{
    struct writer again;
    writer_init(&again, LIMIT_RELEASE_RECORD_SIZE_BYTES_MAX);
    release_record_write(record, &again);
    const bool is_same =
        again.status == GALEN_OK && bytes_equal(writer_bytes(&again), text);
    const enum galen_status status = again.status;
    writer_deinit(&again);
    if (status == GALEN_NO_MEMORY) {
        return status;
    }
    return is_same ? GALEN_OK
                   : error_set(out_error, GALEN_INVALID,
                               "is not written as a record of releases is");
}

enum galen_status release_record_read(struct bytes text, struct arena *arena,
                                      struct release_record *out_record,
                                      struct error *out_error)
{
    const struct json *root;
    struct release_record record = {.number = 0};
    if (text.size > LIMIT_RELEASE_RECORD_SIZE_BYTES_MAX) {
        return error_set(out_error, GALEN_TOO_LARGE, "is larger than %d bytes",
                         LIMIT_RELEASE_RECORD_SIZE_BYTES_MAX);
    }
    TRY(json_parse(text, arena, &root, out_error));
    TRY(read_members(root, arena, &record, out_error));
    TRY(expect_own_text(&record, text, out_error));
    *out_record = record;
    return GALEN_OK;
}
