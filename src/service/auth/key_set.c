/* SPDX-License-Identifier: Apache-2.0 */
#include "service/auth/key_set.h"

#include <stdlib.h>

#include "base/count.h"
#include "base/limits.h"

enum { ARENA_FACTOR = 32 };

struct slot {
    struct jwk jwk;
    uint8_t id[LIMIT_KEY_ID_SIZE_BYTES_MAX]; /* the jwk's points here */
};

struct key_set {
    _Atomic size_t references;
    size_t count;
    size_t passed_counts[JWK_PASSED_COUNT];
    struct slot slots[];
};

struct key_set *key_set_ref(struct key_set *set)
{
    count_more(&set->references);
    return set;
}

void key_set_unref(struct key_set *set)
{
    if (set == NULL || !count_less(&set->references)) {
        return;
    }
    for (size_t i = 0; i < set->count; i++) {
        public_key_destroy(set->slots[i].jwk.key);
    }
    free(set);
}

static enum galen_status create(size_t count, struct key_set **out_set)
{
    struct key_set *set = calloc(1, sizeof(*set) + count * sizeof(set->slots[0]));
    if (set == NULL) {
        return GALEN_NO_MEMORY;
    }
    count_begin(&set->references);
    *out_set = set;
    return GALEN_OK;
}

static void keep(struct key_set *set, const struct jwk *jwk)
{
    struct slot *slot = &set->slots[set->count++];
    slot->jwk = *jwk;
    if (jwk->id.size > 0) {
        memcpy(slot->id, jwk->id.data, jwk->id.size);
    }
    slot->jwk.id = bytes_of(slot->id, jwk->id.size);
}

static enum galen_status add(struct key_set *set, const struct json *value,
                             uint32_t algorithms, struct arena *arena,
                             struct error *out_error)
{
    struct jwk jwk;
    enum jwk_passed passed;
    TRY(jwk_read(value, algorithms, arena, &jwk, &passed, out_error));
    set->passed_counts[passed]++;
    if (passed == JWK_TAKEN) {
        keep(set, &jwk);
    }
    return GALEN_OK;
}

/* Those that are passed over too: whose key a token names must never be a question. */
static bool is_named_before(const struct json *keys, size_t index, struct bytes id)
{
    struct json_cursor at = json_walk(keys);
    while (json_next(&at) && at.index < index) {
        const struct json *other =
            json_type(at.value) == JSON_OBJECT ? json_member(at.value, "kid") : NULL;
        if (other != NULL && json_type(other) == JSON_STRING &&
            bytes_equal(json_string(other), id)) {
            return true;
        }
    }
    return false;
}

static bool is_duplicate(const struct json *keys, const struct json_cursor *at)
{
    const struct json *id =
        json_type(at->value) == JSON_OBJECT ? json_member(at->value, "kid") : NULL;
    return id != NULL && json_type(id) == JSON_STRING &&
           is_named_before(keys, at->index, json_string(id));
}

static enum galen_status add_all(struct key_set *set, const struct json *keys,
                                 uint32_t algorithms, struct arena *arena,
                                 struct error *out_error)
{
    struct json_cursor at = json_walk(keys);
    while (json_next(&at)) {
        enum galen_status status = GALEN_INVALID;
        if (is_duplicate(keys, &at)) {
            (void)error_write(out_error, "two keys have one kid");
        } else {
            status = add(set, at.value, algorithms, arena, out_error);
        }
        if (status != GALEN_OK) {
            error_prefix_index(out_error, at.index);
            error_prefix_name(out_error, BYTES("keys"));
            return status;
        }
    }
    return GALEN_OK;
}

static enum galen_status read_keys(const struct json *keys, uint32_t algorithms,
                                   struct arena *arena, struct key_set **out_set,
                                   struct error *out_error)
{
    scoped(key_set) set = NULL;
    if (json_type(keys) != JSON_ARRAY) {
        return error_set(out_error, GALEN_INVALID, "keys is not an array");
    }
    if (json_count(keys) > LIMIT_KEY_SET_KEY_COUNT_MAX) {
        return error_set(out_error, GALEN_TOO_LARGE, "there are more than %d keys",
                         (int)LIMIT_KEY_SET_KEY_COUNT_MAX);
    }
    TRY(create(json_count(keys), &set));
    TRY(add_all(set, keys, algorithms, arena, out_error));
    *out_set = take(&set);
    return GALEN_OK;
}

static enum galen_status read_one(const struct json *key, uint32_t algorithms,
                                  struct arena *arena, struct key_set **out_set,
                                  struct error *out_error)
{
    scoped(key_set) set = NULL;
    TRY(create(1, &set));
    TRY(add(set, key, algorithms, arena, out_error));
    *out_set = take(&set);
    return GALEN_OK;
}

static enum galen_status read_text(struct bytes text, uint32_t algorithms,
                                   struct arena *arena, struct key_set **out_set,
                                   struct error *out_error)
{
    const struct json *root;
    TRY(json_parse(text, arena, &root, out_error));
    if (json_type(root) != JSON_OBJECT) {
        return error_set(out_error, GALEN_INVALID, "it is not an object");
    }
    const struct json *keys = json_member(root, "keys");
    if (keys == NULL && json_member(root, "kty") == NULL) {
        return error_set(out_error, GALEN_INVALID, "it has neither keys nor kty");
    }
    return keys != NULL ? read_keys(keys, algorithms, arena, out_set, out_error)
                        : read_one(root, algorithms, arena, out_set, out_error);
}

enum galen_status key_set_parse(struct bytes text, uint32_t algorithms,
                                struct key_set **out_set, struct error *out_error)
{
    struct arena arena;
    struct error unwanted;
    struct error *error = out_error == NULL ? &unwanted : out_error;
    if (text.size > LIMIT_KEY_SET_SIZE_BYTES_MAX) {
        return error_set(error, GALEN_TOO_LARGE, "it is longer than %d bytes",
                         (int)LIMIT_KEY_SET_SIZE_BYTES_MAX);
    }
    error_clear(error);
    arena_init(&arena, (size_t)LIMIT_KEY_SET_SIZE_BYTES_MAX * ARENA_FACTOR);
    const enum galen_status status = read_text(text, algorithms, &arena, out_set, error);
    arena_deinit(&arena);
    return status;
}

size_t key_set_count(const struct key_set *set)
{
    return set->count;
}

const struct jwk *key_set_at(const struct key_set *set, size_t index)
{
    return &set->slots[index].jwk;
}

size_t key_set_count_passed(const struct key_set *set, enum jwk_passed passed)
{
    return set->passed_counts[passed];
}

const struct jwk *key_set_find(const struct key_set *set, struct bytes id)
{
    for (size_t i = 0; i < set->count; i++) {
        const struct jwk *jwk = &set->slots[i].jwk;
        if (jwk->has_id && bytes_equal(jwk->id, id)) {
            return jwk;
        }
    }
    return NULL;
}

bool key_set_has(const struct key_set *set, const uint8_t *identity)
{
    for (size_t i = 0; i < set->count; i++) {
        if (memcmp(set->slots[i].jwk.identity, identity, SHA256_SIZE) == 0) {
            return true;
        }
    }
    return false;
}
