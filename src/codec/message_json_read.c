/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "codec/message_build.h"
#include "codec/message_json.h"
#include "codec/number.h"

enum { NAME_SHOWN_SIZE_BYTES = 40 };

static struct message_value value_of(const struct message_frame *frame,
                                     const ProtobufCFieldDescriptor *field)
{
    const bool is_repeated = field->label == PROTOBUF_C_LABEL_REPEATED;
    return (struct message_value){
        .parent = frame->value,
        .field = field,
        .index = is_repeated ? message_field_count(frame->message, field) : 0,
    };
}

static enum galen_status wrong_type(const struct message_builder *builder,
                                    const struct message_value *value,
                                    const struct json *json, const char *expected)
{
    return message_build_refuse(builder, value, "is %s, %s is expected",
                                json_type_name(json_type(json)), expected);
}

/* -- one value ---------------------------------------------------------------------------
 */

static bool is_type(const struct json *json, enum json_type type)
{
    return json_type(json) == type;
}

/* Of a number, or of a text that is one. */
static enum galen_status digits_of(const struct message_builder *builder,
                                   const struct message_value *value,
                                   const struct json *json, struct bytes *out_digits)
{
    if (!is_type(json, JSON_NUMBER) && !is_type(json, JSON_STRING)) {
        return wrong_type(builder, value, json, "a number");
    }
    *out_digits = is_type(json, JSON_NUMBER) ? json_number(json) : json_string(json);
    return GALEN_OK;
}

static enum galen_status store_digits(const struct message_builder *builder,
                                      const struct message_value *value,
                                      struct bytes digits, void *slot)
{
    uint64_t magnitude = 0;
    const bool is_negative = digits.size > 0 && digits.data[0] == '-';
    const enum galen_status status =
        number_read_u64(bytes_from(digits, is_negative), UINT64_MAX, &magnitude);
    if (status == GALEN_INVALID) {
        return message_build_refuse(builder, value, "is no integer");
    }
    if (status != GALEN_OK ||
        !message_store_integer(slot, value->field->type, is_negative, magnitude)) {
        return message_build_refuse(builder, value, "is out of range");
    }
    return GALEN_OK;
}

static enum galen_status read_integer(const struct message_builder *builder,
                                      const struct message_value *value,
                                      const struct json *json, void *slot)
{
    struct bytes digits;
    TRY(digits_of(builder, value, json, &digits));
    return store_digits(builder, value, digits, slot);
}

static bool named_real(struct bytes text, double *out_value)
{
    const bool is_negative = bytes_equal_string(text, "-Infinity");
    const bool is_infinite = is_negative || bytes_equal_string(text, "Infinity");
    const double infinite = is_negative ? -INFINITY : INFINITY;
    *out_value = is_infinite ? infinite : NAN;
    return is_infinite || bytes_equal_string(text, "NaN");
}

static enum galen_status read_real(const struct message_builder *builder,
                                   const struct message_value *value,
                                   const struct json *json, void *slot)
{
    struct bytes digits;
    double real;
    TRY(digits_of(builder, value, json, &digits));
    if (!named_real(digits, &real) && number_read_f64(digits, &real) != GALEN_OK) {
        return message_build_refuse(builder, value, "is no number, or out of range");
    }
    message_store_real(slot, value->field->type, real);
    return GALEN_OK;
}

static enum galen_status read_enum(const struct message_builder *builder,
                                   const struct message_value *value,
                                   const struct json *json, void *slot)
{
    const ProtobufCEnumDescriptor *descriptor = value->field->descriptor;
    if (!is_type(json, JSON_STRING)) {
        return read_integer(builder, value, json, slot);
    }
    return message_enum_number(descriptor, json_string(json), true, slot)
               ? GALEN_OK
               : message_build_refuse(builder, value, "is none of %s",
                                      descriptor->short_name);
}

static enum galen_status read_scalar(const struct message_builder *builder,
                                     const struct message_value *value,
                                     const struct json *json, void *slot)
{
    switch ((int)value->field->type) {
    case PROTOBUF_C_TYPE_STRING:
        return is_type(json, JSON_STRING)
                   ? message_store_text(builder, slot, json_string(json), value)
                   : wrong_type(builder, value, json, "a string");
    case PROTOBUF_C_TYPE_BOOL:
        if (!is_type(json, JSON_BOOL)) {
            return wrong_type(builder, value, json, "true or false");
        }
        *(protobuf_c_boolean *)slot = json_bool(json);
        return GALEN_OK;
    case PROTOBUF_C_TYPE_ENUM:
        return read_enum(builder, value, json, slot);
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_DOUBLE:
        return read_real(builder, value, json, slot);
    default:
        return read_integer(builder, value, json, slot);
    }
}

/* -- messages ----------------------------------------------------------------------------
 */

static enum galen_status read_object(struct message_builder *builder,
                                     struct message_frame *frame,
                                     const struct json *object);

static enum galen_status read_value(struct message_builder *builder,
                                    struct message_frame *frame,
                                    const struct message_value *value,
                                    const struct json *json)
{
    void *slot;
    struct message_frame inner;
    const bool is_message = value->field->type == PROTOBUF_C_TYPE_MESSAGE;
    if (is_message && !is_type(json, JSON_OBJECT)) {
        return wrong_type(builder, value, json, "an object");
    }
    TRY(message_add(builder, frame, value, &slot, &inner));
    return is_message ? read_object(builder, &inner, json)
                      : read_scalar(builder, value, json, slot);
}

static enum galen_status read_array(struct message_builder *builder,
                                    struct message_frame *frame,
                                    const struct message_value *list,
                                    const struct json *json)
{
    if (!is_type(json, JSON_ARRAY)) {
        return wrong_type(builder, list, json, "an array");
    }
    struct json_cursor at = json_walk(json);
    while (json_next(&at)) {
        const struct message_value element = value_of(frame, list->field);
        TRY(read_value(builder, frame, &element, at.value));
    }
    return GALEN_OK;
}

/* The name of a member is the key, whatever type a key has. */
static enum galen_status read_key(struct message_builder *builder,
                                  struct message_frame *entry, struct bytes name)
{
    void *slot;
    const ProtobufCFieldDescriptor *key = &entry->message->descriptor->fields[0];
    const struct message_value value = value_of(entry, key);
    TRY(message_add(builder, entry, &value, &slot, NULL));
    return key->type == PROTOBUF_C_TYPE_STRING
               ? message_store_text(builder, slot, name, &value)
               : store_digits(builder, &value, name, slot);
}

static enum galen_status read_map(struct message_builder *builder,
                                  struct message_frame *frame,
                                  const struct message_value *map, const struct json *json)
{
    void *slot;
    if (!is_type(json, JSON_OBJECT)) {
        return wrong_type(builder, map, json, "an object");
    }
    struct json_cursor at = json_walk(json);
    while (json_next(&at)) {
        struct message_frame entry;
        const struct message_value element = value_of(frame, map->field);
        TRY(message_add(builder, frame, &element, &slot, &entry));
        TRY(read_key(builder, &entry, at.name));
        const struct message_value value =
            value_of(&entry, &entry.message->descriptor->fields[1]);
        TRY(read_value(builder, &entry, &value, at.value));
        TRY(message_end_entry(builder, frame, map->field));
    }
    return GALEN_OK;
}

/* Whether name is the field's name in lowerCamelCase. */
static bool is_camel_case_of(const char *field_name, struct bytes name)
{
    size_t at = 0;
    for (const char *c = field_name; *c != '\0'; c++) {
        const bool is_raised = *c == '_' && c[1] >= 'a' && c[1] <= 'z';
        c += is_raised;
        const uint8_t expected = (uint8_t)(is_raised ? *c - 'a' + 'A' : *c);
        if (at == name.size || name.data[at++] != expected) {
            return false;
        }
    }
    return at == name.size;
}

static const ProtobufCFieldDescriptor *
find_field(const ProtobufCMessageDescriptor *descriptor, struct bytes name)
{
    const ProtobufCFieldDescriptor *field = message_field(descriptor, name);
    for (unsigned i = 0; field == NULL && i < descriptor->n_fields; i++) {
        if (is_camel_case_of(descriptor->fields[i].name, name)) {
            field = &descriptor->fields[i];
        }
    }
    return field;
}

static enum galen_status no_field(const struct message_builder *builder,
                                  const struct message_frame *frame, struct bytes name)
{
    const struct message_value unknown = {.parent = frame->value};
    return message_build_refuse(
        builder, &unknown, "%.*s: there is no such field in %s",
        BYTES_PRINT(bytes_first_characters(name, NAME_SHOWN_SIZE_BYTES)),
        frame->message->descriptor->short_name);
}

static enum galen_status read_member(struct message_builder *builder,
                                     struct message_frame *frame, struct bytes name,
                                     const struct json *json)
{
    const ProtobufCFieldDescriptor *field = find_field(frame->message->descriptor, name);
    if (field == NULL) {
        return no_field(builder, frame, name);
    }
    if (is_type(json, JSON_NULL)) {
        return GALEN_OK;
    }
    const struct message_value value = value_of(frame, field);
    TRY(message_begin_field(builder, frame, &value));
    if (message_field_is_map(field)) {
        return read_map(builder, frame, &value, json);
    }
    return field->label == PROTOBUF_C_LABEL_REPEATED
               ? read_array(builder, frame, &value, json)
               : read_value(builder, frame, &value, json);
}

static enum galen_status read_object(struct message_builder *builder,
                                     struct message_frame *frame, const struct json *object)
{
    struct json_cursor at = json_walk(object);
    while (json_next(&at)) {
        TRY(read_member(builder, frame, at.name, at.value));
    }
    return GALEN_OK;
}

enum galen_status message_read_json(const struct json *object, const char *name,
                                    const ProtobufCMessageDescriptor *descriptor,
                                    struct arena *arena,
                                    struct message_document *out_document,
                                    struct error *out_error)
{
    struct message_builder builder;
    struct message_frame root;
    TRY(message_build(&builder, descriptor, name, arena, out_document, &root, out_error));
    return is_type(object, JSON_OBJECT) ? read_object(&builder, &root, object)
                                        : message_refuse(out_document, NULL, GALEN_INVALID,
                                                         out_error, "is no JSON object");
}
