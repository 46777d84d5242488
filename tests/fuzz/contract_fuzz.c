/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A contract that contract_parse accepts keeps what its header promises, and written again
 * as YAML it reads as the same contract. One that is refused says where.
 */
#include "model/contract.h"

#include <math.h>

#include "base/limits.h"
#include "codec/number.h"
#include "crypto/sha256.h"
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

/* As YAML. */

static void put_number(struct writer *writer, const char *key, double value)
{
    char text[NUMBER_TEXT_SIZE_MAX];
    if (isfinite(value)) {
        writer_put_string(writer, key);
        writer_put(writer, bytes_of(text, number_write_f64(value, text)));
    }
}

static void put_strings(struct writer *writer, const char *key, const char *const *strings,
                        size_t count)
{
    writer_put_string(writer, key);
    for (size_t i = 0; i < count; i++) {
        writer_put_string(writer, i == 0 ? "[" : ",");
        put_quoted(writer, strings[i]);
    }
    writer_put_byte(writer, ']');
}

static void put_feature(struct writer *writer, const struct contract_feature *feature)
{
    writer_put_string(writer, "\n- {name: ");
    put_quoted(writer, feature->name);
    writer_put_string(writer, ", unit: ");
    put_quoted(writer, feature->unit);
    for (size_t i = 0; i < feature->unit_count; i++) {
        writer_put_string(writer, i == 0 ? ", units: {? " : ", ? ");
        put_quoted(writer, feature->units[i].name);
        put_number(writer, " : ", feature->units[i].factor);
    }
    writer_put_string(writer, feature->unit_count == 0 ? "" : "}");
    put_number(writer, ", min: ", feature->min);
    put_number(writer, ", max: ", feature->max);
    if (feature->missing == MISSING_REPLACE) {
        put_number(writer, ", missing: {replace: ", feature->missing_value);
        writer_put_byte(writer, '}');
    }
    writer_put_byte(writer, '}');
}

static void put_files(struct writer *writer, const struct contract *contract)
{
    for (size_t i = 0; i < contract->file_count; i++) {
        char hex[SHA256_HEX_SIZE];
        sha256_to_hex(contract->files[i].sha256, hex);
        writer_put_string(writer, "\n  ? ");
        put_quoted(writer, contract->files[i].name);
        writer_put_string(writer, "\n  : \"");
        writer_put(writer, bytes_of(hex, sizeof(hex)));
        writer_put_byte(writer, '"');
    }
}

static void put_tensors(struct writer *writer, const struct contract *contract)
{
    static const char *const activations[] = {"none", "softmax", "sigmoid"};
    writer_put_string(writer, "\ninput: {tensor: ");
    put_quoted(writer, contract->input.tensor);
    writer_put_string(writer, ", datatype: ");
    writer_put_string(writer, galen_datatype_name(contract->input.datatype));
    writer_put_string(writer, "}\noutput: {tensor: ");
    put_quoted(writer, contract->output.tensor);
    writer_put_string(writer, ", activation: ");
    writer_put_string(writer, activations[contract->output.activation]);
    writer_put_byte(writer, '}');
}

static void put_features(struct writer *writer, const struct contract *contract)
{
    writer_put_string(writer, "\nfeatures:");
    for (size_t i = 0; i < contract->feature_count; i++) {
        put_feature(writer, &contract->features[i]);
    }
}

static void put_member(struct writer *writer, const char *key, const char *text)
{
    if (text != NULL) {
        writer_put_string(writer, key);
        put_quoted(writer, text);
    }
}

static void put_text(struct writer *writer, const struct contract *contract)
{
    static const char *const longers[] = {"refuse", "truncate", "window"};
    static const char *const merges[] = {"center", "mean", "max", "first"};
    put_member(writer, "\ntext: {tokenizer: ", contract->text.tokenizer);
    put_member(writer, ", mask: ", contract->text.mask);
    put_member(writer, ", types: ", contract->text.types);
    writer_put_string(writer, ", max_length: ");
    writer_put_u64(writer, contract->text.max_length);
    writer_put_string(writer, ", stride: ");
    writer_put_u64(writer, contract->text.stride);
    writer_put_string(writer, ", bucket: ");
    writer_put_u64(writer, contract->text.bucket);
    writer_put_string(writer, ", longer: ");
    writer_put_string(writer, longers[contract->text.longer]);
    writer_put_string(writer, ", merge: ");
    writer_put_string(writer, merges[contract->text.merge]);
    writer_put_byte(writer, '}');
}

static void put_entities(struct writer *writer, const struct contract *contract)
{
    static const char *const schemes[] = {"bio", "bilou", "io"};
    static const char *const words[] = {"first", "mean", "max"};
    writer_put_string(writer, "\nentities: {scheme: ");
    writer_put_string(writer, schemes[contract->entities.scheme]);
    writer_put_string(writer, ", words: ");
    writer_put_string(writer, words[contract->entities.words]);
    writer_put_byte(writer, '}');
}

static void put_input(struct writer *writer, const struct contract *contract)
{
    if (!contract_takes_text(contract)) {
        put_features(writer, contract);
        return;
    }
    put_text(writer, contract);
    if (contract->task == TASK_TOKEN_CLASSIFICATION) {
        put_entities(writer, contract);
    }
}

static void put_contract(struct writer *writer, const struct contract *contract)
{
    writer_put_string(writer, "task: ");
    writer_put_string(writer, contract_task_name(contract->task));
    writer_put_string(writer, "\ntitle: ");
    put_quoted(writer, contract->title);
    put_strings(writer, "\nmedia_types: ", contract->media_types,
                contract->media_type_count);
    put_strings(writer, "\nlabels: ", contract->labels, contract->label_count);
    put_tensors(writer, contract);
    put_input(writer, contract);
    put_number(writer, "\nthreshold: ", contract->threshold);
    writer_put_string(writer, "\nfiles:");
    put_files(writer, contract);
    writer_put_string(writer, "\ncard: {intended_use: x, demonstration: ");
    writer_put_string(writer, contract->demonstration ? "true}\n" : "false}\n");
}

/* The second writing says the same as the first, so both contracts hold the same. */
static void expect_same_again(const struct contract *contract)
{
    struct writer first;
    struct writer second;
    struct arena arena;
    struct contract again;
    struct error error;
    writer_init(&first, MEMORY_SIZE_BYTES_MAX);
    writer_init(&second, MEMORY_SIZE_BYTES_MAX);
    arena_init(&arena, MEMORY_SIZE_BYTES_MAX);
    put_contract(&first, contract);
    INVARIANT(contract_parse(writer_bytes(&first), "copy", &arena, &again, &error) ==
              GALEN_OK);
    put_contract(&second, &again);
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
