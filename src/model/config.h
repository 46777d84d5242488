/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A model's configuration as NVIDIA Triton has it (config.pbtxt; model_config.proto), and
 * what galen's engine makes of it. config_fields.def is the one list of what is used,
 * ignored and refused.
 *
 * First it is read, once for a model: from config.pbtxt, from the JSON of a load request,
 * or from nothing, an empty text. Then it is completed, for each version, with what the
 * network itself takes and gives. What Triton would refuse is refused, and so is what the
 * engine cannot do: GALEN_NOT_IMPLEMENTED then, GALEN_INVALID for what is wrong.
 *
 * Errors and notes read "FILE:LINE:COLUMN: path.to[3].field: why" and hold names that the
 * file or the network has.
 *
 * Pure: bytes in, structs out. Threads: a configuration never changes. Allocation: the
 * arena, which it lies in; a completed one borrows from the one that it was made of.
 */
#pragma once

#include "codec/json_writer.h"
#include "codec/message.h"
#include "galen/backend.h"

struct json;

enum model_config_versions { MODEL_CONFIG_LATEST, MODEL_CONFIG_ALL, MODEL_CONFIG_SPECIFIC };

/* Requests of one level of priority that wait. */
struct model_config_level {
    size_t queue_count_max; /* 0: as the settings say */
    uint64_t timeout_us;    /* in the queue; 0: none */
    bool has_own_timeouts;  /* a request may have a shorter one */
    bool delays; /* after the timeout it stands behind the others; else it ends */
};

struct model_config_batching {
    bool is_on;                    /* requests are joined */
    const size_t *preferred_sizes; /* rows; of a completed one at least one, if it is on */
    size_t preferred_count;
    uint64_t delay_us;
    bool keeps_order;
    const struct model_config_level *levels; /* the first is priority 1; NULL: it is off */
    size_t level_count;                      /* at least 1 when it is on */
    uint64_t default_priority;               /* 0: there are no levels of priority */
};

struct model_config_parameter {
    const char *name;
    const char *value;
};

enum model_config_data { MODEL_CONFIG_ZERO, MODEL_CONFIG_RANDOM, MODEL_CONFIG_FILE };

struct model_config_warmup_input {
    struct galen_tensor_spec spec; /* of one row, without the dimension of rows */
    enum model_config_data data;
    const char *file; /* in the folder "warmup" of the model; NULL unless it is one */
};

struct model_config_warmup {
    const char *name;
    size_t row_count; /* at least 1 */
    size_t run_count; /* likewise */
    const struct model_config_warmup_input *inputs;
    size_t input_count;
};

struct model_config {
    const char *name;      /* NULL: the file has none */
    const char *backend;   /* as galen_backend_ops names it; NULL: the files tell */
    const char *file_name; /* of the network; NULL: the backend's own */

    enum model_config_versions versions;
    size_t latest_count; /* at least 1 */
    const uint64_t *specific_versions;
    size_t specific_count;

    /* Rows of one run; 0: there is no dimension of rows. Of one that is not complete 0 may
     * also mean that the file does not say. */
    size_t row_count_max;

    /* Read: as the file has them, none where it has none, without the dimension of rows.
     * Completed: all inputs, in the order of the network, as clients see them, with it. */
    const struct galen_tensor_spec *inputs;
    size_t input_count;
    const struct galen_tensor_spec *outputs; /* those that clients see */
    size_t output_count;
    const char *const *label_files; /* one an output, in the model's folder; NULL: none */

    /* Completed only. */
    uint64_t listed_outputs;   /* bit i: output i of the network is one of the outputs */
    uint64_t squeezed_inputs;  /* bit i: the network's input i lacks the last dimension, 1,
                                * that clients send */
    uint64_t squeezed_outputs; /* likewise of outputs[i], which clients get */

    struct model_config_batching batching;
    size_t instance_count;   /* completed: at least 1. Read: those that are counted */
    size_t uncounted_groups; /* of instances, without a count */
    uint32_t thread_count;   /* that one run may use; 0: as the settings say */
    const struct model_config_parameter *parameters;
    size_t parameter_count;
    const struct model_config_warmup *warmups;
    size_t warmup_count;

    const char *const *notes; /* of what is ignored, with its place */
    size_t note_count;

    struct message_document document_; /* what it was read from, completed */
};

struct model_config_source {
    const char *file;       /* names it in errors; borrowed */
    const char *model_name; /* the folder's; borrowed. NULL: any name will do */
    const struct galen_backend_ops *const *backends; /* that there are; ends with NULL.
                                                      * NULL: whatever it names will do */
};

/* GALEN_INVALID: not a configuration, or one that contradicts itself;
 * GALEN_NOT_IMPLEMENTED: one that needs Triton; GALEN_TOO_LARGE: beyond limits.def;
 * GALEN_NO_MEMORY. */
MUST_USE enum galen_status model_config_read(struct bytes text,
                                             const struct model_config_source *source,
                                             struct arena *arena,
                                             struct model_config *out_config,
                                             struct error *out_error);

/* The same from the JSON that a load request carries; source->file stands for it. */
MUST_USE enum galen_status model_config_read_json(const struct json *object,
                                                  const struct model_config_source *source,
                                                  struct arena *arena,
                                                  struct model_config *out_config,
                                                  struct error *out_error);

/* Whether versions[index] is one to serve; versions ascend and are all that there are. */
bool model_config_serves(const struct model_config *config, const uint64_t *versions,
                         size_t count, size_t index);

struct model_config_network {
    const struct galen_model_spec *spec;
    const struct galen_backend_ops *backend; /* that runs it */
    const char *model_name;
    size_t row_count_max;  /* where the file does not say; 0: rows cannot be joined */
    size_t instance_count; /* of a group without a count; at least 1 */
};

/* What the file leaves out, as Triton's autocompletion of ONNX models does it: rows and
 * batching where inputs or outputs are absent, inputs, outputs, names, instances. The spec
 * is copied. GALEN_INVALID: file and network contradict each other; GALEN_TOO_LARGE;
 * GALEN_NO_MEMORY. */
MUST_USE enum galen_status model_config_complete(const struct model_config *config,
                                                 const struct model_config_network *network,
                                                 struct arena *arena,
                                                 struct model_config *out_config,
                                                 struct error *out_error);

/* As Triton's GET /v2/models/M/config answers it. */
void model_config_put_json(struct json_writer *json, const struct model_config *config);
