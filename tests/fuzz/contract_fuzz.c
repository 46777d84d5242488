/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A contract that contract_parse accepts keeps what its header promises, and written again
 * as YAML it reads as the same contract. One that is refused says where.
 */
#include "model/contract.h"

#include <math.h>

#include "base/limits.h"
#include "model/contract_write.h"
#include "yaml_text.h"

enum { TEXT_SIZE_BYTES_MAX = 1 << 16, MEMORY_SIZE_BYTES_MAX = 1 << 24 };

static void check_differ(const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        INVARIANT(names[i][0] != '\0');
        for (size_t j = 0; j < i; j++) {
            INVARIANT(strcmp(names[i], names[j]) != 0);
        }
    }
}

static void check_feature(const struct contract_feature *feature)
{
    INVARIANT(feature->min <= feature->max);
    if (feature->missing == MISSING_REPLACE) {
        INVARIANT(feature->missing_value >= feature->min);
        INVARIANT(feature->missing_value <= feature->max);
    }
    for (size_t i = 0; i < feature->unit_count; i++) {
        INVARIANT(feature->units[i].factor > 0 && isfinite(feature->units[i].factor));
        INVARIANT(strcmp(feature->units[i].name, feature->unit) != 0);
    }
}

static void check_features(const struct contract *contract)
{
    INVARIANT(contract->feature_count >= 1);
    INVARIANT(contract->feature_count <= LIMIT_FEATURE_COUNT_MAX);
    for (size_t i = 0; i < contract->feature_count; i++) {
        check_feature(&contract->features[i]);
        for (size_t j = 0; j < i; j++) {
            INVARIANT(strcmp(contract->features[i].name, contract->features[j].name) != 0);
        }
    }
}

static void check_text(const struct contract *contract)
{
    INVARIANT(contract->feature_count == 0);
    INVARIANT(contract->text.stride < contract->text.max_length);
    INVARIANT(contract->text.stride == 0 || contract->text.longer == LONGER_WINDOW);
    INVARIANT(contract->text.bucket == 1 || contract->text.mask != NULL);
    INVARIANT(contract_file(contract, contract->text.tokenizer) != NULL);
    INVARIANT(contract->input.datatype == GALEN_INT32 ||
              contract->input.datatype == GALEN_INT64);
}

static void check_tabular(const struct contract *contract)
{
    check_features(contract);
    INVARIANT(contract->text.tokenizer == NULL);
    INVARIANT(contract->input.datatype == GALEN_FP32 ||
              contract->input.datatype == GALEN_FP64);
}

static void check_contract(const struct contract *contract)
{
    if (contract_takes_text(contract)) {
        check_text(contract);
    } else {
        check_tabular(contract);
    }
    check_differ(contract->labels, contract->label_count);
    check_differ(contract->media_types, contract->media_type_count);
    INVARIANT(contract->label_count >= 1 && contract->media_type_count >= 1);
    INVARIANT(contract->threshold >= 0 && contract->threshold <= 1);
    INVARIANT(contract_network_file(contract) != NULL);
    for (size_t i = 0; i < contract->file_count; i++) {
        INVARIANT(strchr(contract->files[i].name, '/') == NULL);
        INVARIANT(contract->files[i].name[0] != '.');
    }
}

/* The second writing says the same as the first, so both contracts hold the same. */
static void expect_same_again(const struct contract *contract)
{
    struct writer first;
    struct writer second;
    struct arena arena;
    struct contract again;
    struct error error;
    const struct contract_card card = {.intended_use = "x"};
    writer_init(&first, MEMORY_SIZE_BYTES_MAX);
    writer_init(&second, MEMORY_SIZE_BYTES_MAX);
    arena_init(&arena, MEMORY_SIZE_BYTES_MAX);
    contract_write(contract, &card, &first);
    INVARIANT(contract_parse(writer_bytes(&first), "copy", &arena, &again, &error) ==
              GALEN_OK);
    contract_write(&again, &card, &second);
    INVARIANT(bytes_equal(writer_bytes(&first), writer_bytes(&second)));
    INVARIANT(again.feature_count == contract->feature_count);
    INVARIANT(again.label_count == contract->label_count);
    arena_deinit(&arena);
    writer_deinit(&second);
    writer_deinit(&first);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct contract contract;
    struct error error;
    if (size > TEXT_SIZE_BYTES_MAX) {
        return 0;
    }
    arena_init(&arena, MEMORY_SIZE_BYTES_MAX);
    const enum galen_status status =
        contract_parse(bytes_of(data, size), "fuzz", &arena, &contract, &error);
    INVARIANT(status == GALEN_OK || status == GALEN_INVALID);
    if (status == GALEN_OK) {
        check_contract(&contract);
        expect_same_again(&contract);
    } else {
        expect_place(&error, "fuzz", size);
    }
    arena_deinit(&arena);
    return 0;
}
