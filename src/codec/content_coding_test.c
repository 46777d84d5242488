/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/content_coding.h"

#include <stdlib.h>

#include "expect.h"

enum { ARENA_SIZE_BYTES_MAX = 8 << 20, BODY_SIZE = 300000 };

struct fixture {
    struct arena arena;
    struct blob *coded;
    struct blob *body;
    struct error error;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){0};
    arena_init(&fixture.arena, ARENA_SIZE_BYTES_MAX);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    blob_unref(fixture->coded);
    blob_unref(fixture->body);
    arena_deinit(&fixture->arena);
    return 0;
}

static struct bytes bytes_of_blob(struct blob *blob)
{
    return bytes_of(blob_data(blob), blob_size(blob));
}

static struct bytes encode(struct fixture *fixture, enum content_coding coding,
                           struct bytes body)
{
    blob_unref(take(&fixture->coded));
    assert_true(content_encode(coding, body, &fixture->arena, &fixture->coded));
    return bytes_of_blob(fixture->coded);
}

static enum galen_status decode(struct fixture *fixture, enum content_coding coding,
                                struct bytes coded, size_t size_bytes_max)
{
    const struct content_source source = {coding, coded, size_bytes_max, 0};
    blob_unref(take(&fixture->body));
    error_clear(&fixture->error);
    return content_decode(&source, &fixture->arena, &fixture->body, &fixture->error);
}

static void expect_refused(struct fixture *fixture, enum galen_status status,
                           enum content_coding coding, struct bytes coded, const char *why)
{
    EXPECT_STATUS(status, decode(fixture, coding, coded, BODY_SIZE));
    assert_null(fixture->body);
    assert_non_null(strstr(fixture->error.text, why));
}

/* Text that repeats itself now and then. */
static struct bytes sample(void)
{
    static uint8_t text[BODY_SIZE];
    uint32_t seed = 1;
    for (size_t i = 0; i < sizeof(text); i++) {
        seed = seed * 1664525 + 1013904223;
        text[i] = (uint8_t)('a' + (seed >> 24) % 12);
    }
    return bytes_of(text, sizeof(text));
}

static void what_is_encoded_decodes_to_itself(void **state)
{
    struct fixture *fixture = *state;
    static const enum content_coding codings[] = {CONTENT_GZIP, CONTENT_DEFLATE};
    for (size_t i = 0; i < 2; i++) {
        const struct bytes coded = encode(fixture, codings[i], sample());
        assert_true(coded.size < BODY_SIZE);
        EXPECT_OK(decode(fixture, codings[i], coded, BODY_SIZE));
        assert_true(bytes_equal(bytes_of_blob(fixture->body), sample()));
    }
}

static void the_formats_are_gzip_and_zlib(void **state)
{
    struct fixture *fixture = *state;
    assert_memory_equal("\x1f\x8b", encode(fixture, CONTENT_GZIP, sample()).data, 2);
    assert_memory_equal("\x78", encode(fixture, CONTENT_DEFLATE, sample()).data, 1);
}

static void the_tensors_behind_the_json_are_aligned(void **state)
{
    struct fixture *fixture = *state;
    const struct bytes coded = encode(fixture, CONTENT_GZIP, sample());
    for (size_t lead = 0; lead <= BODY_SIZE; lead += 99991) {
        const struct content_source source = {CONTENT_GZIP, coded, BODY_SIZE, lead};
        blob_unref(take(&fixture->body));
        EXPECT_OK(content_decode(&source, &fixture->arena, &fixture->body, NULL));
        assert_true(bytes_equal(bytes_of_blob(fixture->body), sample()));
        assert_int_equal(0, (uintptr_t)(blob_data(fixture->body) + lead) % BLOB_ALIGNMENT);
    }
}

static void a_body_may_have_exactly_its_size(void **state)
{
    struct fixture *fixture = *state;
    const struct bytes coded = encode(fixture, CONTENT_GZIP, sample());
    EXPECT_OK(decode(fixture, CONTENT_GZIP, coded, BODY_SIZE));
    EXPECT_STATUS(GALEN_TOO_LARGE, decode(fixture, CONTENT_GZIP, coded, BODY_SIZE - 1));
    assert_non_null(strstr(fixture->error.text, "more than 299999 bytes"));
    EXPECT_STATUS(GALEN_TOO_LARGE, decode(fixture, CONTENT_GZIP, coded, 0));
}

static void a_bomb_is_stopped_at_the_limit(void **state)
{
    struct fixture *fixture = *state;
    const size_t size = 64 << 20;
    uint8_t *zeros = calloc(1, size);
    assert_non_null(zeros);
    const struct bytes coded = encode(fixture, CONTENT_DEFLATE, bytes_of(zeros, size));
    free(zeros);
    assert_true(coded.size < size / 200);
    EXPECT_STATUS(GALEN_TOO_LARGE, decode(fixture, CONTENT_DEFLATE, coded, BODY_SIZE));
}

static void members_of_gzip_are_joined(void **state)
{
    struct fixture *fixture = *state;
    static const struct bytes body = BYTES_INIT("0000000000000000000000000000000000000000");
    const struct bytes one = encode(fixture, CONTENT_GZIP, body);
    uint8_t two[256];
    memcpy(two, one.data, one.size);
    memcpy(two + one.size, one.data, one.size);
    EXPECT_OK(decode(fixture, CONTENT_GZIP, bytes_of(two, 2 * one.size), BODY_SIZE));
    assert_int_equal(2 * body.size, blob_size(fixture->body));
}

static void what_is_not_the_coding_is_refused_and_the_coding_named(void **state)
{
    struct fixture *fixture = *state;
    expect_refused(fixture, GALEN_INVALID, CONTENT_GZIP, BYTES("{\"inputs\":[]}"),
                   "is not gzip");
    expect_refused(fixture, GALEN_INVALID, CONTENT_DEFLATE, BYTES("{\"inputs\":[]}"),
                   "is not deflate");
    expect_refused(fixture, GALEN_INVALID, CONTENT_GZIP, BYTES_NONE, "cut short");
    expect_refused(fixture, GALEN_INVALID, CONTENT_DEFLATE,
                   encode(fixture, CONTENT_GZIP, sample()), "is not deflate");
}

static void every_cut_and_every_changed_byte_is_refused(void **state)
{
    struct fixture *fixture = *state;
    static const char text[] = "a note of no great length, a note of no great length";
    const struct bytes coded = encode(fixture, CONTENT_DEFLATE, bytes_from_string(text));
    uint8_t copy[sizeof(text)];
    for (size_t i = 0; i < coded.size; i++) {
        expect_refused(fixture, GALEN_INVALID, CONTENT_DEFLATE, bytes_first(coded, i),
                       "cut short");
        memcpy(copy, coded.data, coded.size);
        copy[i] ^= 0x10;
        EXPECT_STATUS(GALEN_INVALID, decode(fixture, CONTENT_DEFLATE,
                                            bytes_of(copy, coded.size), BODY_SIZE));
    }
}

static void what_follows_the_coding_is_refused(void **state)
{
    struct fixture *fixture = *state;
    static const struct bytes body = BYTES_INIT("0000000000000000000000000000000000000000");
    uint8_t longer[256];
    struct bytes coded = encode(fixture, CONTENT_DEFLATE, body);
    memcpy(longer, coded.data, coded.size);
    longer[coded.size] = 'x';
    expect_refused(fixture, GALEN_INVALID, CONTENT_DEFLATE,
                   bytes_of(longer, coded.size + 1), "something follows");
    coded = encode(fixture, CONTENT_GZIP, body);
    memcpy(longer, coded.data, coded.size);
    longer[coded.size] = 'x';
    expect_refused(fixture, GALEN_INVALID, CONTENT_GZIP, bytes_of(longer, coded.size + 1),
                   "is not gzip");
}

static void what_gets_no_smaller_is_left_as_it_is(void **state)
{
    struct fixture *fixture = *state;
    assert_false(
        content_encode(CONTENT_GZIP, BYTES("short"), &fixture->arena, &fixture->coded));
    assert_false(
        content_encode(CONTENT_GZIP, BYTES_NONE, &fixture->arena, &fixture->coded));
    const struct bytes coded = encode(fixture, CONTENT_GZIP, sample());
    struct blob *again = NULL;
    assert_false(content_encode(CONTENT_GZIP, coded, &fixture->arena, &again));
}

static void memory_may_end(void **state)
{
    struct fixture *fixture = *state;
    const struct bytes coded = encode(fixture, CONTENT_GZIP, sample());
    arena_deinit(&fixture->arena);
    arena_init(&fixture->arena, 0);
    expect_refused(fixture, GALEN_NO_MEMORY, CONTENT_GZIP, coded, "no memory");
    struct blob *none = NULL;
    assert_false(content_encode(CONTENT_GZIP, sample(), &fixture->arena, &none));
}

static void one_coding_is_understood(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        enum content_coding coding;
    } rows[] = {{"gzip", CONTENT_GZIP},
                {" GZip ", CONTENT_GZIP},
                {"x-gzip", CONTENT_GZIP},
                {"deflate", CONTENT_DEFLATE},
                {"identity", CONTENT_IDENTITY}};
    static const char *const others[] = {"br", "", "gzip, deflate", "gzip;q=1", "compress"};
    enum content_coding coding;
    struct error error;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        EXPECT_OK(content_coding_parse(bytes_from_string(rows[i].value), &coding, NULL));
        assert_int_equal(rows[i].coding, coding);
    }
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        EXPECT_STATUS(GALEN_NOT_IMPLEMENTED,
                      content_coding_parse(bytes_from_string(others[i]), &coding, &error));
    }
    assert_non_null(strstr(error.text, "gzip, deflate"));
}

static void the_coding_that_is_liked_best_is_chosen(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        enum content_coding coding;
    } rows[] = {
        {"", CONTENT_IDENTITY},
        {"gzip", CONTENT_GZIP},
        {"deflate", CONTENT_DEFLATE},
        {"gzip, deflate", CONTENT_GZIP},
        {"deflate, gzip", CONTENT_DEFLATE},
        {"gzip;q=.5, deflate;q=.8", CONTENT_DEFLATE},
        {"gzip;q=0.5, deflate ; Q=0.499", CONTENT_GZIP},
        {"gzip;q=0, deflate;q=0.0", CONTENT_IDENTITY},
        {"gzip;q=0.2, identity", CONTENT_IDENTITY},
        {"gzip;q=0.2, identity;q=0.1", CONTENT_GZIP},
        {"*", CONTENT_IDENTITY},
        {"br", CONTENT_IDENTITY},
        {"br;q=1, gzip;q=0.1", CONTENT_GZIP},
        {"X-GZIP", CONTENT_GZIP},
        {",, gzip ,", CONTENT_GZIP},
        {"gzip;q=1.5, deflate;q=.1", CONTENT_DEFLATE},
        {"gzip;q=2", CONTENT_IDENTITY},
        {"gzip;q=", CONTENT_IDENTITY},
        {"gzip;q=0.1234", CONTENT_IDENTITY},
        {"gzip;q=-1", CONTENT_IDENTITY},
        {"gzip;=", CONTENT_IDENTITY},
        {"gzipp", CONTENT_IDENTITY},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (content_coding_choose(bytes_from_string(rows[i].value)) != rows[i].coding) {
            fail_msg("%s", rows[i].value);
        }
    }
}

int main(void)
{
#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(what_is_encoded_decodes_to_itself),
        WITH_FIXTURE(the_formats_are_gzip_and_zlib),
        WITH_FIXTURE(the_tensors_behind_the_json_are_aligned),
        WITH_FIXTURE(a_body_may_have_exactly_its_size),
        WITH_FIXTURE(a_bomb_is_stopped_at_the_limit),
        WITH_FIXTURE(members_of_gzip_are_joined),
        WITH_FIXTURE(what_is_not_the_coding_is_refused_and_the_coding_named),
        WITH_FIXTURE(every_cut_and_every_changed_byte_is_refused),
        WITH_FIXTURE(what_follows_the_coding_is_refused),
        WITH_FIXTURE(what_gets_no_smaller_is_left_as_it_is),
        WITH_FIXTURE(memory_may_end),
        WITH_FIXTURE(one_coding_is_understood),
        WITH_FIXTURE(the_coding_that_is_liked_best_is_chosen),
    };
    return cmocka_run_group_tests_name("content_coding", tests, NULL, NULL);
}
