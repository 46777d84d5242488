/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first bytes are a contract, the rest is a text. What is accepted becomes rows that
 * the gateway's own reader takes for windows of one text: all tensors of one shape, every
 * token where it stands, shared tokens alike in both windows.
 */
#include "base/limits.h"
#include "fuzz.h"
#include "gateway/token_grid.h"
#include "preprocess/transform.h"
#include "small_tokenizer.h"

enum { HEAD_SIZE = 4, MEMORY_SIZE_BYTES_MAX = 1 << 26, LENGTH_MAX = 24 };

static struct contract contract_of(const uint8_t *head)
{
    struct contract contract = {
        .task = TASK_TOKEN_CLASSIFICATION,
        .input = {"ids", head[3] & 4 ? GALEN_INT32 : GALEN_INT64},
        .text = {.tokenizer = "t.json",
                 .mask = "mask",
                 .types = head[3] & 8 ? "types" : NULL,
                 .max_length = 1 + head[0] % LENGTH_MAX,
                 .longer = (enum contract_longer)(head[3] % 3),
                 .bucket = 1 + head[2] % LENGTH_MAX},
    };
    if (contract.text.longer == LONGER_WINDOW) {
        contract.text.stride = head[1] % contract.text.max_length;
    }
    return contract;
}

static const struct galen_tensor *find(const struct transform_outputs *outputs,
                                       const char *name)
{
    const struct galen_tensor *found = NULL;
    for (size_t i = 0; i < outputs->count; i++) {
        if (strcmp(outputs->tensors[i].name, name) == 0) {
            found = &outputs->tensors[i];
        }
    }
    INVARIANT(found != NULL);
    return found;
}

static void check(const struct contract *contract, const struct transform_outputs *outputs,
                  struct bytes text)
{
    const struct galen_tensor *special = find(outputs, PREPROCESS_SPECIAL);
    struct token_grid grid;
    struct token_place place;
    for (size_t i = 0; i < outputs->count; i++) {
        const struct galen_tensor *tensor = &outputs->tensors[i];
        INVARIANT(galen_tensor_check(tensor) == GALEN_OK);
        INVARIANT(tensor->rank == 1 || (tensor->shape[0] == special->shape[0] &&
                                        tensor->shape[1] == special->shape[1]));
    }
    INVARIANT((uint64_t)special->shape[1] <= contract->text.max_length);
    INVARIANT(token_grid_init(&grid, contract, find(outputs, PREPROCESS_OFFSETS),
                              find(outputs, PREPROCESS_WORDS), special, NULL) == GALEN_OK);
    for (size_t token = 0; token < grid.token_count; token++) {
        INVARIANT(token_grid_place(&grid, token, bytes_count_code_points(text), &place,
                                   NULL) == GALEN_OK);
    }
}

static void run(const struct contract *contract, const void *prepared, struct bytes text)
{
    struct arena arena;
    struct transform_outputs outputs;
    struct error error = {.text = ""};
    arena_init(&arena, MEMORY_SIZE_BYTES_MAX);
    const struct transform_run work = {
        .contract = contract,
        .prepared = prepared,
        .input = phi_hide(text),
        .arena = &arena,
    };
    const enum galen_status status = text_transform.run(&work, &outputs, &error);
    INVARIANT(status == GALEN_OK || error.text[0] != '\0');
    if (status == GALEN_OK) {
        check(contract, &outputs, text);
    }
    arena_deinit(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error error = {.text = ""};
    void *prepared = NULL;
    if (size < HEAD_SIZE) {
        return 0;
    }
    const struct contract contract = contract_of(data);
    if (text_transform.prepare(&contract, bytes_from_string(small_tokenizer), &prepared,
                               &error) == GALEN_OK) {
        run(&contract, prepared, bytes_of(data + HEAD_SIZE, size - HEAD_SIZE));
        text_transform.unprepare(prepared);
    } else {
        INVARIANT(error.text[0] != '\0');
    }
    return 0;
}
