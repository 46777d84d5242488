/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the gateway serves at one moment: the models with their effective tags, the rules
 * for requests, and the document that describes it all. Immutable, shared and counted: each
 * loop holds one reference and each request the one that it began with, so that a model
 * which is promoted meanwhile changes nothing for it.
 */
#pragma once

#include "gateway/openapi_document.h"
#include "gateway/rollouts.h"
#include "gateway/rules.h"
#include "model/repository.h"

struct view {
    struct repository *repository;
    struct rules *rules;
    struct error note; /* what readiness says besides; empty: nothing */
    struct arms *arms; /* one a model, by its index; NULL: no model has a canary */
    struct openapi_document openapi;
    _Atomic size_t reference_count_;
};

/* Takes a reference to both; gives one to the view. rollouts NULL: no canary takes traffic.
 * is_demo: answers warn of it. Statuses of openapi_document_make. */
MUST_USE enum galen_status view_create(struct repository *repository, struct rules *rules,
                                       const struct rollouts *rollouts, bool is_demo,
                                       struct view **out_view);

/* The plan of a model of the view's repository; NULL: it has no canary. */
static inline const struct arms *view_arms(const struct view *view,
                                           const struct repository_model *model)
{
    const struct arms *arms =
        view->arms == NULL ? NULL : &view->arms[model - view->repository->models];
    return arms == NULL || arms->canary == NULL ? NULL : arms;
}
struct view *view_ref(struct view *view);
void view_unref(struct view *view); /* NULL is allowed */
