/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/domain.h"

const struct domain *const domains[] = {
    &tabular_domain,
    &text_domain,
    &token_domain,
    &image_domain,
};

const size_t domain_count = sizeof(domains) / sizeof(domains[0]);

const struct domain *domain_for(enum contract_task task)
{
    for (size_t i = 0; i < domain_count; i++) {
        if (domains[i]->task == task) {
            return domains[i];
        }
    }
    return NULL;
}

const struct galen_tensor *domain_find_tensor(const struct infer_call *call,
                                              const char *name)
{
    for (size_t i = 0; i < call->response.output_count; i++) {
        if (strcmp(call->response.outputs[i].tensor.name, name) == 0) {
            return &call->response.outputs[i].tensor;
        }
    }
    return NULL;
}

static enum galen_status find(struct request *request, const struct infer_call *call,
                              const char *name, const struct galen_tensor **out_tensor)
{
    const struct galen_tensor *tensor = domain_find_tensor(call, name);
    if (tensor == NULL) {
        return error_set(&request->error, GALEN_BAD_UPSTREAM,
                         "%s's answer lacks output '%s'",
                         call == &request->infer_call ? "the engine" : "preprocess", name);
    }
    *out_tensor = tensor;
    return GALEN_OK;
}

enum galen_status domain_output(struct request *request, const char *name,
                                const struct galen_tensor **out_tensor)
{
    return find(request, &request->infer_call, name, out_tensor);
}

enum galen_status domain_reserved(struct request *request, const char *name,
                                  const struct galen_tensor **out_tensor)
{
    return find(request, &request->preprocess_call, name, out_tensor);
}
