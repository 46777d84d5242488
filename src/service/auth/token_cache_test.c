/* SPDX-License-Identifier: Apache-2.0 */
#include "service/auth/token_cache.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "expect.h"

enum { NOW_S = 1000, COUNT_MAX = 8, STEP_COUNT = 20000, TOKEN_COUNT = 24 };

static void digest_of(unsigned number, uint8_t *out)
{
    char text[16];
    (void)snprintf(text, sizeof(text), "%u", number);
    EXPECT_OK(sha256_of(bytes_from_string(text), out));
}

static void a_token_goes_by_the_hash_of_its_text(void **state)
{
    (void)state;
    scoped(token_cache) cache = NULL;
    EXPECT_OK(token_cache_create(COUNT_MAX, &cache));
    for (unsigned number = 0; number < 3; number++) {
        char text[16];
        uint8_t expected[SHA256_SIZE];
        uint8_t found[SHA256_SIZE];
        (void)snprintf(text, sizeof(text), "%u", number);
        digest_of(number, expected);
        EXPECT_OK(token_cache_digest(cache, bytes_from_string(text), found));
        assert_memory_equal(found, expected, SHA256_SIZE);
    }
}

static void put_sized(struct token_cache *cache, unsigned number, int64_t expires_s,
                      size_t size)
{
    uint8_t digest[SHA256_SIZE];
    uint8_t *text = calloc(1, size + 1);
    struct principal *principal = NULL;
    const struct principal about = {
        .kind = PRINCIPAL_TOKEN, .expires_s = expires_s, .subject = bytes_of(text, size)};
    EXPECT_OK(principal_create(&about, &principal));
    digest_of(number, digest);
    token_cache_put(
        cache, digest,
        &(struct token_cached){.principal = principal, .key = {(uint8_t)number}});
    principal_unref(principal);
    free(text);
}

static void put(struct token_cache *cache, unsigned number, int64_t expires_s)
{
    put_sized(cache, number, expires_s, 16);
}

static const struct token_cached *find(struct token_cache *cache, unsigned number)
{
    uint8_t digest[SHA256_SIZE];
    digest_of(number, digest);
    return token_cache_find(cache, digest, NOW_S);
}

static struct token_cache *create(void)
{
    struct token_cache *cache = NULL;
    EXPECT_OK(token_cache_create(COUNT_MAX, &cache));
    return cache;
}

static void what_was_put_is_found(void **state)
{
    (void)state;
    scoped(token_cache) cache = create();
    put(cache, 1, NOW_S + 1);
    put(cache, 2, NOW_S + 1);
    assert_int_equal(1, find(cache, 1)->key[0]);
    assert_int_equal(2, find(cache, 2)->key[0]);
    assert_null(find(cache, 3));
    assert_int_equal(2, token_cache_count(cache));
}

static void an_entry_ends_when_its_token_does(void **state)
{
    (void)state;
    scoped(token_cache) cache = create();
    put(cache, 1, NOW_S);
    put(cache, 2, NOW_S + 1);
    assert_null(find(cache, 1));
    assert_non_null(find(cache, 2));
    assert_int_equal(1, token_cache_count(cache));
}

static void a_token_is_there_once(void **state)
{
    (void)state;
    scoped(token_cache) cache = create();
    put(cache, 1, NOW_S + 1);
    put(cache, 1, NOW_S + 2);
    assert_int_equal(1, token_cache_count(cache));
    assert_int_equal(NOW_S + 2, find(cache, 1)->principal->expires_s);
}

static void what_is_dropped_is_gone(void **state)
{
    (void)state;
    scoped(token_cache) cache = create();
    uint8_t digest[SHA256_SIZE];
    digest_of(1, digest);
    put(cache, 1, NOW_S + 1);
    token_cache_drop(cache, digest);
    token_cache_drop(cache, digest);
    assert_null(find(cache, 1));
    assert_int_equal(0, token_cache_count(cache));
}

static void who_was_not_asked_for_longest_goes_first(void **state)
{
    (void)state;
    scoped(token_cache) cache = create();
    for (unsigned i = 0; i < COUNT_MAX; i++) {
        put(cache, i, NOW_S + 1);
    }
    assert_non_null(find(cache, 0));
    put(cache, 100, NOW_S + 1);
    assert_int_equal(COUNT_MAX, token_cache_count(cache));
    assert_non_null(find(cache, 0));
    assert_null(find(cache, 1));
    assert_non_null(find(cache, 100));
}

static void memory_is_bounded_too(void **state)
{
    (void)state;
    scoped(token_cache) cache = create();
    put_sized(cache, 1, NOW_S + 1, LIMIT_TOKEN_CACHE_SIZE_BYTES_MAX / 2);
    put_sized(cache, 2, NOW_S + 1, LIMIT_TOKEN_CACHE_SIZE_BYTES_MAX / 3);
    put_sized(cache, 3, NOW_S + 1, LIMIT_TOKEN_CACHE_SIZE_BYTES_MAX / 3);
    assert_null(find(cache, 1));
    assert_non_null(find(cache, 2));
    assert_non_null(find(cache, 3));
    put_sized(cache, 4, NOW_S + 1, LIMIT_TOKEN_CACHE_SIZE_BYTES_MAX);
    assert_null(find(cache, 4));
    assert_non_null(find(cache, 3));
}

static void who_holds_a_principal_keeps_it(void **state)
{
    (void)state;
    struct token_cache *cache = create();
    put(cache, 1, NOW_S + 1);
    scoped(principal) held = principal_ref(find(cache, 1)->principal);
    for (unsigned i = 2; i < 3 * COUNT_MAX; i++) {
        put(cache, i, NOW_S + 2);
    }
    assert_null(find(cache, 1));
    token_cache_destroy(cache);
    token_cache_destroy(NULL);
    assert_int_equal(NOW_S + 1, held->expires_s);
}

/* Against a list that is searched from end to end. */
static void any_order_of_calls_does_what_a_list_would(void **state)
{
    (void)state;
    scoped(token_cache) cache = create();
    unsigned model[COUNT_MAX]; /* longest ago first */
    size_t count = 0;
    uint32_t random = 1;
    for (size_t step = 0; step < STEP_COUNT; step++) {
        random = random * 1664525u + 1013904223u;
        const unsigned number = (random >> 16) % TOKEN_COUNT;
        const unsigned what = (random >> 8) % 4;
        uint8_t digest[SHA256_SIZE];
        size_t at = 0;
        digest_of(number, digest);
        while (at < count && model[at] != number) {
            at++;
        }
        const bool is_there = at < count;
        if (is_there) {
            memmove(&model[at], &model[at + 1], (count - at - 1) * sizeof(model[0]));
            count--;
        }
        if (what == 0) {
            token_cache_drop(cache, digest);
            continue;
        }
        if (what == 1 && !is_there && count == COUNT_MAX) {
            memmove(&model[0], &model[1], (--count) * sizeof(model[0]));
        }
        if (what == 1) {
            put(cache, number, NOW_S + 1);
            model[count++] = number;
        } else {
            assert_int_equal(is_there, token_cache_find(cache, digest, NOW_S) != NULL);
            if (is_there) {
                model[count++] = number;
            }
        }
        assert_int_equal(count, token_cache_count(cache));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_goes_by_the_hash_of_its_text),
        cmocka_unit_test(what_was_put_is_found),
        cmocka_unit_test(an_entry_ends_when_its_token_does),
        cmocka_unit_test(a_token_is_there_once),
        cmocka_unit_test(what_is_dropped_is_gone),
        cmocka_unit_test(who_was_not_asked_for_longest_goes_first),
        cmocka_unit_test(memory_is_bounded_too),
        cmocka_unit_test(who_holds_a_principal_keeps_it),
        cmocka_unit_test(any_order_of_calls_does_what_a_list_would),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
