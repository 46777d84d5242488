/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/public_key.h"

#include <pthread.h>

#include "crypto/roca.h"
#include "signer.h"

enum { THREAD_COUNT = 4, ROUND_COUNT = 25, HALF_SIZE_MAX = 66 };

#define DATA BYTES("eyJhbGciOiJSUzI1NiJ9.e30")

/* Keys that are made take long: the six algorithms of RSA share one. */
static struct signer *signers[SIGNATURE_ALGORITHM_COUNT];
static struct signer *strangers[SIGNATURE_ALGORITHM_COUNT];

static void make_all(struct signer **out)
{
    for (size_t i = 0; i < SIGNATURE_ALGORITHM_COUNT; i++) {
        const enum signature_algorithm algorithm = (enum signature_algorithm)i;
        out[i] = i > 0 && signer_is_rsa(algorithm) ? signer_share(out[0], algorithm)
                                                   : signer_create(algorithm);
    }
}

static int make_signers(void **state)
{
    (void)state;
    make_all(signers);
    make_all(strangers);
    return 0;
}

static int destroy_signers(void **state)
{
    (void)state;
    for (size_t i = 0; i < SIGNATURE_ALGORITHM_COUNT; i++) {
        signer_destroy(signers[i]);
        signer_destroy(strangers[i]);
    }
    return 0;
}

static struct public_key *public_of(enum signature_algorithm algorithm)
{
    struct public_key *key = NULL;
    EXPECT_OK(signer_public(signers[algorithm], &key));
    return key;
}

static void algorithms_have_exact_names(void **state)
{
    (void)state;
    static const char *const none[] = {"none", "None",  "HS256",  "rs256", "RS256 ", "RS1",
                                       "",     "ES521", "ES256K", "EDDSA", "RS2560"};
    enum signature_algorithm found = SIGNATURE_PS384;
    for (size_t i = 0; i < SIGNATURE_ALGORITHM_COUNT; i++) {
        const char *name = signature_algorithm_name((enum signature_algorithm)i);
        assert_true(signature_algorithm_find(bytes_from_string(name), &found));
        assert_int_equal(i, found);
    }
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        assert_false(signature_algorithm_find(bytes_from_string(none[i]), &found));
    }
}

static void a_signature_is_of_its_key_and_its_data(void **state)
{
    (void)state;
    for (size_t i = 0; i < SIGNATURE_ALGORITHM_COUNT; i++) {
        const enum signature_algorithm algorithm = (enum signature_algorithm)i;
        scoped(public_key) key = public_of(algorithm);
        uint8_t data[SIGNER_SIGNATURE_SIZE_MAX];
        const struct bytes signature = signer_sign(signers[i], DATA, data);

        assert_true(public_key_fits(key, algorithm));
        assert_true(public_key_verify(key, algorithm, DATA, signature));

        assert_false(public_key_verify(key, algorithm, BYTES("other"), signature));
        assert_false(public_key_verify(key, algorithm, BYTES_NONE, signature));
        assert_false(
            public_key_verify(key, algorithm, DATA, signer_sign(strangers[i], DATA, data)));
    }
}

static void a_signature_of_another_size_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < SIGNATURE_ALGORITHM_COUNT; i++) {
        const enum signature_algorithm algorithm = (enum signature_algorithm)i;
        scoped(public_key) key = public_of(algorithm);
        uint8_t data[SIGNER_SIGNATURE_SIZE_MAX + 1] = {0};
        const struct bytes signature = signer_sign(signers[i], DATA, data);

        assert_false(public_key_verify(key, algorithm, DATA, BYTES_NONE));
        assert_false(public_key_verify(key, algorithm, DATA,
                                       bytes_first(signature, signature.size - 1)));
        data[signature.size] = 0;
        assert_false(
            public_key_verify(key, algorithm, DATA, bytes_of(data, signature.size + 1)));
    }
}

static void a_signature_of_any_flipped_bit_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < SIGNATURE_ALGORITHM_COUNT; i++) {
        scoped(public_key) key = public_of((enum signature_algorithm)i);
        uint8_t data[SIGNER_SIGNATURE_SIZE_MAX];
        const struct bytes signature = signer_sign(signers[i], DATA, data);
        for (size_t at = 0; at < signature.size; at += 7) {
            data[at] ^= 1;
            assert_false(
                public_key_verify(key, (enum signature_algorithm)i, DATA, signature));
            data[at] ^= 1;
        }
        assert_true(public_key_verify(key, (enum signature_algorithm)i, DATA, signature));
    }
}

/* An RSA key fits six algorithms; a signature is by one of them. */
static void a_signature_is_by_one_algorithm(void **state)
{
    (void)state;
    for (size_t i = 0; i < SIGNATURE_ALGORITHM_COUNT; i++) {
        scoped(public_key) key = public_of((enum signature_algorithm)i);
        uint8_t data[SIGNER_SIGNATURE_SIZE_MAX];
        const struct bytes signature = signer_sign(signers[i], DATA, data);
        for (size_t j = 0; j <= SIGNATURE_ALGORITHM_COUNT; j++) {
            const enum signature_algorithm other = (enum signature_algorithm)j;
            assert_int_equal(i == j, public_key_verify(key, other, DATA, signature));
        }
    }
}

static void a_salt_is_as_long_as_its_digest(void **state)
{
    (void)state;
    static const int sizes[] = {0, 20, 48, 222};
    scoped(public_key) key = public_of(SIGNATURE_PS256);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        uint8_t data[SIGNER_SIGNATURE_SIZE_MAX];
        const struct bytes signature = signer_sign_salted(
            signers[SIGNATURE_PS256], SIGNATURE_PS256, DATA, sizes[i], data);
        assert_false(public_key_verify(key, SIGNATURE_PS256, DATA, signature));
    }
}

/* The orders of the three groups: FIPS 186-5, SP 800-186 section 3.2.1. */
static void put_order(enum signature_algorithm algorithm, uint8_t *out)
{
    BIGNUM *order = NULL;
    const int size = (int)signer_field_size(algorithm);
    assert_int_equal(
        EVP_PKEY_get_bn_param(signers[algorithm]->key, OSSL_PKEY_PARAM_EC_ORDER, &order),
        1);
    assert_int_equal(BN_bn2binpad(order, out, size), size);
    BN_free(order);
}

static void expect_half_refused(enum signature_algorithm algorithm, const uint8_t *half)
{
    scoped(public_key) key = public_of(algorithm);
    const size_t size = signer_field_size(algorithm);
    for (size_t i = 0; i < 3; i++) { /* as r, as s, as both */
        uint8_t data[SIGNER_SIGNATURE_SIZE_MAX];
        const struct bytes signature = signer_sign(signers[algorithm], DATA, data);
        if (i != 1) {
            memcpy(data, half, size);
        }
        if (i != 0) {
            memcpy(data + size, half, size);
        }
        assert_false(public_key_verify(key, algorithm, DATA, signature));
    }
}

static void a_zero_or_an_oversize_half_is_refused(void **state)
{
    (void)state;
    for (size_t i = SIGNATURE_ES256; i <= SIGNATURE_ES512; i++) {
        uint8_t half[HALF_SIZE_MAX] = {0};
        expect_half_refused((enum signature_algorithm)i, half);
        put_order((enum signature_algorithm)i, half);
        expect_half_refused((enum signature_algorithm)i, half);
        memset(half, 0xFF, sizeof(half));
        expect_half_refused((enum signature_algorithm)i, half);
    }
}

/* s + n is s again to who reduces it, and a second signature of the same thing: P-521 has
 * room for it in 66 bytes. */
static void a_half_beyond_the_order_is_not_reduced(void **state)
{
    (void)state;
    scoped(public_key) key = public_of(SIGNATURE_ES512);
    const size_t size = signer_field_size(SIGNATURE_ES512);
    uint8_t data[SIGNER_SIGNATURE_SIZE_MAX];
    uint8_t order[HALF_SIZE_MAX];
    unsigned carry = 0;
    const struct bytes signature = signer_sign(signers[SIGNATURE_ES512], DATA, data);
    put_order(SIGNATURE_ES512, order);

    for (size_t i = size; i-- > 0;) {
        carry += data[size + i] + order[i];
        data[size + i] = (uint8_t)carry;
        carry >>= 8;
    }

    assert_int_equal(0, carry);
    assert_false(public_key_verify(key, SIGNATURE_ES512, DATA, signature));
}

/* The same two numbers, and not the same text. */
static void halves_with_zeros_in_front_are_refused(void **state)
{
    (void)state;
    for (size_t i = SIGNATURE_ES256; i <= SIGNATURE_ES512; i++) {
        scoped(public_key) key = public_of((enum signature_algorithm)i);
        const size_t size = signer_field_size((enum signature_algorithm)i);
        uint8_t data[SIGNER_SIGNATURE_SIZE_MAX];
        uint8_t longer[2 * HALF_SIZE_MAX + 2] = {0};
        (void)signer_sign(signers[i], DATA, data);
        memcpy(longer + 1, data, size);
        memcpy(longer + 1 + size + 1, data + size, size);
        assert_false(public_key_verify(key, (enum signature_algorithm)i, DATA,
                                       bytes_of(longer, 2 * size + 2)));
    }
}

static void a_point_beside_its_curve_is_refused(void **state)
{
    (void)state;
    for (size_t i = SIGNATURE_ES256; i <= SIGNATURE_ES512; i++) {
        const enum public_key_curve curve =
            (enum public_key_curve)(CURVE_P256 + (i - SIGNATURE_ES256));
        const struct signer *signer = signers[i];
        struct public_key *key = NULL;
        struct error error;
        uint8_t y[HALF_SIZE_MAX];
        memcpy(y, signer->second.data, signer->second.size);
        y[signer->second.size - 1] ^= 1;

        EXPECT_STATUS(GALEN_INVALID, public_key_from_point(curve, signer->first,
                                                           bytes_of(y, signer->second.size),
                                                           &key, &error));
        assert_string_equal("the point is not on the curve", error.text);
        EXPECT_STATUS(GALEN_INVALID,
                      public_key_from_point(curve, signer->first,
                                            bytes_from(signer->second, 1), &key, NULL));
        EXPECT_STATUS(GALEN_INVALID, public_key_from_point(CURVE_NONE, signer->first,
                                                           signer->second, &key, NULL));
        memset(y, 0, sizeof(y)); /* the point at infinity has no coordinates */
        EXPECT_STATUS(GALEN_INVALID,
                      public_key_from_point(curve, bytes_of(y, signer->second.size),
                                            bytes_of(y, signer->second.size), &key, NULL));
        assert_null(key);
    }
}

static void expect_rsa_refused(struct bytes modulus, struct bytes exponent, const char *why)
{
    struct public_key *key = NULL;
    struct error error = {"", ""};
    EXPECT_STATUS(GALEN_INVALID, public_key_from_rsa(modulus, exponent, &key, &error));
    assert_null(key);
    assert_non_null(strstr(error.text, why));
}

static void a_weak_exponent_is_refused(void **state)
{
    (void)state;
    const struct bytes n = signers[SIGNATURE_RS256]->first;
    expect_rsa_refused(n, BYTES_NONE, "the exponent is empty");
    expect_rsa_refused(n, BYTES("\x01"), "even or below 65537");
    expect_rsa_refused(n, BYTES("\x03"), "even or below 65537");
    expect_rsa_refused(n, BYTES("\x01\x00\x02"), "even or below 65537");
    expect_rsa_refused(n, BYTES("\x00\x01\x00\x01"), "zeros in front");
    expect_rsa_refused(n, BYTES("\x01\x00\x00\x00\x00\x00\x00\x00\x01"), "longer than 8");
}

static void a_weak_modulus_is_refused(void **state)
{
    (void)state;
    const struct bytes e = BYTES("\x01\x00\x01");
    uint8_t n[LIMIT_RSA_BITS_MAX / 8 + 1];
    memset(n, 0xFF, sizeof(n));
    expect_rsa_refused(BYTES_NONE, e, "the modulus is empty");
    expect_rsa_refused(bytes_of(n, 255), e, "has 2040 bits and may have 2048 to 8192");
    expect_rsa_refused(bytes_of(n, sizeof(n)), e, "has 8200 bits");
    n[0] = 0x7F;
    expect_rsa_refused(bytes_of(n, 256), e, "has 2047 bits");
    n[0] = 0;
    expect_rsa_refused(bytes_of(n, 257), e, "zeros in front");
    n[0] =
        0xC0; /* even, or divisible by 3 and 5 and 17, is no product of two large primes */
    expect_rsa_refused(bytes_of(n, 256), e, "no product of two primes");
}

static void keys_of_every_allowed_size_are_taken(void **state)
{
    (void)state;
    static const size_t sizes[] = {2048, 3072};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        scoped(signer) signer = signer_create_of_size(SIGNATURE_PS384, sizes[i]);
        scoped(public_key) key = NULL;
        uint8_t data[SIGNER_SIGNATURE_SIZE_MAX];
        EXPECT_OK(signer_public(signer, &key));
        assert_true(
            public_key_verify(key, SIGNATURE_PS384, DATA, signer_sign(signer, DATA, data)));
    }
}

/* 65537^2 has the print, whatever it is modulo; a modulus of two random primes has not. */
static void the_print_of_weak_generators_is_seen(void **state)
{
    (void)state;
    assert_true(roca_has_print(BYTES("\x01")));
    assert_true(roca_has_print(BYTES("\x01\x00\x01")));
    assert_true(roca_has_print(BYTES("\x01\x00\x02\x00\x01")));
    assert_false(roca_has_print(BYTES("\x01\x00\x03")));
    assert_false(roca_has_print(signers[SIGNATURE_RS256]->first));
}

static void a_key_of_ed25519_has_32_bytes(void **state)
{
    (void)state;
    struct public_key *key = NULL;
    uint8_t bytes[33] = {1};
    EXPECT_STATUS(GALEN_INVALID, public_key_from_ed25519(bytes_of(bytes, 31), &key, NULL));
    EXPECT_STATUS(GALEN_INVALID, public_key_from_ed25519(bytes_of(bytes, 33), &key, NULL));
    EXPECT_STATUS(GALEN_INVALID, public_key_from_ed25519(BYTES_NONE, &key, NULL));
    assert_null(key);
}

struct shared {
    const struct public_key *key;
    struct bytes signature;
    enum signature_algorithm algorithm;
};

static void *verify_often(void *argument)
{
    const struct shared *shared = argument;
    size_t right_count = 0;
    for (size_t i = 0; i < ROUND_COUNT; i++) {
        right_count +=
            public_key_verify(shared->key, shared->algorithm, DATA, shared->signature);
        right_count += !public_key_verify(shared->key, shared->algorithm, BYTES("other"),
                                          shared->signature);
    }
    return right_count == (size_t)2 * ROUND_COUNT ? argument : NULL;
}

static void several_threads_verify_with_one_key(void **state)
{
    (void)state;
    for (size_t i = 0; i < SIGNATURE_ALGORITHM_COUNT; i++) {
        scoped(public_key) key = public_of((enum signature_algorithm)i);
        uint8_t data[SIGNER_SIGNATURE_SIZE_MAX];
        struct shared shared = {key, signer_sign(signers[i], DATA, data),
                                (enum signature_algorithm)i};
        pthread_t threads[THREAD_COUNT];
        for (size_t t = 0; t < THREAD_COUNT; t++) {
            assert_int_equal(0, pthread_create(&threads[t], NULL, verify_often, &shared));
        }
        for (size_t t = 0; t < THREAD_COUNT; t++) {
            void *result = NULL;
            assert_int_equal(0, pthread_join(threads[t], &result));
            assert_ptr_equal(&shared, result);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(algorithms_have_exact_names),
        cmocka_unit_test(a_signature_is_of_its_key_and_its_data),
        cmocka_unit_test(a_signature_of_another_size_is_refused),
        cmocka_unit_test(a_signature_of_any_flipped_bit_is_refused),
        cmocka_unit_test(a_signature_is_by_one_algorithm),
        cmocka_unit_test(a_salt_is_as_long_as_its_digest),
        cmocka_unit_test(a_zero_or_an_oversize_half_is_refused),
        cmocka_unit_test(a_half_beyond_the_order_is_not_reduced),
        cmocka_unit_test(halves_with_zeros_in_front_are_refused),
        cmocka_unit_test(a_point_beside_its_curve_is_refused),
        cmocka_unit_test(a_weak_exponent_is_refused),
        cmocka_unit_test(a_weak_modulus_is_refused),
        cmocka_unit_test(keys_of_every_allowed_size_are_taken),
        cmocka_unit_test(the_print_of_weak_generators_is_seen),
        cmocka_unit_test(a_key_of_ed25519_has_32_bytes),
        cmocka_unit_test(several_threads_verify_with_one_key),
    };
    return cmocka_run_group_tests(tests, make_signers, destroy_signers);
}
