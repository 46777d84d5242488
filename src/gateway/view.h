/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the gateway serves at one moment: the models with their effective tags, the rules
 * for requests, and the document that describes it all. Immutable, shared and counted: each
 * loop holds one reference and each request the one that it began with, so that a model
 * which is promoted meanwhile changes nothing for it.
 */
#pragma once

#include "gateway/openapi_document.h"
#include "gateway/rules.h"
#include "model/repository.h"

struct view {
    struct repository *repository;
    struct rules *rules;
    struct openapi_document openapi;
    _Atomic size_t reference_count_;
};

/* Takes a reference to both; gives one to the view. is_demo: answers warn of it. Statuses
 * of openapi_document_make. */
MUST_USE enum galen_status view_create(struct repository *repository, struct rules *rules,
                                       bool is_demo, struct view **out_view);
struct view *view_ref(struct view *view);
void view_unref(struct view *view); /* NULL is allowed */
