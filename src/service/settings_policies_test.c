/* SPDX-License-Identifier: Apache-2.0 */
#include "service/settings_policies.h"

#include <stdio.h>

#include "service/settings_routes.h"
#include "settings_rig.h"

static void a_policy_has_a_rule_for_each_pointer(void **state)
{
    (void)state;
    EXPECT_OK(read_text("policies:\n"
                        "  research:\n"
                        "    remove: [/timing_us, /model/sha256]\n"
                        "    mask: [/entities/*/text]\n"
                        "    round: {/predictions/*/score: 2, /entities/*/score: 0}\n"
                        "    generalise:\n"
                        "      /entities/*/start: {step: 10}\n"
                        "    hash: [/model/name]\n"
                        "    echo_text: true\n"
                        "    threshold: 0.5\n"
                        "    unless_scope: redact:none\n"
                        "  clinician: {echo_text: true}\n"
                        "threads: 2\n"));
    const struct settings_policy *research = settings_policy_find(&settings, "research");
    assert_int_equal(settings.policy_count, 2);
    assert_int_equal(settings.threads, 2);
    assert_int_equal(research->rule_count, 7);
    assert_true(research->echo_text && research->threshold == 0.5);
    assert_string_equal(research->unless_scope, "redact:none");
    assert_string_equal(research->rules[0].pointer, "/timing_us");
    assert_int_equal(research->rules[2].redaction, SETTINGS_MASK);
    assert_int_equal(research->rules[3].digits, 2);
    assert_int_equal(research->rules[5].step, 10);
    assert_true(settings_policy_hides(research));
    assert_false(settings_policy_hides(settings_policy_find(&settings, "clinician")));
    assert_null(settings_policy_find(&settings, "Research"));
}

static void bands_ascend(void **state)
{
    (void)state;
    EXPECT_OK(read_text("policies: {p: {generalise: {/predictions/*/score: {bands: [0.5, "
                        "0.9]}}}}"));
    const struct settings_rule *rule = &settings.policies[0].rules[0];
    assert_int_equal(rule->band_count, 2);
    assert_true(rule->bands[0] == 0.5 && rule->bands[1] == 0.9);
}

static void a_route_may_name_a_policy_before_it_is_there(void **state)
{
    (void)state;
    EXPECT_OK(read_text("routes:\n"
                        "- {match: {content: text/*}, model: m, policy: p,"
                        " require: [purpose, subject]}\n"
                        "policies: {p: {echo_text: true}}\n"));
    assert_string_equal(settings.routes[0].policy, "p");
    assert_true(settings.routes[0].requires_subject && settings.routes[0].requires_purpose);
}

static void a_later_file_has_policies_of_its_own(void **state)
{
    (void)state;
    EXPECT_OK(read_text("policies: {a: {remove: [/timing_us]}, b: {}}"));
    EXPECT_OK(read_text("policies: {b: {echo_text: true}}"));
    assert_int_equal(settings.policy_count, 1);
    assert_string_equal(settings.policies[0].name, "b");
    assert_int_equal(settings.policies[0].rule_count, 0);
}

#define ONE(members) "policies:\n  p: {" members "}"

static const struct {
    const char *text;
    const char *why;
} wrong[] = {
    {"policies: []", "galen.yaml:1:11: policies: is not a mapping of policies"},
    {"policies: {a b: {}}", "galen.yaml:1:12: policies['a b']: is no name"},
    {"policies: {p: x}", "galen.yaml:1:15: policies.p: needs a mapping"},
    {ONE("delete: [/task]"), "galen.yaml:2:7: policies.p.delete: unknown key"},
    {ONE("remove: /timing_us"), "galen.yaml:2:15: policies.p.remove: "},
    {ONE("remove: []"), "galen.yaml:2:15: policies.p.remove: "},
    {ONE("remove: [timing_us]"),
     "galen.yaml:2:16: policies.p.remove[0]: is not a JSON Pointer"},
    {ONE("mask: [/model/name, /nothing]"),
     "galen.yaml:2:27: policies.p.mask[1]: names nothing that is in an answer"},
    {ONE("remove: [/entities/*]"),
     "galen.yaml:2:16: policies.p.remove[0]: names elements of a list"},
    {ONE("remove: [/request_id]"),
     "galen.yaml:2:16: policies.p.remove[0]: remove: 'request_id' is in every answer"},
    {ONE("remove: [/warnings/0/message]"),
     "galen.yaml:2:16: policies.p.remove[0]: remove: 'message' is in every answer"},
    {ONE("remove: [/*]"),
     "galen.yaml:2:16: policies.p.remove[0]: remove: 'request_id' is in every answer"},
    {ONE("mask: [/timing_us]"),
     "galen.yaml:2:14: policies.p.mask[0]: mask: 'timing_us' is no text or number"},
    {ONE("hash: [/entities/*/start]"),
     "galen.yaml:2:14: policies.p.hash[0]: hash: 'start' is no text"},
    {ONE("round: {/timing_us/*: 2}"),
     "galen.yaml:2:15: policies.p.round['/timing_us/*']: round: 'preprocess' is no "
     "fraction"},
    {ONE("round: {/predictions/*/score: 16}"),
     "galen.yaml:2:37: policies.p.round['/predictions/*/score']: "},
    {ONE("round: {/predictions/*/score: -1}"),
     "galen.yaml:2:37: policies.p.round['/predictions/*/score']: "},
    {ONE("generalise: {/predictions/*/label: {step: 5}}"),
     "galen.yaml:2:20: policies.p.generalise['/predictions/*/label']: generalise: "
     "'label' "
     "is no number"},
    {ONE("generalise: {/predictions/*/score: {step: 5}}"),
     "galen.yaml:2:20: policies.p.generalise['/predictions/*/score']: generalise: "
     "'score' "
     "is no whole number"},
    {ONE("generalise: {/timing_us/*: {}}"), "galen.yaml:2:34: policies.p.generalise["},
    {ONE("generalise: {/timing_us/*: {step: 5, bands: [1]}}"),
     "galen.yaml:2:34: policies.p.generalise['/timing_us/*']: needs either bands or "
     "step"},
    {ONE("generalise: {/timing_us/*: {bands: [2, 2]}}"),
     "galen.yaml:2:42: policies.p.generalise['/timing_us/*'].bands: do not ascend"},
    {ONE("hash: [/entities/*/text]"),
     "galen.yaml:2:14: policies.p.hash[0]: names nothing: this policy has no "
     "echo_text"},
    {ONE("remove: [/timing_us, /timing_us/total]"),
     "galen.yaml:2:28: policies.p.remove[1]: meets what this policy says of "
     "'/timing_us'"},
    {ONE("mask: [/*/*/label], hash: [/entities/0/label]"),
     "galen.yaml:2:34: policies.p.hash[0]: meets what this policy says of "
     "'/*/*/label'"},
    {ONE("threshold: 1.5"), "galen.yaml:2:18: policies.p.threshold: "},
    {ONE("echo_text: yes"), "galen.yaml:2:18: policies.p.echo_text: "},
    {ONE("unless_scope: a b"), "galen.yaml:2:21: policies.p.unless_scope: is no scope"},
    {"routes: [{match: {content: a/b}, model: m, policy: p}]",
     "galen.yaml:1:52: routes[0].policy: there is no such policy"},
    {"routes: [{match: {content: a/b}, model: m, require: [x]}]",
     "galen.yaml:1:54: routes[0].require[0]: "},
    {"listen: {policies: {}}", "galen.yaml:1:"},
};

static void what_is_wrong_is_told_by_its_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        settings_init(&settings);
        EXPECT_STATUS(GALEN_INVALID, read_text(wrong[i].text));
        if (strncmp(error.text, wrong[i].why, strlen(wrong[i].why)) != 0) {
            assert_string_equal(error.text, wrong[i].why);
        }
    }
}

static void lists_are_bounded(void **state)
{
    (void)state;
    static char text[16384];
    size_t size = (size_t)snprintf(text, sizeof(text), "policies:\n");
    for (size_t i = 0; i <= LIMIT_POLICY_COUNT_MAX; i++) {
        size += (size_t)snprintf(text + size, sizeof(text) - size, "  p%zu: {}\n", i);
    }
    EXPECT_STATUS(GALEN_INVALID, read_text(text));
    assert_non_null(strstr(error.text, "has more than 16 policies"));

    size = (size_t)snprintf(text, sizeof(text), "policies:\n  p:\n    mask:\n");
    for (size_t i = 0; i < LIMIT_POLICY_RULE_COUNT_MAX; i++) {
        size += (size_t)snprintf(text + size, sizeof(text) - size,
                                 "    - /predictions/%zu/label\n", i);
    }
    (void)snprintf(text + size, sizeof(text) - size, "    remove: [/timing_us]\n");
    EXPECT_STATUS(GALEN_INVALID, read_text(text));
    assert_non_null(strstr(error.text, "is one pointer more than the 32 of a policy"));
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_policy_has_a_rule_for_each_pointer),
        TEST(bands_ascend),
        TEST(a_route_may_name_a_policy_before_it_is_there),
        TEST(a_later_file_has_policies_of_its_own),
        TEST(what_is_wrong_is_told_by_its_place),
        TEST(lists_are_bounded),
    };
    return cmocka_run_group_tests_name("settings_policies", tests, NULL, NULL);
}
