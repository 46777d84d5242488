/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/policy.h"

#include "expect.h"

static struct settings settings;
static struct policies policies;
static struct error error;

static const struct policy *read_policy(const char *text)
{
    settings_init(&settings);
    EXPECT_OK(settings_read(&settings, bytes_from_string(text), "galen.yaml", &error));
    EXPECT_OK(policies_init(&policies, settings.policies, settings.policy_count));
    return policies_find(&policies, "p");
}

static void the_canonical_form_is_sorted_json(void **state)
{
    (void)state;
    struct writer text;
    const struct policy *policy = read_policy(
        "policies: {p: {unless_scope: a:b, threshold: 0.5, echo_text: true, round: "
        "{/predictions/*/score: 2, /entities/*/score: 1}, remove: [/timing_us/total, "
        "/model/sha256], hash: [/model/name], mask: [/abstained], generalise: "
        "{/entities/*/start: {step: 10}, /entities/*/end: {bands: [1, 2.5]}}}}");
    writer_init(&text, 4096);
    settings_policy_write(policy->settings, &text);
    writer_put_byte(&text, '\0');
    assert_string_equal(
        (const char *)writer_bytes(&text).data,
        "{\"echo_text\":true,\"generalise\":{\"/entities/*/end\":{\"bands\":[1.0,2.5]},"
        "\"/entities/*/start\":{\"step\":10}},\"hash\":[\"/model/name\"],\"mask\":["
        "\"/abstained\"],\"remove\":[\"/model/sha256\",\"/timing_us/total\"],\"round\":{"
        "\"/entities/*/score\":1,\"/predictions/*/score\":2},\"threshold\":0.5,"
        "\"unless_scope\":\"a:b\"}");
    writer_deinit(&text);
}

static void the_digest_is_of_what_it_says_and_not_of_how(void **state)
{
    (void)state;
    uint8_t first[SHA256_SIZE];
    memcpy(first, read_policy("policies: {p: {mask: [/model/name, /abstained]}}")->sha256,
           sizeof(first));
    assert_memory_equal(
        first,
        read_policy("policies:\n  q: {}\n  p:\n    mask: [/abstained, /model/name]\n"
                    "    echo_text: false\n")
            ->sha256,
        sizeof(first));
    static const char *const others[] = {
        "policies: {p: {mask: [/model/name]}}",
        "policies: {p: {remove: [/model/name, /abstained]}}",
        "policies: {p: {mask: [/model/name, /abstained], echo_text: true}}",
        "policies: {p: {mask: [/model/name, /abstained], threshold: 0.5}}",
        "policies: {p: {mask: [/model/name, /abstained], unless_scope: x}}",
    };
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        assert_memory_not_equal(first, read_policy(others[i])->sha256, sizeof(first));
    }
}

static void the_digest_is_of_the_canonical_form(void **state)
{
    (void)state;
    uint8_t digest[SHA256_SIZE];
    const struct policy *policy = read_policy("policies: {p: {remove: [/timing_us]}}");
    EXPECT_OK(sha256_of(BYTES("{\"remove\":[\"/timing_us\"]}"), digest));
    assert_memory_equal(policy->sha256, digest, sizeof(digest));
}

static void only_pseudonyms_need_a_key(void **state)
{
    (void)state;
    assert_null(policies_find(NULL, "p"));
    assert_non_null(read_policy("policies: {p: {mask: [/model/name]}}"));
    assert_false(settings_policies_need_key(&settings));
    assert_non_null(read_policy("policies: {p: {}, q: {hash: [/model/name]}}"));
    assert_true(settings_policies_need_key(&settings));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_canonical_form_is_sorted_json),
        cmocka_unit_test(the_digest_is_of_what_it_says_and_not_of_how),
        cmocka_unit_test(the_digest_is_of_the_canonical_form),
        cmocka_unit_test(only_pseudonyms_need_a_key),
    };
    return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}
