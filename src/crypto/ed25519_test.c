/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/ed25519.h"

#include <stdio.h>

#include "expect.h"

static void from_hex(const char *hex, uint8_t *out_bytes)
{
    for (size_t i = 0; hex[2 * i] != '\0'; i++) {
        unsigned byte;
        assert_int_equal(sscanf(hex + 2 * i, "%2x", &byte), 1);
        out_bytes[i] = (uint8_t)byte;
    }
}

/* RFC 8032 section 7.1, tests 1 to 3: public key, message, signature. */
static const struct {
    const char *public_key;
    const char *message;
    const char *signature;
} vectors[] = {
    {"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e3"
     "9701cf9"
     "b46bd25bf5f0595bbe24655141438e7a100b"},
    {"3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3"
     "613d0f1"
     "1d8c387b2eaeb4302aeeb00d291612bb0c00"},
    {"fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f"
     "760984d"
     "c6594a7c15e9716ed28dc027beceea1ec40a"},
};

static void the_vectors_of_rfc_8032_verify(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        uint8_t public_key[ED25519_PUBLIC_KEY_SIZE];
        uint8_t signature[ED25519_SIGNATURE_SIZE];
        uint8_t message[4] = {0};
        scoped(ed25519) key = NULL;
        from_hex(vectors[i].public_key, public_key);
        from_hex(vectors[i].message, message);
        from_hex(vectors[i].signature, signature);
        assert_int_equal(ed25519_from_public(public_key, &key), GALEN_OK);
        const struct bytes text = bytes_of(message, strlen(vectors[i].message) / 2);
        assert_true(ed25519_verify(key, text, signature));
        signature[i] ^= 1;
        assert_false(ed25519_verify(key, text, signature));
    }
}

/* Test 2 of the same section: its seed inside the frame of PKCS #8. */
static void a_key_in_pem_signs_as_rfc_8032_says(void **state)
{
    (void)state;
    uint8_t expected[ED25519_SIGNATURE_SIZE];
    uint8_t signature[ED25519_SIGNATURE_SIZE];
    scoped(ed25519) key = NULL;
    from_hex(vectors[1].signature, expected);
    assert_int_equal(
        ed25519_from_pem(
            BYTES("-----BEGIN PRIVATE KEY-----\n"
                  "MC4CAQAwBQYDK2VwBCIEIEzNCJso/5banbbDRuwRTg9bijGfNaumJNqM9u1PuKb7\n"
                  "-----END PRIVATE KEY-----\n"),
            &key),
        GALEN_OK);
    assert_int_equal(ed25519_sign(key, BYTES("\x72"), signature), GALEN_OK);
    assert_memory_equal(signature, expected, sizeof(expected));
}

static void a_new_key_signs_and_comes_back_from_pem(void **state)
{
    (void)state;
    uint8_t signature[ED25519_SIGNATURE_SIZE];
    struct writer pem;
    scoped(ed25519) key = NULL;
    scoped(ed25519) again = NULL;
    writer_init(&pem, 4096);
    assert_int_equal(ed25519_generate(&key), GALEN_OK);
    assert_int_equal(ed25519_to_pem(key, &pem), GALEN_OK);
    assert_int_equal(ed25519_from_pem(writer_bytes(&pem), &again), GALEN_OK);
    assert_int_equal(ed25519_sign(again, BYTES("a root"), signature), GALEN_OK);
    assert_true(ed25519_verify(key, BYTES("a root"), signature));
    assert_false(ed25519_verify(key, BYTES("another"), signature));
    writer_deinit(&pem);
}

static void a_public_key_alone_cannot_sign(void **state)
{
    (void)state;
    uint8_t public_key[ED25519_PUBLIC_KEY_SIZE];
    uint8_t signature[ED25519_SIGNATURE_SIZE];
    struct writer pem;
    scoped(ed25519) pair = NULL;
    scoped(ed25519) half = NULL;
    writer_init(&pem, 4096);
    assert_int_equal(ed25519_generate(&pair), GALEN_OK);
    ed25519_public(pair, public_key);
    assert_int_equal(ed25519_from_public(public_key, &half), GALEN_OK);
    assert_int_equal(ed25519_sign(half, BYTES("x"), signature), GALEN_INVALID);
    assert_int_equal(ed25519_to_pem(half, &pem), GALEN_INVALID);
    writer_deinit(&pem);
}

static void what_is_no_such_key_is_refused(void **state)
{
    (void)state;
    struct ed25519 *key = NULL;
    const struct bytes x25519 =
        BYTES("-----BEGIN PRIVATE KEY-----\n"
              "MC4CAQAwBQYDK2VuBCIEIHcHbQpzGKV9PBbBclGyZkXfTC+H68CZKrF3+6UduSwq\n"
              "-----END PRIVATE KEY-----\n");
    assert_int_equal(ed25519_from_pem(BYTES(""), &key), GALEN_INVALID);
    assert_int_equal(ed25519_from_pem(BYTES("-----BEGIN PRIVATE KEY-----\n"), &key),
                     GALEN_INVALID);
    assert_int_equal(ed25519_from_pem(x25519, &key), GALEN_INVALID);
    assert_null(key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_vectors_of_rfc_8032_verify),
        cmocka_unit_test(a_key_in_pem_signs_as_rfc_8032_says),
        cmocka_unit_test(a_new_key_signs_and_comes_back_from_pem),
        cmocka_unit_test(a_public_key_alone_cannot_sign),
        cmocka_unit_test(what_is_no_such_key_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
