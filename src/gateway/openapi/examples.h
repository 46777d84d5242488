/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Examples that can be sent as they are; tests/e2e sends each. One is named after its
 * model, in parameters, request and answer alike, so that those of one name belong
 * together.
 *
 * Samples are files of examples/ with the answer that was recorded. An answer names the
 * network by its hash: a sample is told only where that very network is in the repository.
 * Other models have a vector from the middle of its ranges, or a sentence. Pure.
 */
#pragma once

#include "gateway/openapi/openapi.h"
#include "gateway/operation.h"

struct sample {
    const char *name;     /* of the example */
    struct bytes request; /* JSON for /infer */
    struct bytes answer;  /* JSON */
};

extern const struct sample samples[]; /* of examples/ */
extern const size_t sample_count;

/* The member `examples`, each time. */
void examples_put_requests(const struct openapi *openapi, enum operation_body body,
                           struct json_writer *json);
void examples_put_answers(const struct openapi *openapi, struct json_writer *json);
void examples_put_names(const struct openapi *openapi, struct json_writer *json);
void examples_put_versions(const struct openapi *openapi, struct json_writer *json);
