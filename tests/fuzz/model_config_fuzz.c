/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A configuration that model_config_read accepts keeps what its header promises, reads as
 * the same from its own JSON, and stays as it is when it is completed or gets other
 * versions. What is refused says where.
 */
#include "model/config.h"

#include <string.h>

#include "base/limits.h"
#include "codec/json.h"
#include "fuzz.h"
#include "model/config_versions.h"

enum { TEXT_SIZE_BYTES_MAX = 1 << 16, ARENA_SIZE_BYTES_MAX = 64 << 20 };

static const struct galen_backend_ops onnxruntime = {.name = "onnxruntime",
                                                     .file_name = "model.onnx"};
static const struct galen_backend_ops *const backends[] = {&onnxruntime, NULL};
static const struct model_config_source source = {"fuzz", "m", backends};

static const struct galen_tensor_spec open_tensors[] = {{"x", GALEN_FP32, 2, {-1, 4}},
                                                        {"y", GALEN_FP32, 1, {-1}}};
static const struct galen_tensor_spec fixed_tensors[] = {{"x", GALEN_FP32, 2, {1, 4}},
                                                         {"y", GALEN_FP32, 0, {0}}};
static const struct galen_model_spec specs[] = {
    {"onnxruntime_onnx", open_tensors, 2, open_tensors, 2},
    {"onnxruntime_onnx", fixed_tensors, 2, fixed_tensors, 2},
};

static void check_specs(const struct galen_tensor_spec *tensors, size_t count)
{
    INVARIANT(count <= LIMIT_TENSOR_COUNT_MAX);
    for (size_t i = 0; i < count; i++) {
        INVARIANT(tensors[i].name[0] != '\0' && tensors[i].rank <= GALEN_RANK_MAX);
        for (uint32_t k = 0; k < tensors[i].rank; k++) {
            INVARIANT(tensors[i].shape[k] >= 1 || tensors[i].shape[k] == -1);
        }
        for (size_t k = 0; k < i; k++) {
            INVARIANT(strcmp(tensors[i].name, tensors[k].name) != 0);
        }
    }
}

static void check_batching(const struct model_config *config)
{
    const struct model_config_batching *batching = &config->batching;
    INVARIANT(batching->is_on == (batching->level_count > 0));
    INVARIANT(batching->level_count <= LIMIT_PRIORITY_LEVEL_COUNT_MAX);
    INVARIANT(batching->default_priority <= batching->level_count);
    for (size_t i = 0; i < batching->preferred_count; i++) {
        INVARIANT(batching->preferred_sizes[i] >= 1);
        INVARIANT(batching->preferred_sizes[i] <= config->row_count_max);
    }
    for (size_t i = 0; i < batching->level_count; i++) {
        INVARIANT(batching->levels[i].queue_count_max <= LIMIT_QUEUE_COUNT_LIMIT);
        INVARIANT(!batching->levels[i].delays || batching->levels[i].timeout_us == 0 ||
                  !batching->keeps_order);
    }
}

static void check_config(const struct model_config *config)
{
    INVARIANT(config->row_count_max <= LIMIT_BATCH_COUNT_LIMIT);
    INVARIANT(config->versions != MODEL_CONFIG_LATEST || config->latest_count >= 1);
    INVARIANT(config->versions != MODEL_CONFIG_SPECIFIC || config->specific_count >= 1);
    INVARIANT(config->instance_count <= LIMIT_INSTANCE_COUNT_LIMIT);
    INVARIANT(config->note_count <= LIMIT_MODEL_CONFIG_NOTE_COUNT_MAX);
    INVARIANT(config->file_name == NULL || strchr(config->file_name, '/') == NULL);
    check_specs(config->inputs, config->input_count);
    check_specs(config->outputs, config->output_count);
    check_batching(config);
    for (size_t i = 0; i < config->warmup_count; i++) {
        INVARIANT(config->warmups[i].row_count >= 1 && config->warmups[i].run_count >= 1);
    }
}

static struct bytes json_of(const struct model_config *config, struct writer *out)
{
    writer_init(out, ARENA_SIZE_BYTES_MAX);
    struct json_writer json = json_writer_on(out);
    model_config_put_json(&json, config);
    INVARIANT(out->status == GALEN_OK);
    return writer_bytes(out);
}

static void expect_same_by_json(const struct model_config *config, struct arena *arena)
{
    struct writer out;
    struct writer out_again;
    struct model_config again;
    const struct json *root;
    const struct bytes text = json_of(config, &out);
    if (json_parse(text, arena, &root, NULL) == GALEN_OK) {
        const enum galen_status status =
            model_config_read_json(root, &source, arena, &again, NULL);
        INVARIANT(status == GALEN_OK || status == GALEN_TOO_LARGE);
        if (status ==
            GALEN_OK) { /* of defaults there may be more values than in the text */
            INVARIANT(bytes_equal(text, json_of(&again, &out_again)));
            INVARIANT(again.input_count == config->input_count);
            INVARIANT(again.batching.level_count == config->batching.level_count);
            writer_deinit(&out_again);
        }
    }
    writer_deinit(&out);
}

static void expect_place(const struct error *error)
{
    INVARIANT(bytes_are_utf8(bytes_from_string(error->text), NULL));
    INVARIANT(strncmp(error->text, "fuzz:", 5) == 0 && strlen(error->text) > 6);
}

static void complete(const struct model_config *config, const struct galen_model_spec *spec,
                     struct arena *arena)
{
    struct error error = {"", ""};
    struct model_config completed;
    const struct model_config_network network = {.spec = spec,
                                                 .backend = &onnxruntime,
                                                 .model_name = "m",
                                                 .row_count_max = 64,
                                                 .instance_count = 2};
    const enum galen_status status =
        model_config_complete(config, &network, arena, &completed, &error);
    INVARIANT(status == GALEN_OK || status == GALEN_INVALID || status == GALEN_TOO_LARGE);
    if (status != GALEN_OK) {
        expect_place(&error);
        return;
    }
    check_config(&completed);
    INVARIANT(completed.input_count == spec->input_count && completed.instance_count >= 1);
    INVARIANT(completed.output_count ==
              (size_t)__builtin_popcountll(completed.listed_outputs));
    INVARIANT(!completed.batching.is_on || completed.row_count_max == 0 ||
              completed.batching.preferred_count >= 1);
    expect_same_by_json(config, arena);
}

/* Whose versions are written anew says these, and otherwise what it said. */
static void expect_other_versions(const struct model_config *config, struct bytes text,
                                  struct arena *arena)
{
    static const uint64_t versions[] = {2, 31};
    struct writer out;
    struct model_config again;
    writer_init(&out, (size_t)2 * TEXT_SIZE_BYTES_MAX);
    INVARIANT(config_versions_write(text, "fuzz", versions, 2, &out, NULL) == GALEN_OK);
    const enum galen_status status =
        model_config_read(writer_bytes(&out), &source, arena, &again, NULL);
    INVARIANT(status == GALEN_OK || status == GALEN_TOO_LARGE);
    if (status == GALEN_OK) {
        INVARIANT(again.versions == MODEL_CONFIG_SPECIFIC && again.specific_count == 2);
        INVARIANT(again.specific_versions[1] == 31);
        INVARIANT(again.input_count == config->input_count);
        INVARIANT(again.row_count_max == config->row_count_max);
        INVARIANT(again.warmup_count == config->warmup_count);
    }
    writer_deinit(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct model_config config;
    struct error error = {"", ""};
    if (size > TEXT_SIZE_BYTES_MAX) {
        return 0;
    }
    arena_init(&arena, ARENA_SIZE_BYTES_MAX);
    const enum galen_status status =
        model_config_read(bytes_of(data, size), &source, &arena, &config, &error);
    INVARIANT(status == GALEN_OK || status == GALEN_INVALID || status == GALEN_TOO_LARGE ||
              status == GALEN_NOT_IMPLEMENTED);
    if (status == GALEN_OK) {
        check_config(&config);
        expect_same_by_json(&config, &arena);
        expect_other_versions(&config, bytes_of(data, size), &arena);
        for (size_t i = 0; i < 2; i++) {
            complete(&config, &specs[i], &arena);
        }
    } else {
        expect_place(&error);
    }
    arena_deinit(&arena);
    return 0;
}
