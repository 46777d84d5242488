/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a task of model.yaml means to POST /infer: which tensors are asked of the engine,
 * and what its answer says in the domain's words. To add one: write its file, then its line
 * in domain.c.
 */
#pragma once

#include "gateway/answer_writer.h"
#include "gateway/request.h"
#include "gateway/warnings.h"

struct domain {
    enum contract_task task;
    size_t output_rank; /* of the engine's output */
    bool needs_text;    /* what places in the text stand on: tensors are refused */

    /* Makes what put_members writes, from the answers of preprocess and engine, in the
     * request's arena, and adds warnings. GALEN_BAD_UPSTREAM: the engine's answer is not
     * what the contract says. */
    enum galen_status (*map)(struct request *request, struct warnings *warnings,
                             const void **out_outcome);

    /* The members of the answer that are the task's own: "predictions", "entities". */
    void (*put_members)(const struct request *request, const void *outcome,
                        struct answer_writer *answer);
};

extern const struct domain *const domains[];
extern const size_t domain_count;

const struct domain *domain_for(enum contract_task task); /* NULL: none is known */

/* The output of that name in a finished call; NULL: none. */
const struct galen_tensor *domain_find_tensor(const struct infer_call *call,
                                              const char *name);

/* The engine's output of that name. GALEN_BAD_UPSTREAM: its answer lacks it. */
MUST_USE enum galen_status domain_output(struct request *request, const char *name,
                                         const struct galen_tensor **out_tensor);

/* Preprocess's reserved output of that name. GALEN_BAD_UPSTREAM: its answer lacks it. */
MUST_USE enum galen_status domain_reserved(struct request *request, const char *name,
                                           const struct galen_tensor **out_tensor);

extern const struct domain tabular_domain;
extern const struct domain text_domain;
extern const struct domain token_domain;
extern const struct domain image_domain;
