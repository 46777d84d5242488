/* SPDX-License-Identifier: Apache-2.0 */
#include "model/contract.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "crypto/sha256.h"

#include "expect.h"

#define HASH "947e7cf2fc32fcdcad9c5ba4dcdb3a652cef84f992c156f57b97d274f53904b5"

static const char files_line[] = "files: {model.onnx: " HASH "}";

/* A line of it each, so that a test replaces one and knows its number. */
static const char *const good_lines[] = {
    "task: tabular-classification",
    "title: Breast mass",
    "media_types: [application/json]",
    "input: {tensor: features, datatype: FP32}",
    "features:",
    "  - {name: mean radius, unit: mm, units: {um: 0.001, cm: 10}, min: 0, max: 60}",
    "  - {name: age, unit: a, max: 120, missing: {replace: 50}}",
    "  - {name: ratio}",
    "output: {tensor: probabilities, activation: softmax}",
    "labels: [malignant, benign]",
    "threshold: 0.25",
    files_line,
    "card: {demonstration: true, intended_use: none, metrics: {auc: 0.99, rows: 143}}",
};

enum {
    LINE_COUNT = sizeof(good_lines) / sizeof(good_lines[0]),
    MEDIA_TYPES = 3,
    INPUT = 4,
    RADIUS = 6,
    AGE = 7,
    OUTPUT = 9,
    LABELS = 10,
    THRESHOLD = 11,
    FILES = 12,
    CARD = 13,
};

struct parsed {
    struct arena arena;
    struct contract contract;
    struct error error;
    enum galen_status status;
};

static struct parsed parse(struct bytes text)
{
    struct parsed parsed = {.contract.label_count = 77};
    arena_init(&parsed.arena, 64u << 20);
    parsed.status = contract_parse(text, "m/1/model.yaml", &parsed.arena, &parsed.contract,
                                   &parsed.error);
    return parsed;
}

/* number counts from 1; 0 replaces none. */
static struct parsed parse_with(size_t number, const char *line)
{
    char text[4096] = "";
    size_t size = 0;
    for (size_t i = 0; i < LINE_COUNT; i++) {
        size += (size_t)snprintf(text + size, sizeof(text) - size, "%s\n",
                                 i + 1 == number ? line : good_lines[i]);
    }
    return parse(bytes_of(text, size));
}

static void expect_refused(size_t number, const char *line, const char *error)
{
    struct parsed parsed = parse_with(number, line);
    char expected[512];
    (void)snprintf(expected, sizeof(expected), "m/1/model.yaml:%zu:%s", number, error);
    EXPECT_STATUS(GALEN_INVALID, parsed.status);
    assert_string_equal(expected, parsed.error.text);
    assert_int_equal(parsed.contract.label_count, 77);
    arena_deinit(&parsed.arena);
}

static void contract_is_read_whole(void **state)
{
    (void)state;
    struct parsed parsed = parse_with(0, NULL);
    const struct contract *contract = &parsed.contract;
    uint8_t digest[SHA256_SIZE];
    assert_true(sha256_from_hex(BYTES(HASH), digest));

    EXPECT_OK(parsed.status);

    assert_string_equal(contract_task_name(contract->task), "tabular-classification");
    assert_string_equal(contract->title, "Breast mass");
    assert_int_equal(contract->media_type_count, 1);
    assert_string_equal(contract->media_types[0], "application/json");
    assert_string_equal(contract->input.tensor, "features");
    assert_int_equal(contract->input.datatype, GALEN_FP32);
    assert_string_equal(contract->output.tensor, "probabilities");
    assert_int_equal(contract->output.activation, ACTIVATION_SOFTMAX);
    assert_int_equal(contract->label_count, 2);
    assert_string_equal(contract->labels[1], "benign");
    assert_true(contract->threshold == 0.25);
    assert_int_equal(contract->file_count, 1);
    assert_string_equal(contract->files[0].name, "model.onnx");
    assert_memory_equal(contract->files[0].sha256, digest, sizeof(digest));
    assert_true(contract->demonstration);
    arena_deinit(&parsed.arena);
}

static void features_keep_their_order_and_rules(void **state)
{
    (void)state;
    struct parsed parsed = parse_with(INPUT, "input: {tensor: x, datatype: FP64}");
    const struct contract_feature *features = parsed.contract.features;

    EXPECT_OK(parsed.status);

    assert_int_equal(parsed.contract.input.datatype, GALEN_FP64);
    assert_int_equal(parsed.contract.feature_count, 3);
    assert_string_equal(features[0].name, "mean radius");
    assert_string_equal(features[0].unit, "mm");
    assert_int_equal(features[0].unit_count, 2);
    assert_string_equal(features[0].units[1].name, "cm");
    assert_true(features[0].units[1].factor == 10);
    assert_true(features[0].min == 0 && features[0].max == 60);
    assert_int_equal(features[0].missing, MISSING_REFUSE);
    assert_true(features[1].min == -INFINITY && features[1].max == 120);
    assert_int_equal(features[1].missing, MISSING_REPLACE);
    assert_true(features[1].missing_value == 50);
    assert_string_equal(features[2].unit, "1");
    assert_true(features[2].min == -INFINITY && features[2].max == INFINITY);
    arena_deinit(&parsed.arena);
}

static void names_that_are_there_twice_are_refused_at_the_second(void **state)
{
    (void)state;
    expect_refused(AGE, "  - {name: mean radius}",
                   "12: features[1].name: is there twice, first as features[0]");
    expect_refused(LABELS, "labels: [a, b, c, b]",
                   "19: labels[3]: is there twice, first as labels[1]");
    expect_refused(MEDIA_TYPES, "media_types: [text/plain, text/plain]",
                   "27: media_types[1]: is there twice, first as media_types[0]");
}

static void ranges_that_cannot_be_met_are_refused(void **state)
{
    (void)state;
    expect_refused(AGE, "  - {name: age, min: 2, max: 1}",
                   "22: features[1].min: is greater than max");
    expect_refused(AGE, "  - {name: age, max: 1, missing: {replace: 2}}",
                   "44: features[1].missing.replace: is outside of min and max");
    expect_refused(AGE, "  - {name: age, min: 1, missing: {replace: 0}}",
                   "44: features[1].missing.replace: is outside of min and max");
    expect_refused(AGE, "  - {name: age, missing: {replace: 1e39}}",
                   "36: features[1].missing.replace: does not fit FP32");
    expect_refused(AGE, "  - {name: age, missing: {}}",
                   "26: features[1].missing.replace: is required");
}

static void units_need_a_factor_and_another_name(void **state)
{
    (void)state;
    expect_refused(AGE, "  - {name: age, unit: a, units: {mo: 0}}",
                   "38: features[1].units.mo: must be greater than 0");
    expect_refused(AGE, "  - {name: age, unit: a, units: {mo: -1}}",
                   "38: features[1].units.mo: must be greater than 0");
    expect_refused(AGE, "  - {name: age, unit: a, units: {mo: 1, a: 1}}",
                   "41: features[1].units.a: is the feature's own unit");
}

static void files_need_a_plain_name_and_a_hash(void **state)
{
    (void)state;
    expect_refused(FILES, "files: {../model.onnx: " HASH "}",
                   "9: files['../model.onnx']: must not hold '/'");
    expect_refused(FILES, "files: {.hidden: " HASH "}",
                   "9: files['.hidden']: must not begin with '.'");
    expect_refused(FILES, "files: {model.yaml: " HASH "}",
                   "9: files['model.yaml']: cannot hold its own hash");
    expect_refused(FILES, "files: {a: b" HASH "}",
                   "12: files.a: needs 64 hexadecimal digits");
    expect_refused(FILES, "files: {a: " HASH "}", "8: files: lists no file model.*");
    expect_refused(FILES, "files: {}",
                   "8: files: has 0 entries, needs a number from 1 to 64");
}

static void what_the_rows_say_is_enforced(void **state)
{
    (void)state;
    expect_refused(THRESHOLD, "threshold: 1.5",
                   "12: threshold: needs a number from 0 to 1");
    expect_refused(THRESHOLD, "threshold_max: 0.25\nthreshold: 0.5",
                   "16: threshold_max: is less than threshold");
    expect_refused(INPUT, "input: {tensor: x, datatype: INT64}",
                   "30: input.datatype: must be FP32 or FP64 for features");
    expect_refused(
        INPUT, "input: {tensor: x, datatype: INT8}",
        "30: input.datatype: needs one of FP32, FP64, INT32, INT64, UINT8, FP16");
    expect_refused(OUTPUT, "output: {tensor: x, activation: relu}",
                   "33: output.activation: needs one of none, softmax, sigmoid");
    expect_refused(1, "task: guessing",
                   "7: task: needs one of tabular-classification, text-classification, "
                   "token-classification, image-classification");
    expect_refused(CARD, "card: {demonstrations: true}",
                   "8: card.demonstrations: unknown key; did you mean 'demonstration'?");
    expect_refused(CARD, "card: {notice: x}", "7: card.intended_use: is required");
    expect_refused(MEDIA_TYPES, "media_types: [json]",
                   "15: media_types[0]: needs a media type without parameters");
    expect_refused(MEDIA_TYPES, "media_types: [text/plain;a=b]",
                   "15: media_types[0]: needs a media type without parameters");
}

static void single_label_needs_a_sigmoid(void **state)
{
    (void)state;
    expect_refused(LABELS, "labels: [malignant]",
                   "9: labels: has one entry, which needs output.activation sigmoid");

    struct parsed parsed =
        parse(BYTES("{task: tabular-classification, title: x, media_types: [a/b],"
                    "input: {tensor: x}, features: [{name: x}],"
                    "output: {tensor: y, activation: sigmoid}, labels: [yes it is],"
                    "files: {model.x: " HASH "}, card: {intended_use: x}}"));
    EXPECT_OK(parsed.status);
    assert_int_equal(parsed.contract.input.datatype, GALEN_FP32);
    assert_true(parsed.contract.threshold == 0);
    assert_false(parsed.contract.demonstration);
    arena_deinit(&parsed.arena);
}

static void every_line_but_the_threshold_is_required(void **state)
{
    (void)state;
    for (size_t number = 1; number <= LINE_COUNT; number++) {
        if (number < RADIUS - 1 || number > AGE + 1) {
            struct parsed parsed = parse_with(number, "#");
            EXPECT_STATUS(number == THRESHOLD ? GALEN_OK : GALEN_INVALID, parsed.status);
            arena_deinit(&parsed.arena);
        }
    }
}

static void large_file_is_refused_unread(void **state)
{
    (void)state;
    static char text[LIMIT_MODEL_YAML_SIZE_BYTES_MAX + 1];

    struct parsed parsed = parse(bytes_of(text, sizeof(text)));

    EXPECT_STATUS(GALEN_INVALID, parsed.status);
    assert_string_equal(parsed.error.text, "m/1/model.yaml: is larger than 1048576 bytes");
    arena_deinit(&parsed.arena);
}

/* The densest trees that fit: they may be refused, but never for want of scratch. */
static void any_file_up_to_the_limit_has_memory_enough(void **state)
{
    (void)state;
    static char text[LIMIT_MODEL_YAML_SIZE_BYTES_MAX];
    static const char *const fillers[] = {"a,", "[],", "{},", "? ,"};
    for (size_t i = 0; i < sizeof(fillers) / sizeof(fillers[0]); i++) {
        const size_t size = strlen(fillers[i]);
        memset(text, ' ', sizeof(text));
        size_t at = (size_t)snprintf(text, sizeof(text), "labels: [");
        for (; at + size < sizeof(text); at += size) {
            (void)snprintf(text + at, sizeof(text) - at, "%s", fillers[i]);
        }
        text[sizeof(text) - 1] = ']';

        struct parsed parsed = parse(bytes_of(text, sizeof(text)));

        EXPECT_STATUS(GALEN_INVALID, parsed.status);
        arena_deinit(&parsed.arena);
    }
}

static void hundred_thousand_labels_are_read(void **state)
{
    (void)state;
    static char text[LIMIT_MODEL_YAML_SIZE_BYTES_MAX];
    size_t size =
        (size_t)snprintf(text, sizeof(text),
                         "{task: tabular-classification, title: x, "
                         "media_types: [a/b], input: {tensor: x}, "
                         "features: [{name: x}], output: {tensor: y}, "
                         "files: {model.x: " HASH "}, card: {intended_use: x}, labels: [");
    for (unsigned i = 0; i < LIMIT_LABEL_COUNT_MAX; i++) {
        size += (size_t)snprintf(text + size, sizeof(text) - size, "x%05x,", i);
    }
    size += (size_t)snprintf(text + size, sizeof(text) - size, "]}");

    struct parsed parsed = parse(bytes_of(text, size));

    EXPECT_OK(parsed.status);
    assert_int_equal(parsed.contract.label_count, LIMIT_LABEL_COUNT_MAX);
    arena_deinit(&parsed.arena);
}

static void arena_that_is_too_small_is_no_memory(void **state)
{
    (void)state;
    struct parsed parsed = {0};
    arena_init(&parsed.arena, 0);

    EXPECT_STATUS(
        GALEN_NO_MEMORY,
        contract_parse(BYTES("{task: tabular-classification, title: a long title}"), "x",
                       &parsed.arena, &parsed.contract, NULL));

    arena_deinit(&parsed.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(contract_is_read_whole),
        cmocka_unit_test(features_keep_their_order_and_rules),
        cmocka_unit_test(names_that_are_there_twice_are_refused_at_the_second),
        cmocka_unit_test(ranges_that_cannot_be_met_are_refused),
        cmocka_unit_test(units_need_a_factor_and_another_name),
        cmocka_unit_test(files_need_a_plain_name_and_a_hash),
        cmocka_unit_test(what_the_rows_say_is_enforced),
        cmocka_unit_test(single_label_needs_a_sigmoid),
        cmocka_unit_test(every_line_but_the_threshold_is_required),
        cmocka_unit_test(large_file_is_refused_unread),
        cmocka_unit_test(any_file_up_to_the_limit_has_memory_enough),
        cmocka_unit_test(hundred_thousand_labels_are_read),
        cmocka_unit_test(arena_that_is_too_small_is_no_memory),
    };
    return cmocka_run_group_tests_name("contract", tests, NULL, NULL);
}
