/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/v2_management.h"

#include "codec/number.h"
#include "codec/v2_impl.h"

#define NOT_KEPT SIZE_MAX

/* Members in Triton's order. */
struct row {
    const char *name;
    size_t offset; /* in the struct; NOT_KEPT: always zero */
};

static const struct row counts[] = {
    {"last_inference", offsetof(struct v2_statistics, last_inference_ms)},
    {"inference_count", offsetof(struct v2_statistics, inference_count)},
    {"execution_count", offsetof(struct v2_statistics, execution_count)},
};

static const struct row durations[] = {
    {"success", offsetof(struct v2_statistics, success)},
    {"fail", offsetof(struct v2_statistics, fail)},
    {"queue", offsetof(struct v2_statistics, queue)},
    {"compute_input", offsetof(struct v2_statistics, compute_input)},
    {"compute_infer", offsetof(struct v2_statistics, compute_infer)},
    {"compute_output", offsetof(struct v2_statistics, compute_output)},
    {"cache_hit", NOT_KEPT},
    {"cache_miss", NOT_KEPT},
};

static const struct row batch_durations[] = {
    {"compute_input", offsetof(struct v2_batch_statistics, compute_input)},
    {"compute_infer", offsetof(struct v2_batch_statistics, compute_infer)},
    {"compute_output", offsetof(struct v2_batch_statistics, compute_output)},
};

#define ROW_COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

/* -- write -------------------------------------------------------------------------------
 */

static void put_count(struct json_writer *json, const char *name, uint64_t value)
{
    json_put_name(json, name);
    json_put_u64(json, value);
}

static void put_durations(struct json_writer *json, const struct row *rows, size_t count,
                          const void *statistics)
{
    for (size_t i = 0; i < count; i++) {
        struct v2_duration duration = {0, 0};
        if (rows[i].offset != NOT_KEPT) {
            memcpy(&duration, (const uint8_t *)statistics + rows[i].offset,
                   sizeof(duration));
        }
        json_put_name(json, rows[i].name);
        json_begin_object(json);
        put_count(json, "count", duration.count);
        put_count(json, "ns", duration.ns);
        json_end_object(json);
    }
}

static void put_batches(struct json_writer *json, const struct v2_statistics *statistics)
{
    json_put_name(json, "batch_stats");
    json_begin_array(json);
    for (size_t i = 0; i < statistics->batch_count; i++) {
        json_begin_object(json);
        put_count(json, "batch_size", statistics->batches[i].batch_size);
        put_durations(json, batch_durations, ROW_COUNT(batch_durations),
                      &statistics->batches[i]);
        json_end_object(json);
    }
    json_end_array(json);
}

static void put_version(struct json_writer *json, const struct v2_statistics *statistics)
{
    json_begin_object(json);
    json_put_name(json, "name");
    json_put_cstring(json, statistics->name);
    json_put_name(json, "version");
    json_put_cstring(json, statistics->version);
    put_count(json, "last_inference", statistics->last_inference_ms);
    put_count(json, "inference_count", statistics->inference_count);
    put_count(json, "execution_count", statistics->execution_count);
    json_put_name(json, "inference_stats");
    json_begin_object(json);
    put_durations(json, durations, ROW_COUNT(durations), statistics);
    json_end_object(json);
    json_put_name(json, "response_stats");
    json_begin_object(json);
    json_end_object(json);
    put_batches(json, statistics);
    json_put_name(json, "memory_usage");
    json_begin_array(json);
    json_end_array(json);
    json_end_object(json);
}

void v2_statistics_encode(const struct v2_statistics_list *list, struct writer *out)
{
    struct json_writer json = json_writer_on(out);
    json_begin_object(&json);
    json_put_name(&json, "model_stats");
    json_begin_array(&json);
    for (size_t i = 0; i < list->count; i++) {
        put_version(&json, &list->models[i]);
    }
    json_end_array(&json);
    json_end_object(&json);
}

/* -- read --------------------------------------------------------------------------------
 */

struct decoder {
    struct arena *arena;
    struct error *out_error;
};

static enum galen_status at_member(enum galen_status status, const char *name,
                                   struct error *error)
{
    if (status != GALEN_OK) {
        error_prefix_name(error, bytes_from_string(name));
    }
    return status;
}

static enum galen_status count_decode(struct decoder *decoder, const struct json *object,
                                      const char *name, uint64_t *out_count)
{
    const struct json *value;
    TRY(v2_member(object, name, JSON_NUMBER, &value, decoder->out_error));
    *out_count = 0;
    if (value == NULL ||
        number_read_u64(json_number(value), UINT64_MAX, out_count) == GALEN_OK) {
        return GALEN_OK;
    }
    return at_member(
        error_set(decoder->out_error, GALEN_INVALID, "it is no unsigned integer"), name,
        decoder->out_error);
}

static enum galen_status duration_decode(struct decoder *decoder, const struct json *object,
                                         const char *name, struct v2_duration *out_duration)
{
    const struct json *value;
    *out_duration = (struct v2_duration){0, 0};
    TRY(v2_member(object, name, JSON_OBJECT, &value, decoder->out_error));
    if (value == NULL) {
        return GALEN_OK;
    }
    enum galen_status status = count_decode(decoder, value, "count", &out_duration->count);
    if (status == GALEN_OK) {
        status = count_decode(decoder, value, "ns", &out_duration->ns);
    }
    return at_member(status, name, decoder->out_error);
}

static enum galen_status durations_decode(struct decoder *decoder,
                                          const struct json *object, const struct row *rows,
                                          size_t count, void *statistics)
{
    for (size_t i = 0; i < count; i++) {
        struct v2_duration duration;
        TRY(duration_decode(decoder, object, rows[i].name, &duration));
        if (rows[i].offset != NOT_KEPT) {
            memcpy((uint8_t *)statistics + rows[i].offset, &duration, sizeof(duration));
        }
    }
    return GALEN_OK;
}

static enum galen_status batch_decode(struct decoder *decoder, const struct json *element,
                                      struct v2_batch_statistics *batch)
{
    if (json_type(element) != JSON_OBJECT) {
        return error_set(decoder->out_error, GALEN_INVALID, "a batch is an object");
    }
    TRY(count_decode(decoder, element, "batch_size", &batch->batch_size));
    return durations_decode(decoder, element, batch_durations, ROW_COUNT(batch_durations),
                            batch);
}

static enum galen_status batches_decode(struct decoder *decoder, const struct json *object,
                                        struct v2_statistics *statistics)
{
    const struct json *list;
    TRY(v2_member(object, "batch_stats", JSON_ARRAY, &list, decoder->out_error));
    if (list == NULL) {
        return GALEN_OK;
    }
    struct v2_batch_statistics *batches =
        arena_alloc_array(decoder->arena, json_count(list), sizeof(*batches));
    if (batches == NULL) {
        return error_set(decoder->out_error, GALEN_NO_MEMORY, "no memory for statistics");
    }
    struct json_cursor at = json_walk(list);
    while (json_next(&at)) {
        const enum galen_status status =
            batch_decode(decoder, at.value, &batches[at.index]);
        if (status != GALEN_OK) {
            return v2_at_element(status, "batch_stats", at.index, decoder->out_error);
        }
    }
    statistics->batches = batches;
    statistics->batch_count = json_count(list);
    return GALEN_OK;
}

static enum galen_status counts_decode(struct decoder *decoder, const struct json *element,
                                       struct v2_statistics *statistics)
{
    for (size_t i = 0; i < ROW_COUNT(counts); i++) {
        uint64_t count;
        TRY(count_decode(decoder, element, counts[i].name, &count));
        memcpy((uint8_t *)statistics + counts[i].offset, &count, sizeof(count));
    }
    return GALEN_OK;
}

static enum galen_status version_decode(struct decoder *decoder, const struct json *element,
                                        struct v2_statistics *statistics)
{
    const struct json *inference;
    if (json_type(element) != JSON_OBJECT) {
        return error_set(decoder->out_error, GALEN_INVALID,
                         "statistics of a model are an object");
    }
    TRY(v2_required_string(element, "name", LIMIT_MODEL_NAME_SIZE_BYTES_MAX, decoder->arena,
                           &statistics->name, decoder->out_error));
    TRY(v2_member_string(element, "version", LIMIT_MODEL_NAME_SIZE_BYTES_MAX,
                         decoder->arena, &statistics->version, decoder->out_error));
    statistics->version = statistics->version == NULL ? "" : statistics->version;
    TRY(counts_decode(decoder, element, statistics));
    TRY(v2_member(element, "inference_stats", JSON_OBJECT, &inference, decoder->out_error));
    if (inference != NULL) {
        TRY(at_member(durations_decode(decoder, inference, durations, ROW_COUNT(durations),
                                       statistics),
                      "inference_stats", decoder->out_error));
    }
    return batches_decode(decoder, element, statistics);
}

enum galen_status v2_statistics_decode(struct bytes body, struct arena *arena,
                                       struct v2_statistics_list *out_list,
                                       struct error *out_error)
{
    struct decoder decoder = {arena, out_error};
    const struct json *root;
    const struct json *list;
    TRY(json_parse(body, arena, &root, out_error));
    if (json_type(root) != JSON_OBJECT) {
        return error_set(out_error, GALEN_INVALID, "the body is not a JSON object");
    }
    TRY(v2_required_member(root, "model_stats", JSON_ARRAY, &list, out_error));
    struct v2_statistics *models =
        arena_alloc_array(arena, json_count(list), sizeof(*models));
    if (models == NULL) {
        return error_set(out_error, GALEN_NO_MEMORY, "no memory for statistics");
    }
    struct json_cursor at = json_walk(list);
    while (json_next(&at)) {
        const enum galen_status status =
            version_decode(&decoder, at.value, &models[at.index]);
        if (status != GALEN_OK) {
            return v2_at_element(status, "model_stats", at.index, out_error);
        }
    }
    *out_list = (struct v2_statistics_list){models, json_count(list)};
    return GALEN_OK;
}
