/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/certificate.h"

#include "expect.h"

/* openssl req -x509 -newkey ed25519 -nodes -subj /CN=test -days 36500 */
#define CERTIFICATE                                                      \
    "-----BEGIN CERTIFICATE-----\n"                                      \
    "MIIBNDCB56ADAgECAhQr7ru7OAtNzCfPYqmleMIhptgYRzAFBgMrZXAwDzENMAsG\n" \
    "A1UEAwwEdGVzdDAgFw0yNjExMjYwMzU5MDRaGA8yMTI2MTEwMjAzNTkwNFowDzEN\n" \
    "MAsGA1UEAwwEdGVzdDAqMAUGAytlcAMhABK3/Mixr8hJE1lH4EvoqiG7SkazJnas\n" \
    "Ilsw4g34wLiro1MwUTAdBgNVHQ4EFgQUsRRSW0LUPld42y7JFASQtjQt7kQwHwYD\n" \
    "VR0jBBgwFoAUsRRSW0LUPld42y7JFASQtjQt7kQwDwYDVR0TAQH/BAUwAwEB/zAF\n" \
    "BgMrZXADQQDbFMK/hDD7qkxi18Tvgy7f7bwtCE725yH8hCETHwIH98MAvNiyEmpz\n" \
    "dOJKa5KQzzKMnar/xLendZFddKDai9gA\n"                                 \
    "-----END CERTIFICATE-----\n"

/* openssl x509 -outform DER | sha256sum */
static const char digest_hex[] =
    "ebe2737d71aeb99340828a91e4adb93be3d32246896aa22c6aece51e769c17e5";

static void expect_digest(const char *pem)
{
    uint8_t digest[SHA256_SIZE];
    uint8_t expected[SHA256_SIZE];
    assert_true(sha256_from_hex(bytes_from_string(digest_hex), expected));
    EXPECT_OK(certificate_sha256(bytes_from_string(pem), digest));
    assert_memory_equal(digest, expected, SHA256_SIZE);
}

static void its_digest_is_of_its_der(void **state)
{
    (void)state;
    expect_digest(CERTIFICATE);
}

static void words_around_it_do_not_count(void **state)
{
    (void)state;
    expect_digest("subject: test\n" CERTIFICATE "\nand so on\n");
}

static void what_is_no_certificate_is_refused(void **state)
{
    static const char *const texts[] = {
        "", "x", "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"};
    uint8_t digest[SHA256_SIZE];
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        EXPECT_STATUS(GALEN_INVALID,
                      certificate_sha256(bytes_from_string(texts[i]), digest));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(its_digest_is_of_its_der),
        cmocka_unit_test(words_around_it_do_not_count),
        cmocka_unit_test(what_is_no_certificate_is_refused),
    };
    return cmocka_run_group_tests_name("certificate", tests, NULL, NULL);
}
