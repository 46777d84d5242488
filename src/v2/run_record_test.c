/* SPDX-License-Identifier: Apache-2.0 */
#include "v2/run_record.h"

#include "crypto/hmac.h"

#include "expect.h"

static struct writer out;

/* The record's text. */
static const char *write(const struct run_record record)
{
    static char text[4096];
    const uint8_t key[HMAC_KEY_SIZE] = {0};
    struct hmac *hmac = NULL;
    EXPECT_OK(hmac_create(key, &hmac));
    const struct audit_lane lane = {.hmac = hmac};
    writer_init(&out, sizeof(text) - 1);
    EXPECT_OK(run_record_write(&record, &lane, &out));
    memcpy(text, writer_bytes(&out).data, out.size);
    text[out.size] = '\0';
    writer_deinit(&out);
    hmac_destroy(hmac);
    return text;
}

static void a_run_tells_how_long_it_waited_and_ran(void **state)
{
    (void)state;
    const struct reply reply = {.status = 200};
    const struct infer_timing timing = {
        .queued_ns = 2000, .began_ns = 5000, .ended_ns = 25000, .row_count = 4};
    const char *text = write((struct run_record){.operation = V2_INFER,
                                                 .model = "m",
                                                 .version = "3",
                                                 .id = "r-1",
                                                 .is_submitted = true,
                                                 .status = GALEN_OK,
                                                 .reply = &reply,
                                                 .duration_ns = 30000,
                                                 .timing = &timing});
    assert_non_null(strstr(text, "\"dur_us\":30,\"queue_us\":3,\"compute_us\":20,"
                                 "\"batch_rows\":4}"));
}

static void a_run_names_its_model_and_version(void **state)
{
    (void)state;
    const struct reply reply = {.status = 200};
    const char *text = write((struct run_record){.operation = V2_INFER,
                                                 .model = "m",
                                                 .version = "3",
                                                 .id = "r-1",
                                                 .is_submitted = true,
                                                 .status = GALEN_OK,
                                                 .body = BYTES("{}"),
                                                 .reply = &reply,
                                                 .duration_ns = 7000});
    assert_non_null(strstr(text, "{\"event\":\"infer\",\"request_id\":\"r-1\""));
    assert_non_null(strstr(text, "\"outcome\":\"ok\",\"route\":\"v2_infer\","
                                 "\"model\":{\"name\":\"m\",\"version\":3}"));
    assert_non_null(strstr(text, "\"in\":{\"bytes\":2,\"hmac\":\""));
    assert_non_null(strstr(text, "\"out\":{\"status\":200,\"bytes\":0},\"dur_us\":7}"));
}

static void what_no_model_is_called_is_not_recorded(void **state)
{
    (void)state;
    static const enum v2_operation operations[] = {V2_INFER, V2_LOAD};
    const struct reply reply = {.status = 404};
    for (size_t i = 0; i < 2; i++) {
        const char *text = write((struct run_record){.operation = operations[i],
                                                     .model = "JohnSmith",
                                                     .version = "",
                                                     .id = "r-1",
                                                     .is_submitted = true,
                                                     .status = GALEN_NOT_FOUND,
                                                     .body = BYTES_NONE,
                                                     .reply = &reply});
        assert_null(strstr(text, "Smith"));
        assert_non_null(strstr(text, "\"outcome\":\"refused\",\"reason\":\"not-found\""));
        assert_null(strstr(text, "\"in\""));
    }
}

static void an_id_that_is_no_plain_token_is_not_recorded(void **state)
{
    (void)state;
    const struct reply reply = {.status = 400};
    const char *text = write((struct run_record){.operation = V2_INFER,
                                                 .model = "m",
                                                 .version = "",
                                                 .id = "John Smith\n{}",
                                                 .status = GALEN_INVALID,
                                                 .body = BYTES("x"),
                                                 .reply = &reply});
    assert_null(strstr(text, "Smith"));
    assert_non_null(strstr(text, "{\"event\":\"validate\",\"actor\""));
}

static void a_change_is_an_event_of_its_own_and_names_the_model_that_failed(void **state)
{
    (void)state;
    static const struct {
        enum v2_operation operation;
        const char *event;
        const char *route;
    } rows[] = {{V2_LOAD, "\"event\":\"model.load\"", "\"route\":\"v2_load\""},
                {V2_UNLOAD, "\"event\":\"model.unload\"", "\"route\":\"v2_unload\""},
                {V2_LOGGING_UPDATE, "\"event\":\"configure\"", "\"route\":\"v2_logging\""}};
    const struct reply reply = {.status = 400};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *text = write((struct run_record){.operation = rows[i].operation,
                                                     .model = "m",
                                                     .version = "",
                                                     .id = "",
                                                     .is_submitted = true,
                                                     .status = GALEN_INVALID,
                                                     .reply = &reply});
        assert_non_null(strstr(text, rows[i].event));
        assert_non_null(strstr(text, rows[i].route));
        assert_non_null(strstr(text, "\"outcome\":\"refused\",\"reason\":\"malformed\""));
        assert_non_null(strstr(text, "\"name\":\"m\""));
    }
}

static void who_was_not_let_in_is_an_event_of_its_own_whatever_was_asked(void **state)
{
    (void)state;
    const struct principal alice = {
        .kind = PRINCIPAL_TOKEN, .client_id = BYTES("ward"), .subject = BYTES("alice")};
    const struct reply reply = {.status = 403};
    struct run_record record = {.operation = V2_INDEX,
                                .model = "JohnSmith",
                                .version = "",
                                .id = "",
                                .principal = &alice,
                                .refusal = REFUSAL_SCOPE,
                                .status = GALEN_FORBIDDEN,
                                .reply = &reply};
    const char *text = write(record);
    assert_non_null(strstr(text, "{\"event\":\"authz\",\"actor\":{\"client_id\":\"ward\","
                                 "\"sub\":\"alice\"},\"outcome\":\"refused\","
                                 "\"reason\":\"scope\",\"route\":\"v2_index\""));
    assert_null(strstr(text, "Smith"));

    record.operation = V2_LOAD;
    record.principal = NULL;
    record.refusal = REFUSAL_EXPIRED;
    text = write(record);
    assert_non_null(strstr(text, "{\"event\":\"authn\",\"actor\":{\"client_id\":"
                                 "\"unidentified\"},\"outcome\":\"refused\","
                                 "\"reason\":\"expired\",\"route\":\"v2_load\""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_tells_how_long_it_waited_and_ran),
        cmocka_unit_test(a_run_names_its_model_and_version),
        cmocka_unit_test(what_no_model_is_called_is_not_recorded),
        cmocka_unit_test(a_change_is_an_event_of_its_own_and_names_the_model_that_failed),
        cmocka_unit_test(who_was_not_let_in_is_an_event_of_its_own_whatever_was_asked),
        cmocka_unit_test(an_id_that_is_no_plain_token_is_not_recorded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
