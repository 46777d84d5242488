/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/hmac.h"

#include "expect.h"

struct example {
    const char *key; /* not longer than a key of ours: HMAC pads it with zeros */
    const char *data;
    const char *code_hex;
};

/* RFC 4231 sections 4.2 to 4.5. */
static const struct example examples[] = {
    {"\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b",
     "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
    {"Jefe", "what do ya want for nothing?",
     "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
    {"\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa",
     "\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd"
     "\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd"
     "\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd",
     "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
    {"\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13\x14"
     "\x15\x16\x17\x18\x19",
     "\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd"
     "\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd"
     "\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd",
     "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
};

/* RFC 4231 sections 4.7 and 4.8: a key longer than a block is hashed first. */
static const struct example examples_of_long_key[] = {
    {NULL, "Test Using Larger Than Block-Size Key - Hash Key First",
     "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
    {NULL,
     "This is a test using a larger than block-size key and a larger than block-size "
     "data. The key needs to be hashed before being used by the HMAC algorithm.",
     "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
};

/* Python's hmac module says so. */
static const char *const hex_of_nothing_by_jefe =
    "923598ca6d64af2a5dba79dcd021a8a0fe5c5f557519adaaf0ad532d4506dd30";

static void expect_code(struct hmac *hmac, const char *data, const char *hex)
{
    uint8_t code[SHA256_SIZE];
    char text[SHA256_HEX_SIZE + 1] = "";
    EXPECT_OK(hmac_of(hmac, bytes_from_string(data), code));
    sha256_to_hex(code, text);
    assert_string_equal(hex, text);
}

static void published_examples_hold(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
        scoped(hmac) hmac = NULL;
        uint8_t key[HMAC_KEY_SIZE] = {0};
        memcpy(key, examples[i].key, strlen(examples[i].key));

        EXPECT_OK(hmac_create(key, &hmac));

        expect_code(hmac, examples[i].data, examples[i].code_hex);
    }
}

static void published_examples_of_a_hashed_key_hold(void **state)
{
    (void)state;
    scoped(hmac) hmac = NULL;
    uint8_t long_key[131];
    uint8_t key[HMAC_KEY_SIZE];
    memset(long_key, 0xaa, sizeof(long_key));
    EXPECT_OK(sha256_of(bytes_of(long_key, sizeof(long_key)), key));

    EXPECT_OK(hmac_create(key, &hmac));

    for (size_t i = 0; i < 2; i++) {
        expect_code(hmac, examples_of_long_key[i].data, examples_of_long_key[i].code_hex);
    }
}

static void each_call_begins_anew(void **state)
{
    (void)state;
    scoped(hmac) hmac = NULL;
    uint8_t key[HMAC_KEY_SIZE] = "Jefe";
    EXPECT_OK(hmac_create(key, &hmac));
    memset(key, 0, sizeof(key)); /* it was copied */

    for (int i = 0; i < 3; i++) {
        expect_code(hmac, "", hex_of_nothing_by_jefe);
        expect_code(hmac, examples[1].data, examples[1].code_hex);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_examples_hold),
        cmocka_unit_test(published_examples_of_a_hashed_key_hold),
        cmocka_unit_test(each_call_begins_anew),
    };
    return cmocka_run_group_tests_name("hmac", tests, NULL, NULL);
}
