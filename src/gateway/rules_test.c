/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/rules.h"

#include "expect.h"

static void rules_outlive_the_settings_that_they_were_made_of(void **state)
{
    (void)state;
    static struct settings settings;
    struct rules *rules;
    settings_init(&settings);
    settings.routes[0] = (struct settings_route){.content = "text/*", .model = "notes"};
    settings.route_count = 1;
    settings.policies[0] = (struct settings_policy){.name = "p", .threshold = 0.5};
    settings.policy_count = 1;
    settings.request_timeout_ms = 3;
    settings.limits_body_size_bytes = 77;
    EXPECT_OK(rules_create(&settings, NULL, &rules));

    memset(&settings, 0, sizeof(settings));

    assert_int_equal(rules->route_count, 1);
    assert_string_equal(rules->routes[0].content, "text/*");
    assert_string_equal(rules->routes[0].model, "notes");
    assert_true(policies_find(&rules->policies, "p")->settings->threshold == 0.5);
    assert_int_equal(rules->timeout_ns, 3000000);
    assert_int_equal(rules->body_size_bytes_max, 77);
    rules_unref(rules);
}

static void schemas_live_as_long_as_the_rules(void **state)
{
    (void)state;
    static struct settings settings;
    const struct schema_source source = {"x.json", BYTES("true")};
    struct schema *schemas[2] = {NULL, NULL};
    struct rules *rules;
    settings_init(&settings);
    settings.route_count = 2;
    EXPECT_OK(schema_compile(&source, 1, NULL, &schemas[1], NULL));
    EXPECT_OK(rules_create(&settings, schemas, &rules));

    schema_unref(schemas[1]);

    assert_null(rules->schemas[0]);
    assert_ptr_equal(rules->schemas[1], schemas[1]);
    rules_unref(rules); /* the last: a leak otherwise, which the sanitizer tells */
}

static void rules_live_as_long_as_anybody_holds_them(void **state)
{
    (void)state;
    static struct settings settings;
    struct rules *rules;
    settings_init(&settings);
    EXPECT_OK(rules_create(&settings, NULL, &rules));
    struct rules *other = rules_ref(rules);

    rules_unref(rules);

    assert_int_equal(other->route_count, 0);
    rules_unref(other);
}

static void limits_of_a_route_are_its_own_or_those_of_all(void **state)
{
    (void)state;
    static struct settings settings;
    struct rules *rules;
    settings_init(&settings);
    settings.limits_requests_per_s = 10;
    settings.limits_burst = 3;
    settings.limits_lag_ms = 7;
    settings.routes[0] = (struct settings_route){.content = "text/*", .model = "notes"};
    settings.routes[1] = (struct settings_route){.content = "image/*",
                                                 .model = "nodule",
                                                 .limits = {.has_rate = true,
                                                            .requests_per_s = 0.5,
                                                            .concurrency = 2,
                                                            .class = SETTINGS_CLASS_BATCH}};
    settings.routes[2] = (struct settings_route){
        .content = "a/b", .model = "free", .limits = {.has_rate = true}};
    settings.route_count = 3;

    EXPECT_OK(rules_create(&settings, NULL, &rules));

    const struct admission_route *found = rules->admissions;
    assert_int_equal(found[0].rate.interval_ns, 100000000);
    assert_int_equal(found[0].rate.burst, 3);
    assert_int_equal(found[0].class, ADMISSION_CLINIC);
    assert_int_equal(found[1].rate.interval_ns, 2000000000);
    assert_int_equal(found[1].rate.burst, 1);
    assert_int_equal(found[1].concurrency, 2);
    assert_int_equal(found[1].class, ADMISSION_BATCH);
    assert_int_equal(found[2].rate.interval_ns, 0);
    assert_int_equal(found[3].rate.interval_ns, 100000000);
    assert_int_equal(found[3].name, admission_name(BYTES("default")));
    assert_string_equal(rules_route_name(rules, 1), "image/*");
    assert_string_equal(rules_route_name(rules, 3), "default");
    assert_int_equal(rules->limits.lag_ns, 7000000);
    rules_unref(rules);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_outlive_the_settings_that_they_were_made_of),
        cmocka_unit_test(schemas_live_as_long_as_the_rules),
        cmocka_unit_test(rules_live_as_long_as_anybody_holds_them),
        cmocka_unit_test(limits_of_a_route_are_its_own_or_those_of_all),
    };
    return cmocka_run_group_tests_name("rules", tests, NULL, NULL);
}
