/* SPDX-License-Identifier: Apache-2.0 */
/* A text's tokens get one score a label each, and words with labels become entities. */
#include "gateway/domain.h"
#include "gateway/entities.h"
#include "gateway/policy_rules.h"
#include "infer/preprocess_contract.h"

static enum galen_status find_tensors(struct request *request,
                                      struct tagged_tensors *out_tensors)
{
    const struct contract *contract = request->version->contract;
    TRY(domain_output(request, contract->output.tensor, &out_tensors->scores));
    TRY(domain_reserved(request, PREPROCESS_OFFSETS, &out_tensors->offsets));
    TRY(domain_reserved(request, PREPROCESS_WORDS, &out_tensors->words));
    return domain_reserved(request, PREPROCESS_SPECIAL, &out_tensors->special);
}

static enum galen_status map(struct request *request, struct warnings *warnings,
                             const void **out_outcome)
{
    struct contract contract = *request->version->contract;
    const struct bytes text = phi_reveal(request->input.content);
    struct tagged_tensors tensors;
    struct tagged_words words;
    struct entities *entities = arena_alloc(&request->arena, sizeof(*entities));
    if (entities == NULL) {
        return GALEN_NO_MEMORY;
    }
    contract.threshold = policy_threshold(request);
    TRY(find_tensors(request, &tensors));
    TRY(tagged_words_read(&contract, &tensors, bytes_count_code_points(text),
                          &request->arena, &words, &request->error));
    TRY(entities_from_words(&contract, &words, &request->arena, entities));
    entities->are_f32 = tensors.scores->datatype == GALEN_FP32;
    if (entities->left_out) {
        warnings_add(warnings, WARNING_low_confidence);
    }
    *out_outcome = entities;
    return GALEN_OK;
}

/* What a client sent goes back to it where the policy, or else demo mode, says so. */
static void put_members(const struct request *request, const void *outcome,
                        struct answer_writer *answer)
{
    const struct bytes text = phi_reveal(request->input.content);
    entities_put(outcome, policy_echoes_text(request) ? &text : NULL, answer);
}

const struct domain token_domain = {
    .task = TASK_TOKEN_CLASSIFICATION,
    .output_rank = 3,
    .needs_text = true,
    .map = map,
    .put_members = put_members,
};
