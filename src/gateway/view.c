/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/view.h"

#include <stdlib.h>

#include "base/count.h"

enum galen_status view_create(struct repository *repository, const struct openapi *openapi,
                              struct view **out_view)
{
    struct view *view = calloc(1, sizeof(*view));
    if (view == NULL) {
        return GALEN_NO_MEMORY;
    }
    count_begin(&view->reference_count_);
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
    count_more(&view->reference_count_);
    return view;
}

void view_unref(struct view *view)
{
    if (view == NULL) {
        return;
    }
    if (count_less(&view->reference_count_)) {
        openapi_document_deinit(&view->openapi);
        repository_unref(view->repository);
        free(view);
    }
}
