/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages of the Open Inference Protocol v2 over HTTP (inference_rest.md and the binary
 * tensor data extension): bytes to structs and back, no I/O.
 *
 * A body is JSON of json_size bytes, followed by raw tensors in the order of the JSON where
 * json_size < the body's size (header Inference-Header-Content-Length). Exact or refused:
 * a number that does not fit its datatype is GALEN_INVALID with the element's index, never
 * a wrapped value. Errors carry a JSON Pointer ("/inputs/0/data/17") and no content.
 *
 * Threads and allocation: as the arena. Tensors point into the body where they came as raw
 * bytes and are aligned for their datatype, else into the arena.
 */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "base/writer.h"
#include "galen/tensor.h"

/* A body as it came. */
struct v2_message {
    struct bytes body;
    size_t json_size; /* of the JSON that it begins with */
    bool is_raw;      /* a request without JSON: all of it is the model's only input */

    /* In `data`, NaN, Infinity and -Infinity are numbers, though JSON has none such. */
    bool special_numbers;
};

struct v2_output {
    const char *name;
    bool binary;          /* wanted as raw bytes */
    uint64_t class_count; /* wanted as so many classes; 0: as it is */
};

struct v2_request {
    const char *id; /* NULL: none */
    struct galen_tensor *inputs;
    size_t input_count;
    struct v2_output *outputs; /* none: all of the model's */
    size_t output_count;
    bool binary_outputs;  /* for outputs that are not listed */
    uint64_t timeout_us;  /* 0: none given */
    uint64_t priority;    /* 0: the model's default */
    bool special_numbers; /* of the message: what is answered may hold them too */
    bool is_raw; /* inputs[0] has bytes only: the model says what they are. All outputs
                  * are wanted as raw bytes */
};

struct v2_response {
    const char *id; /* NULL: none */
    const char *model_name;
    const char *model_version;
    struct galen_tensor *outputs;
    size_t output_count;
};

struct v2_model {
    const char *name;
    const char *const *versions;
    size_t version_count;
    const char *platform;
    const struct galen_tensor_spec *inputs;
    size_t input_count;
    const struct galen_tensor_spec *outputs;
    size_t output_count;
};

struct v2_server {
    const char *name;
    const char *version;
    const char *const *extensions;
    size_t extension_count;
};

/* One version in the repository's index (model_repository extension). */
enum v2_model_state {
    V2_STATE_READY,
    V2_STATE_LOADING,
    V2_STATE_UNLOADING,
    V2_STATE_UNAVAILABLE,
};

struct v2_index_entry {
    const char *name;
    const char *version; /* "": the model has none */
    enum v2_model_state state;
    const char *reason; /* "": none */
};

/* Totals since a version was loaded (statistics extension). */
struct v2_duration {
    uint64_t count;
    uint64_t ns;
};

struct v2_batch_statistics {
    uint64_t batch_size; /* rows of an execution */
    struct v2_duration compute_input;
    struct v2_duration compute_infer;
    struct v2_duration compute_output;
};

struct v2_statistics {
    const char *name;
    const char *version;
    uint64_t last_inference_ms; /* Unix time; 0: none yet */
    uint64_t inference_count;   /* rows that were answered */
    uint64_t execution_count;
    struct v2_duration success; /* requests; from arrival to answer */
    struct v2_duration fail;
    struct v2_duration queue; /* the next four: of requests that were answered */
    struct v2_duration compute_input;
    struct v2_duration compute_infer;
    struct v2_duration compute_output;
    const struct v2_batch_statistics *batches; /* by batch_size, ascending */
    size_t batch_count;
};

/* GALEN_INVALID, GALEN_TOO_LARGE (tensors or JSON beyond the limits), GALEN_NO_MEMORY,
 * GALEN_NOT_IMPLEMENTED (a parameter that would change the result and is not supported:
 * sequence_*, shared memory). */
MUST_USE enum galen_status v2_request_decode(const struct v2_message *message,
                                             struct arena *arena,
                                             struct v2_request *out_request,
                                             struct error *out_error);

/* All inputs leave as raw bytes and all outputs are asked for so; a raw request leaves as
 * one. Writes the whole body; *out_json_size goes into the header. Failure is the writer's.
 */
void v2_request_encode(const struct v2_request *request, struct writer *out,
                       size_t *out_json_size);

/* request says which outputs are wanted as raw bytes. *out_json_size equals the whole size
 * where none is. GALEN_INVALID: JSON cannot hold an output (NaN and infinity,
 * unless the request takes special numbers, FP16, BF16, BYTES that are no UTF-8);
 * GALEN_INTERNAL: an output's bytes are not what its shape says; the error names it, and
 * out holds a part of the body. */
MUST_USE enum galen_status v2_response_encode(const struct v2_response *response,
                                              const struct v2_request *request,
                                              struct writer *out, size_t *out_json_size,
                                              struct error *out_error);
MUST_USE enum galen_status v2_response_decode(const struct v2_message *message,
                                              struct arena *arena,
                                              struct v2_response *out_response,
                                              struct error *out_error);

/* Whether it answers the request with this id ("": none), to this version ("": any) of the
 * model, as far as it says: servers may leave each out. GALEN_INVALID: it is another's
 * answer, and perhaps another patient's; the error says which of them differs, and no
 * value.
 */
MUST_USE enum galen_status v2_response_check(const struct v2_response *response,
                                             const char *id, const char *model,
                                             const char *version, struct error *out_error);

void v2_model_encode(const struct v2_model *model, struct writer *out);
MUST_USE enum galen_status v2_model_decode(struct bytes body, struct arena *arena,
                                           struct v2_model *out_model,
                                           struct error *out_error);
void v2_server_encode(const struct v2_server *server, struct writer *out);

/* {"error": text, "code": slug, "pointer": "/inputs/0"}: `code` and `pointer` are ours, so
 * that a refusal keeps its meaning over a hop; clients read `error`. The pointer is left
 * out where there is none. */
void v2_error_encode(enum galen_status status, const struct error *error,
                     struct writer *out);

/* What a peer's answer of this HTTP status and body means; out_error gets its text (cut),
 * or the status' own where the body is no v2 error. Never GALEN_OK for http >= 300. */
enum galen_status v2_error_decode(int http, struct bytes body, struct arena *arena,
                                  struct error *out_error);
