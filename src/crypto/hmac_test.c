/* SPDX-License-Identifier: Apache-2.0 */
/* Keys of RFC 4231 section 4 have other sizes than ours, and HMAC pads keys with zeros (RFC
 * 2104 section 2): a shorter key is the same key with zeros behind it. */
#include "crypto/hmac.h"

#include "expect.h"

static void expect_code(struct bytes key, struct bytes data, const char *expected_hex)
{
    uint8_t padded[HMAC_KEY_SIZE] = {0};
    uint8_t code[SHA256_SIZE];
    char hex[SHA256_HEX_SIZE];
    scoped(hmac) hmac = NULL;
    memcpy(padded, key.data, key.size);
    assert_int_equal(hmac_create(padded, &hmac), GALEN_OK);
    for (int i = 0; i < 2; i++) { /* each call begins anew */
        assert_int_equal(hmac_of(hmac, data, code), GALEN_OK);
        sha256_to_hex(code, hex);
        assert_memory_equal(hex, expected_hex, SHA256_HEX_SIZE);
    }
}

static void the_vectors_of_rfc_4231_hold(void **state)
{
    (void)state;
    uint8_t key[20];
    memset(key, 0x0b, sizeof(key));
    expect_code(bytes_of(key, sizeof(key)), BYTES("Hi There"),
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    expect_code(BYTES("Jefe"), BYTES("what do ya want for nothing?"),
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    uint8_t data[50];
    memset(key, 0xaa, sizeof(key));
    memset(data, 0xdd, sizeof(data));
    expect_code(bytes_of(key, sizeof(key)), bytes_of(data, sizeof(data)),
                "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
}

static void nothing_has_a_code_too(void **state)
{
    (void)state;
    const uint8_t key[HMAC_KEY_SIZE] = {0};
    uint8_t code[SHA256_SIZE];
    char hex[SHA256_HEX_SIZE];
    scoped(hmac) hmac = NULL;
    assert_int_equal(hmac_create(key, &hmac), GALEN_OK);
    assert_int_equal(hmac_of(hmac, BYTES_NONE, code), GALEN_OK);
    sha256_to_hex(code, hex);
    assert_memory_equal(hex,
                        "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad",
                        SHA256_HEX_SIZE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_vectors_of_rfc_4231_hold),
        cmocka_unit_test(nothing_has_a_code_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
