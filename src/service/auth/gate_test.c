/* SPDX-License-Identifier: Apache-2.0 */
#include "service/auth/gate.h"

#include "gate_rig.h"

enum { ARENA_SIZE = 1 << 20 };

struct rig {
    struct gate_rig gate;
    struct arena arena;
    struct http_header headers[1];
    struct http_request_head head;
    struct auth_visit visit;
    size_t done_count;
};

static struct rig rig;

static int begin(void **state)
{
    (void)state;
    rig = (struct rig){.head.headers = rig.headers};
    arena_init(&rig.arena, ARENA_SIZE);
    gate_rig_init(&rig.gate, true);
    return 0;
}

static int end(void **state)
{
    (void)state;
    auth_visit_deinit(&rig.visit);
    gate_rig_deinit(&rig.gate);
    arena_deinit(&rig.arena);
    return 0;
}

static void on_done(struct auth_visit *visit)
{
    assert_ptr_equal(visit, &rig.visit);
    rig.done_count++;
}

/* NULL: without a token. */
static enum auth_answer ask(const char *authorization, const struct tls_peer *peer)
{
    auth_visit_deinit(&rig.visit);
    rig.head.header_count = authorization != NULL;
    if (authorization != NULL) {
        rig.headers[0] =
            (struct http_header){BYTES("Authorization"), bytes_from_string(authorization)};
    }
    rig.visit = (struct auth_visit){
        .gate = &rig.gate.gate,
        .head = &rig.head,
        .peer = peer,
        .arena = &rig.arena,
        .done = on_done,
    };
    return auth_visit_begin(&rig.visit);
}

static uint64_t count(enum refusal refusal)
{
    return tally_read(&rig.gate.gate.counts.refused[refusal]);
}

static uint64_t count_all(void)
{
    uint64_t sum = 0;
    for (enum refusal i = 0; i < REFUSAL_COUNT; i++) {
        sum += count(i);
    }
    return sum;
}

static void each_refusal_is_counted_by_its_reason(void **state)
{
    (void)state;
    assert_int_equal(AUTH_DECIDED, ask(NULL, NULL));
    assert_int_equal(AUTH_DECIDED, ask("Bearer not.a.token", NULL));
    assert_int_equal(AUTH_DECIDED, ask(NULL, NULL));
    assert_int_equal(2, count(REFUSAL_NO_TOKEN));
    assert_int_equal(1, count(REFUSAL_BASE64URL));
    assert_int_equal(3, count_all());
}

static void who_is_let_in_is_not_counted_until_a_scope_is_lacking(void **state)
{
    (void)state;
    assert_int_equal(AUTH_DECIDED, ask(gate_rig_bearer(&rig.gate, "a", ""), NULL));
    EXPECT_OK(rig.visit.status);
    assert_int_equal(0, count_all());
    EXPECT_STATUS(GALEN_FORBIDDEN, auth_visit_lack(&rig.visit));
    assert_int_equal(REFUSAL_SCOPE, rig.visit.refusal);
    assert_int_equal(1, count(REFUSAL_SCOPE));
    assert_int_equal(1, count_all());
}

static void a_refusal_is_counted_when_it_is_final(void **state)
{
    (void)state;
    gate_rig_know(&rig.gate, false);
    assert_int_equal(AUTH_WAITS, ask(gate_rig_bearer(&rig.gate, "a", ""), NULL));
    assert_int_equal(0, count_all());
    gate_rig_tell(&rig.gate);
    assert_int_equal(1, rig.done_count);
    assert_int_equal(REFUSAL_NO_KEYS, rig.visit.refusal);
    assert_int_equal(1, count(REFUSAL_NO_KEYS));
}

static void who_waited_for_the_key_is_let_in_uncounted(void **state)
{
    (void)state;
    gate_rig_know(&rig.gate, false);
    assert_int_equal(AUTH_WAITS, ask(gate_rig_bearer(&rig.gate, "a", ""), NULL));
    gate_rig_know(&rig.gate, true);
    gate_rig_tell(&rig.gate);
    EXPECT_OK(rig.visit.status);
    assert_int_equal(0, count_all());
}

/* The digest of the certificate is 32 zero bytes. */
static void a_bound_token_is_refused_once_its_client_has_gone(void **state)
{
    const char *bound = ",\"cnf\":{\"x5t#S256\":"
                        "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}";
    const struct tls_peer peer = {.has_certificate = true};
    (void)state;
    assert_int_equal(AUTH_DECIDED, ask(gate_rig_bearer(&rig.gate, "a", bound), &peer));
    EXPECT_OK(rig.visit.status);

    gate_rig_know(&rig.gate, false);
    assert_int_equal(AUTH_WAITS, ask(gate_rig_bearer(&rig.gate, "a", bound), &peer));
    auth_visit_forget_peer(&rig.visit);
    gate_rig_know(&rig.gate, true);
    gate_rig_tell(&rig.gate);
    assert_int_equal(REFUSAL_BINDING, rig.visit.refusal);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_refusal_is_counted_by_its_reason, begin, end),
        cmocka_unit_test_setup_teardown(
            who_is_let_in_is_not_counted_until_a_scope_is_lacking, begin, end),
        cmocka_unit_test_setup_teardown(a_refusal_is_counted_when_it_is_final, begin, end),
        cmocka_unit_test_setup_teardown(who_waited_for_the_key_is_let_in_uncounted, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_bound_token_is_refused_once_its_client_has_gone,
                                        begin, end),
    };
    return cmocka_run_group_tests_name("gate", tests, NULL, NULL);
}
