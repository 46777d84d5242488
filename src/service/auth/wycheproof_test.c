/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Wycheproof's vectors of JSON Web Signature and JSON Web Key (tests/data/wycheproof),
 * every one, with the counts of what became of them. Runs from the root of the tree.
 *
 * Each group is verified with the keys that it gives (`public` where there is one), read as
 * the set of an issuer with every algorithm configured; a key without `alg` as where its
 * algorithm alone, RS256 or ES256, is configured.
 *
 * A vector that is called invalid must be refused. One that is called valid must be let in,
 * but for what we refuse on purpose, each kind with its number:
 */
#include "service/auth/token.h"

#include <stdio.h>
#include <stdlib.h>

#include "codec/json_writer.h"
#include "expect.h"

#define FOLDER "tests/data/wycheproof/"
enum { FILE_SIZE_MAX = 1 << 20, ARENA_SIZE = 64 << 20 };

struct counts {
    size_t all;
    size_t agree;           /* with keys that can verify */
    size_t symmetric;       /* HMAC, which we never verify: all are refused */
    size_t symmetric_valid; /* of them, called valid */
    size_t other_algorithm; /* called valid, though the token's alg is not the key's */
    size_t no_such_name;    /* called valid, of a key whose alg is no name (ES521) */
};

static struct counts counts;
static struct arena arena;

static struct bytes read_file(const char *path)
{
    uint8_t *data = arena_alloc(&arena, FILE_SIZE_MAX);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    const size_t size = fread(data, 1, FILE_SIZE_MAX, file);
    assert_true(size < FILE_SIZE_MAX && feof(file));
    assert_int_equal(0, fclose(file));
    return bytes_of(data, size);
}

static void put_value(struct json_writer *json, const struct json *value)
{
    struct json_cursor at;
    switch (json_type(value)) {
    case JSON_STRING:
        json_put_string(json, json_string(value));
        return;
    case JSON_ARRAY:
        json_begin_array(json);
        for (at = json_walk(value); json_next(&at);) {
            put_value(json, at.value);
        }
        json_end_array(json);
        return;
    case JSON_OBJECT:
        json_begin_object(json);
        for (at = json_walk(value); json_next(&at);) {
            json_put_name_bytes(json, at.name);
            put_value(json, at.value);
        }
        json_end_object(json);
        return;
    case JSON_NULL:
    case JSON_BOOL:
    case JSON_NUMBER:
        fail_msg("no key has a %s", json_type_name(json_type(value)));
    }
}

static struct bytes text_of(const struct json *object, const char *name)
{
    const struct json *member = json_member(object, name);
    return member == NULL ? BYTES_NONE : json_string(member);
}

static const struct json *first_key(const struct json *keys)
{
    const struct json *list = json_member(keys, "keys");
    if (list == NULL) {
        return keys;
    }
    struct json_cursor at = json_walk(list);
    assert_true(json_next(&at));
    return at.value;
}

static const struct json *keys_of(const struct json *group)
{
    const struct json *keys = json_member(group, "public");
    return keys != NULL ? keys : json_member(group, "private");
}

/* NULL: the set is refused. */
static struct key_set *parse_keys(const struct json *group)
{
    const struct json *keys = keys_of(group);
    const uint32_t algorithms =
        json_member(first_key(keys), "alg") != NULL
            ? JWK_ALGORITHMS_ALL
            : JWK_ALGORITHM(SIGNATURE_RS256) | JWK_ALGORITHM(SIGNATURE_ES256);
    struct key_set *set = NULL;
    struct writer text;
    writer_init(&text, FILE_SIZE_MAX);
    struct json_writer json = json_writer_on(&text);
    put_value(&json, keys);
    if (key_set_parse(writer_bytes(&text), algorithms, &set, NULL) != GALEN_OK) {
        set = NULL;
    }
    writer_deinit(&text);
    return set;
}

static bool is_let_in(const struct json *test, const struct key_set *keys)
{
    struct token token;
    return keys != NULL && token_open(text_of(test, "jws"), BYTES_NONE, keys, &arena,
                                      &token) == REFUSAL_NOT;
}

static enum refusal reason_of(const struct json *test, const struct key_set *keys)
{
    struct token token;
    return token_open(text_of(test, "jws"), BYTES_NONE, keys, &arena, &token);
}

/* A valid vector that is refused has to be so for one of the reasons. */
static void count_refused_valid(const struct json *group, const struct json *test,
                                const struct key_set *keys)
{
    enum signature_algorithm ignored;
    if (!signature_algorithm_find(text_of(first_key(keys_of(group)), "alg"), &ignored)) {
        counts.no_such_name++;
        return;
    }
    if (reason_of(test, keys) != REFUSAL_ALGORITHM) {
        fail_msg("vector %.*s is valid and was refused: %s",
                 BYTES_PRINT(json_number(json_member(test, "tcId"))),
                 refusal_word(reason_of(test, keys)));
    }
    counts.other_algorithm++;
}

static void judge(const struct json *group, const struct json *test,
                  const struct key_set *keys)
{
    const bool is_valid = bytes_equal_string(text_of(test, "result"), "valid");
    const bool let_in = is_let_in(test, keys);
    counts.all++;
    if (let_in && !is_valid) {
        fail_msg("vector %.*s is invalid and was let in",
                 BYTES_PRINT(json_number(json_member(test, "tcId"))));
    }
    if (bytes_equal_string(text_of(first_key(keys_of(group)), "kty"), "oct")) {
        assert_false(let_in);
        counts.symmetric++;
        counts.symmetric_valid += is_valid;
    } else if (let_in == is_valid) {
        counts.agree++;
    } else {
        count_refused_valid(group, test, keys);
    }
}

static void run_group(const struct json *group)
{
    scoped(key_set) keys = parse_keys(group);
    struct json_cursor at = json_walk(json_member(group, "tests"));
    while (json_next(&at)) {
        judge(group, at.value, keys);
    }
}

static void run_file(const char *name, const char *path)
{
    const struct json *root = NULL;
    counts = (struct counts){.all = 0};
    arena_init(&arena, ARENA_SIZE);
    EXPECT_OK(json_parse(read_file(path), &arena, &root, NULL));
    struct json_cursor at = json_walk(json_member(root, "testGroups"));
    while (json_next(&at)) {
        run_group(at.value);
    }
    arena_deinit(&arena);
    printf("counted %s {\"vectors\": %zu, \"agree\": %zu, \"other_algorithm\": %zu, "
           "\"no_algorithm\": %zu, \"symmetric\": %zu, \"symmetric_valid\": %zu}\n",
           name, counts.all, counts.agree, counts.other_algorithm, counts.no_such_name,
           counts.symmetric, counts.symmetric_valid);
    assert_int_equal(counts.all, counts.agree + counts.other_algorithm +
                                     counts.no_such_name + counts.symmetric);
}

static void signatures_are_judged_as_they_should_be(void **state)
{
    (void)state;
    run_file("wycheproof-jws", FOLDER "json_web_signature_test.json");
    assert_int_equal(401, counts.all);
    assert_int_equal(357, counts.agree);
    assert_int_equal(2, counts.other_algorithm);
    assert_int_equal(2, counts.no_such_name);
    assert_int_equal(40, counts.symmetric);
    assert_int_equal(10, counts.symmetric_valid);
}

static void keys_are_judged_as_they_should_be(void **state)
{
    (void)state;
    run_file("wycheproof-jwk", FOLDER "json_web_key_test.json");
    assert_int_equal(26, counts.all);
    assert_int_equal(11, counts.agree);
    assert_int_equal(15, counts.symmetric);
    assert_int_equal(4, counts.symmetric_valid);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signatures_are_judged_as_they_should_be),
        cmocka_unit_test(keys_are_judged_as_they_should_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
