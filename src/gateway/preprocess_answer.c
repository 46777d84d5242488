/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/preprocess_answer.h"

#include "gateway/domain.h"
#include "gateway/token_grid.h"
#include "infer/preprocess_contract.h"

static enum galen_status find(const struct infer_call *call, const char *name,
                              const struct galen_tensor **out_tensor,
                              struct error *out_error)
{
    *out_tensor = domain_find_tensor(call, name);
    return *out_tensor != NULL ? GALEN_OK
                               : error_set(out_error, GALEN_BAD_UPSTREAM,
                                           "the answer lacks output '%s'", name);
}

static enum galen_status refuse(const struct galen_tensor *tensor, const char *why,
                                struct error *out_error)
{
    return error_set(out_error, GALEN_BAD_UPSTREAM, "output '%s' %s", tensor->name, why);
}

static bool has_same_cells(const struct galen_tensor *a, const struct galen_tensor *b)
{
    return a->rank >= 2 && b->rank >= 2 && a->shape[0] == b->shape[0] &&
           a->shape[1] == b->shape[1];
}

static enum galen_status check_text(const struct infer_call *call,
                                    const struct contract *contract,
                                    const struct galen_tensor *input,
                                    struct error *out_error)
{
    const struct galen_tensor *offsets;
    const struct galen_tensor *words;
    const struct galen_tensor *special;
    struct token_grid grid;
    TRY(find(call, PREPROCESS_OFFSETS, &offsets, out_error));
    TRY(find(call, PREPROCESS_WORDS, &words, out_error));
    TRY(find(call, PREPROCESS_SPECIAL, &special, out_error));
    TRY(token_grid_init(&grid, contract, offsets, words, special, out_error));
    return has_same_cells(input, special)
               ? GALEN_OK
               : refuse(input, "has not the tokens that the others have", out_error);
}

enum galen_status preprocess_answer_check(const struct infer_call *call,
                                          const void *context, struct error *out_error)
{
    const struct contract *contract = context;
    const struct galen_tensor *input;
    TRY(find(call, contract->input.tensor, &input, out_error));
    if (input->datatype != contract->input.datatype || input->rank == 0 ||
        galen_tensor_check(input) != GALEN_OK) {
        return refuse(input, "is not what the network takes", out_error);
    }
    if (contract_takes_text(contract)) {
        return check_text(call, contract, input, out_error);
    }
    return input->shape[0] == 1 ? GALEN_OK : refuse(input, "is not one row", out_error);
}
