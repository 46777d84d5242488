/* SPDX-License-Identifier: Apache-2.0 */
/* A row of features gets one score a label. */
#include "gateway/domain.h"
#include "gateway/predictions.h"

static enum galen_status map(struct request *request, struct warnings *warnings,
                             const void **out_outcome)
{
    const struct contract *contract = request->version->contract;
    const struct galen_tensor *tensor;
    struct predictions *predictions = arena_alloc(&request->arena, sizeof(*predictions));
    if (predictions == NULL) {
        return GALEN_NO_MEMORY;
    }
    TRY(domain_output(request, contract->output.tensor, &tensor));
    TRY(predictions_from_tensor(contract, tensor, 1, &request->arena, predictions,
                                &request->error));
    if (predictions->abstained) {
        warnings_add(warnings, WARNING_low_confidence);
    }
    *out_outcome = predictions;
    return GALEN_OK;
}

static void put_members(const struct request *request, const void *outcome,
                        struct json_writer *json)
{
    (void)request;
    predictions_put(outcome, json);
}

const struct domain tabular_domain = {
    .task = TASK_TABULAR_CLASSIFICATION,
    .map = map,
    .put_members = put_members,
};
