/* SPDX-License-Identifier: Apache-2.0 */
#include "model/config.h"

#include "base/limits.h"

#include "config_rig.h"

#define ANY GALEN_DIMENSION_ANY

/* Two inputs and two outputs, all with rows. */
static const struct galen_tensor_spec open_inputs[] = {
    {"ids", GALEN_INT64, 2, {ANY, ANY}},
    {"mask", GALEN_INT64, 2, {ANY, 16}},
};
static const struct galen_tensor_spec open_outputs[] = {
    {"logits", GALEN_FP32, 3, {ANY, ANY, 9}},
    {"pooled", GALEN_FP32, 1, {ANY}},
};
static const struct galen_model_spec open_spec = {"onnxruntime_onnx", open_inputs, 2,
                                                  open_outputs, 2};

/* One of each, nothing about them open; the output is a scalar, or its rank is open. */
static const struct galen_tensor_spec fixed_inputs[] = {{"x", GALEN_FP32, 2, {1, 4}}};
static const struct galen_tensor_spec fixed_outputs[] = {{"y", GALEN_BYTES, 0, {0}}};
static const struct galen_model_spec fixed_spec = {"onnxruntime_onnx", fixed_inputs, 1,
                                                   fixed_outputs, 1};

static const struct galen_tensor_spec scalar_inputs[] = {{"x", GALEN_FP32, 0, {0}}};
static const struct galen_model_spec scalar_spec = {"onnxruntime_onnx", scalar_inputs, 1,
                                                    fixed_outputs, 1};

#define OPEN_INPUTS                                          \
    "input { name: 'mask' data_type: TYPE_INT64 dims: 16 } " \
    "input { name: 'ids' data_type: TYPE_INT64 dims: -1 } "
#define OPEN_OUTPUTS "output { name: 'logits' data_type: TYPE_FP32 dims: [ -1, 9 ] } "
#define FIXED_INPUTS "input { name: 'x' data_type: TYPE_FP32 dims: [ 1, 4 ] } "
#define FIXED_OUTPUTS "output { name: 'y' data_type: TYPE_STRING dims: 1 } "

static struct model_config completed;

static enum galen_status complete_with(const char *text,
                                       struct model_config_network network)
{
    const struct model_config *config = config_rig_config(text);
    return model_config_complete(config, &network, &config_rig.arena, &completed,
                                 &config_rig.error);
}

static struct model_config_network network_of(const struct galen_model_spec *spec)
{
    return (struct model_config_network){.spec = spec,
                                         .backend = &config_rig_onnxruntime,
                                         .model_name = "m",
                                         .row_count_max = 64,
                                         .instance_count = 2};
}

static const struct model_config *complete(const char *text,
                                           const struct galen_model_spec *spec)
{
    if (complete_with(text, network_of(spec)) != GALEN_OK) {
        fail_msg("%s", config_rig.error.text);
    }
    return &completed;
}

static void expect_spec(const struct galen_tensor_spec *spec, const char *name,
                        uint32_t rank, int64_t first, int64_t last)
{
    assert_string_equal(name, spec->name);
    assert_int_equal(rank, spec->rank);
    assert_int_equal(first, spec->shape[0]);
    assert_int_equal(last, spec->shape[rank - 1]);
}

static void expect_in_json(const struct model_config *config, const char *part)
{
    struct writer out;
    writer_init(&out, 65536);
    struct json_writer json = json_writer_on(&out);
    model_config_put_json(&json, config);
    writer_put_byte(&out, 0);
    EXPECT_OK(out.status);
    if (strstr((const char *)writer_bytes(&out).data, part) == NULL) {
        fail_msg("%s is not in %s", part, (const char *)writer_bytes(&out).data);
    }
    writer_deinit(&out);
}

/* -- what a file leaves out --------------------------------------------------------------
 */

static void without_a_file_the_network_says_all(void **state)
{
    (void)state;
    const struct model_config *config = complete("", &open_spec);
    assert_string_equal("m", config->name);
    assert_string_equal("onnxruntime", config->backend);
    assert_string_equal("model.onnx", config->file_name);
    assert_int_equal(64, config->row_count_max);
    assert_int_equal(2, config->input_count);
    expect_spec(&config->inputs[0], "ids", 2, ANY, ANY);
    expect_spec(&config->inputs[1], "mask", 2, ANY, 16);
    assert_int_equal(2, config->output_count);
    expect_spec(&config->outputs[0], "logits", 3, ANY, 9);
    assert_int_equal(3, config->listed_outputs);
    assert_null(config->label_files[0]);
    assert_true(config->batching.is_on);
    assert_int_equal(1, config->batching.level_count);
    assert_int_equal(1, config->batching.preferred_count);
    assert_int_equal(64, config->batching.preferred_sizes[0]);
    assert_int_equal(2, config->instance_count);
}

static void what_is_completed_is_reported(void **state)
{
    (void)state;
    const struct model_config *config = complete("", &open_spec);
    expect_in_json(config, "{\"name\":\"m\",\"platform\":\"onnxruntime_onnx\","
                           "\"version_policy\":{\"latest\":{\"num_versions\":1}},"
                           "\"max_batch_size\":64,\"input\":[{\"name\":\"ids\","
                           "\"data_type\":\"TYPE_INT64\",\"format\":\"FORMAT_NONE\","
                           "\"dims\":[-1],");
    expect_in_json(config, "\"output\":[{\"name\":\"logits\",\"data_type\":\"TYPE_FP32\","
                           "\"dims\":[-1,9],\"label_filename\":\"\",");
    expect_in_json(config, "\"instance_group\":[{\"name\":\"m\",\"count\":2,\"gpus\":[],"
                           "\"kind\":\"KIND_CPU\",");
    expect_in_json(config, "\"default_model_filename\":\"model.onnx\",");
    expect_in_json(config, "\"dynamic_batching\":{\"preferred_batch_size\":[64],");
    expect_in_json(config, "\"backend\":\"onnxruntime\",");
}

static void a_network_without_rows_is_not_batched(void **state)
{
    (void)state;
    const struct model_config *config = complete("", &fixed_spec);
    assert_int_equal(0, config->row_count_max);
    assert_false(config->batching.is_on);
    expect_spec(&config->inputs[0], "x", 2, 1, 4);
    assert_int_equal(0, config->outputs[0].rank);
    expect_in_json(config, "\"dims\":[1,4]");
}

static void rows_that_cannot_be_joined_are_a_dimension_as_others_are(void **state)
{
    (void)state;
    struct model_config_network network = network_of(&open_spec);
    network.row_count_max = 0;
    EXPECT_OK(complete_with("", network));
    assert_int_equal(0, completed.row_count_max);
    expect_in_json(&completed, "\"name\":\"mask\",\"data_type\":\"TYPE_INT64\",\"format\":"
                               "\"FORMAT_NONE\",\"dims\":[-1,16]");
}

static void a_file_with_half_of_the_tensors_is_completed(void **state)
{
    (void)state;
    const struct model_config *config = complete(OPEN_INPUTS, &open_spec);
    assert_int_equal(64, config->row_count_max);
    assert_true(config->batching.is_on);
    expect_spec(&config->inputs[0], "ids", 2, ANY, ANY);
    assert_int_equal(2, config->output_count);

    config = complete("max_batch_size: 8 " OPEN_OUTPUTS, &open_spec);
    assert_int_equal(8, config->row_count_max);
    assert_int_equal(8, config->batching.preferred_sizes[0]);
    assert_int_equal(2, config->input_count);
    assert_int_equal(1, config->output_count);
}

static void a_single_row_is_not_batched(void **state)
{
    (void)state;
    assert_false(complete("max_batch_size: 1", &open_spec)->batching.is_on);
}

/* -- what a file says --------------------------------------------------------------------
 */

static void a_file_with_all_tensors_means_what_it_says(void **state)
{
    (void)state;
    const struct model_config *config =
        complete("max_batch_size: 8 " OPEN_INPUTS OPEN_OUTPUTS, &open_spec);
    assert_int_equal(8, config->row_count_max);
    assert_false(config->batching.is_on);
    expect_spec(&config->inputs[0], "ids", 2, ANY, ANY);
    expect_spec(&config->inputs[1], "mask", 2, ANY, 16);
    expect_spec(&config->outputs[0], "logits", 3, ANY, 9);
    expect_in_json(config, "\"input\":[{\"name\":\"mask\"");
}

static void without_rows_dims_are_all_dimensions(void **state)
{
    (void)state;
    const struct model_config *config =
        complete("input { name: 'ids' data_type: TYPE_INT64 dims: [ 1, 5 ] } "
                 "input { name: 'mask' data_type: TYPE_INT64 dims: [ -1, 16 ] } "
                 "output { name: 'pooled' data_type: TYPE_FP32 dims: -1 }",
                 &open_spec);
    assert_int_equal(0, config->row_count_max);
    expect_spec(&config->inputs[0], "ids", 2, 1, 5);
    expect_spec(&config->outputs[0], "pooled", 1, ANY, ANY);
}

static void outputs_that_are_not_listed_are_hidden(void **state)
{
    (void)state;
    const struct model_config *config = complete(
        "max_batch_size: 8 " OPEN_INPUTS "output { name: 'pooled' data_type: TYPE_FP32 "
        "dims: 1 reshape {} label_filename: 'l' }",
        &open_spec);
    assert_int_equal(1, config->output_count);
    assert_int_equal(2, config->listed_outputs);
    assert_string_equal("l", config->label_files[0]);
    expect_spec(&config->outputs[0], "pooled", 2, ANY, 1);
    assert_int_equal(1, config->squeezed_outputs);
    assert_int_equal(0, config->squeezed_inputs);
}

static void a_scalar_is_one_element_to_clients(void **state)
{
    (void)state;
    const struct model_config *config = complete(
        "input { name: 'x' data_type: TYPE_FP32 dims: 1 } " FIXED_OUTPUTS, &scalar_spec);
    expect_spec(&config->inputs[0], "x", 1, 1, 1);
    assert_int_equal(1, config->squeezed_inputs);
    assert_int_equal(1, config->squeezed_outputs);
}

static void an_output_of_open_rank_is_as_the_file_says(void **state)
{
    (void)state;
    const struct model_config *config =
        complete(FIXED_INPUTS "output { name: 'y' data_type: TYPE_STRING dims: [ 3, -1 ] }",
                 &fixed_spec);
    expect_spec(&config->outputs[0], "y", 2, 3, ANY);
    assert_int_equal(0, config->squeezed_outputs);
}

static void preferred_sizes_are_the_file_s_or_a_full_batch(void **state)
{
    (void)state;
    const struct model_config *config =
        complete("max_batch_size: 8 dynamic_batching { max_queue_delay_microseconds: 9 "
                 "} " OPEN_INPUTS OPEN_OUTPUTS,
                 &open_spec);
    assert_int_equal(8, config->batching.preferred_sizes[0]);
    assert_int_equal(9, config->batching.delay_us);
    expect_in_json(config,
                   "{\"preferred_batch_size\":[8],\"max_queue_delay_microseconds\":9");

    config = complete("max_batch_size: 8 dynamic_batching { preferred_batch_size: 4 }",
                      &open_spec);
    assert_int_equal(1, config->batching.preferred_count);
    assert_int_equal(4, config->batching.preferred_sizes[0]);
}

static void instances_without_a_count_have_that_of_the_settings(void **state)
{
    (void)state;
    const struct model_config *config =
        complete("instance_group [ { count: 3 name: 'mine' }, { kind: KIND_MODEL }, {} ]",
                 &fixed_spec);
    assert_int_equal(7, config->instance_count);
    expect_in_json(config, "[{\"name\":\"mine\",\"count\":3,\"gpus\":[],\"kind\":"
                           "\"KIND_CPU\",");
    expect_in_json(config, "{\"name\":\"m_1\",\"count\":2,\"gpus\":[],\"kind\":"
                           "\"KIND_MODEL\",");
}

static void completing_changes_nothing_of_what_was_read(void **state)
{
    (void)state;
    struct model_config copy;
    const struct model_config *config =
        config_rig_config("max_batch_size: 8 dynamic_batching {} instance_group {}");
    const struct model_config_network network = network_of(&open_spec);
    expect_in_json(config,
                   "\"input\":[],\"output\":[],\"instance_group\":[{\"name\":\"\",");
    for (int version = 1; version <= 2; version++) {
        EXPECT_OK(model_config_complete(config, &network, &config_rig.arena, &copy,
                                        &config_rig.error));
        expect_in_json(&copy, "\"input\":[{\"name\":\"ids\",");
        expect_in_json(config,
                       "\"input\":[],\"output\":[],\"instance_group\":[{\"name\":\"\",");
        expect_in_json(config, "\"dynamic_batching\":{\"preferred_batch_size\":[],");
    }
}

/* -- contradictions ----------------------------------------------------------------------
 */

static void expect_contradiction(const char *text, const struct galen_model_spec *spec,
                                 const char *why)
{
    EXPECT_STATUS(GALEN_INVALID, complete_with(text, network_of(spec)));
    assert_string_equal(why, config_rig.error.text);
}

static void what_contradicts_the_network_is_refused_with_its_place(void **state)
{
    (void)state;
    expect_contradiction("max_batch_size: 8", &fixed_spec,
                         "config.pbtxt:1:1: max_batch_size: is more than 0, and the "
                         "network's first dimension is not one of rows");
    expect_contradiction("backend: 'identity'", &fixed_spec,
                         "config.pbtxt:1:1: backend: is 'identity', and the network's is "
                         "'onnxruntime'");
    expect_contradiction("\n input { name: 'z' data_type: TYPE_FP32 dims: 1 }", &fixed_spec,
                         "config.pbtxt:2:10: input[0].name: 'z': the network has no such "
                         "input");
    expect_contradiction("output { name: 'z' data_type: TYPE_FP32 dims: 1 }", &fixed_spec,
                         "config.pbtxt:1:10: output[0].name: 'z': the network has no such "
                         "output");
    expect_contradiction("input { name: 'mask' data_type: TYPE_INT64 dims: 16 }",
                         &open_spec,
                         "config.pbtxt:1:1: input[0]: the network's input 'ids' is not "
                         "there");
    expect_contradiction(
        "input { name: 'x' data_type: TYPE_FP64 dims: [ 1, 4 ] }", &fixed_spec,
        "config.pbtxt:1:19: input[0].data_type: is FP64, and the network's "
        "is FP32");
    expect_contradiction("input { name: 'x' data_type: TYPE_FP32 dims: [ 1, 5 ] }",
                         &fixed_spec,
                         "config.pbtxt:1:48: input[0].dims[0]: make [1,5], and the network "
                         "has [1,4]");
    expect_contradiction(
        "input { name: 'x' data_type: TYPE_FP32 dims: [ 1, -1 ] }", &fixed_spec,
        "config.pbtxt:1:48: input[0].dims[0]: make [1,-1], and the network "
        "has [1,4]");
    expect_contradiction(
        "max_batch_size: 2 " OPEN_INPUTS
        "output { name: 'logits' data_type: TYPE_FP32 dims: 9 }",
        &open_spec,
        "config.pbtxt:1:171: output[0].dims[0]: make [-1,9] with the rows, "
        "and the network has [-1,-1,9]");
    expect_contradiction(OPEN_INPUTS OPEN_OUTPUTS, &open_spec,
                         "config.pbtxt:1:97: input[1].dims[0]: make [-1], and the network "
                         "has [-1,-1]");
}

static void rows_that_cannot_be_joined_are_refused_where_the_file_has_them(void **state)
{
    (void)state;
    struct model_config_network network = network_of(&open_spec);
    network.row_count_max = 0;
    EXPECT_STATUS(GALEN_INVALID, complete_with("max_batch_size: 8", network));
}

#define SAMPLE(rows, inputs) "model_warmup { name: 's' batch_size: " #rows " " inputs " }"
#define SAMPLE_INPUT(name, type, dims)                                 \
    "inputs { key: '" name "' value { data_type: " type " dims: " dims \
    " zero_data: true } } "

static void samples_have_to_fit(void **state)
{
    (void)state;
    (void)complete("model_warmup {} " SAMPLE(64,
                                             SAMPLE_INPUT("ids", "TYPE_INT64", "7")
                                                 SAMPLE_INPUT("mask", "TYPE_INT64", "16")),
                   &open_spec);
    (void)complete(SAMPLE(1, SAMPLE_INPUT("x", "TYPE_FP32", "[ 1, 4 ]")), &fixed_spec);

    expect_contradiction(SAMPLE(2, SAMPLE_INPUT("x", "TYPE_FP32", "[ 1, 4 ]")), &fixed_spec,
                         "config.pbtxt:1:1: model_warmup[0]: has more than 1 rows");
    expect_contradiction(
        "model_warmup {}\n" SAMPLE(1, ""), &fixed_spec,
        "config.pbtxt:2:1: model_warmup[1]: has 0 inputs, and the network 1");
    expect_contradiction(
        SAMPLE(1, SAMPLE_INPUT("y", "TYPE_FP32", "[ 1, 4 ]")), &fixed_spec,
        "config.pbtxt:1:1: model_warmup[0]: 'y' is no input of the network");
    expect_contradiction(SAMPLE(1, SAMPLE_INPUT("x", "TYPE_FP32", "[ 2, 4 ]")), &fixed_spec,
                         "config.pbtxt:1:1: model_warmup[0]: 'x' is not of the input's "
                         "data_type and dims");
    expect_contradiction(SAMPLE(1, SAMPLE_INPUT("x", "TYPE_FP64", "[ 1, 4 ]")), &fixed_spec,
                         "config.pbtxt:1:1: model_warmup[0]: 'x' is not of the input's "
                         "data_type and dims");
}

static void what_is_beyond_the_limits_with_the_network_is_refused(void **state)
{
    (void)state;
    static const struct galen_tensor_spec deep[] = {
        {"x", GALEN_FP32, 8, {ANY, 1, 1, 1, 1, 1, 1, 1}}};
    static const struct galen_model_spec deep_spec = {"onnxruntime_onnx", deep, 1, deep, 1};
    struct model_config_network network = network_of(&deep_spec);
    EXPECT_STATUS(GALEN_TOO_LARGE,
                  complete_with("max_batch_size: 1 input { name: 'x' data_type: TYPE_FP32 "
                                "dims: [ 1, 1, 1, 1, 1, 1, 1, 1 ] }",
                                network));
    network.instance_count = LIMIT_INSTANCE_COUNT_LIMIT;
    EXPECT_STATUS(GALEN_TOO_LARGE, complete_with("instance_group [ {}, {} ]", network));
}

static void memory_that_runs_out_is_a_status(void **state)
{
    (void)state;
    struct arena arena;
    enum galen_status status = GALEN_NO_MEMORY;
    size_t refused_count = 0;
    const struct model_config_network network = network_of(&open_spec);
    const struct model_config *config = config_rig_config(OPEN_INPUTS "instance_group {}");
    for (size_t size = 0; status != GALEN_OK; size += 64) {
        arena_init(&arena, size);
        status =
            model_config_complete(config, &network, &arena, &completed, &config_rig.error);
        refused_count += status == GALEN_NO_MEMORY;
        assert_true(status == GALEN_OK || status == GALEN_NO_MEMORY);
        arena_deinit(&arena);
    }
    assert_true(refused_count > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CONFIG_RIG_TEST(without_a_file_the_network_says_all),
        CONFIG_RIG_TEST(what_is_completed_is_reported),
        CONFIG_RIG_TEST(a_network_without_rows_is_not_batched),
        CONFIG_RIG_TEST(rows_that_cannot_be_joined_are_a_dimension_as_others_are),
        CONFIG_RIG_TEST(a_file_with_half_of_the_tensors_is_completed),
        CONFIG_RIG_TEST(a_single_row_is_not_batched),
        CONFIG_RIG_TEST(a_file_with_all_tensors_means_what_it_says),
        CONFIG_RIG_TEST(without_rows_dims_are_all_dimensions),
        CONFIG_RIG_TEST(outputs_that_are_not_listed_are_hidden),
        CONFIG_RIG_TEST(a_scalar_is_one_element_to_clients),
        CONFIG_RIG_TEST(an_output_of_open_rank_is_as_the_file_says),
        CONFIG_RIG_TEST(preferred_sizes_are_the_file_s_or_a_full_batch),
        CONFIG_RIG_TEST(instances_without_a_count_have_that_of_the_settings),
        CONFIG_RIG_TEST(completing_changes_nothing_of_what_was_read),
        CONFIG_RIG_TEST(what_contradicts_the_network_is_refused_with_its_place),
        CONFIG_RIG_TEST(rows_that_cannot_be_joined_are_refused_where_the_file_has_them),
        CONFIG_RIG_TEST(samples_have_to_fit),
        CONFIG_RIG_TEST(what_is_beyond_the_limits_with_the_network_is_refused),
        CONFIG_RIG_TEST(memory_that_runs_out_is_a_status),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
