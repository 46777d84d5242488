/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/ed25519.h"

#include "expect.h"

enum { PEM_SIZE_MAX = 512, BYTE_BITS = 8 };

#define PEM_OF(base64) \
    "-----BEGIN PRIVATE KEY-----\n" base64 "\n-----END PRIVATE KEY-----\n"

struct example {
    const char *pem; /* of the secret key, by the prefix of RFC 8410 section 7 */
    const char *public_key;
    const char *message;
    const char *signature;
};

/* RFC 8032 section 7.1: TEST 1, 2, 3 and SHA(abc). */
static const struct example examples[] = {
    {PEM_OF("MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g"),
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
     "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"},
    {PEM_OF("MC4CAQAwBQYDK2VwBCIEIEzNCJso/5banbbDRuwRTg9bijGfNaumJNqM9u1PuKb7"),
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
     "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
    {PEM_OF("MC4CAQAwBQYDK2VwBCIEIMWqjfQ/n4N77bdELzHct7Fm04U1B28JS4XOOi4LRFj3"),
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
     "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"},
    {PEM_OF("MC4CAQAwBQYDK2VwBCIEIIM/5iQJI3udYux3WHUgkR6adZzsHRl1W32pAbltyj1C"),
     "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
     "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
     "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b589"
     "09351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704"},
};

enum { EXAMPLE_COUNT = sizeof(examples) / sizeof(examples[0]) };

static uint8_t hex_digit(char digit)
{
    return (uint8_t)(strchr("0123456789abcdef", digit) - "0123456789abcdef");
}

static struct bytes from_hex(const char *hex, uint8_t *out_data)
{
    const size_t size = strlen(hex) / 2;
    for (size_t i = 0; i < size; i++) {
        out_data[i] = (uint8_t)(hex_digit(hex[2 * i]) << 4 | hex_digit(hex[2 * i + 1]));
    }
    return bytes_of(out_data, size);
}

static void expect_hex(const char *hex, const uint8_t *data)
{
    uint8_t expected[ED25519_SIGNATURE_SIZE];
    const struct bytes bytes = from_hex(hex, expected);
    assert_memory_equal(bytes.data, data, bytes.size);
}

static struct ed25519 *key_of_example(size_t index)
{
    struct ed25519 *key = NULL;
    EXPECT_OK(ed25519_from_pem(bytes_from_string(examples[index].pem), &key));
    return key;
}

static void published_examples_hold(void **state)
{
    (void)state;
    for (size_t i = 0; i < EXAMPLE_COUNT; i++) {
        scoped(ed25519) key = key_of_example(i);
        uint8_t data[ED25519_SIGNATURE_SIZE];
        uint8_t public_key[ED25519_PUBLIC_KEY_SIZE];
        uint8_t signature[ED25519_SIGNATURE_SIZE];
        const struct bytes message = from_hex(examples[i].message, data);

        ed25519_public(key, public_key);
        EXPECT_OK(ed25519_sign(key, message, signature));

        expect_hex(examples[i].public_key, public_key);
        expect_hex(examples[i].signature, signature);
        assert_true(ed25519_verify(key, message, signature));
    }
}

static void the_public_half_verifies(void **state)
{
    (void)state;
    for (size_t i = 0; i < EXAMPLE_COUNT; i++) {
        scoped(ed25519) key = NULL;
        uint8_t public_key[ED25519_PUBLIC_KEY_SIZE];
        uint8_t data[ED25519_SIGNATURE_SIZE];
        uint8_t signature[ED25519_SIGNATURE_SIZE];
        (void)from_hex(examples[i].public_key, public_key);
        (void)from_hex(examples[i].signature, signature);

        EXPECT_OK(ed25519_from_public(public_key, &key));

        assert_true(ed25519_verify(key, from_hex(examples[i].message, data), signature));
    }
}

static void a_changed_bit_is_refused(void **state)
{
    (void)state;
    scoped(ed25519) key = key_of_example(0);
    uint8_t message[] = "what was said";
    uint8_t signature[ED25519_SIGNATURE_SIZE];
    const struct bytes said = bytes_of(message, sizeof(message));
    EXPECT_OK(ed25519_sign(key, said, signature));

    for (size_t bit = 0; bit < sizeof(signature) * BYTE_BITS; bit++) {
        signature[bit / BYTE_BITS] ^= (uint8_t)(1U << bit % BYTE_BITS);
        assert_false(ed25519_verify(key, said, signature));
        signature[bit / BYTE_BITS] ^= (uint8_t)(1U << bit % BYTE_BITS);
    }
    for (size_t bit = 0; bit < sizeof(message) * BYTE_BITS; bit++) {
        message[bit / BYTE_BITS] ^= (uint8_t)(1U << bit % BYTE_BITS);
        assert_false(ed25519_verify(key, said, signature));
        message[bit / BYTE_BITS] ^= (uint8_t)(1U << bit % BYTE_BITS);
    }
    assert_true(ed25519_verify(key, said, signature));
}

static void another_key_does_not_verify(void **state)
{
    (void)state;
    scoped(ed25519) key = key_of_example(0);
    scoped(ed25519) other = key_of_example(1);
    uint8_t signature[ED25519_SIGNATURE_SIZE];
    EXPECT_OK(ed25519_sign(key, BYTES("said"), signature));

    assert_false(ed25519_verify(other, BYTES("said"), signature));
}

static void the_public_half_neither_signs_nor_has_a_pem(void **state)
{
    (void)state;
    scoped(ed25519) key = NULL;
    struct writer pem;
    uint8_t public_key[ED25519_PUBLIC_KEY_SIZE];
    uint8_t signature[ED25519_SIGNATURE_SIZE] = "untouched";
    (void)from_hex(examples[0].public_key, public_key);
    EXPECT_OK(ed25519_from_public(public_key, &key));
    writer_init(&pem, PEM_SIZE_MAX);

    EXPECT_STATUS(GALEN_INVALID, ed25519_sign(key, BYTES("said"), signature));
    EXPECT_STATUS(GALEN_INVALID, ed25519_to_pem(key, &pem));

    assert_string_equal("untouched", (const char *)signature);
    assert_int_equal(pem.size, 0);
    writer_deinit(&pem);
}

static void a_pem_reads_back_as_it_was_written(void **state)
{
    (void)state;
    for (size_t i = 0; i < EXAMPLE_COUNT; i++) {
        scoped(ed25519) key = key_of_example(i);
        struct writer pem;
        writer_init(&pem, PEM_SIZE_MAX);

        EXPECT_OK(ed25519_to_pem(key, &pem));

        assert_true(bytes_equal_string(writer_bytes(&pem), examples[i].pem));
        writer_deinit(&pem);
    }
}

static void a_pem_that_there_is_no_room_for_is_refused(void **state)
{
    (void)state;
    scoped(ed25519) key = key_of_example(0);
    struct writer pem;
    writer_init(&pem, strlen(examples[0].pem) - 1);

    EXPECT_STATUS(GALEN_TOO_LARGE, ed25519_to_pem(key, &pem));

    writer_deinit(&pem);
}

static void no_two_generated_keys_are_equal(void **state)
{
    (void)state;
    scoped(ed25519) first = NULL;
    scoped(ed25519) second = NULL;
    uint8_t first_public[ED25519_PUBLIC_KEY_SIZE];
    uint8_t second_public[ED25519_PUBLIC_KEY_SIZE];
    uint8_t signature[ED25519_SIGNATURE_SIZE];

    EXPECT_OK(ed25519_generate(&first));
    EXPECT_OK(ed25519_generate(&second));
    ed25519_public(first, first_public);
    ed25519_public(second, second_public);
    EXPECT_OK(ed25519_sign(first, BYTES("said"), signature));

    assert_memory_not_equal(first_public, second_public, sizeof(first_public));
    assert_true(ed25519_verify(first, BYTES("said"), signature));
    assert_false(ed25519_verify(second, BYTES("said"), signature));
}

/* Nothing, no PEM, a key cut short, a key of X25519, a public key, an encrypted key:
 * OpenSSL would ask for its passphrase. */
static const char *const no_private_keys[] = {
    "",
    "no key",
    PEM_OF("MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v"),
    PEM_OF("MC4CAQAwBQYDK2VuBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g"),
    "-----BEGIN PUBLIC KEY-----\n"
    "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"
    "-----END PUBLIC KEY-----\n",
    "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
    "MIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAh3j9S8AfhttgICCAAw\n"
    "DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEENayapDrwjTSm5Te72L1uhUEQKRL\n"
    "z7DQqmG26UusWaWdK0Wr19dw7mVLhrD/2ZEDk7yuD6cjUnogQQRYQqjuKTaQZDoZ\n"
    "N9xM1FfW7Khi13nZsLw=\n"
    "-----END ENCRYPTED PRIVATE KEY-----\n",
};

static void what_is_no_private_key_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(no_private_keys) / sizeof(no_private_keys[0]); i++) {
        struct ed25519 *key = NULL;

        EXPECT_STATUS(GALEN_INVALID,
                      ed25519_from_pem(bytes_from_string(no_private_keys[i]), &key));

        assert_null(key);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_examples_hold),
        cmocka_unit_test(the_public_half_verifies),
        cmocka_unit_test(a_changed_bit_is_refused),
        cmocka_unit_test(another_key_does_not_verify),
        cmocka_unit_test(the_public_half_neither_signs_nor_has_a_pem),
        cmocka_unit_test(a_pem_reads_back_as_it_was_written),
        cmocka_unit_test(a_pem_that_there_is_no_room_for_is_refused),
        cmocka_unit_test(no_two_generated_keys_are_equal),
        cmocka_unit_test(what_is_no_private_key_is_refused),
    };
    return cmocka_run_group_tests_name("ed25519", tests, NULL, NULL);
}
