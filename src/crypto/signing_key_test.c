/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/signing_key.h"

#include "expect.h"

enum { TEXT_SIZE_BYTES_MAX = 1 << 16 };

static const struct bytes message = BYTES_INIT("eyJhbGciOiJFUzI1NiJ9.e30");

/* One a test run: RSA's take their time. */
static struct signing_key *keys[SIGNATURE_ALGORITHM_COUNT];

static int generate_all(void **state)
{
    (void)state;
    for (size_t i = 0; i < SIGNATURE_ALGORITHM_COUNT; i++) {
        EXPECT_OK(signing_key_generate((enum signature_algorithm)i, &keys[i]));
    }
    return 0;
}

static int destroy_all(void **state)
{
    (void)state;
    for (size_t i = 0; i < SIGNATURE_ALGORITHM_COUNT; i++) {
        signing_key_destroy(keys[i]);
    }
    return 0;
}

static enum public_key_curve curve_of(enum signature_algorithm algorithm)
{
    return algorithm == SIGNATURE_ES256   ? CURVE_P256
           : algorithm == SIGNATURE_ES384 ? CURVE_P384
                                          : CURVE_P521;
}

static struct public_key *public_of(const struct signing_key *key)
{
    const enum signature_algorithm algorithm = signing_key_algorithm(key);
    struct signing_key_public half;
    struct public_key *result = NULL;
    EXPECT_OK(signing_key_public(key, &half));
    const struct bytes first = bytes_of(half.first, half.first_size);
    const struct bytes second = bytes_of(half.second, half.second_size);
    if (algorithm == SIGNATURE_EDDSA) {
        EXPECT_OK(public_key_from_ed25519(first, &result, NULL));
    } else if (algorithm >= SIGNATURE_ES256) {
        EXPECT_OK(public_key_from_point(curve_of(algorithm), first, second, &result, NULL));
    } else {
        EXPECT_OK(public_key_from_rsa(first, second, &result, NULL));
    }
    return result;
}

static void expect_right_signature(const struct signing_key *key,
                                   const struct public_key *public_key)
{
    struct writer signature;
    writer_init(&signature, TEXT_SIZE_BYTES_MAX);
    EXPECT_OK(signing_key_sign(key, message, &signature));
    assert_true(public_key_verify(public_key, signing_key_algorithm(key), message,
                                  writer_bytes(&signature)));
    assert_false(public_key_verify(public_key, signing_key_algorithm(key),
                                   bytes_from(message, 1), writer_bytes(&signature)));
    writer_deinit(&signature);
}

static void what_a_key_signs_its_public_half_verifies(void **state)
{
    (void)state;
    for (size_t i = 0; i < SIGNATURE_ALGORITHM_COUNT; i++) {
        struct public_key *public_key = public_of(keys[i]);
        for (size_t round = 0; round < 8; round++) { /* some r and s have zeros in front */
            expect_right_signature(keys[i], public_key);
        }
        public_key_destroy(public_key);
    }
}

static void a_key_is_the_same_after_its_text(void **state)
{
    (void)state;
    for (size_t i = 0; i < SIGNATURE_ALGORITHM_COUNT; i++) {
        struct public_key *public_key = public_of(keys[i]);
        struct signing_key *again = NULL;
        struct writer pem;
        writer_init(&pem, TEXT_SIZE_BYTES_MAX);
        EXPECT_OK(signing_key_to_pem(keys[i], &pem));
        assert_true(
            bytes_starts_with(writer_bytes(&pem), BYTES("-----BEGIN PRIVATE KEY-----\n")));
        EXPECT_OK(
            signing_key_from_pem(writer_bytes(&pem), (enum signature_algorithm)i, &again));
        expect_right_signature(again, public_key);
        signing_key_destroy(again);
        writer_deinit(&pem);
        public_key_destroy(public_key);
    }
}

static void expect_fit(const struct signing_key *key, enum signature_algorithm algorithm,
                       bool is_fit)
{
    struct signing_key *again = NULL;
    struct writer pem;
    writer_init(&pem, TEXT_SIZE_BYTES_MAX);
    EXPECT_OK(signing_key_to_pem(key, &pem));
    EXPECT_STATUS(is_fit ? GALEN_OK : GALEN_INVALID,
                  signing_key_from_pem(writer_bytes(&pem), algorithm, &again));
    signing_key_destroy(again);
    writer_deinit(&pem);
}

static void a_key_of_another_kind_is_refused(void **state)
{
    (void)state;
    expect_fit(keys[SIGNATURE_ES256], SIGNATURE_ES384, false);
    expect_fit(keys[SIGNATURE_ES256], SIGNATURE_RS256, false);
    expect_fit(keys[SIGNATURE_RS256], SIGNATURE_ES256, false);
    expect_fit(keys[SIGNATURE_RS256], SIGNATURE_PS512, true);
    expect_fit(keys[SIGNATURE_EDDSA], SIGNATURE_ES256, false);
}

static void what_is_no_private_key_is_refused(void **state)
{
    static const char *const texts[] = {
        "",
        "x",
        "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n",
        "-----BEGIN PUBLIC KEY-----\n"
        "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"
        "-----END PUBLIC KEY-----\n",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct signing_key *key = NULL;
        EXPECT_STATUS(GALEN_INVALID, signing_key_from_pem(bytes_from_string(texts[i]),
                                                          SIGNATURE_EDDSA, &key));
        assert_null(key);
    }
}

static void a_signature_that_has_no_room_fails(void **state)
{
    (void)state;
    for (size_t i = 0; i < SIGNATURE_ALGORITHM_COUNT; i++) {
        struct writer signature;
        writer_init(&signature, 63);
        EXPECT_STATUS(GALEN_TOO_LARGE, signing_key_sign(keys[i], message, &signature));
        writer_deinit(&signature);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_key_signs_its_public_half_verifies),
        cmocka_unit_test(a_key_is_the_same_after_its_text),
        cmocka_unit_test(a_key_of_another_kind_is_refused),
        cmocka_unit_test(what_is_no_private_key_is_refused),
        cmocka_unit_test(a_signature_that_has_no_room_fails),
    };
    return cmocka_run_group_tests_name("signing_key", tests, generate_all, destroy_all);
}
