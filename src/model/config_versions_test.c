/* SPDX-License-Identifier: Apache-2.0 */
#include "model/config_versions.h"

#include "model/config.h"

#include "expect.h"

#define POLICY "version_policy: { specific: { versions: [ 2, 31 ] } }"

static const uint64_t versions[] = {2, 31};

static void expect_written(const char *text, const char *expected)
{
    struct writer out;
    struct error error;
    writer_init(&out, 4096);
    EXPECT_OK(config_versions_write(bytes_from_string(text), "config.pbtxt", versions, 2,
                                    &out, &error));
    EXPECT_OK(out.status);
    assert_true(bytes_equal_string(writer_bytes(&out), expected));
    writer_deinit(&out);
}

static void a_policy_is_added_where_there_is_none(void **state)
{
    (void)state;
    expect_written("", POLICY "\n");
    expect_written("backend: \"python\"\n", "backend: \"python\"\n" POLICY "\n");
    expect_written("backend: \"python\" # ours",
                   "backend: \"python\" # ours\n" POLICY "\n");
}

static void a_policy_is_replaced_and_all_else_stays(void **state)
{
    (void)state;
    expect_written("# all of them\nversion_policy { all { } } # for now\nbackend: \"a\"\n",
                   "# all of them\n" POLICY " # for now\nbackend: \"a\"\n");
    expect_written("version_policy: < specific: < versions: [1] versions: 7 > >; name: 'b'",
                   POLICY "; name: 'b'");
    expect_written("max_batch_size: 4, version_policy{latest{num_versions:3}}",
                   "max_batch_size: 4, " POLICY);
}

static void the_word_elsewhere_is_none(void **state)
{
    (void)state;
    expect_written("# version_policy { all {} }\n",
                   "# version_policy { all {} }\n" POLICY "\n");
    expect_written("name: \"version_policy { all {} }\"\n",
                   "name: \"version_policy { all {} }\"\n" POLICY "\n");
    expect_written("name: version_policy\n", "name: version_policy\n" POLICY "\n");
    expect_written("parameters [ { version_policy: 1 } ]\n",
                   "parameters [ { version_policy: 1 } ]\n" POLICY "\n");
}

static void what_was_written_is_what_is_read(void **state)
{
    (void)state;
    struct writer out;
    struct arena arena;
    struct error error;
    struct model_config config;
    const struct model_config_source source = {.file = "config.pbtxt"};
    const struct bytes text =
        BYTES("name: \"m\" version_policy { all {} } max_batch_size: 3");
    writer_init(&out, 4096);
    arena_init(&arena, 1 << 20);
    EXPECT_OK(config_versions_write(text, "config.pbtxt", versions, 2, &out, &error));
    EXPECT_OK(model_config_read(writer_bytes(&out), &source, &arena, &config, &error));
    assert_int_equal(MODEL_CONFIG_SPECIFIC, config.versions);
    assert_int_equal(2, config.specific_count);
    assert_int_equal(31, config.specific_versions[1]);
    assert_int_equal(3, config.row_count_max);
    arena_deinit(&arena);
    writer_deinit(&out);
}

static void what_is_no_text_is_refused_with_its_place(void **state)
{
    (void)state;
    struct writer out;
    struct error error;
    writer_init(&out, 4096);
    EXPECT_STATUS(GALEN_INVALID,
                  config_versions_write(BYTES("name: \"m\"\nbackend: \"never closed\n"),
                                        "config.pbtxt", versions, 2, &out, &error));
    assert_non_null(strstr(error.text, "config.pbtxt:2:"));
    writer_deinit(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_policy_is_added_where_there_is_none),
        cmocka_unit_test(a_policy_is_replaced_and_all_else_stays),
        cmocka_unit_test(the_word_elsewhere_is_none),
        cmocka_unit_test(what_was_written_is_what_is_read),
        cmocka_unit_test(what_is_no_text_is_refused_with_its_place),
    };
    return cmocka_run_group_tests_name("config_versions", tests, NULL, NULL);
}
