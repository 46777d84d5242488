/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/answer_writer.h"

#include "expect.h"

static struct settings settings;
static struct policies policies;
static struct error error;
static char text[4096];

/* An answer that has a member of each kind. */
static void put_answer(struct answer_writer *answer)
{
    answer_put_string(answer, ANSWER_REQUEST_ID, "id");
    answer_begin(answer, ANSWER_MODEL);
    answer_put_string(answer, ANSWER_MODEL_NAME, "m");
    answer_put_string(answer, ANSWER_MODEL_VERSION, "2");
    answer_end(answer);
    answer_begin(answer, ANSWER_ENTITIES);
    for (uint64_t i = 0; i < 2; i++) {
        answer_begin_element(answer);
        answer_put_whole(answer, ANSWER_ENTITY_START, i);
        answer_put_text(answer, ANSWER_ENTITY_TEXT, BYTES("\xC3\xA9\""));
        answer_put_fraction(answer, ANSWER_ENTITY_SCORE, 0.25, true);
        answer_end_element(answer);
    }
    answer_end(answer);
    answer_put_null(answer, ANSWER_ABSTAINED);
}

static const char *written(struct redaction *redaction)
{
    struct writer out;
    writer_init(&out, sizeof(text) - 1);
    struct json_writer json = json_writer_on(&out);
    struct answer_writer answer = answer_writer_on(&json, redaction);
    json_begin_object(&json);
    put_answer(&answer);
    redaction_put_list(redaction, &json);
    json_end_object(&json);
    EXPECT_OK(out.status);
    memcpy(text, writer_bytes(&out).data, out.size);
    text[out.size] = '\0';
    writer_deinit(&out);
    return text;
}

static const char *under(const char *policy)
{
    struct redaction redaction;
    settings_init(&settings);
    EXPECT_OK(settings_read(&settings, bytes_from_string(policy), "galen.yaml", &error));
    EXPECT_OK(policies_init(&policies, settings.policies, settings.policy_count));
    redaction_init(&redaction, &policies.items[0], NULL, NULL);
    const char *answer = written(&redaction);
    EXPECT_OK(redaction.status);
    redaction_deinit(&redaction);
    return answer;
}

#define ENTITY(start) "{\"start\":" #start ",\"text\":\"\xC3\xA9\\\"\",\"score\":0.25}"

static void without_a_policy_all_is_written(void **state)
{
    (void)state;
    assert_string_equal(written(NULL),
                        "{\"request_id\":\"id\",\"model\":{\"name\":\"m\",\"version\":"
                        "\"2\"},\"entities\":[" ENTITY(0) "," ENTITY(1) "],\"abstained\":"
                                                                        "null}");
}

static void a_policy_without_rules_changes_nothing(void **state)
{
    (void)state;
    const char *answer = under("policies: {p: {echo_text: true, threshold: 0.5}}");
    assert_null(strstr(answer, "redacted"));
}

static void an_object_goes_with_all_that_is_in_it(void **state)
{
    (void)state;
    assert_string_equal(under("policies: {p: {remove: [/model, /entities]}}"),
                        "{\"request_id\":\"id\",\"abstained\":null,\"redacted\":["
                        "\"/model\",\"/entities\"]}");
}

static void members_of_elements_go_and_elements_stay(void **state)
{
    (void)state;
    assert_string_equal(
        under("policies: {p: {echo_text: true, remove: [/entities/*/text, "
              "/entities/1/score, /model/*]}}"),
        "{\"request_id\":\"id\",\"model\":{},\"entities\":[{\"start\":0,\"score\":0.25},{"
        "\"start\":1}],\"abstained\":null,\"redacted\":[\"/model/name\",\"/model/"
        "version\",\"/entities/0/text\",\"/entities/1/text\",\"/entities/1/score\"]}");
}

static void what_an_answer_has_not_is_not_on_the_list(void **state)
{
    (void)state;
    const char *answer = under("policies: {p: {remove: [/timing_us, /predictions], mask: "
                               "[/entities/2/start]}}");
    assert_non_null(strstr(answer, ",\"abstained\":null,\"redacted\":[]}"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_policy_all_is_written),
        cmocka_unit_test(a_policy_without_rules_changes_nothing),
        cmocka_unit_test(an_object_goes_with_all_that_is_in_it),
        cmocka_unit_test(members_of_elements_go_and_elements_stay),
        cmocka_unit_test(what_an_answer_has_not_is_not_on_the_list),
    };
    return cmocka_run_group_tests_name("answer_writer", tests, NULL, NULL);
}
