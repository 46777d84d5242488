/* SPDX-License-Identifier: Apache-2.0 */
/* What the format allows is compared with protobuf's own readers in tests/parity. */
#include "codec/pbtxt.h"

#include <math.h>
#include <model_config.pb-c.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"

#include "expect.h"

enum { ARENA_SIZE_BYTES_MAX = 16 << 20 };

struct fixture {
    struct arena arena;
    struct message_document document;
    struct error error;
};

static struct fixture fixture;

static int set_up(void **state)
{
    (void)state;
    fixture = (struct fixture){0};
    arena_init(&fixture.arena, ARENA_SIZE_BYTES_MAX);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_deinit(&fixture.arena);
    return 0;
}

static enum galen_status parse(const char *text)
{
    return pbtxt_parse(bytes_from_string(text), "config.pbtxt",
                       &inference__model_config__descriptor, &fixture.arena,
                       &fixture.document, &fixture.error);
}

static const Inference__ModelConfig *parsed(const char *text)
{
    EXPECT_OK(parse(text));
    return (const Inference__ModelConfig *)fixture.document.root;
}

static void expect_refused(const char *text, const char *why)
{
    EXPECT_STATUS(GALEN_INVALID, parse(text));
    assert_string_equal(why, fixture.error.text);
}

static void every_kind_of_field_is_read(void **state)
{
    (void)state;
    const Inference__ModelConfig *config =
        parsed("name: 'a' \"\\x62\" max_batch_size: -0x10; # none\n"
               "input [ { dims: [ 1, -1 ], data_type: TYPE_FP32 }, < optional: t > ]\n"
               "model_metrics { metric_control { histogram_options { buckets: .5f } } }\n"
               "parameters: { key: 'k' value: { string_value: 'v' } }\n"
               "version_policy { specific { versions: 7 } }");

    assert_string_equal("ab", config->name);
    assert_int_equal(-16, config->max_batch_size);
    assert_int_equal(2, config->n_input);
    assert_int_equal(2, config->input[0]->n_dims);
    assert_int_equal(-1, config->input[0]->dims[1]);
    assert_int_equal(INFERENCE__DATA_TYPE__TYPE_FP32, config->input[0]->data_type);
    assert_true(config->input[1]->optional);
    assert_true(config->model_metrics->metric_control[0]->histogram_options->buckets[0] ==
                0.5);
    assert_string_equal("v", config->parameters[0]->value->string_value);
    assert_int_equal(INFERENCE__MODEL_VERSION_POLICY__POLICY_CHOICE_SPECIFIC,
                     config->version_policy->policy_choice_case);
    assert_int_equal(7, config->version_policy->specific->versions[0]);
}

static void an_empty_text_is_a_message_of_defaults(void **state)
{
    (void)state;
    const Inference__ModelConfig *config = parsed("");
    assert_string_equal("", config->name);
    assert_null(config->optimization);
    assert_null(fixture.document.first);
    EXPECT_OK(pbtxt_parse(BYTES_NONE, "none", &inference__model_config__descriptor,
                          &fixture.arena, &fixture.document, &fixture.error));
}

static void lists_of_any_length_are_read_whole(void **state)
{
    (void)state;
    char text[4096] = "input { dims: [ 0";
    for (int i = 1; i < 300; i++) {
        (void)snprintf(text + strlen(text), sizeof(text) - strlen(text), ", %d", i);
    }
    (void)snprintf(text + strlen(text), sizeof(text) - strlen(text), " ] }");
    const Inference__ModelConfig *config = parsed(text);
    assert_int_equal(300, config->input[0]->n_dims);
    for (int i = 0; i < 300; i++) {
        assert_int_equal(i, config->input[0]->dims[i]);
    }
}

static void the_last_entry_of_a_key_counts(void **state)
{
    (void)state;
    const Inference__ModelConfig *config =
        parsed("metric_tags { key: 'a' value: '1' } metric_tags { key: 'b' value: '2' }"
               "metric_tags { key: 'a' value: '3' } metric_tags { key: 'c' value: '4' }");
    assert_int_equal(3, config->n_metric_tags);
    assert_string_equal("3", config->metric_tags[0]->value);
    assert_string_equal("2", config->metric_tags[1]->value);
    assert_string_equal("4", config->metric_tags[2]->value);
}

static void an_entry_without_a_value_has_an_empty_one(void **state)
{
    (void)state;
    const Inference__ModelConfig *config = parsed("parameters { key: 'a' }");
    assert_string_equal("", config->parameters[0]->value->string_value);
}

static void every_value_has_its_place(void **state)
{
    (void)state;
    char path[MESSAGE_PATH_SIZE];
    const Inference__ModelConfig *config =
        parsed("name: 'é'  input {\n  dims: [ 1,\n 2 ] }");

    const struct message_value *value =
        message_find(&fixture.document, &config->input[0]->base, "dims");

    assert_int_equal(2, value->line);
    assert_int_equal(11, value->column);
    assert_int_equal(3, value->next->line);
    assert_int_equal(2, value->next->column);
    message_value_path(value->next, path);
    assert_string_equal("input[0].dims[1]", path);
    message_value_name(value->next, path);
    assert_string_equal("input.dims", path);
    assert_null(message_find(&fixture.document, &config->input[0]->base, "reshape"));
}

static void zeros_are_told_from_other_values(void **state)
{
    (void)state;
    static const bool expected[] = {true, false, true, false, true, false, false};
    (void)parsed("max_batch_size: 0 name: 'a' backend: '' input { optional: false }"
                 "response_cache { enable: true }");
    size_t i = 0;
    for (const struct message_value *value = fixture.document.first; value != NULL;
         value = value->next) {
        assert_int_equal(expected[i++], message_value_is_zero(&fixture.document, value));
    }
}

static void a_field_is_not_given_twice_even_if_it_is_zero(void **state)
{
    (void)state;
    expect_refused("max_batch_size: 0\nmax_batch_size: 8",
                   "config.pbtxt:2:1: max_batch_size: is given twice");
}

static void a_text_without_end_is_refused_where_it_begins(void **state)
{
    (void)state;
    expect_refused("input { name: \"a\n\" }",
                   "config.pbtxt:1:17: input[0].name: a text ends "
                   "on the line that it begins on");
}

static void a_long_name_is_cut_in_the_error(void **state)
{
    (void)state;
    expect_refused(
        "abcdefghijabcdefghijabcdefghijabcdefghijabc: 1",
        "config.pbtxt:1:1: abcdefghijabcdefghijabcdefghijabcdefghij: there is no "
        "such field in ModelConfig");
}

static void too_many_values_are_refused(void **state)
{
    (void)state;
    enum { SIZE = 16 + 2 * (LIMIT_MESSAGE_VALUE_COUNT_MAX + 1) };
    char *text = malloc(SIZE);
    assert_non_null(text);
    memcpy(text, "input{dims:[1", 14);
    for (size_t i = 0; i < LIMIT_MESSAGE_VALUE_COUNT_MAX - 1; i++) {
        memcpy(text + 13 + 2 * i, ",1", 3);
    }
    EXPECT_STATUS(GALEN_TOO_LARGE, parse(text));
    assert_non_null(
        strstr(fixture.error.text, "input[0].dims[16383]: is one value too many"));
    free(text);
}

/* A message that holds itself, which none of ours does. */
struct nest {
    ProtobufCMessage base;
    struct nest *inner;
};

extern const ProtobufCMessageDescriptor nest_descriptor;

static void nest_init(ProtobufCMessage *message)
{
    *(struct nest *)message = (struct nest){.base = {.descriptor = &nest_descriptor}};
}

static const ProtobufCFieldDescriptor nest_field = {
    .name = "n",
    .id = 1,
    .label = PROTOBUF_C_LABEL_NONE,
    .type = PROTOBUF_C_TYPE_MESSAGE,
    .offset = offsetof(struct nest, inner),
    .descriptor = &nest_descriptor,
};

const ProtobufCMessageDescriptor nest_descriptor = {
    .magic = PROTOBUF_C__MESSAGE_DESCRIPTOR_MAGIC,
    .short_name = "Nest",
    .sizeof_message = sizeof(struct nest),
    .n_fields = 1,
    .fields = &nest_field,
    .message_init = nest_init,
};

static enum galen_status parse_nest(size_t depth)
{
    char text[4 * (LIMIT_MESSAGE_DEPTH_MAX + 2)] = "";
    for (size_t i = 0; i < depth; i++) {
        memcpy(text + 2 * i, "n{", 2);
        memset(text + 2 * depth + i, '}', 1);
    }
    return pbtxt_parse(bytes_from_string(text), "nest", &nest_descriptor, &fixture.arena,
                       &fixture.document, &fixture.error);
}

static void messages_are_nested_up_to_the_limit(void **state)
{
    (void)state;
    EXPECT_OK(parse_nest(LIMIT_MESSAGE_DEPTH_MAX));
    EXPECT_STATUS(GALEN_TOO_LARGE, parse_nest(LIMIT_MESSAGE_DEPTH_MAX + 1));
}

static void memory_that_runs_out_is_a_status(void **state)
{
    (void)state;
    static const char text[] =
        "name: 'a' 'b' input { dims: [ 1, 2, 3 ] } parameters { key: "
        "'a' } model_metrics { metric_control { histogram_options { "
        "buckets: 0.25 } } }";
    enum galen_status status = GALEN_NO_MEMORY;
    size_t refused_count = 0;
    for (size_t size = 0; status != GALEN_OK; size += 64) {
        arena_deinit(&fixture.arena);
        arena_init(&fixture.arena, size);
        status = parse(text);
        refused_count += status == GALEN_NO_MEMORY;
        assert_true(status == GALEN_OK || status == GALEN_NO_MEMORY);
    }
    assert_true(refused_count > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(every_kind_of_field_is_read),
        TEST(an_empty_text_is_a_message_of_defaults),
        TEST(lists_of_any_length_are_read_whole),
        TEST(the_last_entry_of_a_key_counts),
        TEST(an_entry_without_a_value_has_an_empty_one),
        TEST(every_value_has_its_place),
        TEST(zeros_are_told_from_other_values),
        TEST(a_field_is_not_given_twice_even_if_it_is_zero),
        TEST(a_text_without_end_is_refused_where_it_begins),
        TEST(a_long_name_is_cut_in_the_error),
        TEST(too_many_values_are_refused),
        TEST(messages_are_nested_up_to_the_limit),
        TEST(memory_that_runs_out_is_a_status),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
