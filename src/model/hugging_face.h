/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of a Hugging Face folder and the network say of a model that takes text or
 * images, as a contract. Pure.
 *
 * Source: files of the library `transformers`. config.json: architectures, id2label,
 * problem_type, max_position_embeddings or n_positions, model_type, pad_token_id;
 * tokenizer_config.json: model_max_length; preprocessor_config.json: do_resize, size,
 * resample, do_center_crop, crop_size, do_rescale, rescale_factor, do_normalize,
 * image_mean, image_std.
 */
#pragma once

#include "base/error.h"
#include "model/contract.h"

#define HUGGING_FACE_CONFIG "config.json"
#define HUGGING_FACE_TOKENIZER "tokenizer.json"
#define HUGGING_FACE_TOKENIZER_CONFIG "tokenizer_config.json"
#define HUGGING_FACE_PREPROCESSOR_CONFIG "preprocessor_config.json"

struct hugging_face {
    struct bytes config;
    struct bytes tokenizer_config;          /* empty: there is none */
    struct bytes preprocessor_config;       /* empty: there is none; images need it */
    const struct galen_tensor_spec *inputs; /* the network's */
    size_t input_count;
    const struct galen_tensor_spec *outputs;
    size_t output_count;
};

/* Everything but title, files and demonstration; what no label may be is import_model's to
 * refuse. Lies in the arena, and borrows names from
 * the specs. GALEN_INVALID: a file is malformed, or says something else than the network;
 * GALEN_NOT_IMPLEMENTED: what the model does is not served; the error names it.
 * GALEN_NO_MEMORY. */
MUST_USE enum galen_status hugging_face_read(const struct hugging_face *files,
                                             struct arena *arena,
                                             struct contract *out_contract,
                                             struct error *out_error);
