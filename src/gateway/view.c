/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/view.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/invariant.h"

enum galen_status view_create(struct repository *repository, const struct openapi *openapi,
                              struct view **out_view)
{
    struct view *view = calloc(1, sizeof(*view));
    if (view == NULL) {
        return GALEN_NO_MEMORY;
    }
    atomic_init(&view->reference_count_, 1);
    view->repository = repository_ref(repository);
    const enum galen_status status = openapi_document_make(openapi, &view->openapi);
    if (status != GALEN_OK) {
        view_unref(view);
        return status;
    }
    *out_view = view;
    return GALEN_OK;
}

struct view *view_ref(struct view *view)
{
    atomic_fetch_add_explicit(&view->reference_count_, 1, memory_order_relaxed);
    return view;
}

void view_unref(struct view *view)
{
    if (view == NULL) {
        return;
    }
    const size_t before =
        atomic_fetch_sub_explicit(&view->reference_count_, 1, memory_order_acq_rel);
    INVARIANT(before > 0);
    if (before == 1) {
        openapi_document_deinit(&view->openapi);
        repository_unref(view->repository);
        free(view);
    }
}
