/* SPDX-License-Identifier: Apache-2.0 */
/* Whole requests under policies: what the answer says, who may pass by, what is recorded.
 */
#include "gateway/policy_rules.h"

#include "crypto/hmac.h"
#include "request_rig.h"
#include "service/audit/fake.h"

#define FEATURES "\"model\":\"breast\",\"input\":{\"radius\":17.5}}"

static struct settings settings;
static struct audit_fake audit;
static struct hmac *hmac;
static struct audit_lane lane;
static uint8_t random_byte;

/* Other ones each time. */
static void counting(void *context, uint8_t *out_bytes, size_t size)
{
    (void)context;
    memset(out_bytes, ++random_byte, size);
}

static int set_up_policy(void **state)
{
    const uint8_t key[HMAC_KEY_SIZE] = {1};
    if (set_up(state) != 0 || hmac_create(key, &hmac) != GALEN_OK) {
        return -1;
    }
    struct rig *rig = *state;
    settings_init(&settings);
    audit_fake_init(&audit);
    audit_lane_init(&lane, &audit.base, hmac, &rig->mailbox.base);
    rig->gateway.audit = &lane;
    rig->gateway.subject_hmac = hmac;
    rig->gateway.redact_hmac = hmac;
    rig->gateway.random = counting;
    return 0;
}

static int tear_down_policy(void **state)
{
    hmac_destroy(hmac);
    rules.route_count = 0;
    route_index_init(&rules.index, NULL, 0);
    return tear_down(state);
}

/* Policy p, for vectors to breast. */
static void configure(const char *policy)
{
    struct error error;
    char text[1024];
    (void)snprintf(text, sizeof(text),
                   "policies: {p: %s}\nroutes: [{match: {content: application/json}, "
                   "model: breast, policy: p}]\n",
                   policy);
    EXPECT_OK(settings_read(&settings, bytes_from_string(text), "galen.yaml", &error));
    EXPECT_OK(policies_init(&rules.policies, settings.policies, settings.policy_count));
    rules.routes = settings.routes;
    rules.route_count = settings.route_count;
    route_index_init(&rules.index, rules.routes, rules.route_count);
}

static void post_vector(struct rig *rig)
{
    post(rig, "/infer", "application/json", "{" FEATURES);
    assert_int_equal(rig->status, 200);
}

static const char tensors[] =
    "{\"model\":\"breast\",\"inputs\":[{\"name\":\"features\",\"datatype\":\"FP32\","
    "\"shape\":[1,1],\"data\":[17.5]}]}";

static void an_answer_says_what_its_policy_hid(void **state)
{
    struct rig *rig = *state;
    configure("{remove: [/timing_us], mask: [/predictions/*/label], generalise: "
              "{/predictions/*/score: {bands: [0.5]}}}");
    post_vector(rig);
    EXPECT_CONTAINS(rig->reply,
                    "\"predictions\":[{\"label\":\"***\",\"score\":\"0.5 or more\"},"
                    "{\"label\":\"***\",\"score\":\"below 0.5\"}],\"abstained\":null");
    EXPECT_CONTAINS(rig->reply,
                    "],\"redacted\":[\"/predictions/0/label\",\"/predictions/0/score\","
                    "\"/predictions/1/label\",\"/predictions/1/score\",\"/timing_us\"]}");
    assert_null(strstr(rig->reply, "malignant"));
    assert_null(strstr(rig->reply, "0.75"));
}

static void no_header_says_of_the_model_what_the_answer_does_not(void **state)
{
    struct rig *rig = *state;
    static const struct {
        const char *policy;
        bool is_told;
    } cases[] = {
        {"{remove: [/model]}", false},
        {"{hash: [/model/name]}", false},
        {"{mask: [/model/version]}", false},
        {"{remove: [/model/sha256, /timing_us]}", true},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        configure(cases[i].policy);
        post_vector(rig);
        assert_int_equal(strstr(rig->header_text, "Galen-Model: breast/2") != NULL,
                         cases[i].is_told);
    }
}

static void a_record_names_the_policy_and_counts(void **state)
{
    struct rig *rig = *state;
    char hex[SHA256_HEX_SIZE + 1] = "";
    configure("{remove: [/timing_us, /model/sha256]}");
    sha256_to_hex(rules.policies.items[0].sha256, hex);
    post_vector(rig);
    EXPECT_CONTAINS(audit.text, "\"redact\":{\"policy\":\"p\",\"sha256\":\"");
    EXPECT_CONTAINS(audit.text, hex);
    EXPECT_CONTAINS(audit.text, "\",\"count\":2}");
}

static void without_a_policy_nothing_is_told_of_one(void **state)
{
    struct rig *rig = *state;
    post_vector(rig);
    assert_null(strstr(rig->reply, "redacted"));
    assert_null(strstr(audit.text, "redact"));
}

static void tensors_would_pass_by_the_policy(void **state)
{
    struct rig *rig = *state;
    configure("{mask: [/predictions/*/label]}");
    post(rig, "/infer", "application/json", tensors);
    assert_int_equal(rig->status, 403);
    EXPECT_CONTAINS(rig->reply, "/problems/forbidden");
    post(rig, "/v2/models/breast/infer", "application/json", tensors);
    assert_int_equal(rig->status, 403);
    EXPECT_CONTAINS(rig->reply, "\"code\":\"forbidden\"");
    EXPECT_CONTAINS(audit.text, "\"redact\":{\"policy\":\"p\"");
    assert_null(strstr(audit.text, "\"count\""));
    get(rig, "/v2/models/breast");
    assert_int_equal(rig->status, 200);
    assert_int_equal(rig->engine.submit_count, 1);
}

static void a_policy_that_hides_nothing_lets_tensors_by(void **state)
{
    struct rig *rig = *state;
    configure("{echo_text: true}");
    post(rig, "/v2/models/breast/infer", "application/json", tensors);
    assert_int_equal(rig->status, 200);
}

static void who_forbids_tensors_and_to_whom(void **state)
{
    struct rig *rig = *state;
    struct request *request = &rig->request;
    configure("{mask: [/predictions/*/label], unless_scope: see:all}");
    post_vector(rig);
    assert_string_equal(policy_scope(request), "see:all");
    assert_true(policy_forbids_tensors(request));
    request->may_send_tensors = true;
    assert_false(policy_forbids_tensors(request));
    request->may_send_tensors = false;
    request->sees_redacted = true;
    assert_false(policy_forbids_tensors(request));

    configure("{threshold: 0.5, unless_scope: see:all}");
    post_vector(rig);
    assert_true(policy_forbids_tensors(request));
    request->sees_redacted = true;
    assert_true(policy_forbids_tensors(request)); /* a threshold is not lifted */
    request->policy = NULL;
    assert_false(policy_forbids_tensors(request));
    assert_string_equal(policy_scope(request), "");
}

static void who_holds_the_scope_sees_it_all(void **state)
{
    struct rig *rig = *state;
    configure("{remove: [/timing_us], unless_scope: see:all}");
    post_vector(rig);
    assert_int_equal(rig->request.redaction.policy != NULL, 1);
    rig->request.sees_redacted = true;
    policy_begin_redaction(&rig->request);
    assert_null(rig->request.redaction.policy);
    redaction_deinit(&rig->request.redaction);
}

static void a_policy_raises_the_threshold_and_never_lowers_it(void **state)
{
    struct rig *rig = *state;
    configure("{threshold: 0.8}");
    post_vector(rig);
    EXPECT_CONTAINS(rig->reply, "\"abstained\":\"low_confidence\"");
    configure("{threshold: 0.7}");
    post_vector(rig);
    EXPECT_CONTAINS(rig->reply, "\"abstained\":null");
    assert_true(policy_threshold(&rig->request) == 0.7);
    rig->request.options = (struct infer_options){true, 0.5};
    assert_true(policy_threshold(&rig->request) == 0.7);
    rig->request.options.threshold = 0.9;
    assert_true(policy_threshold(&rig->request) == 0.9);
}

static void pseudonym_of(const struct rig *rig, char out_text[33])
{
    const char *at = strstr(rig->reply, "\"label\":\"");
    assert_non_null(at);
    memcpy(out_text, at + 9, 32);
    out_text[32] = '\0';
    assert_int_equal(strspn(out_text, "0123456789abcdef"), 32);
}

static void pseudonyms_hold_within_a_subject(void **state)
{
    struct rig *rig = *state;
    char texts[5][33];
    static const char *const bodies[] = {
        "{\"subject\":\"a\"," FEATURES, "{\"subject\":\"a\"," FEATURES,
        "{\"subject\":\"b\"," FEATURES, "{" FEATURES, "{" FEATURES};
    configure("{hash: [/predictions/*/label]}");
    for (size_t i = 0; i < 5; i++) {
        post(rig, "/infer", "application/json", bodies[i]);
        assert_int_equal(rig->status, 200);
        pseudonym_of(rig, texts[i]);
        assert_int_equal(strstr(rig->reply, "\"no_subject\"") != NULL, i >= 3);
    }
    assert_string_equal(texts[0], texts[1]);
    assert_string_not_equal(texts[0], texts[2]);
    assert_string_not_equal(texts[2], texts[3]);
    assert_string_not_equal(texts[3], texts[4]);
}

static void an_answer_that_cannot_be_redacted_does_not_leave(void **state)
{
    struct rig *rig = *state;
    configure("{hash: [/predictions/*/label]}");
    rig->gateway.redact_hmac = NULL;
    post(rig, "/infer", "application/json", "{" FEATURES);
    assert_int_equal(rig->status, 500);
    assert_null(strstr(rig->reply, "malignant"));
    assert_null(strstr(rig->reply, "predictions"));
}

static void options_only_tighten(void **state)
{
    struct rig *rig = *state;
    static const struct {
        const char *options;
        int status;
        const char *pointer;
    } cases[] = {
        {"{}", 200, ""},
        {"[]", 422, "/options\""},
        {"null", 422, "/options\""},
        {"{\"deidentify\":false}", 422, "/options\""},
        {"{\"threshold\":\"0.5\"}", 422, "/options/threshold\""},
        {"{\"threshold\":1.5}", 422, "/options/threshold\""},
        {"{\"threshold\":-0.1}", 422, "/options/threshold\""},
        {"{\"threshold\":1e999}", 422, "/options/threshold\""},
        {"{\"threshold\":0.5}", 403, "/options/threshold\""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char body[256];
        (void)snprintf(body, sizeof(body), "{\"options\":%s," FEATURES, cases[i].options);
        post(rig, "/infer", "application/json", body);
        assert_int_equal(rig->status, cases[i].status);
        EXPECT_CONTAINS(rig->reply, cases[i].pointer);
    }
}

static void a_threshold_is_within_the_models_range(void **state)
{
    (void)state;
    const struct contract ranged = {.threshold = 0.4, .threshold_max = 0.8};
    static const struct {
        double threshold;
        enum galen_status status;
    } cases[] = {
        {0.39, GALEN_FORBIDDEN}, {0.4, GALEN_OK}, {0.8, GALEN_OK}, {0.81, GALEN_FORBIDDEN}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct error error = {"", ""};
        const struct infer_options options = {true, cases[i].threshold};
        EXPECT_STATUS(cases[i].status, infer_options_check(&options, &ranged, &error));
        if (cases[i].status != GALEN_OK) {
            assert_string_equal(error.text,
                                "this model allows a threshold from 0.4 to 0.8");
            assert_string_equal(error.pointer, "/options/threshold");
        }
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up_policy, tear_down_policy)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_answer_says_what_its_policy_hid),
        TEST(no_header_says_of_the_model_what_the_answer_does_not),
        TEST(a_record_names_the_policy_and_counts),
        TEST(without_a_policy_nothing_is_told_of_one),
        TEST(tensors_would_pass_by_the_policy),
        TEST(a_policy_that_hides_nothing_lets_tensors_by),
        TEST(who_forbids_tensors_and_to_whom),
        TEST(who_holds_the_scope_sees_it_all),
        TEST(a_policy_raises_the_threshold_and_never_lowers_it),
        TEST(pseudonyms_hold_within_a_subject),
        TEST(an_answer_that_cannot_be_redacted_does_not_leave),
        TEST(options_only_tighten),
        TEST(a_threshold_is_within_the_models_range),
    };
    return cmocka_run_group_tests_name("policy_rules", tests, NULL, NULL);
}
