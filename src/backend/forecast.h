/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The shapes of a network's outputs before it runs, so that it can write where its outputs
 * are wanted. A size is known where the network fixes it, or gives it the name of a size of
 * an input, as ONNX does. Nothing makes a network keep to such a name, so it counts only
 * once a run has shown it, with another size than 1; an output that came otherwise is not
 * foretold again. Never foretold: BYTES, scalars, and an output that is an input.
 *
 * Threads: any number of runs at a time. Allocation: at init, from the arena.
 */
#pragma once

#include "base/arena.h"
#include "galen/backend.h"

/* The names of a tensor's sizes, "" or NULL where it has none. */
struct size_names {
    const char *of[GALEN_RANK_MAX];
};

struct forecast {
    const struct galen_model_spec *spec;
    struct output_forecast *outputs;
    struct size_pair *pairs; /* sizes of inputs with one name */
    size_t pair_count;
};

/* The spec is borrowed while the forecast is used, names during the call. GALEN_NO_MEMORY.
 */
MUST_USE enum galen_status forecast_init(struct forecast *forecast,
                                         const struct galen_model_spec *spec,
                                         const struct size_names *input_names,
                                         const struct size_names *output_names,
                                         struct arena *arena);

/* Whether the inputs give each name one size. Where they do not, nothing can be foretold of
 * their run and nothing learned from it. */
bool forecast_applies(const struct forecast *forecast, const struct galen_tensor *inputs);

/* True: out_meta is what the output will be, but for its bytes. inputs: as the spec has
 * them, and forecast_applies. */
bool forecast_output(const struct forecast *forecast, const struct galen_tensor *inputs,
                     size_t index, struct galen_tensor *out_meta);

/* What came of a run with these inputs; its rank is the spec's. */
void forecast_learn(struct forecast *forecast, const struct galen_tensor *inputs,
                    size_t index, const struct galen_tensor *output);

/* The output did not come as it was foretold. */
void forecast_refute(struct forecast *forecast, size_t index);
