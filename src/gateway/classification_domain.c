/* SPDX-License-Identifier: Apache-2.0 */
/* A row of features, an image, or a text of whatever number of windows, gets one score a
 * label. */
#include "gateway/domain.h"
#include "gateway/policy_rules.h"
#include "gateway/predictions.h"
#include "infer/preprocess_contract.h"

/* A vector or an image is one row, and so are tensors that a client sent itself. */
static enum galen_status count_rows(struct request *request, size_t *out_count)
{
    const struct galen_tensor *special;
    *out_count = 1;
    if (contract_takes_text(request->version->contract) && !request->is_normalised) {
        TRY(domain_reserved(request, PREPROCESS_SPECIAL, &special));
        *out_count = special->rank > 0 ? (size_t)special->shape[0] : 0;
    }
    return GALEN_OK;
}

static enum galen_status map(struct request *request, struct warnings *warnings,
                             const void **out_outcome)
{
    struct contract contract = *request->version->contract;
    const struct galen_tensor *tensor;
    size_t row_count;
    struct predictions *predictions = arena_alloc(&request->arena, sizeof(*predictions));
    if (predictions == NULL) {
        return GALEN_NO_MEMORY;
    }
    contract.threshold = policy_threshold(request);
    TRY(domain_output(request, contract.output.tensor, &tensor));
    TRY(count_rows(request, &row_count));
    TRY(predictions_from_tensor(&contract, tensor, row_count, &request->arena, predictions,
                                &request->error));
    if (predictions->abstained) {
        warnings_add(warnings, WARNING_low_confidence);
    }
    *out_outcome = predictions;
    return GALEN_OK;
}

static void put_members(const struct request *request, const void *outcome,
                        struct answer_writer *answer)
{
    (void)request;
    predictions_put(outcome, answer);
}

const struct domain tabular_domain = {
    .task = TASK_TABULAR_CLASSIFICATION,
    .output_rank = 2,
    .map = map,
    .put_members = put_members,
};

const struct domain text_domain = {
    .task = TASK_TEXT_CLASSIFICATION,
    .output_rank = 2,
    .map = map,
    .put_members = put_members,
};

const struct domain image_domain = {
    .task = TASK_IMAGE_CLASSIFICATION,
    .output_rank = 2,
    .map = map,
    .put_members = put_members,
};
