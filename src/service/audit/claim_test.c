/* SPDX-License-Identifier: Apache-2.0 */
#include "service/audit/claim.h"

#include "expect.h"

static const char start_fields[] =
    "{\"event\":\"start\",\"previous\":{\"chain\":\"gateway-20261125T205515Z-"
    "1a2b3c4d5e6f7081\","
    "\"records\":3,\"torn_bytes\":2,\"torn_sha256\":\""
    "00000000000000000000000000000000000000000000000000000000000000ff\","
    "\"checkpoint_bytes\":0}}";

static void a_start_tells_of_the_chain_before_it(void **state)
{
    (void)state;
    struct arena arena;
    struct audit_claim claim;
    const struct audit_record start = {.prev = {7}};
    arena_init(&arena, 1 << 20);
    EXPECT_OK(audit_claim_read(bytes_from_string(start_fields), &start, &arena, &claim));
    assert_string_equal(claim.chain, "gateway-20261125T205515Z-1a2b3c4d5e6f7081");
    assert_int_equal(claim.record_count, 3);
    assert_int_equal(claim.torn_bytes, 2);
    assert_int_equal(claim.torn_sha256[31], 0xFF);
    assert_int_equal(claim.hash[0], 7);
    assert_false(claim.is_unsure);
    EXPECT_OK(audit_claim_read(BYTES("{}"), &start, &arena, &claim));
    assert_string_equal(claim.chain, "");
    arena_deinit(&arena);
}

static void a_claim_of_a_disk_that_failed_is_unsure(void **state)
{
    (void)state;
    struct arena arena;
    struct audit_claim claim;
    const struct audit_record start = {.prev = {0}};
    arena_init(&arena, 1 << 20);
    EXPECT_OK(audit_claim_read(
        BYTES("{\"previous\":{\"chain\":\"gateway-20261125T205515Z-1a2b3c4d5e6f7081\","
              "\"records\":1,\"unsure\":\"disk-failed\",\"checkpoint_bytes\":0}}"),
        &start, &arena, &claim));
    assert_true(claim.is_unsure);
    arena_deinit(&arena);
}

static void a_claim_that_is_none_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "{\"previous\":1}",
        "{\"previous\":{}}",
        "{\"previous\":{\"chain\":\"x\",\"records\":1,\"checkpoint_bytes\":0}}",
        "{\"previous\":{\"chain\":\"gateway-20261125T205515Z-1a2b3c4d5e6f7081\","
        "\"records\":0,\"checkpoint_bytes\":0}}",
        "{\"previous\":{\"chain\":\"gateway-20261125T205515Z-1a2b3c4d5e6f7081\","
        "\"records\":1,\"unsure\":\"no\",\"checkpoint_bytes\":0}}",
        "{\"previous\":{\"chain\":\"gateway-20261125T205515Z-1a2b3c4d5e6f7081\","
        "\"records\":1.5,\"checkpoint_bytes\":0}}",
        "{\"previous\":{\"chain\":\"gateway-20261125T205515Z-1a2b3c4d5e6f7081\","
        "\"records\":1,\"checkpoint_bytes\":0,\"torn_bytes\":1}}",
    };
    struct arena arena;
    struct audit_claim claim;
    const struct audit_record start = {.prev = {0}};
    arena_init(&arena, 1 << 20);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        EXPECT_STATUS(GALEN_INVALID, audit_claim_read(bytes_from_string(wrong[i]), &start,
                                                      &arena, &claim));
    }
    arena_deinit(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_start_tells_of_the_chain_before_it),
        cmocka_unit_test(a_claim_of_a_disk_that_failed_is_unsure),
        cmocka_unit_test(a_claim_that_is_none_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
