/* SPDX-License-Identifier: Apache-2.0 */
#include "base/siphash.h"

#include "expect.h"

/* Key 00 01 … 0f, input 00 01 … of the given size: appendix A of the paper has size 15. */
static const struct siphash_key key = {
    {UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908)}};

static uint64_t of_size(size_t size)
{
    uint8_t input[64];
    for (size_t i = 0; i < sizeof(input); i++) {
        input[i] = (uint8_t)i;
    }
    return siphash(&key, bytes_of(input, size));
}

static void published_vectors_come_out(void **state)
{
    (void)state;
    assert_true(of_size(0) == UINT64_C(0x726fdb47dd0e0e31));
    assert_true(of_size(1) == UINT64_C(0x74f839c593dc67fd));
    assert_true(of_size(8) == UINT64_C(0x93f5f5799a932462));
    assert_true(of_size(15) == UINT64_C(0xa129ca6149be45e5));
}

static void another_key_gives_another_hash(void **state)
{
    (void)state;
    const struct siphash_key other = {{key.words[0] ^ 1, key.words[1]}};
    assert_true(siphash(&key, BYTES("caller")) != siphash(&other, BYTES("caller")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_vectors_come_out),
        cmocka_unit_test(another_key_gives_another_hash),
    };
    return cmocka_run_group_tests_name("siphash", tests, NULL, NULL);
}
