/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "codec/message_json.h"

static void put_real(struct json_writer *json, double value, bool is_single)
{
    if (isfinite(value)) {
        if (is_single) {
            json_put_f32(json, (float)value);
        } else {
            json_put_f64(json, value);
        }
        return;
    }
    const char *infinite = value < 0 ? "-Infinity" : "Infinity";
    json_put_cstring(json, isnan(value) ? "NaN" : infinite);
}

static void put_enum(struct json_writer *json, const ProtobufCEnumDescriptor *descriptor,
                     int32_t number)
{
    for (unsigned i = 0; i < descriptor->n_values; i++) {
        if (descriptor->values[i].value == number) {
            json_put_cstring(json, descriptor->values[i].name);
            return;
        }
    }
    json_put_i64(json, number);
}

static void put_value(struct json_writer *json, const ProtobufCFieldDescriptor *field,
                      const void *at)
{
    switch ((int)field->type) {
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        json_put_i64(json, *(const int64_t *)at);
        return;
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        json_put_u64(json, *(const uint64_t *)at);
        return;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        json_put_u64(json, *(const uint32_t *)at);
        return;
    case PROTOBUF_C_TYPE_FLOAT:
        put_real(json, *(const float *)at, true);
        return;
    case PROTOBUF_C_TYPE_DOUBLE:
        put_real(json, *(const double *)at, false);
        return;
    case PROTOBUF_C_TYPE_BOOL:
        json_put_bool(json, *(const protobuf_c_boolean *)at != 0);
        return;
    case PROTOBUF_C_TYPE_ENUM:
        put_enum(json, field->descriptor, *(const int32_t *)at);
        return;
    case PROTOBUF_C_TYPE_STRING:
        json_put_cstring(json, *(char *const *)at);
        return;
    case PROTOBUF_C_TYPE_MESSAGE:
        message_put_json(json, *(ProtobufCMessage *const *)at);
        return;
    default:
        json_put_i64(json, *(const int32_t *)at);
        return;
    }
}

/* A name is a text, whatever the key is. */
static void put_key(struct json_writer *json, const ProtobufCFieldDescriptor *key,
                    const void *at)
{
    char digits[24];
    struct writer text;
    if (key->type == PROTOBUF_C_TYPE_STRING) {
        json_put_name(json, *(char *const *)at);
        return;
    }
    writer_init(&text, sizeof(digits));
    struct json_writer number = json_writer_on(&text);
    put_value(&number, key, at);
    json_put_name_bytes(json, writer_bytes(&text));
    writer_deinit(&text);
}

static void put_map(struct json_writer *json, const ProtobufCMessage *message,
                    const ProtobufCFieldDescriptor *field)
{
    json_begin_object(json);
    for (size_t i = 0; i < message_field_count(message, field); i++) {
        const ProtobufCMessage *entry =
            *(ProtobufCMessage *const *)message_field_at(message, field, i);
        const ProtobufCFieldDescriptor *fields = entry->descriptor->fields;
        put_key(json, &fields[0], message_field_at(entry, &fields[0], 0));
        put_value(json, &fields[1], message_field_at(entry, &fields[1], 0));
    }
    json_end_object(json);
}

static void put_array(struct json_writer *json, const ProtobufCMessage *message,
                      const ProtobufCFieldDescriptor *field)
{
    json_begin_array(json);
    for (size_t i = 0; i < message_field_count(message, field); i++) {
        put_value(json, field, message_field_at(message, field, i));
    }
    json_end_array(json);
}

static void put_field(struct json_writer *json, const ProtobufCMessage *message,
                      const ProtobufCFieldDescriptor *field)
{
    const bool is_repeated = field->label == PROTOBUF_C_LABEL_REPEATED;
    if (!is_repeated && message_field_count(message, field) == 0) {
        return;
    }
    json_put_name(json, field->name);
    if (message_field_is_map(field)) {
        put_map(json, message, field);
    } else if (is_repeated) {
        put_array(json, message, field);
    } else {
        put_value(json, field, message_field_at(message, field, 0));
    }
}

void message_put_json(struct json_writer *json, const ProtobufCMessage *message)
{
    json_begin_object(json);
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        put_field(json, message, &message->descriptor->fields[i]);
    }
    json_end_object(json);
}
