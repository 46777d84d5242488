/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The input is a config.json, a NUL and a tokenizer_config.json. What is accepted is a
 * contract that, with files and a card, reads back from its model.yaml, or is refused there
 * with a reason (labels that no contract takes).
 */
#include "base/limits.h"
#include "fuzz.h"
#include "model/contract_write.h"
#include "model/hugging_face.h"

enum { MEMORY_SIZE_BYTES_MAX = 1 << 26 };

static const struct galen_tensor_spec inputs[] = {
    {"input_ids", GALEN_INT64, 2, {-1, -1}}, {"attention_mask", GALEN_INT64, 2, {-1, -1}}};

static void expect_readable(const struct contract *contract, struct arena *arena)
{
    const struct contract_file files[] = {{.name = "model.onnx"},
                                          {.name = "tokenizer.json"}};
    const struct contract_card card = {.intended_use = CONTRACT_CARD_WAITS};
    struct contract whole = *contract;
    struct contract again;
    struct error error = {.text = ""};
    struct writer text;
    whole.title = "x";
    whole.demonstration = true;
    whole.files = files;
    whole.file_count = 2;
    writer_init(&text, MEMORY_SIZE_BYTES_MAX);
    contract_write(&whole, &card, &text);
    INVARIANT(text.status == GALEN_OK);
    const enum galen_status status =
        contract_parse(writer_bytes(&text), "fuzz", arena, &again, &error);
    INVARIANT(status == GALEN_OK || (status == GALEN_INVALID && error.text[0] != '\0'));
    if (status == GALEN_OK) {
        INVARIANT(again.label_count == contract->label_count);
        INVARIANT(again.text.max_length == contract->text.max_length);
    }
    writer_deinit(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct galen_tensor_spec outputs[] = {
        {"logits", GALEN_FP32, size % 2 == 0 ? 2 : 3, {-1, -1, -1}}};
    struct hugging_face files = {
        .inputs = inputs, .input_count = 2, .outputs = outputs, .output_count = 1};
    struct arena arena;
    struct contract contract;
    struct error error = {.text = ""};
    files.tokenizer_config = bytes_split(bytes_of(data, size), '\0', &files.config);
    arena_init(&arena, MEMORY_SIZE_BYTES_MAX);
    const enum galen_status status = hugging_face_read(&files, &arena, &contract, &error);
    INVARIANT(status == GALEN_OK || error.text[0] != '\0' || status == GALEN_NO_MEMORY);
    if (status == GALEN_OK) {
        expect_readable(&contract, &arena);
    }
    arena_deinit(&arena);
    return 0;
}
