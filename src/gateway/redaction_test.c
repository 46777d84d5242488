/* SPDX-License-Identifier: Apache-2.0 */
/* Each redaction by itself, and then random policies over random answers: what a policy
 * hides is nowhere in the bytes, what it does not hide is there as it was. */
#include "gateway/redaction.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "codec/json.h"
#include "codec/number.h"
#include "expect.h"
#include "gateway/answer_writer.h"
#include "random.h"

enum { SEED_COUNT = 4000, ELEMENT_COUNT_MAX = 4, LEAF_COUNT_MAX = 64, TEXT_SIZE = 1 << 15 };

static struct settings settings;
static struct policies policies;
static struct error error;
static struct hmac *hmac;
static char value[TEXT_SIZE];

static const struct policy *read_policy(const char *text)
{
    settings_init(&settings);
    if (settings_read(&settings, bytes_from_string(text), "p.yaml", &error) != GALEN_OK) {
        return NULL;
    }
    EXPECT_OK(policies_init(&policies, settings.policies, settings.policy_count));
    return &policies.items[0];
}

static struct redaction begin(const char *text, uint8_t context)
{
    uint8_t subject[SHA256_SIZE] = {context};
    struct redaction redaction;
    const struct policy *policy = read_policy(text);
    assert_non_null(policy);
    redaction_init(&redaction, policy, hmac, subject);
    return redaction;
}

static const char *end(struct redaction *redaction, struct writer *out)
{
    EXPECT_OK(redaction->status);
    EXPECT_OK(out->status);
    assert_int_equal(redaction->count, 1);
    memcpy(value, writer_bytes(out).data, out->size);
    value[out->size] = '\0';
    writer_deinit(out);
    redaction_deinit(redaction);
    return value;
}

static const char *text_under(const char *policy, uint8_t context, struct bytes text)
{
    struct redaction redaction = begin(policy, context);
    struct writer out;
    writer_init(&out, TEXT_SIZE - 1);
    struct json_writer json = json_writer_on(&out);
    redaction_put_text(&redaction, ANSWER_ENTITY_TEXT, 3, text, &json);
    return end(&redaction, &out);
}

static const char *fraction_under(const char *policy, double number, bool is_f32)
{
    struct redaction redaction = begin(policy, 0);
    struct writer out;
    writer_init(&out, TEXT_SIZE - 1);
    struct json_writer json = json_writer_on(&out);
    redaction_put_fraction(&redaction, ANSWER_PREDICTION_SCORE, 0, number, is_f32, &json);
    return end(&redaction, &out);
}

static const char *whole_under(const char *policy, uint64_t number)
{
    struct redaction redaction = begin(policy, 0);
    struct writer out;
    writer_init(&out, TEXT_SIZE - 1);
    struct json_writer json = json_writer_on(&out);
    redaction_put_whole(&redaction, ANSWER_TIMING_TOTAL, 0, number, &json);
    return end(&redaction, &out);
}

static void a_mask_says_nothing_of_what_it_hides(void **state)
{
    (void)state;
    static const char policy[] =
        "policies: {p: {echo_text: true, mask: [/entities/*/text, /predictions/*/score, "
        "/timing_us/total, /abstained]}}";
    assert_string_equal(text_under(policy, 0, BYTES("Jane")), "\"***\"");
    assert_string_equal(text_under(policy, 0, BYTES("\xF0\x9F\xA9\xBA\xC3\xA9 \"\\\n")),
                        "\"***\"");
    assert_string_equal(text_under(policy, 0, BYTES("")), "\"***\"");
    assert_string_equal(fraction_under(policy, 0.97, true), "null");
    assert_string_equal(whole_under(policy, 12345), "null");

    struct redaction redaction = begin(policy, 0);
    struct writer out;
    writer_init(&out, TEXT_SIZE - 1);
    struct json_writer json = json_writer_on(&out);
    redaction_put_null(&redaction, ANSWER_ABSTAINED, 0, &json);
    assert_string_equal(end(&redaction, &out), "\"***\"");
}

static void a_fraction_is_rounded_to_the_nearest(void **state)
{
    (void)state;
    static const struct {
        int digits;
        double number;
        bool is_f32;
        const char *rounded;
    } cases[] = {
        {2, 0.987654321, false, "0.99"},
        {2, 0.9, false, "0.9"},
        {2, (double)0.98F, true, "0.98"},
        {2, (double)0.123456F, true, "0.12"},
        {0, 0.5, false, "0.0"},
        {0, 0.51, false, "1.0"},
        {1, 0.25, false, "0.2"},
        {1, 0.96, false, "1.0"},
        {15, 0.1, false, "0.1"},
        {15, (double)0.1F, true, "0.1"},
        {3, 1e-300, false, "0.0"},
        {3, 0, true, "0.0"},
        {3, 1, true, "1.0"},
        {4, 5e-324, false, "0.0"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char policy[128];
        (void)snprintf(policy, sizeof(policy),
                       "policies: {p: {round: {/predictions/*/score: %d}}}",
                       cases[i].digits);
        assert_string_equal(fraction_under(policy, cases[i].number, cases[i].is_f32),
                            cases[i].rounded);
    }
}

static void a_band_begins_at_its_bound(void **state)
{
    (void)state;
    static const char policy[] =
        "policies: {p: {generalise: {/predictions/*/score: {bands: [0.5, 0.9]}, "
        "/timing_us/*: {bands: [1000]}}}}";
    assert_string_equal(fraction_under(policy, 0.49999, true), "\"below 0.5\"");
    assert_string_equal(fraction_under(policy, 0.5, true), "\"0.5 to 0.9\"");
    assert_string_equal(fraction_under(policy, 0.9, false), "\"0.9 or more\"");
    assert_string_equal(fraction_under(policy, 1, false), "\"0.9 or more\"");
    assert_string_equal(whole_under(policy, 999), "\"below 1000\"");
    assert_string_equal(whole_under(policy, UINT64_MAX), "\"1000 or more\"");
}

static void a_step_goes_down_to_a_multiple(void **state)
{
    (void)state;
    static const char policy[] = "policies: {p: {generalise: {/timing_us/*: {step: 10}}}}";
    assert_string_equal(whole_under(policy, 0), "0");
    assert_string_equal(whole_under(policy, 9), "0");
    assert_string_equal(whole_under(policy, 57), "50");
    assert_string_equal(whole_under(policy, UINT64_MAX), "18446744073709551610");
}

#define HASHING "{echo_text: true, hash: [/entities/*/text, /model/name]}"

static void a_pseudonym_is_of_text_subject_and_policy(void **state)
{
    (void)state;
    static const char policy[] = "policies: {p: " HASHING "}";
    char first[64];
    (void)snprintf(first, sizeof(first), "%s", text_under(policy, 1, BYTES("Jane")));
    assert_int_equal(strlen(first), 2 + 32);
    assert_string_equal(first, text_under(policy, 1, BYTES("Jane")));
    assert_string_not_equal(first, text_under(policy, 1, BYTES("jane")));
    assert_string_not_equal(first, text_under(policy, 2, BYTES("Jane")));
    assert_string_not_equal(first,
                            text_under("policies: {q: " HASHING "}", 1, BYTES("Jane")));
}

static void a_pseudonym_is_the_keyed_hash_that_the_documentation_says(void **state)
{
    (void)state;
    struct writer message;
    const uint8_t context[SHA256_SIZE] = {7};
    uint8_t code[SHA256_SIZE];
    char hex[SHA256_HEX_SIZE];
    writer_init(&message, 256);
    writer_put(&message, BYTES("p\0"));
    writer_put(&message, bytes_of(context, sizeof(context)));
    writer_put(&message, BYTES("Jane"));
    EXPECT_OK(hmac_of(hmac, writer_bytes(&message), code));
    writer_deinit(&message);
    sha256_to_hex(code, hex);
    const char *pseudonym = text_under("policies: {p: " HASHING "}", 7, BYTES("Jane"));
    assert_memory_equal(pseudonym + 1, hex, 32);
}

static void without_a_key_there_is_no_answer(void **state)
{
    (void)state;
    struct redaction redaction = begin("policies: {p: " HASHING "}", 0);
    struct writer out;
    redaction.hmac = NULL;
    writer_init(&out, TEXT_SIZE - 1);
    struct json_writer json = json_writer_on(&out);
    redaction_put_text(&redaction, ANSWER_ENTITY_TEXT, 0, BYTES("Jane"), &json);
    EXPECT_STATUS(GALEN_INTERNAL, redaction.status);
    assert_null(memmem(writer_bytes(&out).data, out.size, "Jane", 4));
    writer_deinit(&out);
    redaction_deinit(&redaction);
}

/* Random policies over random answers. */

/* One value of an answer, as it stands in JSON, and where. */
struct leaf {
    char pointer[64];
    char text[96];
};

struct answer {
    struct random random;
    struct leaf leaves[LEAF_COUNT_MAX];
    size_t count;
};

static struct leaf *add_leaf(struct answer *answer, enum answer_member member,
                             uint32_t index)
{
    struct leaf *leaf = &answer->leaves[answer->count++];
    struct writer pointer;
    assert_true(answer->count <= LEAF_COUNT_MAX);
    writer_init(&pointer, sizeof(leaf->pointer));
    answer_put_pointer(member, index, &pointer);
    (void)snprintf(leaf->pointer, sizeof(leaf->pointer), "%.*s",
                   BYTES_PRINT(writer_bytes(&pointer)));
    writer_deinit(&pointer);
    return leaf;
}

/* Long enough that none is found by chance: 10 digits at least, or a word. */
static void put_text(struct answer *answer, struct answer_writer *writer,
                     enum answer_member member)
{
    static const char *const leads[] = {"Jane ", "\xC3\xA9", "\xF0\x9F\xA9\xBA",
                                        "\xE2\x82\xAC"};
    struct leaf *leaf = add_leaf(answer, member, writer->index_);
    (void)snprintf(leaf->text, sizeof(leaf->text), "%s%016llx",
                   leads[random_below(&answer->random, 4)],
                   (unsigned long long)random_u64(&answer->random));
    answer_put_string(writer, member, leaf->text);
}

static void put_whole(struct answer *answer, struct answer_writer *writer,
                      enum answer_member member)
{
    struct leaf *leaf = add_leaf(answer, member, writer->index_);
    const uint64_t number =
        UINT64_C(10000000001) + random_below(&answer->random, 1U << 31) * 10;
    (void)snprintf(leaf->text, sizeof(leaf->text), "%llu", (unsigned long long)number);
    answer_put_whole(writer, member, number);
}

static void put_fraction(struct answer *answer, struct answer_writer *writer,
                         enum answer_member member)
{
    struct leaf *leaf = add_leaf(answer, member, writer->index_);
    const double number =
        0.1 + (double)(random_u64(&answer->random) >> 12 | 1) / 4503599627370496.0 * 0.8;
    leaf->text[number_write_f64(number, leaf->text)] = '\0';
    answer_put_fraction(writer, member, number, false);
}

static void put_member(struct answer *answer, struct answer_writer *writer,
                       enum answer_member member)
{
    switch (answer_rows[member].kind) {
    case ANSWER_KIND_TEXT:
        put_text(answer, writer, member);
        break;
    case ANSWER_KIND_WHOLE:
        put_whole(answer, writer, member);
        break;
    case ANSWER_KIND_FRACTION:
        put_fraction(answer, writer, member);
        break;
    case ANSWER_KIND_OBJECT:
    case ANSWER_KIND_LIST:
        break;
    }
}

static void put_members_of(struct answer *answer, struct answer_writer *writer,
                           enum answer_member container)
{
    for (unsigned i = ANSWER_ROOT + 1; i < ANSWER_MEMBER_COUNT; i++) {
        if (answer_rows[i].in == container && !random_one_in(&answer->random, 8)) {
            put_member(answer, writer, (enum answer_member)i);
        }
    }
}

static void put_container(struct answer *answer, struct answer_writer *writer,
                          enum answer_member member)
{
    const uint64_t element_count = random_below(&answer->random, ELEMENT_COUNT_MAX);
    answer_begin(writer, member);
    if (answer_rows[member].kind == ANSWER_KIND_OBJECT) {
        put_members_of(answer, writer, member);
    } else {
        for (uint64_t i = 0; i < element_count; i++) {
            answer_begin_element(writer);
            put_members_of(answer, writer, member);
            answer_end_element(writer);
        }
    }
    answer_end(writer);
}

static void put_answer(struct answer *answer, struct redaction *redaction,
                       struct writer *out)
{
    struct json_writer json = json_writer_on(out);
    struct answer_writer writer = answer_writer_on(&json, redaction);
    json_begin_object(&json);
    put_members_of(answer, &writer, ANSWER_ROOT);
    for (unsigned i = ANSWER_ROOT + 1; i < ANSWER_MEMBER_COUNT; i++) {
        if (answer_rows[i].kind == ANSWER_KIND_OBJECT ||
            answer_rows[i].kind == ANSWER_KIND_LIST) {
            put_container(answer, &writer, (enum answer_member)i);
        }
    }
    redaction_put_list(redaction, &json);
    json_end_object(&json);
    EXPECT_OK(out->status);
}

/* A pointer of some member, with stars and indices put in. */
static void random_pointer(struct random *random, char *out_text, size_t size)
{
    static const char *const indices[] = {"*", "0", "1", "2"};
    const enum answer_member member =
        (enum answer_member)(1 + random_below(random, ANSWER_MEMBER_COUNT - 1));
    const struct answer_row *in = &answer_rows[answer_rows[member].in];
    const char *parent = random_one_in(random, 6) ? "*" : in->name;
    const char *name = random_one_in(random, 6) ? "*" : answer_rows[member].name;
    if (answer_rows[member].in == ANSWER_ROOT) {
        (void)snprintf(out_text, size, "/%s", name);
    } else if (in->kind == ANSWER_KIND_LIST) {
        (void)snprintf(out_text, size, "/%s/%s/%s", parent,
                       indices[random_below(random, 4)], name);
    } else {
        (void)snprintf(out_text, size, "/%s/%s", parent, name);
    }
}

/* Rules one after the other, without those that are refused. */
static const struct policy *random_policy(struct random *random, char *out_text,
                                          size_t size)
{
    static const char *const shapes[] = {"remove: [%s]",
                                         "mask: [%s]",
                                         "hash: [%s]",
                                         "round: {%s: 3}",
                                         "generalise: {%s: {step: 1000}}",
                                         "generalise: {%s: {bands: [0.3, 0.7]}}"};
    static const char *const keys[] = {"remove", "mask", "hash", "round", "generalise"};
    char text[2048] = "policies: {p: {echo_text: true";
    for (size_t tries = 24; tries > 0; tries--) {
        const size_t shape = (size_t)random_below(random, 6);
        char pointer[64];
        char rule[128];
        char longer[2300];
        random_pointer(random, pointer, sizeof(pointer));
        (void)snprintf(rule, sizeof(rule), "%s", shapes[shape]);
        char *place = strstr(rule, "%s");
        (void)snprintf(longer, sizeof(longer), "%s, %.*s%s%s", text, (int)(place - rule),
                       rule, pointer, place + 2);
        char whole[2400];
        (void)snprintf(whole, sizeof(whole), "%s}}", longer);
        const bool is_new = strstr(text, keys[shape < 5 ? shape : 4]) == NULL;
        if (is_new && read_policy(whole) != NULL && strlen(longer) < sizeof(text)) {
            memcpy(text, longer, strlen(longer) + 1);
        }
    }
    (void)snprintf(out_text, size, "%s}}", text);
    return read_policy(out_text);
}

/* Whether a pattern names this pointer, by its text alone. */
static bool names(const char *pattern, const char *pointer, bool also_within)
{
    while (*pattern != '\0' && *pointer != '\0') {
        const size_t wanted = 1 + strcspn(pattern + 1, "/");
        const size_t given = 1 + strcspn(pointer + 1, "/");
        const bool is_star = wanted == 2 && pattern[1] == '*';
        if (!is_star && (wanted != given || memcmp(pattern, pointer, given) != 0)) {
            return false;
        }
        pattern += wanted;
        pointer += given;
    }
    return *pattern == '\0' && (*pointer == '\0' || also_within);
}

static bool hides(const struct settings_policy *policy, const char *pointer)
{
    for (size_t i = 0; i < policy->rule_count; i++) {
        const struct settings_rule *rule = &policy->rules[i];
        if (names(rule->pointer, pointer, rule->redaction == SETTINGS_REMOVE)) {
            return true;
        }
    }
    return false;
}

static bool is_in(struct bytes whole, const char *text)
{
    return memmem(whole.data, whole.size, text, strlen(text)) != NULL;
}

/* Whether the list has this pointer, or one that it lies in. */
static bool is_listed(const struct json *list, const char *pointer)
{
    struct json_cursor at = json_walk(list);
    while (json_next(&at)) {
        const struct bytes listed = json_string(at.value);
        const struct bytes whole = bytes_from_string(pointer);
        if (bytes_equal(listed, whole) ||
            (bytes_starts_with(whole, listed) && whole.data[listed.size] == '/')) {
            return true;
        }
    }
    return false;
}

static void check_answer(const struct answer *answer, const struct redaction *redaction,
                         struct bytes bytes, const char *text)
{
    struct arena arena;
    const struct json *root;
    arena_init(&arena, 1 << 22);
    EXPECT_OK(json_parse(bytes, &arena, &root, &error));
    const struct json *list = json_member(root, "redacted");
    assert_int_equal(list != NULL, redaction->policy->members != 0);
    assert_int_equal(list == NULL ? 0 : json_count(list), redaction->count);
    for (size_t i = 0; i < answer->count; i++) {
        const struct leaf *leaf = &answer->leaves[i];
        const bool is_hidden = hides(redaction->policy->settings, leaf->pointer);
        if (is_in(bytes, leaf->text) == is_hidden ||
            (list != NULL && is_listed(list, leaf->pointer)) != is_hidden) {
            fail_msg("%s is %s: %s in %.*s", leaf->pointer,
                     is_hidden ? "not hidden" : "hidden", text, BYTES_PRINT(bytes));
        }
    }
    arena_deinit(&arena);
}

static void what_a_policy_hides_is_nowhere_in_the_answer(void **state)
{
    (void)state;
    static struct answer answer;
    size_t hidden_count = 0;
    for (uint64_t seed = 1; seed <= SEED_COUNT; seed++) {
        const uint8_t context[SHA256_SIZE] = {0};
        struct redaction redaction;
        struct writer out;
        char text[2400];
        answer = (struct answer){.random = {seed}};
        const struct policy *policy = random_policy(&answer.random, text, sizeof(text));
        assert_non_null(policy);
        redaction_init(&redaction, policy, hmac, context);
        writer_init(&out, TEXT_SIZE);
        put_answer(&answer, &redaction, &out);
        EXPECT_OK(redaction.status);
        check_answer(&answer, &redaction, writer_bytes(&out), text);
        hidden_count += redaction.count;
        redaction_deinit(&redaction);
        writer_deinit(&out);
    }
    assert_true(hidden_count > SEED_COUNT); /* else it shows nothing */
}

static int make_key(void **state)
{
    (void)state;
    const uint8_t key[HMAC_KEY_SIZE] = {1};
    return hmac_create(key, &hmac) == GALEN_OK ? 0 : -1;
}

static int destroy_key(void **state)
{
    (void)state;
    hmac_destroy(hmac);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mask_says_nothing_of_what_it_hides),
        cmocka_unit_test(a_fraction_is_rounded_to_the_nearest),
        cmocka_unit_test(a_band_begins_at_its_bound),
        cmocka_unit_test(a_step_goes_down_to_a_multiple),
        cmocka_unit_test(a_pseudonym_is_of_text_subject_and_policy),
        cmocka_unit_test(a_pseudonym_is_the_keyed_hash_that_the_documentation_says),
        cmocka_unit_test(without_a_key_there_is_no_answer),
        cmocka_unit_test(what_a_policy_hides_is_nowhere_in_the_answer),
    };
    return cmocka_run_group_tests_name("redaction", tests, make_key, destroy_key);
}
