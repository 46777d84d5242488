/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/schema_value.h"

#include "codec/schema_decimal.h"

static const uint64_t factor = 0x9E3779B97F4A7C15u;

static uint64_t mix(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * factor;
    return hash ^ (hash >> 31);
}

uint64_t schema_text_hash(struct bytes text)
{
    uint64_t hash = text.size;
    size_t i = 0;
    for (; text.size - i >= sizeof(uint64_t); i += sizeof(uint64_t)) {
        uint64_t word;
        memcpy(&word, text.data + i, sizeof(word));
        hash = mix(hash, word);
    }
    uint64_t rest = 0;
    for (; i < text.size; i++) {
        rest = (rest << 8) | text.data[i];
    }
    return mix(hash, rest);
}

static uint64_t hash_number(struct bytes text)
{
    struct decimal decimal;
    return decimal_read(text, &decimal) ? decimal_hash(&decimal) : schema_text_hash(text);
}

static uint64_t hash_array(const struct json *array, struct schema_budget *budget)
{
    uint64_t hash = JSON_ARRAY;
    struct json_cursor at = json_walk(array);
    while (json_next(&at)) {
        hash = mix(hash, schema_value_hash(at.value, budget));
    }
    return hash;
}

static uint64_t hash_object(const struct json *object, struct schema_budget *budget)
{
    uint64_t hash = JSON_OBJECT;
    struct json_cursor at = json_walk(object);
    while (json_next(&at)) { /* a sum: the order of members does not count */
        hash += mix(schema_text_hash(at.name), schema_value_hash(at.value, budget));
    }
    return hash;
}

/* Depth is bounded by json_parse. */
uint64_t schema_value_hash(const struct json *value, struct schema_budget *budget)
{
    if (!schema_budget_take(budget, 1)) {
        return 0;
    }
    switch (json_type(value)) {
    case JSON_NULL:
        return mix(JSON_NULL, 0);
    case JSON_BOOL:
        return mix(JSON_BOOL, json_bool(value));
    case JSON_NUMBER:
        (void)schema_budget_take(budget, json_number(value).size / SCHEMA_BYTES_OF_A_STEP);
        return mix(JSON_NUMBER, hash_number(json_number(value)));
    case JSON_STRING:
        (void)schema_budget_take(budget, json_string(value).size / SCHEMA_BYTES_OF_A_STEP);
        return mix(JSON_STRING, schema_text_hash(json_string(value)));
    case JSON_ARRAY:
        return hash_array(value, budget);
    case JSON_OBJECT:
        break;
    }
    return hash_object(value, budget);
}

static bool numbers_equal(struct bytes a, struct bytes b)
{
    struct decimal left;
    struct decimal right;
    return decimal_read(a, &left) && decimal_read(b, &right)
               ? decimal_compare(&left, &right) == 0
               : bytes_equal(a, b);
}

const struct json *schema_member(const struct json *object, struct bytes name,
                                 struct schema_budget *budget)
{
    struct json_cursor at = json_walk(object);
    while (json_next(&at)) {
        if (bytes_equal(at.name, name)) {
            (void)schema_budget_take(budget, 1 + at.index / 8);
            return at.value;
        }
    }
    (void)schema_budget_take(budget, 1 + json_count(object) / 8);
    return NULL;
}

static bool arrays_equal(const struct json *a, const struct json *b,
                         struct schema_budget *budget)
{
    struct json_cursor left = json_walk(a);
    struct json_cursor right = json_walk(b);
    while (json_next(&left) && json_next(&right)) {
        if (!schema_values_equal(left.value, right.value, budget)) {
            return false;
        }
    }
    return true;
}

static bool objects_equal(const struct json *a, const struct json *b,
                          struct schema_budget *budget)
{
    struct json_cursor at = json_walk(a);
    while (json_next(&at)) {
        const struct json *other = schema_member(b, at.name, budget);
        if (other == NULL || !schema_values_equal(at.value, other, budget)) {
            return false;
        }
    }
    return true;
}

bool schema_values_equal(const struct json *a, const struct json *b,
                         struct schema_budget *budget)
{
    if (json_type(a) != json_type(b) || !schema_budget_take(budget, 1)) {
        return false;
    }
    switch (json_type(a)) {
    case JSON_NULL:
        return true;
    case JSON_BOOL:
        return json_bool(a) == json_bool(b);
    case JSON_NUMBER:
        (void)schema_budget_take(budget, (json_number(a).size + json_number(b).size) /
                                             SCHEMA_BYTES_OF_A_STEP);
        return numbers_equal(json_number(a), json_number(b));
    case JSON_STRING:
        (void)schema_budget_take(budget, json_string(a).size / SCHEMA_BYTES_OF_A_STEP);
        return bytes_equal(json_string(a), json_string(b));
    case JSON_ARRAY:
        return json_count(a) == json_count(b) && arrays_equal(a, b, budget);
    case JSON_OBJECT:
        break;
    }
    return json_count(a) == json_count(b) && objects_equal(a, b, budget);
}

struct seen_element {
    const struct json *value;
    uint64_t hash;
    size_t index;
};

/* Hashes that a client made collide cost it its budget. */
static bool find_in_slots(struct seen_element *slots, size_t slot_count,
                          const struct seen_element *element, struct schema_budget *budget,
                          size_t *out_index)
{
    size_t slot = element->hash & (slot_count - 1);
    for (; slots[slot].value != NULL && schema_budget_take(budget, 1);
         slot = (slot + 1) & (slot_count - 1)) {
        if (slots[slot].hash == element->hash &&
            schema_values_equal(slots[slot].value, element->value, budget)) {
            *out_index = slots[slot].index;
            return true;
        }
    }
    slots[slot] = *element;
    return false;
}

static size_t power_above(size_t count)
{
    size_t power = 1;
    while (power < count) {
        power *= 2;
    }
    return power;
}

enum galen_status schema_find_equal(const struct json *array, struct schema_budget *budget,
                                    struct arena *arena, bool *out_found,
                                    size_t out_pair[2])
{
    const size_t slot_count = power_above(2 * json_count(array));
    struct seen_element *slots = arena_alloc_array(arena, slot_count, sizeof(*slots));
    if (slots == NULL) {
        return GALEN_NO_MEMORY;
    }
    *out_found = false;
    struct json_cursor at = json_walk(array);
    while (!*out_found && budget->step_count > 0 && json_next(&at)) {
        const struct seen_element element = {at.value, schema_value_hash(at.value, budget),
                                             at.index};
        *out_found = find_in_slots(slots, slot_count, &element, budget, &out_pair[0]);
        out_pair[1] = at.index;
    }
    return GALEN_OK;
}
