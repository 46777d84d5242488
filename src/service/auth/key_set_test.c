/* SPDX-License-Identifier: Apache-2.0 */
#include "service/auth/key_set.h"

#include "token_maker.h"

static struct signer *rsa;
static struct signer *ec;
static struct signer *edwards;
static struct writer text;
static struct error error;

static int make_signers(void **state)
{
    (void)state;
    rsa = signer_create(SIGNATURE_RS256);
    ec = signer_create(SIGNATURE_ES256);
    edwards = signer_create(SIGNATURE_EDDSA);
    return 0;
}

static int destroy_signers(void **state)
{
    (void)state;
    signer_destroy(rsa);
    signer_destroy(ec);
    signer_destroy(edwards);
    return 0;
}

static int begin(void **state)
{
    (void)state;
    writer_init(&text, TOKEN_MAKER_SIZE_MAX);
    writer_put_string(&text, "{\"keys\":[");
    return 0;
}

static int end(void **state)
{
    (void)state;
    writer_deinit(&text);
    return 0;
}

static void add(const struct signer *signer, const char *members)
{
    if (writer_bytes(&text).data[text.size - 1] == '}') {
        writer_put_string(&text, ",");
    }
    put_jwk(&text, signer, members);
}

static void add_text(const char *key)
{
    if (writer_bytes(&text).data[text.size - 1] == '}') {
        writer_put_string(&text, ",");
    }
    writer_put_string(&text, key);
}

static struct key_set *parse_for(uint32_t algorithms)
{
    struct key_set *set = NULL;
    writer_put_string(&text, "]}");
    EXPECT_OK(key_set_parse(writer_bytes(&text), algorithms, &set, &error));
    return set;
}

static struct key_set *parse(void)
{
    return parse_for(JWK_ALGORITHMS_ALL);
}

static void expect_refused(enum galen_status status, const char *pointer, const char *why)
{
    struct key_set *set = NULL;
    writer_put_string(&text, "]}");
    EXPECT_STATUS(status,
                  key_set_parse(writer_bytes(&text), JWK_ALGORITHMS_ALL, &set, &error));
    assert_null(set);
    assert_string_equal(pointer, error.pointer);
    assert_non_null(strstr(error.text, why));
}

static void keys_are_found_by_their_ids(void **state)
{
    (void)state;
    add(rsa, ",\"kid\":\"one\",\"alg\":\"PS256\",\"use\":\"sig\"");
    add(ec, ",\"kid\":\"two\",\"alg\":\"ES256\",\"key_ops\":[\"verify\"]");
    add(edwards, ",\"kid\":\"three\",\"alg\":\"EdDSA\"");
    scoped(key_set) set = parse();

    assert_int_equal(3, key_set_count(set));
    assert_int_equal(3, key_set_count_passed(set, JWK_TAKEN));
    assert_int_equal(SIGNATURE_PS256, key_set_find(set, BYTES("one"))->algorithm);
    assert_int_equal(SIGNATURE_ES256, key_set_find(set, BYTES("two"))->algorithm);
    assert_int_equal(SIGNATURE_EDDSA, key_set_find(set, BYTES("three"))->algorithm);
    assert_null(key_set_find(set, BYTES("four")));
    assert_null(key_set_find(set, BYTES("on")));
    assert_null(key_set_find(set, BYTES_NONE));
}

static void a_key_of_a_set_verifies(void **state)
{
    (void)state;
    uint8_t data[SIGNER_SIGNATURE_SIZE_MAX];
    add(ec, ",\"kid\":\"\",\"alg\":\"ES256\"");
    scoped(key_set) set = parse();
    const struct jwk *jwk = key_set_find(set, BYTES_NONE);

    assert_non_null(jwk);
    assert_true(public_key_verify(jwk->key, jwk->algorithm, BYTES("data"),
                                  signer_sign(ec, BYTES("data"), data)));
}

static void one_key_is_a_set_of_one(void **state)
{
    (void)state;
    struct key_set *set = NULL;
    struct writer one;
    writer_init(&one, TOKEN_MAKER_SIZE_MAX);
    put_jwk(&one, ec, "");
    EXPECT_OK(key_set_parse(writer_bytes(&one), JWK_ALGORITHMS_ALL, &set, NULL));
    assert_int_equal(1, key_set_count(set));
    assert_false(key_set_at(set, 0)->has_id);
    key_set_unref(set);
    writer_deinit(&one);
}

static void a_key_without_alg_has_the_one_that_is_configured(void **state)
{
    (void)state;
    add(rsa, ",\"kid\":\"1\"");
    scoped(key_set) set =
        parse_for(JWK_ALGORITHM(SIGNATURE_PS384) | JWK_ALGORITHM(SIGNATURE_ES256));
    assert_int_equal(SIGNATURE_PS384, key_set_find(set, BYTES("1"))->algorithm);
}

static void a_key_without_alg_that_could_have_several_has_none(void **state)
{
    (void)state;
    add(rsa, ",\"kid\":\"1\"");
    scoped(key_set) set =
        parse_for(JWK_ALGORITHM(SIGNATURE_PS384) | JWK_ALGORITHM(SIGNATURE_RS256));
    assert_int_equal(0, key_set_count(set));
    assert_int_equal(1, key_set_count_passed(set, JWK_PASSED_ALGORITHM));
}

static void a_key_of_an_algorithm_that_is_not_configured_is_passed_over(void **state)
{
    (void)state;
    add(rsa, ",\"kid\":\"1\",\"alg\":\"RS512\"");
    add(ec, ",\"kid\":\"2\"");
    scoped(key_set) set = parse_for(JWK_ALGORITHM(SIGNATURE_RS256));
    assert_int_equal(0, key_set_count(set));
    assert_int_equal(2, key_set_count_passed(set, JWK_PASSED_ALGORITHM));
}

static void keys_of_no_use_are_passed_over(void **state)
{
    (void)state;
    static const struct {
        const char *key; /* NULL: the members are those of a good one */
        const char *members;
        enum jwk_passed why;
    } rows[] = {
        {"{\"kty\":\"oct\",\"k\":\"AAAA\",\"alg\":\"HS256\"}", NULL, JWK_PASSED_KIND},
        {"{\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"AAAA\"}", NULL, JWK_PASSED_KIND},
        {"{\"kty\":\"EC\",\"crv\":\"secp256k1\",\"x\":\"AA\",\"y\":\"AA\"}", NULL,
         JWK_PASSED_KIND},
        {"{\"kty\":\"EC\",\"x\":\"AA\",\"y\":\"AA\"}", NULL, JWK_PASSED_KIND},
        {"{\"kty\":\"XYZ\"}", NULL, JWK_PASSED_KIND},
        {"{\"kty\":1}", NULL, JWK_PASSED_BROKEN},
        {"{}", NULL, JWK_PASSED_BROKEN},
        {"{\"kty\":\"RSA\"}", NULL, JWK_PASSED_BROKEN},
        {"{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}", NULL, JWK_PASSED_BROKEN},
        {"{\"kty\":\"RSA\",\"n\":\"AQAB=\",\"e\":\"AQAB\"}", NULL, JWK_PASSED_BROKEN},
        {"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA\",\"y\":\"AA\"}", NULL,
         JWK_PASSED_BROKEN},
        {"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AA\"}", NULL, JWK_PASSED_BROKEN},
        {NULL, ",\"use\":\"enc\"", JWK_PASSED_USE},
        {NULL, ",\"use\":1", JWK_PASSED_USE},
        {NULL, ",\"use\":null", JWK_PASSED_USE},
        {NULL, ",\"key_ops\":[\"encrypt\"]", JWK_PASSED_USE},
        {NULL, ",\"key_ops\":[]", JWK_PASSED_USE},
        {NULL, ",\"key_ops\":\"verify\"", JWK_PASSED_USE},
        {NULL, ",\"use\":\"enc\",\"key_ops\":[\"verify\"]", JWK_PASSED_USE},
        {NULL, ",\"use\":\"sig\",\"key_ops\":[\"wrapKey\"]", JWK_PASSED_USE},
        {NULL, ",\"alg\":\"ES384\"", JWK_PASSED_ALGORITHM},
        {NULL, ",\"alg\":\"RS256\"", JWK_PASSED_ALGORITHM},
        {NULL, ",\"alg\":\"HS256\"", JWK_PASSED_ALGORITHM},
        {NULL, ",\"alg\":\"none\"", JWK_PASSED_ALGORITHM},
        {NULL, ",\"alg\":\"ECDH-ES\"", JWK_PASSED_ALGORITHM},
        {NULL, ",\"alg\":null", JWK_PASSED_ALGORITHM},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        (void)end(NULL);
        (void)begin(NULL);
        if (rows[i].key != NULL) {
            add_text(rows[i].key);
        } else {
            add(ec, rows[i].members);
        }
        add(edwards, ",\"kid\":\"good\"");
        scoped(key_set) set = parse();
        assert_int_equal(1, key_set_count_passed(set, rows[i].why));
        assert_int_equal(1, key_set_count(set));
        assert_non_null(key_set_find(set, BYTES("good")));
    }
}

static void a_private_key_refuses_the_set(void **state)
{
    (void)state;
    static const char *const members[] = {"d", "p", "q", "dp", "dq", "qi", "oth"};
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        char member[32];
        (void)snprintf(member, sizeof(member), ",\"%s\":\"c2VjcmV0\"", members[i]);
        (void)end(NULL);
        (void)begin(NULL);
        add(ec, ",\"kid\":\"1\"");
        add(rsa, member);
        expect_refused(GALEN_INVALID, "/keys/1", "a private key is among the public ones");
        assert_null(strstr(error.text, "c2VjcmV0"));
    }
}

static void two_keys_of_one_id_refuse_the_set(void **state)
{
    (void)state;
    add(ec, ",\"kid\":\"1\"");
    add(rsa, ",\"kid\":\"2\"");
    add(edwards, ",\"kid\":\"1\"");
    expect_refused(GALEN_INVALID, "/keys/2", "two keys have one kid");
}

static void an_id_is_taken_by_a_key_of_no_use_too(void **state)
{
    (void)state;
    add(ec, ",\"kid\":\"1\",\"use\":\"enc\"");
    add(edwards, ",\"kid\":\"1\"");
    expect_refused(GALEN_INVALID, "/keys/1", "two keys have one kid");
}

static void keys_without_ids_are_no_duplicates(void **state)
{
    (void)state;
    add(ec, "");
    add(edwards, "");
    scoped(key_set) set = parse();
    assert_int_equal(2, key_set_count(set));
}

static void an_id_that_is_no_text_refuses_the_set(void **state)
{
    (void)state;
    add(ec, ",\"kid\":1");
    expect_refused(GALEN_INVALID, "/keys/0", "kid is not a string");
}

static void an_id_beyond_the_limit_refuses_the_set(void **state)
{
    (void)state;
    char member[LIMIT_KEY_ID_SIZE_BYTES_MAX + 32] = ",\"kid\":\"";
    const size_t lead = strlen(member);
    memset(member + lead, 'k', LIMIT_KEY_ID_SIZE_BYTES_MAX);
    member[lead + LIMIT_KEY_ID_SIZE_BYTES_MAX] = '"';
    add(ec, member);
    memmove(member + lead + 1, member + lead, LIMIT_KEY_ID_SIZE_BYTES_MAX + 1);
    add(rsa, member);
    expect_refused(GALEN_INVALID, "/keys/1", "kid is longer than");
}

static void what_is_no_set_is_refused(void **state)
{
    (void)state;
    static const char *const refused[] = {
        "",
        "{}",
        "[]",
        "null",
        "{\"keys\":{}}",
        "{\"keys\":1}",
        "{\"keys\":[1]}",
        "{\"keys\":[[]]}",
        "{\"keys\":[]} x",
        "{\"keys\":[],\"keys\":[]}",
        "{\"keys\":[{\"kty\":\"EC\",\"kty\":\"EC\"}]}",
        "\xef\xbb\xbf{\"keys\":[]}",
        "{\"keys\":[\"\xff\"]}",
    };
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        struct key_set *set = NULL;
        EXPECT_STATUS(GALEN_INVALID, key_set_parse(bytes_from_string(refused[i]),
                                                   JWK_ALGORITHMS_ALL, &set, &error));
        assert_null(set);
        assert_true(error.text[0] != '\0');
    }
}

static void an_empty_set_is_a_set(void **state)
{
    (void)state;
    scoped(key_set) set = parse();
    assert_int_equal(0, key_set_count(set));
}

static void more_keys_than_the_limit_refuse_the_set(void **state)
{
    (void)state;
    for (size_t i = 0; i < LIMIT_KEY_SET_KEY_COUNT_MAX; i++) {
        add(ec, "");
    }
    {
        scoped(key_set) set = NULL;
        struct bytes most = writer_bytes(&text);
        struct writer whole;
        writer_init(&whole, TOKEN_MAKER_SIZE_MAX);
        writer_put(&whole, most);
        writer_put_string(&whole, "]}");
        EXPECT_OK(key_set_parse(writer_bytes(&whole), JWK_ALGORITHMS_ALL, &set, &error));
        writer_deinit(&whole);
    }
    add(ec, "");
    expect_refused(GALEN_TOO_LARGE, "", "more than 64 keys");
}

static void a_longer_text_than_the_limit_is_refused(void **state)
{
    (void)state;
    struct key_set *set = NULL;
    EXPECT_STATUS(GALEN_TOO_LARGE,
                  key_set_parse(bytes_of("{", LIMIT_KEY_SET_SIZE_BYTES_MAX + 1),
                                JWK_ALGORITHMS_ALL, &set, NULL));
    assert_null(set);
}

/* Whoever holds a key's identity can ask whether it is still there after a refresh. */
static void a_key_keeps_its_identity_and_no_other_has_it(void **state)
{
    (void)state;
    add(rsa, ",\"kid\":\"1\",\"alg\":\"RS256\",\"x5t\":\"ignored\"");
    scoped(key_set) before = parse();
    (void)end(NULL);
    (void)begin(NULL);
    add(ec, ",\"kid\":\"0\"");
    add(rsa, ",\"alg\":\"RS256\",\"kid\":\"1\"");
    scoped(key_set) after = parse();
    const uint8_t *identity = key_set_at(before, 0)->identity;
    assert_true(key_set_has(after, identity));

    static const char *const others[] = {",\"kid\":\"2\",\"alg\":\"RS256\"",
                                         ",\"kid\":\"1\",\"alg\":\"PS256\"",
                                         ",\"alg\":\"RS256\""};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        (void)end(NULL);
        (void)begin(NULL);
        add(rsa, others[i]);
        scoped(key_set) other = parse();
        assert_int_equal(1, key_set_count(other));
        assert_false(key_set_has(other, identity));
    }
}

static void two_keys_that_are_called_the_same_are_two(void **state)
{
    (void)state;
    scoped(signer) other = signer_create(SIGNATURE_RS256);
    add(rsa, ",\"kid\":\"1\",\"alg\":\"RS256\"");
    scoped(key_set) before = parse();
    (void)end(NULL);
    (void)begin(NULL);
    add(other, ",\"kid\":\"1\",\"alg\":\"RS256\"");
    scoped(key_set) after = parse();
    assert_false(key_set_has(after, key_set_at(before, 0)->identity));
}

static void the_last_reference_ends_a_set(void **state)
{
    (void)state;
    add(ec, "");
    struct key_set *set = parse();
    assert_ptr_equal(set, key_set_ref(set));
    key_set_unref(set);
    assert_int_equal(1, key_set_count(set));
    key_set_unref(set);
    key_set_unref(NULL);
}

static void reasons_have_words(void **state)
{
    (void)state;
    assert_string_equal("taken", jwk_passed_word(JWK_TAKEN));
    assert_string_equal("broken", jwk_passed_word(JWK_PASSED_BROKEN));
}

int main(void)
{
#define WITH_TEXT(test) cmocka_unit_test_setup_teardown(test, begin, end)
    const struct CMUnitTest tests[] = {
        WITH_TEXT(keys_are_found_by_their_ids),
        WITH_TEXT(a_key_of_a_set_verifies),
        cmocka_unit_test(one_key_is_a_set_of_one),
        WITH_TEXT(a_key_without_alg_has_the_one_that_is_configured),
        WITH_TEXT(a_key_without_alg_that_could_have_several_has_none),
        WITH_TEXT(a_key_of_an_algorithm_that_is_not_configured_is_passed_over),
        WITH_TEXT(keys_of_no_use_are_passed_over),
        WITH_TEXT(a_private_key_refuses_the_set),
        WITH_TEXT(two_keys_of_one_id_refuse_the_set),
        WITH_TEXT(an_id_is_taken_by_a_key_of_no_use_too),
        WITH_TEXT(keys_without_ids_are_no_duplicates),
        WITH_TEXT(an_id_that_is_no_text_refuses_the_set),
        WITH_TEXT(an_id_beyond_the_limit_refuses_the_set),
        cmocka_unit_test(what_is_no_set_is_refused),
        WITH_TEXT(an_empty_set_is_a_set),
        WITH_TEXT(more_keys_than_the_limit_refuse_the_set),
        cmocka_unit_test(a_longer_text_than_the_limit_is_refused),
        WITH_TEXT(a_key_keeps_its_identity_and_no_other_has_it),
        WITH_TEXT(two_keys_that_are_called_the_same_are_two),
        WITH_TEXT(the_last_reference_ends_a_set),
        cmocka_unit_test(reasons_have_words),
    };
    return cmocka_run_group_tests(tests, make_signers, destroy_signers);
}
