/* SPDX-License-Identifier: Apache-2.0 */
#include "model/config.h"

#include <model_config.pb-c.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "codec/json.h"
#include "model/config_impl.h"

#include "config_rig.h"

/* -- the table ---------------------------------------------------------------------------
 */

static void expect_rows(const ProtobufCMessageDescriptor *descriptor, const char *prefix,
                        size_t *count)
{
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
        char name[MESSAGE_PATH_SIZE];
        (void)snprintf(name, sizeof(name), "%s%s%s", prefix, prefix[0] == '\0' ? "" : ".",
                       field->name);
        const struct config_field *row = config_field(name);
        if (row == NULL) {
            fail_msg("%s has no row in config_fields.def", name);
            return;
        }
        (*count)++;
        if (row->use == CONFIG_USED && field->type == PROTOBUF_C_TYPE_MESSAGE) {
            expect_rows(field->descriptor, name, count);
        }
    }
}

static void every_field_is_used_ignored_or_refused(void **state)
{
    (void)state;
    size_t count = 0;
    expect_rows(&inference__model_config__descriptor, "", &count);
    assert_int_equal(config_field_count, count);
}

/* -- what is read ------------------------------------------------------------------------
 */

static void nothing_says_nothing(void **state)
{
    (void)state;
    const struct model_config *config = config_rig_config("");
    assert_null(config->name);
    assert_null(config->backend);
    assert_null(config->file_name);
    assert_int_equal(MODEL_CONFIG_LATEST, config->versions);
    assert_int_equal(1, config->latest_count);
    assert_int_equal(0, config->row_count_max);
    assert_int_equal(0, config->input_count + config->output_count);
    assert_false(config->batching.is_on);
    assert_int_equal(0, config->instance_count + config->uncounted_groups);
    assert_int_equal(0, config->note_count);
}

static void tensors_are_read_without_the_dimension_of_rows(void **state)
{
    (void)state;
    const struct model_config *config = config_rig_config(
        "name: 'm' platform: 'onnxruntime_onnx' max_batch_size: 8 "
        "input { name: 'x' data_type: TYPE_FP32 format: FORMAT_NCHW dims: [ 3, -1, -1 ] } "
        "output { name: 'a' data_type: TYPE_STRING dims: 1 reshape {} } "
        "output { name: 'b' data_type: TYPE_BF16 dims: 2 label_filename: 'labels.txt' }");
    assert_string_equal("m", config->name);
    assert_string_equal("onnxruntime", config->backend);
    assert_int_equal(8, config->row_count_max);
    assert_int_equal(1, config->input_count);
    assert_string_equal("x", config->inputs[0].name);
    assert_int_equal(GALEN_FP32, config->inputs[0].datatype);
    assert_int_equal(3, config->inputs[0].rank);
    assert_int_equal(3, config->inputs[0].shape[0]);
    assert_int_equal(-1, config->inputs[0].shape[2]);
    assert_int_equal(2, config->output_count);
    assert_int_equal(GALEN_BYTES, config->outputs[0].datatype);
    assert_int_equal(GALEN_BF16, config->outputs[1].datatype);
    assert_null(config->label_files[0]);
    assert_string_equal("labels.txt", config->label_files[1]);
}

static void every_datatype_has_a_name_in_the_file(void **state)
{
    (void)state;
    for (int i = 0; i <= GALEN_BYTES; i++) {
        enum galen_datatype again = GALEN_BOOL;
        assert_true(config_datatype(config_type_of((enum galen_datatype)i), &again));
        assert_int_equal(i, again);
    }
    enum galen_datatype unread;
    assert_false(config_datatype(0, &unread));
    assert_false(config_datatype(99, &unread));
}

static void the_backend_is_told_by_name_platform_or_file(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *backend;
    } rows[] = {
        {"backend: 'onnxruntime'", "onnxruntime"},
        {"backend: 'onnxruntime' platform: 'onnxruntime_onnx'", "onnxruntime"},
        {"platform: 'onnxruntime_onnx'", "onnxruntime"},
        {"platform: 'galen_identity'", "identity"},
        {"backend: 'identity'", "identity"},
        {"default_model_filename: 'model.onnx'", "onnxruntime"},
        {"backend: 'onnxruntime' default_model_filename: 'net.onnx'", "onnxruntime"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_string_equal(rows[i].backend, config_rig_config(rows[i].text)->backend);
    }
}

static void versions_are_chosen_by_the_policy(void **state)
{
    (void)state;
    static const uint64_t versions[] = {1, 3, 4, 9};
    static const struct {
        const char *text;
        bool serves[4];
    } rows[] = {
        {"", {false, false, false, true}},
        {"version_policy { latest { num_versions: 2 } }", {false, false, true, true}},
        {"version_policy { latest { num_versions: 9 } }", {true, true, true, true}},
        {"version_policy { all {} }", {true, true, true, true}},
        {"version_policy { specific { versions: [ 9, 2, 3 ] } }",
         {false, true, false, true}},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct model_config *config = config_rig_config(rows[i].text);
        for (size_t k = 0; k < 4; k++) {
            assert_int_equal(rows[i].serves[k],
                             model_config_serves(config, versions, 4, k));
        }
    }
}

static void queues_are_read_level_by_level(void **state)
{
    (void)state;
    const struct model_config_batching *batching =
        &config_rig_config(
             "max_batch_size: 8 dynamic_batching { preferred_batch_size: [ 2, 8 ] "
             "max_queue_delay_microseconds: 100 priority_levels: 3 default_priority_level: "
             "2 "
             "default_queue_policy { default_timeout_microseconds: 5 max_queue_size: 7 } "
             "priority_queue_policy { key: 3 value { timeout_action: DELAY "
             "default_timeout_microseconds: 9 allow_timeout_override: true } } }")
             ->batching;
    assert_true(batching->is_on);
    assert_false(batching->keeps_order);
    assert_int_equal(2, batching->preferred_count);
    assert_int_equal(8, batching->preferred_sizes[1]);
    assert_int_equal(100, batching->delay_us);
    assert_int_equal(3, batching->level_count);
    assert_int_equal(2, batching->default_priority);
    assert_int_equal(5, batching->levels[0].timeout_us);
    assert_int_equal(7, batching->levels[1].queue_count_max);
    assert_false(batching->levels[1].delays);
    assert_true(batching->levels[2].delays);
    assert_true(batching->levels[2].has_own_timeouts);
    assert_int_equal(9, batching->levels[2].timeout_us);
    assert_int_equal(0, batching->levels[2].queue_count_max);
}

static void without_levels_of_priority_there_is_one_queue(void **state)
{
    (void)state;
    const struct model_config *config = config_rig_config(
        "dynamic_batching { preserve_ordering: true default_queue_policy { max_queue_size: "
        "4 } priority_queue_policy { key: 1 value { max_queue_size: 9 } } }");
    assert_true(config->batching.keeps_order);
    assert_int_equal(1, config->batching.level_count);
    assert_int_equal(4, config->batching.levels[0].queue_count_max);
    assert_int_equal(0, config->batching.default_priority);
    assert_int_equal(1, config->note_count);
    assert_string_equal(
        "config.pbtxt:1:111: dynamic_batching.priority_queue_policy[0].key: "
        "is ignored: there are no priority_levels",
        config->notes[0]);
}

static void instances_add_up(void **state)
{
    (void)state;
    const struct model_config *config = config_rig_config(
        "instance_group [ { count: 2 kind: KIND_CPU }, { kind: KIND_MODEL }, { count: 3 "
        "gpus: 0 } ]");
    assert_int_equal(5, config->instance_count);
    assert_int_equal(1, config->uncounted_groups);
}

static void parameters_are_kept_and_threads_are_read(void **state)
{
    (void)state;
    const struct model_config *config = config_rig_config(
        "parameters { key: 'intra_op_thread_count' value { string_value: '4' } }\n"
        "parameters { key: 'execution_mode' value { string_value: '1' } }\n"
        "parameters { key: 'of our own' value { string_value: 'x' } }");
    assert_int_equal(4, config->thread_count);
    assert_int_equal(3, config->parameter_count);
    assert_string_equal("of our own", config->parameters[2].name);
    assert_string_equal("x", config->parameters[2].value);
    assert_int_equal(1, config->note_count);
    assert_string_equal("config.pbtxt:2:14: parameters[1].key: execution_mode is ignored: "
                        "the backend has no such setting here",
                        config->notes[0]);
}

static void samples_are_read(void **state)
{
    (void)state;
    const struct model_config *config = config_rig_config(
        "model_warmup { name: 'none' }\n"
        "model_warmup { name: 'w' batch_size: 2 count: 5 inputs { key: 'x' value { "
        "data_type: TYPE_INT64 dims: 4 zero_data: true } } inputs { key: 'y' value { "
        "data_type: TYPE_FP32 input_data_file: 'y.bin' } } }\n"
        "model_warmup { name: 'r' batch_size: 1 inputs { key: 'z' value { data_type: "
        "TYPE_BOOL random_data: true } } }");
    assert_int_equal(2, config->warmup_count);
    assert_string_equal("w", config->warmups[0].name);
    assert_int_equal(2, config->warmups[0].row_count);
    assert_int_equal(5, config->warmups[0].run_count);
    assert_int_equal(MODEL_CONFIG_ZERO, config->warmups[0].inputs[0].data);
    assert_string_equal("x", config->warmups[0].inputs[0].spec.name);
    assert_int_equal(4, config->warmups[0].inputs[0].spec.shape[0]);
    assert_int_equal(MODEL_CONFIG_FILE, config->warmups[0].inputs[1].data);
    assert_string_equal("y.bin", config->warmups[0].inputs[1].file);
    assert_int_equal(1, config->warmups[1].run_count);
    assert_int_equal(MODEL_CONFIG_RANDOM, config->warmups[1].inputs[0].data);
    assert_string_equal(
        "config.pbtxt:1:1: model_warmup[0]: is not run: its batch_size is 0",
        config->notes[0]);
}

/* -- what is ignored and refused ---------------------------------------------------------
 */

static void what_changes_no_result_is_ignored_with_a_note(void **state)
{
    (void)state;
    const struct model_config *config = config_rig_config(
        "optimization { cuda { graphs: true } priority: PRIORITY_DEFAULT }\n"
        "response_cache { enable: true }\n"
        "metric_tags { key: 'a' value: 'b' }\n"
        "metric_tags { key: 'c' value: 'd' }");
    assert_int_equal(3, config->note_count);
    assert_string_equal("config.pbtxt:1:16: optimization.cuda: is ignored: there is no GPU",
                        config->notes[0]);
    assert_string_equal("config.pbtxt:2:18: response_cache.enable: is ignored: there is no "
                        "cache, every request is run",
                        config->notes[1]);
    assert_string_equal("config.pbtxt:3:1: metric_tags[0]: is ignored: metrics have the "
                        "labels model and version",
                        config->notes[2]);
}

static void notes_end_at_their_limit(void **state)
{
    (void)state;
    enum { GROUP_COUNT = LIMIT_MODEL_CONFIG_NOTE_COUNT_MAX + 1 };
    char text[48 * GROUP_COUNT] = "";
    for (size_t i = 0; i < GROUP_COUNT; i++) {
        const size_t size = strlen(text);
        (void)snprintf(text + size, sizeof(text) - size,
                       "instance_group { host_policy: 'a' } ");
    }
    assert_int_equal(LIMIT_MODEL_CONFIG_NOTE_COUNT_MAX,
                     config_rig_config(text)->note_count);
}

static void what_is_refused_may_have_its_default(void **state)
{
    (void)state;
    (void)config_rig_config(
        "input { name: 'x' data_type: TYPE_FP32 dims: 1 optional: false is_shape_tensor: "
        "false } model_transaction_policy { decoupled: false } model_operations {} "
        "model_repository_agents {} response_cache { enable: false } batch_input []");
}

static void what_needs_triton_says_so_with_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *why;
    } rows[] = {
        {"\nsequence_batching {}", "config.pbtxt:2:1: sequence_batching: is not supported: "
                                   "the engine keeps no state between requests"},
        {"ensemble_scheduling {}",
         "config.pbtxt:1:1: ensemble_scheduling: is not supported: "
         "the engine runs one network, no graph of models"},
        {"input { reshape { shape: [ 4 ] } }",
         "config.pbtxt:1:28: input[0].reshape.shape[0]: is not supported: the engine does "
         "not reshape"},
        {"input { optional: true }", "config.pbtxt:1:9: input[0].optional: is not "
                                     "supported: every input has to be there"},
        {"input { allow_ragged_batch: true }",
         "config.pbtxt:1:9: input[0].allow_ragged_batch: is not supported: requests of "
         "different shapes are not joined"},
        {"output {} output { is_shape_tensor: true }",
         "config.pbtxt:1:20: output[1].is_shape_tensor: is not supported: shape tensors "
         "are "
         "TensorRT's"},
        {"batch_input {}", "config.pbtxt:1:1: batch_input[0]: is not supported: inputs are "
                           "not made from a batch"},
        {"batch_output {}", "config.pbtxt:1:1: batch_output[0]: is not supported: outputs "
                            "are not cut by inputs"},
        {"model_operations { op_library_filename: 'a.so' }",
         "config.pbtxt:1:20: model_operations.op_library_filename[0]: is not supported: "
         "libraries of operators are not loaded"},
        {"model_transaction_policy { decoupled: true }",
         "config.pbtxt:1:28: model_transaction_policy.decoupled: is not supported: a "
         "request "
         "has exactly one answer"},
        {"instance_group { passive: true }",
         "config.pbtxt:1:18: instance_group[0].passive: is not supported: an instance that "
         "takes no requests serves nobody here"},
        {"instance_group { kind: KIND_GPU }",
         "config.pbtxt:1:18: instance_group[0].kind: KIND_GPU is not supported: galen runs "
         "networks on the CPU, as KIND_AUTO and KIND_CPU say"},
        {"platform: 'tensorrt_plan'",
         "config.pbtxt:1:1: platform: galen has no backend for 'tensorrt_plan'"},
        {"backend: 'python'", "config.pbtxt:1:1: backend: galen has no backend 'python'"},
        {"default_model_filename: 'model.plan'",
         "config.pbtxt:1:1: default_model_filename: galen has no backend for 'model.plan'"},
        {"max_batch_size: 1 input { name: 'x' data_type: TYPE_FP32 dims: [ 1, 1 ] reshape "
         "{} "
         "}",
         "config.pbtxt:1:73: input[0].reshape: is not supported: of dims other than [ 1 ]"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        config_rig_refuses(rows[i].text, GALEN_NOT_IMPLEMENTED, rows[i].why);
    }
}

#define TENSOR "name: 'x' data_type: TYPE_FP32 dims: 1"
#define WARMUP(input)                                                                    \
    "model_warmup { batch_size: 1 inputs { key: 'x' value { data_type: TYPE_FP32 " input \
    " } } }"

static const struct {
    const char *text;
    const char *why;
} contradictions[] = {
    {"name: 'n'", "config.pbtxt:1:1: name: is 'n', and its folder 'm': they have to be "
                  "equal"},
    {"nam: 'm'", "config.pbtxt:1:1: nam: there is no such field in ModelConfig"},
    {"backend: 'onnxruntime' platform: 'pytorch_libtorch'",
     "config.pbtxt:1:24: platform: 'pytorch_libtorch' does not belong to the backend "
     "'onnxruntime'"},
    {"default_model_filename: 'net.bin'", "config.pbtxt:1:1: default_model_filename: "
                                          "does not tell the backend of 'net.bin': "
                                          "name it"},
    {"default_model_filename: '../net.onnx'",
     "config.pbtxt:1:1: default_model_filename: names no file of a version's folder"},
    {"max_batch_size: -1", "config.pbtxt:1:1: max_batch_size: is at least 0"},
    {"version_policy { latest {} }",
     "config.pbtxt:1:18: version_policy.latest.num_versions: is at least 1"},
    {"version_policy {}",
     "config.pbtxt:1:1: version_policy: says neither latest, all nor specific"},
    {"version_policy { specific {} }",
     "config.pbtxt:1:18: version_policy.specific.versions[0]: names no version"},
    {"version_policy { specific { versions: [ 1, 0 ] } }",
     "config.pbtxt:1:44: version_policy.specific.versions[1]: a version is at least 1"},
    {"input { data_type: TYPE_FP32 dims: 1 }",
     "config.pbtxt:1:1: input[0].name: is missing"},
    {"input { name: 'x' dims: 1 }",
     "config.pbtxt:1:1: input[0].data_type: is missing, of 'x'"},
    {"input { name: 'x' data_type: 99 dims: 1 }",
     "config.pbtxt:1:19: input[0].data_type: is missing, of 'x'"},
    {"output { name: 'x' data_type: TYPE_FP32 }",
     "config.pbtxt:1:1: output[0].dims[0]: are missing, of 'x'"},
    {"output { name: 'x' data_type: TYPE_FP32 dims: [ 1, 0 ] }",
     "config.pbtxt:1:52: output[0].dims[1]: a dimension is at least 1, or -1 where it "
     "is "
     "open"},
    {"output { name: 'x' data_type: TYPE_FP32 dims: -2 }",
     "config.pbtxt:1:41: output[0].dims[0]: a dimension is at least 1, or -1 where it "
     "is "
     "open"},
    {"input { " TENSOR " } input { " TENSOR " }",
     "config.pbtxt:1:58: input[1].name: 'x' is there already"},
    {"input { " TENSOR " format: FORMAT_NHWC }",
     "config.pbtxt:1:48: input[0].format: needs three dims"},
    {"input { " TENSOR " reshape {} }", "config.pbtxt:1:48: input[0].reshape: is "
                                        "empty: without max_batch_size nothing would "
                                        "be left"},
    {"output { " TENSOR " label_filename: 'a/b' }",
     "config.pbtxt:1:49: output[0].label_filename: names no file of the model's "
     "folder"},
    {"dynamic_batching { preferred_batch_size: 1 }",
     "config.pbtxt:1:20: dynamic_batching.preferred_batch_size[0]: is not from 1 to "
     "max_batch_size, which is 0"},
    {"max_batch_size: 4 dynamic_batching { preferred_batch_size: [ 4, 5 ] }",
     "config.pbtxt:1:65: dynamic_batching.preferred_batch_size[1]: is not from 1 to "
     "max_batch_size, which is 4"},
    {"dynamic_batching { priority_levels: 2 }",
     "config.pbtxt:1:1: dynamic_batching.default_priority_level: is not from 1 to "
     "priority_levels, which is "
     "2"},
    {"dynamic_batching { priority_levels: 2 default_priority_level: 3 }",
     "config.pbtxt:1:39: dynamic_batching.default_priority_level: is not from 1 to "
     "priority_levels, which is 2"},
    {"dynamic_batching { priority_levels: 2 default_priority_level: 1 "
     "preserve_ordering: "
     "true }",
     "config.pbtxt:1:20: dynamic_batching.priority_levels: is more than 1, which "
     "preserve_ordering rules out"},
    {"dynamic_batching { priority_levels: 1 default_priority_level: 1 "
     "priority_queue_policy { key: 2 } }",
     "config.pbtxt:1:89: dynamic_batching.priority_queue_policy[0].key: is not from 1 "
     "to "
     "priority_levels, which is 1"},
    {"dynamic_batching { preserve_ordering: true default_queue_policy { "
     "timeout_action: "
     "DELAY default_timeout_microseconds: 1 } }",
     "config.pbtxt:1:67: dynamic_batching.default_queue_policy.timeout_action: is "
     "DELAY, "
     "which preserve_ordering rules out"},
    {"dynamic_batching { default_queue_policy { timeout_action: 7 } }",
     "config.pbtxt:1:43: dynamic_batching.default_queue_policy.timeout_action: is "
     "neither "
     "REJECT nor DELAY"},
    {"instance_group { kind: KIND_CPU gpus: 0 }",
     "config.pbtxt:1:33: instance_group[0].gpus[0]: are for KIND_GPU and KIND_AUTO"},
    {"instance_group { count: -1 }",
     "config.pbtxt:1:18: instance_group[0].count: is at least 0"},
    {"instance_group { kind: 8 }",
     "config.pbtxt:1:18: instance_group[0].kind: is no kind of instance"},
    {"parameters { key: 'intra_op_thread_count' value { string_value: 'x' } }",
     "config.pbtxt:1:51: parameters[0].value.string_value: intra_op_thread_count is a "
     "number from 0 to 256"},
    {WARMUP(""),
     "config.pbtxt:1:48: model_warmup[0].inputs[0].value.zero_data: is missing, "
     "and so are random_data and input_data_file"},
    {WARMUP("dims: -1 zero_data: true"),
     "config.pbtxt:1:77: model_warmup[0].inputs[0].value.dims[0]: a dimension is at "
     "least "
     "1"},
    {WARMUP("input_data_file: '../x'"),
     "config.pbtxt:1:77: model_warmup[0].inputs[0].value.input_data_file: names no "
     "file "
     "of the model's folder warmup"},
};

static void what_contradicts_itself_is_refused_with_its_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(contradictions) / sizeof(contradictions[0]); i++) {
        config_rig_refuses(contradictions[i].text, GALEN_INVALID, contradictions[i].why);
    }
}

static void what_is_beyond_the_limits_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "max_batch_size: 4097",
        "input { name: 'x' data_type: TYPE_FP32 dims: [ 1, 1, 1, 1, 1, 1, 1, 1, 1 ] }",
        "dynamic_batching { max_queue_delay_microseconds: 3600000001 }",
        "dynamic_batching { default_queue_policy { default_timeout_microseconds: "
        "3600000001 "
        "} }",
        "dynamic_batching { default_queue_policy { max_queue_size: 65537 } }",
        "dynamic_batching { priority_levels: 65 default_priority_level: 1 }",
        "instance_group { count: 200 } instance_group { count: 57 }",
        "model_warmup { batch_size: 4097 }",
        "model_warmup { batch_size: 1 count: 10001 }",
        WARMUP("dims: 67108865 zero_data: true"),
        WARMUP("dims: [ 4294967296, 4294967296 ] zero_data: true"),
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        EXPECT_STATUS(GALEN_TOO_LARGE, config_rig_read(texts[i]));
        assert_non_null(strstr(config_rig.error.text, "config.pbtxt:1:"));
    }
}

static void too_many_tensors_are_refused(void **state)
{
    (void)state;
    char text[8192] = "";
    for (int i = 0; i <= LIMIT_TENSOR_COUNT_MAX; i++) {
        const size_t size = strlen(text);
        (void)snprintf(text + size, sizeof(text) - size,
                       "output { name: 'o%d' data_type: TYPE_FP32 dims: 1 }\n", i);
    }
    config_rig_refuses(text, GALEN_TOO_LARGE,
                       "config.pbtxt:65:1: output[64]: is one too many: 64 are allowed");
}

static void a_file_that_is_too_large_is_not_read(void **state)
{
    (void)state;
    static const struct model_config_source source = {"config.pbtxt", "m",
                                                      config_rig_backends};
    uint8_t *text = calloc(1, LIMIT_MODEL_CONFIG_SIZE_BYTES_MAX + 1);
    assert_non_null(text);
    memset(text, ' ', LIMIT_MODEL_CONFIG_SIZE_BYTES_MAX + 1);

    EXPECT_OK(model_config_read(bytes_of(text, LIMIT_MODEL_CONFIG_SIZE_BYTES_MAX), &source,
                                &config_rig.arena, &config_rig.config, &config_rig.error));
    EXPECT_STATUS(GALEN_TOO_LARGE,
                  model_config_read(bytes_of(text, LIMIT_MODEL_CONFIG_SIZE_BYTES_MAX + 1),
                                    &source, &config_rig.arena, &config_rig.config,
                                    &config_rig.error));
    free(text);
}

static void any_name_will_do_where_there_is_no_folder(void **state)
{
    (void)state;
    static const struct model_config_source source = {"config.pbtxt", NULL,
                                                      config_rig_backends};
    EXPECT_OK(model_config_read(BYTES("name: 'other'"), &source, &config_rig.arena,
                                &config_rig.config, &config_rig.error));
    assert_string_equal("other", config_rig.config.name);
}

static void a_load_request_says_the_same_in_json(void **state)
{
    (void)state;
    static const struct model_config_source source = {"config", "m", config_rig_backends};
    const struct json *root;
    EXPECT_OK(json_parse(BYTES("{\"backend\":\"onnxruntime\",\"maxBatchSize\":4,"
                               "\"dynamic_batching\":{\"preferred_batch_size\":[9]}}"),
                         &config_rig.arena, &root, &config_rig.error));
    EXPECT_STATUS(GALEN_INVALID,
                  model_config_read_json(root, &source, &config_rig.arena,
                                         &config_rig.config, &config_rig.error));
    assert_string_equal(
        "config: dynamic_batching.preferred_batch_size[0]: is not from 1 to "
        "max_batch_size, which is 4",
        config_rig.error.text);
}

static void memory_that_runs_out_is_a_status(void **state)
{
    (void)state;
    enum galen_status status = GALEN_NO_MEMORY;
    size_t refused_count = 0;
    for (size_t size = 0; status != GALEN_OK; size += 128) {
        arena_deinit(&config_rig.arena);
        arena_init(&config_rig.arena, size);
        status = config_rig_read(
            "input { " TENSOR " } output { " TENSOR
            " } dynamic_batching { priority_levels: 2 "
            "default_priority_level: 1 } response_cache { enable: true } parameters { key: "
            "'a' }" WARMUP("zero_data: true"));
        refused_count += status == GALEN_NO_MEMORY;
        assert_true(status == GALEN_OK || status == GALEN_NO_MEMORY);
    }
    assert_true(refused_count > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_is_used_ignored_or_refused),
        CONFIG_RIG_TEST(nothing_says_nothing),
        CONFIG_RIG_TEST(tensors_are_read_without_the_dimension_of_rows),
        cmocka_unit_test(every_datatype_has_a_name_in_the_file),
        CONFIG_RIG_TEST(the_backend_is_told_by_name_platform_or_file),
        CONFIG_RIG_TEST(versions_are_chosen_by_the_policy),
        CONFIG_RIG_TEST(queues_are_read_level_by_level),
        CONFIG_RIG_TEST(without_levels_of_priority_there_is_one_queue),
        CONFIG_RIG_TEST(instances_add_up),
        CONFIG_RIG_TEST(parameters_are_kept_and_threads_are_read),
        CONFIG_RIG_TEST(samples_are_read),
        CONFIG_RIG_TEST(what_changes_no_result_is_ignored_with_a_note),
        CONFIG_RIG_TEST(notes_end_at_their_limit),
        CONFIG_RIG_TEST(what_is_refused_may_have_its_default),
        CONFIG_RIG_TEST(what_needs_triton_says_so_with_its_place),
        CONFIG_RIG_TEST(what_contradicts_itself_is_refused_with_its_place),
        CONFIG_RIG_TEST(what_is_beyond_the_limits_is_refused),
        CONFIG_RIG_TEST(too_many_tensors_are_refused),
        CONFIG_RIG_TEST(a_file_that_is_too_large_is_not_read),
        CONFIG_RIG_TEST(any_name_will_do_where_there_is_no_folder),
        CONFIG_RIG_TEST(a_load_request_says_the_same_in_json),
        CONFIG_RIG_TEST(memory_that_runs_out_is_a_status),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
