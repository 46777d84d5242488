/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/message.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/invariant.h"
#include "base/limits.h"

enum { FILE_SHOWN_SIZE_BYTES = 120 };

const ProtobufCFieldDescriptor *message_field(const ProtobufCMessageDescriptor *descriptor,
                                              struct bytes name)
{
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        if (bytes_equal_string(name, descriptor->fields[i].name)) {
            return &descriptor->fields[i];
        }
    }
    return NULL;
}

/* protobuf-c drops the mark of a map; protoc names its entries so, and nobody else may. */
bool message_field_is_map(const ProtobufCFieldDescriptor *field)
{
    static const struct bytes suffix = BYTES_INIT("Entry");
    if (field->label != PROTOBUF_C_LABEL_REPEATED ||
        field->type != PROTOBUF_C_TYPE_MESSAGE) {
        return false;
    }
    const ProtobufCMessageDescriptor *entry = field->descriptor;
    const struct bytes name = bytes_from_string(entry->short_name);
    return entry->n_fields == 2 && strcmp(entry->fields[0].name, "key") == 0 &&
           strcmp(entry->fields[1].name, "value") == 0 && name.size > suffix.size &&
           bytes_equal(bytes_from(name, name.size - suffix.size), suffix);
}

static const void *at_offset(const ProtobufCMessage *message, size_t offset)
{
    return (const uint8_t *)message + offset;
}

size_t message_field_count(const ProtobufCMessage *message,
                           const ProtobufCFieldDescriptor *field)
{
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        return *(const size_t *)at_offset(message, field->quantifier_offset);
    }
    if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0) {
        return *(const uint32_t *)at_offset(message, field->quantifier_offset) == field->id;
    }
    return field->type != PROTOBUF_C_TYPE_MESSAGE ||
           *(ProtobufCMessage *const *)at_offset(message, field->offset) != NULL;
}

static size_t size_of_type(ProtobufCType type)
{
    static const size_t sizes[] = {
        [PROTOBUF_C_TYPE_INT32] = sizeof(int32_t),
        [PROTOBUF_C_TYPE_SINT32] = sizeof(int32_t),
        [PROTOBUF_C_TYPE_SFIXED32] = sizeof(int32_t),
        [PROTOBUF_C_TYPE_INT64] = sizeof(int64_t),
        [PROTOBUF_C_TYPE_SINT64] = sizeof(int64_t),
        [PROTOBUF_C_TYPE_SFIXED64] = sizeof(int64_t),
        [PROTOBUF_C_TYPE_UINT32] = sizeof(uint32_t),
        [PROTOBUF_C_TYPE_FIXED32] = sizeof(uint32_t),
        [PROTOBUF_C_TYPE_UINT64] = sizeof(uint64_t),
        [PROTOBUF_C_TYPE_FIXED64] = sizeof(uint64_t),
        [PROTOBUF_C_TYPE_FLOAT] = sizeof(float),
        [PROTOBUF_C_TYPE_DOUBLE] = sizeof(double),
        [PROTOBUF_C_TYPE_BOOL] = sizeof(protobuf_c_boolean),
        [PROTOBUF_C_TYPE_ENUM] = sizeof(int32_t),
        [PROTOBUF_C_TYPE_STRING] = sizeof(char *),
        [PROTOBUF_C_TYPE_BYTES] = 0, /* see the header */
        [PROTOBUF_C_TYPE_MESSAGE] = sizeof(ProtobufCMessage *),
    };
    INVARIANT(sizes[type] != 0);
    return sizes[type];
}

const void *message_field_at(const ProtobufCMessage *message,
                             const ProtobufCFieldDescriptor *field, size_t index)
{
    INVARIANT(index < message_field_count(message, field));
    const void *slot = at_offset(message, field->offset);
    if (field->label != PROTOBUF_C_LABEL_REPEATED) {
        return slot;
    }
    return *(const uint8_t *const *)slot + index * size_of_type(field->type);
}

static const ProtobufCMessage *owner_of(const struct message_document *document,
                                        const struct message_value *value)
{
    return value->parent == NULL ? document->root : value->parent->message;
}

const struct message_value *message_find(const struct message_document *document,
                                         const ProtobufCMessage *message,
                                         const char *field_name)
{
    for (const struct message_value *value = document->first; value != NULL;
         value = value->next) {
        if (owner_of(document, value) == message &&
            strcmp(value->field->name, field_name) == 0) {
            return value;
        }
    }
    return NULL;
}

bool message_value_is_zero(const struct message_document *document,
                           const struct message_value *value)
{
    static const uint8_t zeros[sizeof(uint64_t)];
    const ProtobufCFieldDescriptor *field = value->field;
    if (field->type == PROTOBUF_C_TYPE_MESSAGE ||
        field->label == PROTOBUF_C_LABEL_REPEATED) {
        return false;
    }
    const void *at = message_field_at(owner_of(document, value), field, 0);
    if (field->type == PROTOBUF_C_TYPE_STRING) {
        return **(char *const *)at == '\0';
    }
    return memcmp(at, zeros, size_of_type(field->type)) == 0;
}

/* The end of a text that is too long to show; starts with a whole character. */
static const char *tail_of(const char *text, size_t size_max)
{
    const size_t size = strlen(text);
    const char *tail = size > size_max ? text + size - size_max : text;
    while ((*tail & 0xC0) == 0x80) {
        tail++;
    }
    return tail;
}

static void prefix(char *path, const struct message_value *value, bool with_index)
{
    char joined[2 * MESSAGE_PATH_SIZE];
    char index[24] = "";
    if (with_index && value->field->label == PROTOBUF_C_LABEL_REPEATED) {
        (void)snprintf(index, sizeof(index), "[%zu]", value->index);
    }
    (void)snprintf(joined, sizeof(joined), "%s%s%s%s", value->field->name, index,
                   path[0] == '\0' ? "" : ".", path);
    const char *tail = tail_of(joined, MESSAGE_PATH_SIZE - 1);
    memcpy(path, tail, strlen(tail) + 1);
}

static void write_path(const struct message_value *value, bool with_index, char *out_path)
{
    out_path[0] = '\0';
    for (; value != NULL; value = value->parent) {
        if (value->field != NULL) {
            prefix(out_path, value, with_index);
        }
    }
}

void message_value_name(const struct message_value *value, char *out_name)
{
    write_path(value, false, out_name);
}

void message_value_path(const struct message_value *value, char *out_path)
{
    write_path(value, true, out_path);
}

int message_write(const struct message_document *document,
                  const struct message_value *value, struct error *out_error,
                  const char *format, ...)
{
    char why[ERROR_TEXT_SIZE];
    char place[32] = "";
    char path[MESSAGE_PATH_SIZE];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(why, sizeof(why), format, arguments);
    va_end(arguments);
    if (value != NULL && value->line > 0) {
        (void)snprintf(place, sizeof(place), ":%u:%u", value->line, value->column);
    }
    message_value_path(value, path);
    return error_write(out_error, "%s%s: %s%s%s",
                       tail_of(document->file, FILE_SHOWN_SIZE_BYTES), place, path,
                       path[0] == '\0' ? "" : ": ", why);
}
