/* SPDX-License-Identifier: Apache-2.0 */
#include "infer/classes.h"

#include <math.h>
#include <stdio.h>

#include "base/reader.h"
#include "expect.h"

enum { ARENA_SIZE_BYTES = 65536, TEXT_SIZE = 1024 };

struct fixture {
    struct arena arena;
    struct galen_tensor tensor;
    struct infer_classing classing;
    struct galen_tensor classes;
    struct blob *storage;
    char text[TEXT_SIZE]; /* the classes, with '|' between them */
};

static int set_up(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){.tensor = {.name = "scores"}};
    arena_init(&fixture.arena, ARENA_SIZE_BYTES);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    blob_unref(fixture->storage);
    arena_deinit(&fixture->arena);
    return 0;
}

static void set_tensor(struct fixture *fixture, enum galen_datatype datatype,
                       const void *values, size_t size_bytes)
{
    fixture->tensor.datatype = datatype;
    fixture->tensor.bytes = values;
    fixture->tensor.size_bytes = size_bytes;
    fixture->tensor.rank = 1;
    fixture->tensor.shape[0] = (int64_t)(size_bytes / galen_datatype_size(datatype));
}

static void join(struct fixture *fixture)
{
    struct reader reader =
        reader_of(bytes_of(fixture->classes.bytes, fixture->classes.size_bytes));
    size_t used = 0;
    fixture->text[0] = '\0';
    while (reader.left.size > 0) {
        const struct bytes each = reader_take(&reader, reader_u32_le(&reader));
        used += (size_t)snprintf(fixture->text + used, TEXT_SIZE - used, "%s%.*s",
                                 used == 0 ? "" : "|", BYTES_PRINT(each));
    }
}

static void expect_classes(struct fixture *fixture, uint64_t count, const char *text)
{
    blob_unref(fixture->storage);
    EXPECT_OK(infer_classes_make(&fixture->tensor, &fixture->classing, count,
                                 &fixture->arena, &fixture->classes, &fixture->storage));
    EXPECT_OK(galen_tensor_check(&fixture->classes));
    assert_int_equal(GALEN_BYTES, fixture->classes.datatype);
    assert_string_equal("scores", fixture->classes.name);
    join(fixture);
    assert_string_equal(text, fixture->text);
}

static void the_largest_come_first_and_equal_ones_by_index(void **state)
{
    struct fixture *fixture = *state;
    static const float scores[] = {0.25F, -1, 0.5F, 0.25F, 1e-7F};
    set_tensor(fixture, GALEN_FP32, scores, sizeof(scores));
    expect_classes(fixture, 1, "0.500000:2");
    expect_classes(fixture, 3, "0.500000:2|0.250000:0|0.250000:3");
    assert_int_equal(1, fixture->classes.rank);
    assert_int_equal(3, fixture->classes.shape[0]);
}

static void no_more_classes_come_than_a_row_has(void **state)
{
    struct fixture *fixture = *state;
    static const double scores[] = {1, 2};
    set_tensor(fixture, GALEN_FP64, scores, sizeof(scores));
    expect_classes(fixture, UINT64_MAX, "2.000000:1|1.000000:0");
    assert_int_equal(2, fixture->classes.shape[0]);
}

static void each_row_has_classes_of_its_own(void **state)
{
    struct fixture *fixture = *state;
    static const uint8_t scores[] = {1, 2, 9, 4, 200, 6};
    set_tensor(fixture, GALEN_UINT8, scores, sizeof(scores));
    fixture->tensor.rank = 2;
    fixture->tensor.shape[0] = 2;
    fixture->tensor.shape[1] = 3;
    fixture->classing.has_rows = true;
    expect_classes(fixture, 2, "9:2|2:1|200:1|6:2");
    assert_int_equal(2, fixture->classes.rank);
    assert_memory_equal(((int64_t[]){2, 2}), fixture->classes.shape, 2 * sizeof(int64_t));

    fixture->classing.has_rows = false;
    expect_classes(fixture, 2, "200:4|9:2");
    assert_int_equal(1, fixture->classes.rank);
}

static void a_label_follows_where_the_model_has_one(void **state)
{
    struct fixture *fixture = *state;
    static const float scores[] = {0.1F, 0.2F, 0.7F};
    static const char *const texts[] = {"benign", ""};
    static const struct infer_labels labels[] = {{"other", NULL, 0}, {"scores", texts, 2}};
    set_tensor(fixture, GALEN_FP32, scores, sizeof(scores));
    fixture->classing.labels = labels;
    fixture->classing.label_count = 2;
    expect_classes(fixture, 3, "0.700000:2|0.200000:1|0.100000:0:benign");
}

static void every_datatype_is_ordered_and_written_as_its_numbers(void **state)
{
    struct fixture *fixture = *state;
    static const int8_t bytes[] = {-128, 127, -1, 0};
    static const int64_t longs[] = {INT64_MIN, INT64_MAX, -1};
    static const uint64_t naturals[] = {1, UINT64_MAX, UINT64_MAX - 1};
    static const double doubles[] = {-0.0, NAN, -INFINITY, 0.0, INFINITY};
    set_tensor(fixture, GALEN_INT8, bytes, sizeof(bytes));
    expect_classes(fixture, 4, "127:1|0:3|-1:2|-128:0");
    set_tensor(fixture, GALEN_INT64, longs, sizeof(longs));
    expect_classes(fixture, 3, "9223372036854775807:1|-1:2|-9223372036854775808:0");
    set_tensor(fixture, GALEN_UINT64, naturals, sizeof(naturals));
    expect_classes(fixture, 2, "18446744073709551615:1|18446744073709551614:2");
    set_tensor(fixture, GALEN_FP64, doubles, sizeof(doubles));
    expect_classes(fixture, 5, "inf:4|-0.000000:0|0.000000:3|-inf:2|nan:1");
}

static void the_longest_number_is_written_whole(void **state)
{
    struct fixture *fixture = *state;
    static const double scores[] = {-1.7976931348623157e308};
    char expected[TEXT_SIZE];
    (void)snprintf(expected, sizeof(expected), "%f:0", scores[0]);
    set_tensor(fixture, GALEN_FP64, scores, sizeof(scores));
    expect_classes(fixture, 1, expected);
}

static void many_elements_are_ranked_as_sorting_them_would(void **state)
{
    struct fixture *fixture = *state;
    static uint16_t scores[1000];
    char expected[TEXT_SIZE] = "";
    size_t used = 0;
    for (size_t i = 0; i < 1000; i++) {
        scores[i] = (uint16_t)(i * 617 % 1000);
    }
    for (int value = 999; value > 979; value--) {
        for (size_t i = 0; i < 1000; i++) {
            if (scores[i] == value) {
                used += (size_t)snprintf(expected + used, sizeof(expected) - used,
                                         "%s%d:%zu", used == 0 ? "" : "|", value, i);
            }
        }
    }
    set_tensor(fixture, GALEN_UINT16, scores, sizeof(scores));
    expect_classes(fixture, 20, expected);
}

static void empty_rows_have_no_classes(void **state)
{
    struct fixture *fixture = *state;
    set_tensor(fixture, GALEN_FP32, "", 0);
    expect_classes(fixture, 5, "");
    assert_int_equal(0, fixture->classes.shape[0]);
}

static void text_and_half_precision_have_no_classes(void **state)
{
    (void)state;
    assert_true(infer_has_classes(GALEN_FP64) && infer_has_classes(GALEN_UINT8));
    assert_false(infer_has_classes(GALEN_BYTES) || infer_has_classes(GALEN_BOOL));
    assert_false(infer_has_classes(GALEN_FP16) || infer_has_classes(GALEN_BF16));
}

static void memory_may_end(void **state)
{
    struct fixture *fixture = *state;
    static const float scores[] = {1};
    set_tensor(fixture, GALEN_FP32, scores, sizeof(scores));
    arena_deinit(&fixture->arena);
    arena_init(&fixture->arena, 0);
    EXPECT_STATUS(GALEN_NO_MEMORY, infer_classes_make(&fixture->tensor, &fixture->classing,
                                                      1, &fixture->arena, &fixture->classes,
                                                      &fixture->storage));
}

int main(void)
{
#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(the_largest_come_first_and_equal_ones_by_index),
        WITH_FIXTURE(no_more_classes_come_than_a_row_has),
        WITH_FIXTURE(each_row_has_classes_of_its_own),
        WITH_FIXTURE(a_label_follows_where_the_model_has_one),
        WITH_FIXTURE(every_datatype_is_ordered_and_written_as_its_numbers),
        WITH_FIXTURE(the_longest_number_is_written_whole),
        WITH_FIXTURE(many_elements_are_ranked_as_sorting_them_would),
        WITH_FIXTURE(empty_rows_have_no_classes),
        WITH_FIXTURE(text_and_half_precision_have_no_classes),
        WITH_FIXTURE(memory_may_end),
    };
    return cmocka_run_group_tests_name("classes", tests, NULL, NULL);
}
