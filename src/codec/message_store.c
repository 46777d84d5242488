/* SPDX-License-Identifier: Apache-2.0 */
#include "base/invariant.h"
#include "codec/message_build.h"

static bool store_signed(void *slot, uint64_t max, bool is_negative, uint64_t magnitude)
{
    if (magnitude > max + is_negative) {
        return false;
    }
    const uint64_t bits = is_negative ? -magnitude : magnitude;
    if (max == INT32_MAX) {
        const uint32_t low = (uint32_t)bits;
        memcpy(slot, &low, sizeof(low));
    } else {
        memcpy(slot, &bits, sizeof(bits));
    }
    return true;
}

static bool store_unsigned(void *slot, uint64_t max, bool is_negative, uint64_t magnitude)
{
    if (is_negative || magnitude > max) {
        return false;
    }
    if (max > UINT32_MAX) {
        *(uint64_t *)slot = magnitude;
    } else {
        *(uint32_t *)slot = (uint32_t)magnitude;
    }
    return true;
}

_Static_assert(sizeof(protobuf_c_boolean) == sizeof(uint32_t),
               "a bool is stored as an integer from 0 to 1");

bool message_store_integer(void *slot, ProtobufCType type, bool is_negative,
                           uint64_t magnitude)
{
    switch ((int)type) {
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        return store_signed(slot, INT64_MAX, is_negative, magnitude);
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        return store_unsigned(slot, UINT64_MAX, is_negative, magnitude);
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        return store_unsigned(slot, UINT32_MAX, is_negative, magnitude);
    case PROTOBUF_C_TYPE_BOOL:
        return store_unsigned(slot, 1, is_negative, magnitude);
    default:
        return store_signed(slot, INT32_MAX, is_negative, magnitude);
    }
}

void message_store_real(void *slot, ProtobufCType type, double value)
{
    if (type == PROTOBUF_C_TYPE_DOUBLE) {
        *(double *)slot = value;
        return;
    }
    INVARIANT(type == PROTOBUF_C_TYPE_FLOAT);
    *(float *)slot = (float)value;
}

enum galen_status message_store_text(const struct message_builder *builder, void *slot,
                                     struct bytes text, const struct message_value *value)
{
    if (!bytes_are_utf8(text, NULL)) {
        return message_build_refuse(builder, value, "is not UTF-8");
    }
    if (bytes_find(text, '\0') < text.size) {
        return message_build_refuse(builder, value, "holds a NUL");
    }
    char *copy = arena_copy_string(builder->arena, text);
    if (copy == NULL) {
        return message_refuse(builder->document, NULL, GALEN_NO_MEMORY, builder->error,
                              "out of memory");
    }
    *(char **)slot = copy;
    return GALEN_OK;
}

bool message_enum_number(const ProtobufCEnumDescriptor *descriptor, struct bytes name,
                         bool ignoring_case, int32_t *out_number)
{
    for (unsigned i = 0; i < descriptor->n_value_names; i++) {
        const struct bytes known = bytes_from_string(descriptor->values_by_name[i].name);
        if (ignoring_case ? bytes_equal_ignoring_case(name, known)
                          : bytes_equal(name, known)) {
            *out_number = descriptor->values[descriptor->values_by_name[i].index].value;
            return true;
        }
    }
    return false;
}
