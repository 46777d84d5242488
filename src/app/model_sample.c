/* SPDX-License-Identifier: Apache-2.0 */
#include "app/model_sample.h"

#include "backend/memory_sink.h"
#include "base/limits.h"
#include "codec/media_type.h"
#include "gateway/entities.h"
#include "gateway/predictions.h"
#include "preprocess/transform.h"

struct run {
    const struct model_sample *sample;
    struct arena arena;
    struct memory_sink sink;
    struct transform_outputs made;
    struct error *error;
};

static const struct galen_tensor *find_made(const struct run *run, const char *name)
{
    for (size_t i = 0; i < run->made.count; i++) {
        if (strcmp(run->made.tensors[i].name, name) == 0) {
            return &run->made.tensors[i];
        }
    }
    return NULL;
}

static enum galen_status prepare(struct run *run, const struct transform *transform,
                                 void **out_prepared)
{
    *out_prepared = NULL;
    return transform->prepare == NULL
               ? GALEN_OK
               : transform->prepare(run->sample->contract, run->sample->tokenizer,
                                    out_prepared, run->error);
}

/* A PNG of one pixel. */
static const uint8_t gray_pixel[] = {
    0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0x00, 0x00, 0x00, 0x0D, 0x49, 0x48,
    0x44, 0x52, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x01, 0x08, 0x00, 0x00, 0x00,
    0x00, 0x3A, 0x7E, 0x9B, 0x55, 0x00, 0x00, 0x00, 0x0A, 0x49, 0x44, 0x41, 0x54, 0x78,
    0xDA, 0x63, 0x68, 0x00, 0x00, 0x00, 0x82, 0x00, 0x81, 0xDA, 0x45, 0x08, 0x3B, 0x00,
    0x00, 0x00, 0x00, 0x49, 0x45, 0x4E, 0x44, 0xAE, 0x42, 0x60, 0x82,
};

static struct bytes image_of(const struct model_sample *sample)
{
    return sample->image.size > 0 ? sample->image
                                  : bytes_of(gray_pixel, sizeof(gray_pixel));
}

static enum galen_status preprocess(struct run *run)
{
    const struct model_sample *sample = run->sample;
    const struct transform *transform = transform_for(sample->contract->task);
    const bool takes_images = contract_takes_images(sample->contract);
    const struct bytes input = takes_images ? image_of(sample) : sample->text;
    struct transform_run work = {
        .contract = sample->contract,
        .input = phi_hide(input),
        .content_type = bytes_from_string(media_type_sniff(input)),
        .arena = &run->arena,
    };
    void *prepared;
    TRY(prepare(run, transform, &prepared));
    work.prepared = prepared;
    const enum galen_status status = transform->run(&work, &run->made, run->error);
    if (transform->unprepare != NULL) {
        transform->unprepare(prepared);
    }
    return status;
}

static enum galen_status run_network(struct run *run)
{
    const struct galen_model_spec *spec = galen_backend_describe(run->sample->backend);
    struct galen_tensor inputs[LIMIT_TENSOR_COUNT_MAX];
    struct galen_error why = {""};
    for (size_t i = 0; i < spec->input_count; i++) {
        const struct galen_tensor *tensor = find_made(run, spec->inputs[i].name);
        if (tensor == NULL) {
            return error_set(run->error, GALEN_INVALID, "nothing makes the input '%s'",
                             spec->inputs[i].name);
        }
        inputs[i] = *tensor;
    }
    const struct galen_batch batch = {inputs, spec->input_count, NULL};
    const enum galen_status status =
        galen_backend_run(run->sample->backend, &batch, &run->sink.base, &why);
    return status == GALEN_OK ? GALEN_OK
                              : error_set(run->error, status,
                                          "the network refuses the sample: %s", why.text);
}

static enum galen_status put_entities(struct run *run, const struct galen_tensor *scores,
                                      struct json_writer *json)
{
    const struct model_sample *sample = run->sample;
    const struct tagged_tensors tensors = {
        .offsets = find_made(run, PREPROCESS_OFFSETS),
        .words = find_made(run, PREPROCESS_WORDS),
        .special = find_made(run, PREPROCESS_SPECIAL),
        .scores = scores,
    };
    struct tagged_words words;
    struct entities entities;
    struct answer_writer answer = answer_writer_on(json, NULL);
    TRY(tagged_words_read(sample->contract, &tensors, bytes_count_code_points(sample->text),
                          &run->arena, &words, run->error));
    TRY(entities_from_words(sample->contract, &words, &run->arena, &entities));
    entities.are_f32 = scores->datatype == GALEN_FP32;
    entities_put(&entities, &sample->text, &answer);
    return GALEN_OK;
}

static enum galen_status put_predictions(struct run *run, const struct galen_tensor *scores,
                                         struct json_writer *json)
{
    const struct galen_tensor *special = find_made(run, PREPROCESS_SPECIAL);
    const size_t row_count = special == NULL ? 1 : (size_t)special->shape[0];
    struct predictions predictions;
    struct answer_writer answer = answer_writer_on(json, NULL);
    TRY(predictions_from_tensor(run->sample->contract, scores, row_count, &run->arena,
                                &predictions, run->error));
    predictions_put(&predictions, &answer);
    return GALEN_OK;
}

static enum galen_status put_answer(struct run *run, struct json_writer *json)
{
    const struct contract *contract = run->sample->contract;
    const struct galen_tensor *scores =
        memory_sink_find(&run->sink, contract->output.tensor);
    if (scores == NULL) {
        return error_set(run->error, GALEN_INVALID, "the network gave no output '%s'",
                         contract->output.tensor);
    }
    return contract->task == TASK_TOKEN_CLASSIFICATION ? put_entities(run, scores, json)
                                                       : put_predictions(run, scores, json);
}

enum galen_status model_sample_run(const struct model_sample *sample,
                                   struct json_writer *json, struct error *out_error)
{
    struct run run = {.sample = sample, .error = out_error};
    arena_init(&run.arena, LIMIT_ARENA_SIZE_BYTES_MAX);
    memory_sink_init(&run.sink, LIMIT_ARENA_SIZE_BYTES_MAX);
    enum galen_status status = preprocess(&run);
    if (status == GALEN_OK) {
        status = run_network(&run);
    }
    if (status == GALEN_OK) {
        status = put_answer(&run, json);
    }
    memory_sink_deinit(&run.sink);
    arena_deinit(&run.arena);
    return status;
}
