/* SPDX-License-Identifier: Apache-2.0 */
#include "service/route_index.h"

#include "base/invariant.h"

/* What a row is looked up by: a pattern, a model, or both. */
struct key {
    struct bytes model;
    struct bytes type; /* of a pattern, as the subtype is */
    struct bytes subtype;
};

/* FNV-1a (RFC 9923). The rows are the operator's: nobody else chooses what collides. */
static uint32_t hash_more(uint32_t hash, struct bytes text)
{
    for (size_t i = 0; i < text.size; i++) {
        const uint8_t byte = text.data[i];
        const bool is_upper = byte >= 'A' && byte <= 'Z';
        hash = (hash ^ (is_upper ? byte | 0x20 : byte)) * 16777619U;
    }
    return (hash ^ '/') * 16777619U;
}

static uint32_t hash_of(const struct key *key)
{
    uint32_t hash = hash_more(2166136261U, key->model);
    hash = hash_more(hash, key->type);
    hash = hash_more(hash, key->subtype);
    return hash ^ hash >> 16;
}

static struct key key_of(const struct settings_route *route)
{
    struct key key = {.model = bytes_from_string(route->model)};
    key.subtype = bytes_split(bytes_from_string(route->content), '/', &key.type);
    return key;
}

/* What a table does not look at is empty. */
static bool is_same(const struct key *key, const struct settings_route *route)
{
    const struct key other = key_of(route);
    return (key->model.size == 0 || bytes_equal(key->model, other.model)) &&
           (key->type.size == 0 ||
            (bytes_equal_ignoring_case(key->type, other.type) &&
             bytes_equal_ignoring_case(key->subtype, other.subtype)));
}

/* Where the key's row is, or would go. */
static size_t slot_of(const struct route_index *index, const uint16_t *slots,
                      const struct key *key)
{
    size_t slot = hash_of(key) % ROUTE_SLOT_COUNT;
    while (slots[slot] != 0 && !is_same(key, &index->routes[slots[slot] - 1])) {
        slot = (slot + 1) % ROUTE_SLOT_COUNT;
    }
    return slot;
}

/* The first row of that key. */
static size_t put(struct route_index *index, uint16_t *slots, struct key key, size_t row)
{
    const size_t slot = slot_of(index, slots, &key);
    if (slots[slot] == 0) {
        slots[slot] = (uint16_t)(row + 1);
    }
    return slots[slot] - 1U;
}

/* What a later row asks is added to what the earlier ones do. */
static void add_demands(const struct settings_route *route,
                        struct settings_demands *demands)
{
    if (demands->policy == NULL || demands->policy[0] == '\0') {
        demands->policy = route->policy;
    }
    demands->requires_subject |= route->requires_subject;
    demands->requires_purpose |= route->requires_purpose;
}

void route_index_init(struct route_index *out_index, const struct settings_route *routes,
                      size_t count)
{
    INVARIANT(count <= LIMIT_ROUTE_COUNT_MAX);
    *out_index = (struct route_index){.routes = routes, .count = count};
    for (size_t i = 0; i < count; i++) {
        const struct key both = key_of(&routes[i]);
        const struct key content = {.type = both.type, .subtype = both.subtype};
        const struct key model = {.model = both.model};
        (void)put(out_index, out_index->by_both, both, i);
        (void)put(out_index, out_index->by_content, content, i);
        const size_t first = put(out_index, out_index->by_model, model, i);
        add_demands(&routes[i], &out_index->of_model[first]);
    }
}

/* Its number from 1; 0: there is none. */
static unsigned number_of(const struct route_index *index, const uint16_t *slots,
                          const struct key *key)
{
    return slots[slot_of(index, slots, key)];
}

static const struct settings_route *row_of(const struct route_index *index, unsigned number)
{
    return number == 0 ? NULL : &index->routes[number - 1];
}

/* A type is taken by its own pattern and by that of all that are like it. */
static const struct settings_route *find_type(const struct route_index *index,
                                              const uint16_t *slots, struct bytes model,
                                              struct media_type type)
{
    const struct key exact = {model, type.type, type.subtype};
    const struct key wide = {model, type.type, BYTES("*")};
    const unsigned one = number_of(index, slots, &exact);
    const unsigned other = number_of(index, slots, &wide);
    const bool is_one = one != 0 && (other == 0 || one < other);
    return row_of(index, is_one ? one : other);
}

const struct settings_route *route_index_find(const struct route_index *index,
                                              struct media_type type)
{
    return find_type(index, index->by_content, BYTES_NONE, type);
}

const struct settings_route *route_index_find_of(const struct route_index *index,
                                                 struct bytes model,
                                                 const struct media_type *type)
{
    const struct key of_model = {.model = model};
    if (model.size == 0) {
        return NULL; /* which no row leads to */
    }
    return type == NULL ? row_of(index, number_of(index, index->by_model, &of_model))
                        : find_type(index, index->by_both, model, *type);
}

struct settings_demands route_index_demands(const struct route_index *index,
                                            struct bytes model,
                                            const struct media_type *type)
{
    struct settings_demands demands = {.policy = ""};
    const struct settings_route *own =
        type == NULL ? NULL : route_index_find_of(index, model, type);
    const struct settings_route *first = route_index_find_of(index, model, NULL);
    if (own != NULL) {
        add_demands(own, &demands);
    } else if (first != NULL) {
        demands = index->of_model[first - index->routes];
    }
    return demands;
}
