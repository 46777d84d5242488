/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/tensor_json.h"

#include <math.h>

#include "base/limits.h"
#include "expect.h"

struct fixture {
    struct arena arena;
    struct galen_tensor tensor;
    bool special_numbers;
    struct error error;
};

static int fixture_setup(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){.tensor = {.name = "x", .datatype = GALEN_FP32}};
    arena_init(&fixture.arena, LIMIT_ARENA_SIZE_BYTES_MAX);
    *state = &fixture;
    return 0;
}

static int fixture_teardown(void **state)
{
    struct fixture *fixture = *state;
    arena_deinit(&fixture->arena);
    return 0;
}

static void shape_is(struct fixture *fixture, enum galen_datatype datatype, uint32_t rank,
                     const int64_t *shape)
{
    fixture->tensor.datatype = datatype;
    fixture->tensor.rank = rank;
    memcpy(fixture->tensor.shape, shape, rank * sizeof(*shape));
}

static enum galen_status read_text(struct fixture *fixture, const char *text)
{
    return tensor_json_read(bytes_from_string(text), fixture->special_numbers,
                            &fixture->arena, &fixture->tensor, &fixture->error);
}

static void expect_bytes(struct fixture *fixture, const char *text, const void *expected,
                         size_t size)
{
    if (read_text(fixture, text) != GALEN_OK) {
        fail_msg("%s: %s", text, fixture->error.text);
    }
    assert_int_equal(size, fixture->tensor.size_bytes);
    assert_memory_equal(expected, fixture->tensor.bytes, size);
    assert_int_equal(0, (uintptr_t)fixture->tensor.bytes % 64);
}

static void expect_refusal(struct fixture *fixture, const char *text, const char *pointer)
{
    const struct galen_tensor before = fixture->tensor;
    error_clear(&fixture->error);
    if (read_text(fixture, text) != GALEN_INVALID) {
        fail_msg("%s is not refused as invalid", text);
    }
    if (strcmp(pointer, fixture->error.pointer) != 0) {
        fail_msg("%s: \"%s\" instead of \"%s\" (%s)", text, fixture->error.pointer, pointer,
                 fixture->error.text);
    }
    assert_true(fixture->error.text[0] != '\0');
    assert_ptr_equal(before.bytes, fixture->tensor.bytes);
}

static void flat_and_nested_arrays_are_the_same_tensor(void **state)
{
    struct fixture *fixture = *state;
    const float expected[] = {1, -2.5F, 3e-7F, 4, 0.1F, -0.0F};
    shape_is(fixture, GALEN_FP32, 3, (int64_t[]){1, 2, 3});
    expect_bytes(fixture, "[1,-2.5,3e-7,4,0.1,-0]", expected, sizeof(expected));
    expect_bytes(fixture, "[[[1,-2.5,3e-7],[4,0.1,-0.0]]]", expected, sizeof(expected));
    expect_bytes(fixture, "[ [ [ 1 ,\t-2.5,3E-7 ] ,\r\n[4.0,1e-1,-0e5]\n] ]", expected,
                 sizeof(expected));
}

static void a_scalar_is_an_array_of_one(void **state)
{
    struct fixture *fixture = *state;
    const float expected = 5;
    shape_is(fixture, GALEN_FP32, 0, (int64_t[]){0});
    expect_bytes(fixture, "[5]", &expected, sizeof(expected));
    expect_refusal(fixture, "[]", "/0");
    expect_refusal(fixture, "[5,6]", "/1");
    expect_refusal(fixture, "[[5]]", "/0");
}

static void a_tensor_without_elements_is_an_empty_array(void **state)
{
    struct fixture *fixture = *state;
    shape_is(fixture, GALEN_INT32, 2, (int64_t[]){2, 0});
    expect_bytes(fixture, "[]", "", 0);
    expect_bytes(fixture, "[ [ ] , [] ]", "", 0);
    expect_refusal(fixture, "[[],[1]]", "/1/0");
    expect_refusal(fixture, "[[]]", "/1");
    expect_refusal(fixture, "[1]", "/0");
    shape_is(fixture, GALEN_INT32, 2, (int64_t[]){0, 2});
    expect_bytes(fixture, "[]", "", 0);
    expect_refusal(fixture, "[[]]", "/0");
}

static void ragged_or_foreign_nesting_is_refused(void **state)
{
    struct fixture *fixture = *state;
    shape_is(fixture, GALEN_FP32, 2, (int64_t[]){2, 2});
    expect_refusal(fixture, "[[1,2],[3]]", "/1/1");
    expect_refusal(fixture, "[[1,2],[3,4,5]]", "/1/2");
    expect_refusal(fixture, "[[1,2],3,4]", "/1");
    expect_refusal(fixture, "[1,2,[3,4]]", "/2");
    expect_refusal(fixture, "[[1,2]]", "/1");
    expect_refusal(fixture, "[[1,2],[3,4],[5,6]]", "/2");
    expect_refusal(fixture, "[[[1,2],[3,4]]]", "/0/0");
    expect_refusal(fixture, "[[1,2],[3,[4]]]", "/1/1");
    expect_refusal(fixture, "[[1,2],[3,null]]", "/1/1");
    assert_non_null(strstr(fixture->error.text, "element 3 "));
    shape_is(fixture, GALEN_FP32, 3, (int64_t[]){1, 2, 2});
    expect_refusal(fixture, "[[1,2],[3,4]]", "/0/0");
}

static void the_element_count_must_be_the_shapes(void **state)
{
    struct fixture *fixture = *state;
    shape_is(fixture, GALEN_INT64, 1, (int64_t[]){3});
    expect_refusal(fixture, "[1,2]", "/2");
    expect_refusal(fixture, "[1,2,3,4]", "/3");
    expect_refusal(fixture, "[1,2,]", "/2");
    expect_refusal(fixture, "[1,2,3,]", "/3");
    expect_refusal(fixture, "[ ]", "/0");
}

static void text_that_is_no_array_is_refused(void **state)
{
    struct fixture *fixture = *state;
    shape_is(fixture, GALEN_FP32, 1, (int64_t[]){2});
    static const struct {
        const char *text;
        const char *pointer;
    } rows[] = {
        {"[1 2]", "/0"}, {"[1,,2]", "/1"}, {"[,1,2]", "/0"}, {"[1,2", "/1"},
        {"[1,", "/1"},   {"{1,2}", ""},    {"[1;2]", "/0"},  {"1,2]", ""},
        {"[1,2]]", ""},  {"[1,2] x", ""},  {"[1,2}", "/1"},  {"    ", ""},
        {"[1, ", "/1"},  {"[   ", "/0"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        expect_refusal(fixture, rows[i].text, rows[i].pointer);
    }
}

static void only_numbers_that_fit_are_taken(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        enum galen_datatype datatype;
        const char *text;
    } rows[] = {
        {GALEN_UINT8, "[256]"},
        {GALEN_UINT8, "[-1]"},
        {GALEN_UINT8, "[1.0]"},
        {GALEN_UINT8, "[1e1]"},
        {GALEN_UINT8, "[\"1\"]"},
        {GALEN_UINT8, "[true]"},
        {GALEN_UINT8, "[null]"},
        {GALEN_UINT16, "[65536]"},
        {GALEN_UINT32, "[4294967296]"},
        {GALEN_UINT64, "[18446744073709551616]"},
        {GALEN_UINT64, "[-1]"},
        {GALEN_INT8, "[128]"},
        {GALEN_INT8, "[-129]"},
        {GALEN_INT16, "[32768]"},
        {GALEN_INT16, "[-32769]"},
        {GALEN_INT32, "[2147483648]"},
        {GALEN_INT32, "[-2147483649]"},
        {GALEN_INT64, "[9223372036854775808]"},
        {GALEN_INT64, "[-9223372036854775809]"},
        {GALEN_INT64, "[01]"},
        {GALEN_FP32, "[1e39]"},
        {GALEN_FP32, "[-3.5e38]"},
        {GALEN_FP32, "[NaN]"},
        {GALEN_FP32, "[Infinity]"},
        {GALEN_FP32, "[-Infinity]"},
        {GALEN_FP32, "[null]"},
        {GALEN_FP32, "[\"1\"]"},
        {GALEN_FP32, "[.5]"},
        {GALEN_FP32, "[+5]"},
        {GALEN_FP64, "[1e309]"},
        {GALEN_FP64, "[true]"},
        {GALEN_BOOL, "[1]"},
        {GALEN_BOOL, "[0]"},
        {GALEN_BOOL, "[\"true\"]"},
        {GALEN_BOOL, "[True]"},
        {GALEN_BOOL, "[tru]"},
        {GALEN_BYTES, "[1]"},
        {GALEN_BYTES, "[null]"},
        {GALEN_BYTES, "[a  ]"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        shape_is(fixture, rows[i].datatype, 1, (int64_t[]){1});
        expect_refusal(fixture, rows[i].text, "/0");
        assert_non_null(strstr(fixture->error.text, "element 0 "));
        assert_non_null(strstr(fixture->error.text, galen_datatype_name(rows[i].datatype)));
    }
}

static void integers_are_exact_at_their_limits(void **state)
{
    struct fixture *fixture = *state;
    const int64_t pair[] = {2};
    shape_is(fixture, GALEN_UINT8, 1, pair);
    expect_bytes(fixture, "[0,255]", (uint8_t[]){0, 255}, 2);
    shape_is(fixture, GALEN_UINT16, 1, pair);
    expect_bytes(fixture, "[1,65535]", (uint16_t[]){1, 65535}, 4);
    shape_is(fixture, GALEN_UINT32, 1, pair);
    expect_bytes(fixture, "[1,4294967295]", (uint32_t[]){1, UINT32_MAX}, 8);
    shape_is(fixture, GALEN_UINT64, 1, pair);
    expect_bytes(fixture, "[1,18446744073709551615]", (uint64_t[]){1, UINT64_MAX}, 16);
    shape_is(fixture, GALEN_INT8, 1, pair);
    expect_bytes(fixture, "[-128,127]", (int8_t[]){-128, 127}, 2);
    shape_is(fixture, GALEN_INT16, 1, pair);
    expect_bytes(fixture, "[-32768,32767]", (int16_t[]){INT16_MIN, INT16_MAX}, 4);
    shape_is(fixture, GALEN_INT32, 1, pair);
    expect_bytes(fixture, "[-2147483648,2147483647]", (int32_t[]){INT32_MIN, INT32_MAX}, 8);
    shape_is(fixture, GALEN_INT64, 1, pair);
    expect_bytes(fixture, "[-9223372036854775808,9223372036854775807]",
                 (int64_t[]){INT64_MIN, INT64_MAX}, 16);
    shape_is(fixture, GALEN_FP64, 1, pair);
    expect_bytes(fixture, "[0.1,-1e308]", (double[]){0.1, -1e308}, 16);
    shape_is(fixture, GALEN_BOOL, 1, pair);
    expect_bytes(fixture, "[true, false]", "\1\0", 2);
}

static void strings_are_decoded_and_carry_their_length(void **state)
{
    struct fixture *fixture = *state;
    shape_is(fixture, GALEN_BYTES, 2, (int64_t[]){2, 2});
    static const char expected[] = "\2\0\0\0ab"
                                   "\0\0\0\0"
                                   "\3\0\0\0]\",";
    expect_bytes(
        fixture, "[[\"ab\",\"\"],[\"]\\\",\",\"\\u0000\\u00e9\\ud83d\\ude00\\n/\\/\"]]",
        (char[]){"\2\0\0\0ab\0\0\0\0\3\0\0\0]\",\12\0\0\0\0\303\251\360\237\230\200\n//"},
        (sizeof(expected) - 1) + 14);
}

static void strings_that_are_no_text_are_refused(void **state)
{
    struct fixture *fixture = *state;
    static const char *const texts[] = {
        "[\"a]",
        "[\"\\x\"]",
        "[\"\\u12\"]",
        "[\"\\ud800\"]",
        "[\"\\udc00\"]",
        "[\"\\ud800\\u0041\"]",
        "[\"\\ud800\\n\"]",
        "[\"\xff\"]",
        "[\"\xc3\"]",
        "[\"a\nb\"]",
        "[\"\\",
        "[\"\\u",
        "[\"\\ud800\\u",
        "[\"\xed\xa0\x80\"]",
        "[\"\xc3\\u00a9\"]",
    };
    shape_is(fixture, GALEN_BYTES, 1, (int64_t[]){1});
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        expect_refusal(fixture, texts[i], "/0");
    }
}

static void half_precision_has_no_json(void **state)
{
    struct fixture *fixture = *state;
    shape_is(fixture, GALEN_FP16, 1, (int64_t[]){1});
    expect_refusal(fixture, "[1]", "");
    assert_non_null(strstr(fixture->error.text, "FP16 data via JSON is not supported"));
    shape_is(fixture, GALEN_BF16, 1, (int64_t[]){1});
    expect_refusal(fixture, "[1]", "");
}

static void a_huge_shape_costs_nothing(void **state)
{
    struct fixture *fixture = *state;
    shape_is(fixture, GALEN_FP64, 3, (int64_t[]){1 << 20, 1 << 20, 1 << 20});
    expect_refusal(fixture, "[1]", "");
    assert_int_equal(0, fixture->arena.size_bytes);
    shape_is(fixture, GALEN_FP64, 3, (int64_t[]){1 << 30, 1 << 30, 1 << 30});
    EXPECT_STATUS(GALEN_TOO_LARGE, read_text(fixture, "[1]"));
}

static void a_full_arena_is_no_memory(void **state)
{
    struct fixture *fixture = *state;
    fixture->arena.size_bytes_max = 32;
    shape_is(fixture, GALEN_FP32, 1, (int64_t[]){1});
    EXPECT_STATUS(GALEN_NO_MEMORY, read_text(fixture, "[1]"));
}

static void special_numbers_are_read_where_they_are_allowed(void **state)
{
    struct fixture *fixture = *state;
    const float singles[] = {NAN, INFINITY, -INFINITY, 1};
    const double doubles[] = {(double)NAN, (double)INFINITY, (double)-INFINITY, 1};
    fixture->special_numbers = true;
    shape_is(fixture, GALEN_FP32, 1, (int64_t[]){4});
    expect_bytes(fixture, "[NaN,Infinity , -Infinity,1]", singles, sizeof(singles));
    shape_is(fixture, GALEN_FP64, 2, (int64_t[]){2, 2});
    expect_bytes(fixture, "[[NaN,Infinity],[-Infinity,1]]", doubles, sizeof(doubles));
}

static void other_words_are_no_numbers_even_then(void **state)
{
    struct fixture *fixture = *state;
    static const char *const texts[] = {"[nan]",       "[-NaN]",    "[Inf]",
                                        "[+Infinity]", "[Infinit]", "[NaNN]",
                                        "[1Infinity]", "[\"NaN\"]", "[- Infinity]"};
    fixture->special_numbers = true;
    shape_is(fixture, GALEN_FP32, 1, (int64_t[]){1});
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        expect_refusal(fixture, texts[i], "/0");
    }
    fixture->tensor.datatype = GALEN_INT32;
    expect_refusal(fixture, "[NaN]", "/0");
    fixture->tensor.datatype = GALEN_BOOL;
    expect_refusal(fixture, "[NaN]", "/0");
}

int main(void)
{
#define WITH_FIXTURE(test) \
    cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(flat_and_nested_arrays_are_the_same_tensor),
        WITH_FIXTURE(a_scalar_is_an_array_of_one),
        WITH_FIXTURE(a_tensor_without_elements_is_an_empty_array),
        WITH_FIXTURE(ragged_or_foreign_nesting_is_refused),
        WITH_FIXTURE(the_element_count_must_be_the_shapes),
        WITH_FIXTURE(text_that_is_no_array_is_refused),
        WITH_FIXTURE(only_numbers_that_fit_are_taken),
        WITH_FIXTURE(integers_are_exact_at_their_limits),
        WITH_FIXTURE(strings_are_decoded_and_carry_their_length),
        WITH_FIXTURE(strings_that_are_no_text_are_refused),
        WITH_FIXTURE(half_precision_has_no_json),
        WITH_FIXTURE(a_huge_shape_costs_nothing),
        WITH_FIXTURE(a_full_arena_is_no_memory),
        WITH_FIXTURE(special_numbers_are_read_where_they_are_allowed),
        WITH_FIXTURE(other_words_are_no_numbers_even_then),
    };
    return cmocka_run_group_tests_name("tensor_json", tests, NULL, NULL);
}
