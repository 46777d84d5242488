/* SPDX-License-Identifier: Apache-2.0 */
#include "backend/forecast.h"

#include <stdatomic.h>
#include <string.h>

/* One size of an input. */
struct size_place {
    uint32_t input;
    uint32_t dimension;
};

struct size_pair {
    struct size_place first;
    struct size_place second;
};

/* Doubts: bit k: no run has shown size k; REFUTED: never to be foretold. */
#define REFUTED (1u << 31)

struct output_forecast {
    struct size_place places[GALEN_RANK_MAX]; /* where the spec says ANY */
    atomic_uint doubts;
};

static bool is_named(const char *name)
{
    return name != NULL && name[0] != '\0';
}

/* The first place before `end` with this name. */
static bool find_place(const struct galen_model_spec *spec, const struct size_names *names,
                       const char *name, struct size_place end,
                       struct size_place *out_place)
{
    for (uint32_t i = 0; i <= end.input && i < spec->input_count; i++) {
        const uint32_t rank = i == end.input ? end.dimension : spec->inputs[i].rank;
        for (uint32_t k = 0; k < rank; k++) {
            if (is_named(names[i].of[k]) && strcmp(names[i].of[k], name) == 0) {
                *out_place = (struct size_place){i, k};
                return true;
            }
        }
    }
    return false;
}

static size_t count_sizes(const struct galen_model_spec *spec)
{
    size_t count = 0;
    for (size_t i = 0; i < spec->input_count; i++) {
        count += spec->inputs[i].rank;
    }
    return count;
}

static enum galen_status find_pairs(struct forecast *forecast,
                                    const struct size_names *names, struct arena *arena)
{
    const struct galen_model_spec *spec = forecast->spec;
    forecast->pairs =
        arena_alloc_array(arena, count_sizes(spec) + 1, sizeof(struct size_pair));
    if (forecast->pairs == NULL) {
        return GALEN_NO_MEMORY;
    }
    for (uint32_t i = 0; i < spec->input_count; i++) {
        for (uint32_t k = 0; k < spec->inputs[i].rank; k++) {
            struct size_pair pair = {.second = {i, k}};
            if (is_named(names[i].of[k]) &&
                find_place(spec, names, names[i].of[k], pair.second, &pair.first)) {
                forecast->pairs[forecast->pair_count++] = pair;
            }
        }
    }
    return GALEN_OK;
}

/* Such an output is handed through: nothing writes it anywhere. */
static bool is_an_input(const struct galen_model_spec *spec, const char *name)
{
    for (size_t i = 0; i < spec->input_count; i++) {
        if (strcmp(spec->inputs[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

static unsigned resolve(const struct galen_model_spec *spec,
                        const struct size_names *input_names,
                        const struct size_names *names,
                        const struct galen_tensor_spec *output,
                        struct output_forecast *forecast)
{
    const struct size_place end = {.input = (uint32_t)spec->input_count};
    unsigned doubts = 0;
    if (output->rank == 0 || output->datatype == GALEN_BYTES ||
        is_an_input(spec, output->name)) {
        return REFUTED; /* a rank of 0 may stand for any */
    }
    for (uint32_t k = 0; k < output->rank; k++) {
        if (output->shape[k] == GALEN_DIMENSION_ANY) {
            doubts |= 1u << k;
            if (!is_named(names->of[k]) ||
                !find_place(spec, input_names, names->of[k], end, &forecast->places[k])) {
                return REFUTED;
            }
        }
    }
    return doubts;
}

enum galen_status forecast_init(struct forecast *forecast,
                                const struct galen_model_spec *spec,
                                const struct size_names *input_names,
                                const struct size_names *output_names, struct arena *arena)
{
    *forecast = (struct forecast){.spec = spec};
    forecast->outputs =
        arena_alloc_array(arena, spec->output_count, sizeof(struct output_forecast));
    if (forecast->outputs == NULL) {
        return GALEN_NO_MEMORY;
    }
    for (size_t i = 0; i < spec->output_count; i++) {
        atomic_init(&forecast->outputs[i].doubts,
                    resolve(spec, input_names, &output_names[i], &spec->outputs[i],
                            &forecast->outputs[i]));
    }
    return find_pairs(forecast, input_names, arena);
}

static int64_t size_at(const struct galen_tensor *inputs, struct size_place place)
{
    return inputs[place.input].shape[place.dimension];
}

bool forecast_applies(const struct forecast *forecast, const struct galen_tensor *inputs)
{
    for (size_t i = 0; i < forecast->pair_count; i++) {
        if (size_at(inputs, forecast->pairs[i].first) !=
            size_at(inputs, forecast->pairs[i].second)) {
            return false;
        }
    }
    return true;
}

bool forecast_output(const struct forecast *forecast, const struct galen_tensor *inputs,
                     size_t index, struct galen_tensor *out_meta)
{
    struct output_forecast *output = &forecast->outputs[index];
    const struct galen_tensor_spec *spec = &forecast->spec->outputs[index];
    const size_t element_size = galen_datatype_size(spec->datatype);
    struct galen_tensor meta = {
        .name = spec->name, .datatype = spec->datatype, .rank = spec->rank};
    uint64_t count = 0;
    if (atomic_load_explicit(&output->doubts, memory_order_relaxed) != 0) {
        return false;
    }
    for (uint32_t k = 0; k < spec->rank; k++) {
        meta.shape[k] = spec->shape[k] == GALEN_DIMENSION_ANY
                            ? size_at(inputs, output->places[k])
                            : spec->shape[k];
    }
    if (galen_shape_element_count(meta.shape, meta.rank, &count) != GALEN_OK ||
        count > SIZE_MAX / element_size) {
        return false;
    }
    meta.size_bytes = (size_t)count * element_size;
    *out_meta = meta;
    return true;
}

void forecast_learn(struct forecast *forecast, const struct galen_tensor *inputs,
                    size_t index, const struct galen_tensor *output)
{
    struct output_forecast *known = &forecast->outputs[index];
    const unsigned doubts = atomic_load_explicit(&known->doubts, memory_order_relaxed);
    unsigned shown = 0;
    for (uint32_t k = 0; k < output->rank && (doubts & REFUTED) == 0; k++) {
        if ((doubts >> k & 1) != 0) {
            const int64_t size = size_at(inputs, known->places[k]);
            if (size != output->shape[k]) {
                forecast_refute(forecast, index);
                return;
            }
            shown |= size > 1 ? 1u << k : 0;
        }
    }
    (void)atomic_fetch_and_explicit(&known->doubts, ~shown, memory_order_relaxed);
}

void forecast_refute(struct forecast *forecast, size_t index)
{
    (void)atomic_fetch_or_explicit(&forecast->outputs[index].doubts, REFUTED,
                                   memory_order_relaxed);
}
