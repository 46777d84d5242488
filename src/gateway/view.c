/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/view.h"

#include <stdlib.h>

#include "base/count.h"

static enum galen_status describe(const struct view *view, bool is_demo,
                                  struct openapi_document *out_document)
{
    const struct openapi openapi = {
        .repository = view->repository,
        .routes = &view->rules->index,
        .body_size_bytes_max = view->rules->body_size_bytes_max,
        .is_demo = is_demo,
        .has_issuer = view->rules->has_issuer,
    };
    return openapi_document_make(&openapi, out_document);
}

static enum galen_status fill(struct view *view, const struct rollouts *rollouts,
                              bool is_demo)
{
    if (rollouts != NULL) {
        rollouts_tell(rollouts, &view->note);
        TRY(rollouts_plan(rollouts, view->repository, &view->arms));
    }
    return describe(view, is_demo, &view->openapi);
}

enum galen_status view_create(struct repository *repository, struct rules *rules,
                              const struct rollouts *rollouts, bool is_demo,
                              struct view **out_view)
{
    struct view *view = calloc(1, sizeof(*view));
    if (view == NULL) {
        return GALEN_NO_MEMORY;
    }
    count_begin(&view->reference_count_);
    view->repository = repository_ref(repository);
    view->rules = rules_ref(rules);
    const enum galen_status status = fill(view, rollouts, is_demo);
    if (status != GALEN_OK) {
        view_unref(view);
        return status;
    }
    *out_view = view;
    return GALEN_OK;
}

struct view *view_ref(struct view *view)
{
    count_more(&view->reference_count_);
    return view;
}

static void drop_arms(struct view *view)
{
    for (size_t i = 0; view->arms != NULL && i < view->repository->model_count; i++) {
        arm_counts_unref(view->arms[i].counts);
    }
    free(view->arms);
}

void view_unref(struct view *view)
{
    if (view == NULL) {
        return;
    }
    if (count_less(&view->reference_count_)) {
        openapi_document_deinit(&view->openapi);
        drop_arms(view);
        repository_unref(view->repository);
        rules_unref(view->rules);
        free(view);
    }
}
