/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/message_build.h"

#include "base/invariant.h"
#include "base/limits.h"

enum { FIELD_COUNT_MAX = 64 }; /* of message_frame's bits */

static void *at_offset(ProtobufCMessage *message, size_t offset)
{
    return (uint8_t *)message + offset;
}

static struct message_frame frame_of(ProtobufCMessage *message,
                                     const struct message_value *value, size_t depth)
{
    INVARIANT(message->descriptor->n_fields <= FIELD_COUNT_MAX);
    return (struct message_frame){.message = message, .value = value, .depth = depth};
}

static ProtobufCMessage *create(struct arena *arena,
                                const ProtobufCMessageDescriptor *descriptor)
{
    ProtobufCMessage *message = arena_alloc(arena, descriptor->sizeof_message);
    if (message != NULL) {
        descriptor->message_init(message);
    }
    return message;
}

#define no_memory(builder)                                                       \
    message_refuse((builder)->document, NULL, GALEN_NO_MEMORY, (builder)->error, \
                   "out of "                                                     \
                   "memory")

enum galen_status message_build(struct message_builder *builder,
                                const ProtobufCMessageDescriptor *descriptor,
                                const char *file, struct arena *arena,
                                struct message_document *out_document,
                                struct message_frame *out_root, struct error *out_error)
{
    *builder = (struct message_builder){
        .arena = arena, .document = out_document, .error = out_error};
    *out_document = (struct message_document){.file = file};
    ProtobufCMessage *root = create(arena, descriptor);
    if (root == NULL) {
        return no_memory(builder);
    }
    out_document->root = root;
    *out_root = frame_of(root, NULL, 0);
    return GALEN_OK;
}

/* The member of the field's oneof that is there already; NULL: none, or it is in none. */
static const ProtobufCFieldDescriptor *rival_of(const ProtobufCMessage *message,
                                                const ProtobufCFieldDescriptor *field)
{
    const ProtobufCMessageDescriptor *descriptor = message->descriptor;
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *other = &descriptor->fields[i];
        if ((field->flags & other->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0 &&
            other->quantifier_offset == field->quantifier_offset &&
            message_field_count(message, other) > 0) {
            return other;
        }
    }
    return NULL;
}

enum galen_status message_begin_field(struct message_builder *builder,
                                      struct message_frame *frame,
                                      const struct message_value *value)
{
    const ProtobufCFieldDescriptor *field = value->field;
    const uint64_t bit = UINT64_C(1) << (field - frame->message->descriptor->fields);
    if (field->label != PROTOBUF_C_LABEL_REPEATED && (frame->seen & bit) != 0) {
        return message_build_refuse(builder, value, "is given twice");
    }
    const ProtobufCFieldDescriptor *rival = rival_of(frame->message, field);
    if (rival != NULL) {
        return message_build_refuse(builder, value, "is given, and so is %s: only one may",
                                    rival->name);
    }
    frame->seen |= bit;
    return GALEN_OK;
}

static enum galen_status keep(struct message_builder *builder, struct message_value value,
                              struct message_value **out_kept)
{
    if (builder->count == LIMIT_MESSAGE_VALUE_COUNT_MAX) {
        return message_refuse(builder->document, &value, GALEN_TOO_LARGE, builder->error,
                              "is one value too many: %d are allowed",
                              (int)LIMIT_MESSAGE_VALUE_COUNT_MAX);
    }
    struct message_value *kept = arena_alloc(builder->arena, sizeof(*kept));
    if (kept == NULL) {
        return no_memory(builder);
    }
    *kept = value;
    if (builder->last == NULL) {
        builder->document->first = kept;
    } else {
        builder->last->next = kept;
    }
    builder->last = kept;
    builder->count++;
    *out_kept = kept;
    return GALEN_OK;
}

static size_t element_size(ProtobufCType type)
{
    switch ((int)type) {
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
        return sizeof(void *);
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return sizeof(uint64_t);
    default:
        return sizeof(uint32_t);
    }
}

/* Arrays have room for a power of two. NULL: no memory. */
static void *append(struct message_builder *builder, ProtobufCMessage *message,
                    const ProtobufCFieldDescriptor *field)
{
    size_t *count = at_offset(message, field->quantifier_offset);
    uint8_t **array = at_offset(message, field->offset);
    const size_t size = element_size(field->type);
    if ((*count & (*count - 1)) == 0) {
        uint8_t *larger =
            arena_alloc_array(builder->arena, *count == 0 ? 1 : 2 * *count, size);
        if (larger == NULL) {
            return NULL;
        }
        if (*count > 0) {
            memcpy(larger, *array, *count * size);
        }
        *array = larger;
    }
    return *array + (*count)++ * size;
}

static void *slot_of(struct message_builder *builder, ProtobufCMessage *message,
                     const ProtobufCFieldDescriptor *field)
{
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        return append(builder, message, field);
    }
    if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0) {
        uint32_t *chosen = at_offset(message, field->quantifier_offset);
        *chosen = field->id;
    }
    return at_offset(message, field->offset);
}

static enum galen_status add_message(struct message_builder *builder,
                                     const struct message_frame *frame,
                                     struct message_value *value, ProtobufCMessage **slot,
                                     struct message_frame *out_inner)
{
    if (frame->depth == LIMIT_MESSAGE_DEPTH_MAX) {
        return message_refuse(builder->document, value, GALEN_TOO_LARGE, builder->error,
                              "is nested too deeply");
    }
    ProtobufCMessage *message = create(builder->arena, value->field->descriptor);
    if (message == NULL) {
        return no_memory(builder);
    }
    *slot = message;
    value->message = message;
    *out_inner = frame_of(message, value, frame->depth + 1);
    return GALEN_OK;
}

enum galen_status message_add(struct message_builder *builder,
                              const struct message_frame *frame,
                              const struct message_value *value, void **out_slot,
                              struct message_frame *out_inner)
{
    const ProtobufCFieldDescriptor *field = value->field;
    struct message_value *kept = NULL;
    struct message_value added = *value;
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        added.index = message_field_count(frame->message, field);
    }
    TRY(keep(builder, added, &kept));
    void *slot = slot_of(builder, frame->message, field);
    if (slot == NULL) {
        return no_memory(builder);
    }
    *out_slot = slot;
    return field->type == PROTOBUF_C_TYPE_MESSAGE
               ? add_message(builder, frame, kept, slot, out_inner)
               : GALEN_OK;
}

static bool keys_are_equal(const ProtobufCMessage *a, const ProtobufCMessage *b)
{
    const ProtobufCFieldDescriptor *key = &a->descriptor->fields[0];
    const void *left = message_field_at(a, key, 0);
    const void *right = message_field_at(b, key, 0);
    return key->type == PROTOBUF_C_TYPE_STRING
               ? strcmp(*(char *const *)left, *(char *const *)right) == 0
               : memcmp(left, right, element_size(key->type)) == 0;
}

enum galen_status message_end_entry(struct message_builder *builder,
                                    const struct message_frame *frame,
                                    const ProtobufCFieldDescriptor *field)
{
    size_t *count = at_offset(frame->message, field->quantifier_offset);
    ProtobufCMessage **entries =
        *(ProtobufCMessage ***)at_offset(frame->message, field->offset);
    ProtobufCMessage *entry = entries[*count - 1];
    const ProtobufCFieldDescriptor *value = &entry->descriptor->fields[1];
    if (message_field_count(entry, value) == 0) {
        ProtobufCMessage **slot = at_offset(entry, value->offset);
        *slot = create(builder->arena, value->descriptor);
        if (*slot == NULL) {
            return no_memory(builder);
        }
    }
    for (size_t i = 0; i + 1 < *count; i++) {
        if (keys_are_equal(entries[i], entry)) {
            entries[i] = entry;
            (*count)--;
            break;
        }
    }
    return GALEN_OK;
}
