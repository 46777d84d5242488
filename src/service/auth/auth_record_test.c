/* SPDX-License-Identifier: Apache-2.0 */
#include "service/auth/auth_record.h"

#include "crypto/hmac.h"
#include "expect.h"

static const struct principal alice = {
    .kind = PRINCIPAL_TOKEN,
    .subject = BYTES_INIT("alice"),
    .client_id = BYTES_INIT("ward"),
    .issuer = BYTES_INIT("https://i.example"),
    .token_id = BYTES_INIT("t-1"),
};

struct rig {
    struct hmac *hmac;
    struct audit_lane lane;
    uint8_t code[SHA256_SIZE];
    struct audit_event event;
};

static struct rig rig;

static int begin(void **state)
{
    const uint8_t key[HMAC_KEY_SIZE] = {0};
    (void)state;
    rig = (struct rig){0};
    EXPECT_OK(hmac_create(key, &rig.hmac));
    rig.lane.hmac = rig.hmac;
    return 0;
}

static int end(void **state)
{
    (void)state;
    hmac_destroy(rig.hmac);
    return 0;
}

static void a_token_says_who_asked_and_has_a_pseudonym(void **state)
{
    uint8_t code[SHA256_SIZE];
    (void)state;
    EXPECT_OK(auth_record_put_actor(&alice, &rig.lane, rig.code, &rig.event));
    assert_true(bytes_equal_string(rig.event.actor_client_id, "ward"));
    assert_true(bytes_equal_string(rig.event.actor_sub, "alice"));
    assert_true(bytes_equal_string(rig.event.actor_issuer, "https://i.example"));
    EXPECT_OK(hmac_of(rig.hmac, BYTES("t-1"), code));
    assert_memory_equal(rig.event.actor_token_hmac, code, sizeof(code));
}

static void a_certificate_has_no_token(void **state)
{
    const struct principal ct = {.kind = PRINCIPAL_CERTIFICATE, .client_id = BYTES("ct")};
    (void)state;
    EXPECT_OK(auth_record_put_actor(&ct, &rig.lane, rig.code, &rig.event));
    assert_true(bytes_equal_string(rig.event.actor_client_id, "ct"));
    assert_null(rig.event.actor_token_hmac);
}

static void who_is_not_known_leaves_no_name(void **state)
{
    struct principal nobody = alice;
    (void)state;
    nobody.kind = PRINCIPAL_ANONYMOUS;
    EXPECT_OK(auth_record_put_actor(&nobody, &rig.lane, rig.code, &rig.event));
    assert_true(bytes_equal_string(rig.event.actor_client_id, "unidentified"));
    assert_int_equal(rig.event.actor_sub.size, 0);
    EXPECT_OK(auth_record_put_actor(NULL, &rig.lane, rig.code, &rig.event));
    assert_true(bytes_equal_string(rig.event.actor_client_id, "unidentified"));
}

static void a_lacking_scope_is_another_event_than_a_bad_token(void **state)
{
    (void)state;
    assert_int_equal(AUDIT_EVENT_authz, auth_record_kind(REFUSAL_SCOPE));
    assert_int_equal(AUDIT_EVENT_authn, auth_record_kind(REFUSAL_EXPIRED));
    assert_int_equal(AUDIT_EVENT_authn, auth_record_kind(REFUSAL_NO_KEYS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_token_says_who_asked_and_has_a_pseudonym, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_certificate_has_no_token, begin, end),
        cmocka_unit_test_setup_teardown(who_is_not_known_leaves_no_name, begin, end),
        cmocka_unit_test(a_lacking_scope_is_another_event_than_a_bad_token),
    };
    return cmocka_run_group_tests_name("auth_record", tests, NULL, NULL);
}
