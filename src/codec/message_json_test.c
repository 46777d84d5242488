/* SPDX-License-Identifier: Apache-2.0 */
/* Values of all kinds are compared with protobuf's own JSON in tests/parity. */
#include "codec/message_json.h"

#include <model_config.pb-c.h>

#include "codec/pbtxt.h"

#include "expect.h"

enum { SIZE_BYTES_MAX = 1 << 20 };

static void expect_json(const char *text, const ProtobufCMessageDescriptor *descriptor,
                        const char *expected)
{
    struct arena arena;
    struct writer out;
    struct error error;
    struct message_document document;
    arena_init(&arena, SIZE_BYTES_MAX);
    writer_init(&out, SIZE_BYTES_MAX);
    EXPECT_OK(pbtxt_parse(bytes_from_string(text), "text", descriptor, &arena, &document,
                          &error));

    struct json_writer json = json_writer_on(&out);
    message_put_json(&json, document.root);

    EXPECT_OK(out.status);
    assert_int_equal(strlen(expected), out.size);
    assert_memory_equal(expected, writer_bytes(&out).data, out.size);
    writer_deinit(&out);
    arena_deinit(&arena);
}

static void all_but_messages_is_printed_by_number(void **state)
{
    (void)state;
    expect_json("", &inference__model_input__descriptor,
                "{\"name\":\"\",\"data_type\":\"TYPE_INVALID\",\"format\":\"FORMAT_NONE\","
                "\"dims\":[],\"is_shape_tensor\":false,\"allow_ragged_batch\":false,"
                "\"optional\":false,\"is_non_linear_format_io\":false}");
    expect_json("reshape {}", &inference__model_output__descriptor,
                "{\"name\":\"\",\"data_type\":\"TYPE_INVALID\",\"dims\":[],"
                "\"label_filename\":\"\",\"reshape\":{\"shape\":[]},"
                "\"is_shape_tensor\":false,\"is_non_linear_format_io\":false}");
}

static void a_oneof_has_the_member_that_is_given(void **state)
{
    (void)state;
    expect_json("", &inference__model_version_policy__descriptor, "{}");
    expect_json("latest {}", &inference__model_version_policy__descriptor,
                "{\"latest\":{\"num_versions\":0}}");
    expect_json("zero_data: false", &inference__model_warmup__input__descriptor,
                "{\"data_type\":\"TYPE_INVALID\",\"dims\":[],\"zero_data\":false}");
}

static void maps_are_objects_whatever_their_keys_are(void **state)
{
    (void)state;
    expect_json("priority_queue_policy { key: 18446744073709551615 }",
                &inference__model_dynamic_batching__descriptor,
                "{\"preferred_batch_size\":[],\"max_queue_delay_microseconds\":0,"
                "\"preserve_ordering\":false,\"priority_levels\":0,"
                "\"default_priority_level\":0,\"priority_queue_policy\":{"
                "\"18446744073709551615\":{\"timeout_action\":\"REJECT\","
                "\"default_timeout_microseconds\":0,\"allow_timeout_override\":false,"
                "\"max_queue_size\":0}}}");
    expect_json("parameters { key: 'a\"' value: 'b' }",
                &inference__model_repository_agents__agent__descriptor,
                "{\"name\":\"\",\"parameters\":{\"a\\\"\":\"b\"}}");
}

static void numbers_that_json_lacks_are_texts(void **state)
{
    (void)state;
    expect_json("buckets: [ inf, -inf, nan, 0.1 ]",
                &inference__model_metrics__metric_control__histogram_options__descriptor,
                "{\"buckets\":[\"Infinity\",\"-Infinity\",\"NaN\",0.1]}");
}

static void an_enum_without_a_name_is_its_number(void **state)
{
    (void)state;
    expect_json("timeout_action: 9", &inference__model_queue_policy__descriptor,
                "{\"timeout_action\":9,\"default_timeout_microseconds\":0,"
                "\"allow_timeout_override\":false,\"max_queue_size\":0}");
}

static void what_is_read_has_paths_and_no_lines(void **state)
{
    (void)state;
    struct arena arena;
    struct error error;
    struct message_document document;
    const struct json *root;
    arena_init(&arena, SIZE_BYTES_MAX);
    EXPECT_OK(json_parse(BYTES("{\"input\":[{\"dims\":[4]}]}"), &arena, &root, &error));

    EXPECT_OK(message_read_json(root, "request", &inference__model_config__descriptor,
                                &arena, &document, &error));

    EXPECT_STATUS(GALEN_INVALID, message_refuse(&document, document.first->next,
                                                GALEN_INVALID, &error, "is %d", 4));
    assert_string_equal("request: input[0].dims[0]: is 4", error.text);
    arena_deinit(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_but_messages_is_printed_by_number),
        cmocka_unit_test(a_oneof_has_the_member_that_is_given),
        cmocka_unit_test(maps_are_objects_whatever_their_keys_are),
        cmocka_unit_test(numbers_that_json_lacks_are_texts),
        cmocka_unit_test(an_enum_without_a_name_is_its_number),
        cmocka_unit_test(what_is_read_has_paths_and_no_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
