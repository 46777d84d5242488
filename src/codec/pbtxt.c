/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/pbtxt.h"

#include <math.h>

#include "codec/message_build.h"
#include "codec/pbtxt_token.h"

enum { NAME_SHOWN_SIZE_BYTES = 40 };

struct pbtxt_reader {
    struct message_builder builder;
    struct pbtxt_tokens tokens;
    struct pbtxt_token token; /* the one that is looked at */
};

/* What stands, or could stand, where the token does. field NULL: whatever it is. */
static struct message_value here(const struct pbtxt_reader *reader,
                                 const struct message_frame *frame,
                                 const ProtobufCFieldDescriptor *field)
{
    const bool is_repeated = field != NULL && field->label == PROTOBUF_C_LABEL_REPEATED;
    return (struct message_value){
        .parent = frame->value,
        .field = field,
        .index = is_repeated ? message_field_count(frame->message, field) : 0,
        .line = reader->token.line,
        .column = reader->token.column,
    };
}

/* The value, as if it stood where the token does. */
static struct message_value at_token(const struct pbtxt_reader *reader,
                                     const struct message_value *value)
{
    struct message_value at = *value;
    at.line = reader->token.line;
    at.column = reader->token.column;
    return at;
}

#define refuse(reader, value, ...)                                                    \
    message_build_refuse(&(reader)->builder,                                          \
                         (const struct message_value[]){at_token((reader), (value))}, \
                         __VA_ARGS__)

static enum galen_status next(struct pbtxt_reader *reader,
                              const struct message_value *value)
{
    const char *why = pbtxt_next(&reader->tokens, &reader->token);
    if (why == NULL) {
        return GALEN_OK;
    }
    reader->token.line = reader->tokens.line;
    reader->token.column = reader->tokens.column;
    return refuse(reader, value, "%s", why);
}

static bool is_symbol(const struct pbtxt_reader *reader, char symbol)
{
    return reader->token.kind == PBTXT_SYMBOL &&
           reader->token.text.data[0] == (uint8_t)symbol;
}

static bool is_name(const struct pbtxt_reader *reader, const char *name)
{
    return reader->token.kind == PBTXT_NAME && bytes_equal_string(reader->token.text, name);
}

/* -- one value ---------------------------------------------------------------------------
 */

static enum galen_status read_sign(struct pbtxt_reader *reader,
                                   const struct message_value *value, bool *out_is_negative)
{
    *out_is_negative = is_symbol(reader, '-');
    return *out_is_negative ? next(reader, value) : GALEN_OK;
}

static bool takes_sign(ProtobufCType type)
{
    return type != PROTOBUF_C_TYPE_UINT32 && type != PROTOBUF_C_TYPE_UINT64 &&
           type != PROTOBUF_C_TYPE_FIXED32 && type != PROTOBUF_C_TYPE_FIXED64 &&
           type != PROTOBUF_C_TYPE_BOOL;
}

static enum galen_status read_integer(struct pbtxt_reader *reader,
                                      const struct message_value *value, void *slot)
{
    bool is_negative = false;
    uint64_t magnitude;
    const ProtobufCType type = value->field->type;
    if (takes_sign(type)) {
        TRY(read_sign(reader, value, &is_negative));
    }
    if (reader->token.kind != PBTXT_INTEGER) {
        return refuse(reader, value, "an integer is expected");
    }
    if (!pbtxt_integer(reader->token.text, &magnitude) ||
        !message_store_integer(slot, type, is_negative, magnitude)) {
        return refuse(reader, value, "the number is out of range");
    }
    return next(reader, value);
}

/* inf and nan, in any case. */
static bool named_real(struct bytes name, double *out_value)
{
    const bool is_infinite = bytes_equal_ignoring_case(name, BYTES("inf")) ||
                             bytes_equal_ignoring_case(name, BYTES("infinity"));
    *out_value = is_infinite ? INFINITY : NAN;
    return is_infinite || bytes_equal_ignoring_case(name, BYTES("nan"));
}

static bool is_real(const struct pbtxt_token *token)
{
    return token->kind == PBTXT_REAL ||
           (token->kind == PBTXT_INTEGER && pbtxt_is_decimal(token->text));
}

static enum galen_status read_real(struct pbtxt_reader *reader,
                                   const struct message_value *value, void *slot)
{
    bool is_negative;
    double real;
    TRY(read_sign(reader, value, &is_negative));
    const struct pbtxt_token *token = &reader->token;
    if (is_real(token)) {
        if (!pbtxt_real(token->text, reader->builder.arena, &real)) {
            return GALEN_NO_MEMORY;
        }
    } else if (token->kind != PBTXT_NAME || !named_real(token->text, &real)) {
        return refuse(reader, value, "a decimal number is expected");
    }
    message_store_real(slot, value->field->type, is_negative ? -real : real);
    return next(reader, value);
}

static enum galen_status read_bool(struct pbtxt_reader *reader,
                                   const struct message_value *value, void *slot)
{
    if (reader->token.kind != PBTXT_NAME) {
        return read_integer(reader, value, slot);
    }
    const bool is_true =
        is_name(reader, "true") || is_name(reader, "True") || is_name(reader, "t");
    const bool is_false =
        is_name(reader, "false") || is_name(reader, "False") || is_name(reader, "f");
    if (!is_true && !is_false) {
        return refuse(reader, value, "true or false is expected");
    }
    *(protobuf_c_boolean *)slot = is_true;
    return next(reader, value);
}

static enum galen_status read_enum(struct pbtxt_reader *reader,
                                   const struct message_value *value, void *slot)
{
    if (reader->token.kind != PBTXT_NAME) {
        return read_integer(reader, value, slot);
    }
    const ProtobufCEnumDescriptor *descriptor = value->field->descriptor;
    if (!message_enum_number(descriptor, reader->token.text, false, slot)) {
        return refuse(reader, value, "is none of %s", descriptor->short_name);
    }
    return next(reader, value);
}

/* Literals side by side are one text. */
static enum galen_status read_text(struct pbtxt_reader *reader,
                                   const struct message_value *value, void *slot)
{
    struct bytes text = BYTES_NONE;
    if (reader->token.kind != PBTXT_STRING) {
        return refuse(reader, value, "a text in quotes is expected");
    }
    while (reader->token.kind == PBTXT_STRING) {
        uint8_t *joined =
            arena_alloc(reader->builder.arena, text.size + reader->token.text.size);
        if (joined == NULL) {
            return GALEN_NO_MEMORY;
        }
        if (text.size > 0) {
            memcpy(joined, text.data, text.size);
        }
        text = bytes_of(joined,
                        text.size + pbtxt_unescape(reader->token.text, joined + text.size));
        TRY(next(reader, value));
    }
    return message_store_text(&reader->builder, slot, text, value);
}

static enum galen_status read_scalar(struct pbtxt_reader *reader,
                                     const struct message_value *value, void *slot)
{
    switch ((int)value->field->type) {
    case PROTOBUF_C_TYPE_STRING:
        return read_text(reader, value, slot);
    case PROTOBUF_C_TYPE_ENUM:
        return read_enum(reader, value, slot);
    case PROTOBUF_C_TYPE_BOOL:
        return read_bool(reader, value, slot);
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_DOUBLE:
        return read_real(reader, value, slot);
    default:
        return read_integer(reader, value, slot);
    }
}

/* -- messages ----------------------------------------------------------------------------
 */

static enum galen_status read_fields(struct pbtxt_reader *reader,
                                     struct message_frame *frame, char end);

static enum galen_status read_message(struct pbtxt_reader *reader,
                                      struct message_frame *frame,
                                      const struct message_value *value)
{
    void *slot;
    struct message_frame inner;
    const bool is_angular = is_symbol(reader, '<');
    if (!is_angular && !is_symbol(reader, '{')) {
        return refuse(reader, value, "'{' is expected");
    }
    TRY(message_add(&reader->builder, frame, value, &slot, &inner));
    TRY(next(reader, value));
    TRY(read_fields(reader, &inner, is_angular ? '>' : '}'));
    TRY(next(reader, value));
    return message_field_is_map(value->field)
               ? message_end_entry(&reader->builder, frame, value->field)
               : GALEN_OK;
}

static enum galen_status read_value(struct pbtxt_reader *reader,
                                    struct message_frame *frame,
                                    const struct message_value *value)
{
    void *slot;
    if (value->field->type == PROTOBUF_C_TYPE_MESSAGE) {
        return read_message(reader, frame, value);
    }
    TRY(message_add(&reader->builder, frame, value, &slot, NULL));
    return read_scalar(reader, value, slot);
}

/* Behind '['. */
static enum galen_status read_list(struct pbtxt_reader *reader, struct message_frame *frame,
                                   const struct message_value *list)
{
    if (is_symbol(reader, ']')) {
        return next(reader, list);
    }
    for (;;) {
        const struct message_value element = here(reader, frame, list->field);
        TRY(read_value(reader, frame, &element));
        if (is_symbol(reader, ']')) {
            return next(reader, list);
        }
        if (!is_symbol(reader, ',')) {
            return refuse(reader, &element, "',' or ']' is expected");
        }
        TRY(next(reader, list));
    }
}

static enum galen_status read_colon(struct pbtxt_reader *reader,
                                    const struct message_value *value)
{
    if (is_symbol(reader, ':')) {
        return next(reader, value);
    }
    return value->field->type == PROTOBUF_C_TYPE_MESSAGE
               ? GALEN_OK
               : refuse(reader, value, "':' is expected");
}

static enum galen_status find_field(const struct pbtxt_reader *reader,
                                    const struct message_frame *frame,
                                    const ProtobufCFieldDescriptor **out_field)
{
    const struct message_value unknown = here(reader, frame, NULL);
    const struct bytes name = reader->token.text;
    if (reader->token.kind != PBTXT_NAME) {
        return refuse(reader, &unknown, "the name of a field is expected");
    }
    *out_field = message_field(frame->message->descriptor, name);
    if (*out_field == NULL) {
        return message_build_refuse(&reader->builder, &unknown,
                                    "%.*s: there is no such field in %s",
                                    BYTES_PRINT(bytes_first(name, NAME_SHOWN_SIZE_BYTES)),
                                    frame->message->descriptor->short_name);
    }
    return GALEN_OK;
}

static enum galen_status read_field(struct pbtxt_reader *reader,
                                    struct message_frame *frame)
{
    const ProtobufCFieldDescriptor *field = NULL;
    TRY(find_field(reader, frame, &field));
    const struct message_value value = here(reader, frame, field);
    TRY(message_begin_field(&reader->builder, frame, &value));
    TRY(next(reader, &value));
    TRY(read_colon(reader, &value));
    if (field->label == PROTOBUF_C_LABEL_REPEATED && is_symbol(reader, '[')) {
        TRY(next(reader, &value));
        TRY(read_list(reader, frame, &value));
    } else {
        TRY(read_value(reader, frame, &value));
    }
    return is_symbol(reader, ',') || is_symbol(reader, ';') ? next(reader, &value)
                                                            : GALEN_OK;
}

/* Up to the end of the message, which is looked at then. end NUL: that of the text. */
static enum galen_status read_fields(struct pbtxt_reader *reader,
                                     struct message_frame *frame, char end)
{
    for (;;) {
        if (end == '\0' ? reader->token.kind == PBTXT_END : is_symbol(reader, end)) {
            return GALEN_OK;
        }
        TRY(read_field(reader, frame));
    }
}

enum galen_status pbtxt_parse(struct bytes text, const char *file,
                              const ProtobufCMessageDescriptor *descriptor,
                              struct arena *arena, struct message_document *out_document,
                              struct error *out_error)
{
    struct pbtxt_reader reader = {.tokens = pbtxt_tokens_of(text)};
    struct message_frame root;
    TRY(message_build(&reader.builder, descriptor, file, arena, out_document, &root,
                      out_error));
    const struct message_value start = here(&reader, &root, NULL);
    TRY(next(&reader, &start));
    return read_fields(&reader, &root, '\0');
}
