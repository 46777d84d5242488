/* SPDX-License-Identifier: Apache-2.0 */
/* Requests that wait until newer keys of the issuer have been looked for. */
#include "gate_rig.h"
#include "request_rig.h"

struct identify_rig {
    struct rig *rig;
    struct gate_rig gate;
};

static struct identify_rig identify;

static int begin_identify(void **state)
{
    (void)set_up(state);
    identify.rig = *state;
    gate_rig_init(&identify.gate, true);
    identify.rig->gateway.gate = &identify.gate.gate;
    return 0;
}

static int end_identify(void **state)
{
    gate_rig_deinit(&identify.gate);
    return tear_down(state);
}

/* By a key that nobody knows yet. */
static void begin_waiting(const char *scope)
{
    struct rig *rig = identify.rig;
    gate_rig_know(&identify.gate, false);
    rig->headers[0] =
        (struct http_header){BYTES("Authorization"),
                             bytes_from_string(gate_rig_bearer(&identify.gate, scope, ""))};
    rig->head.header_count = 1;
    begin(rig, HTTP_POST, "/infer");
    assert_int_equal(rig->request.state, REQUEST_IDENTIFYING);
}

static void tell_keys(void)
{
    gate_rig_know(&identify.gate, true);
    gate_rig_tell(&identify.gate);
    pump(identify.rig);
}

static void a_body_is_read_once_the_key_is_there(void **state)
{
    struct rig *rig = *state;
    begin_waiting("infer:*");
    assert_false(rig->wants_body);
    tell_keys();
    assert_true(rig->wants_body);
    request_receive(&rig->request, BYTES("{}"));
    pump(rig);
    assert_int_equal(rig->status, 422);
}

static void who_lacks_the_scope_is_refused_and_counted(void **state)
{
    struct rig *rig = *state;
    begin_waiting("models:read");
    tell_keys();
    assert_false(rig->wants_body);
    assert_int_equal(rig->status, 403);
    EXPECT_CONTAINS(rig->header_text, "insufficient_scope");
    assert_int_equal(1, tally_read(&identify.gate.gate.counts.refused[REFUSAL_SCOPE]));
}

static void who_leaves_meanwhile_is_let_go_of(void **state)
{
    struct rig *rig = *state;
    begin_waiting("infer:*");
    request_cancel(&rig->request);
    assert_int_equal(rig->release_count, 0);
    tell_keys();
    assert_false(rig->wants_body);
    assert_int_equal(rig->release_count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_body_is_read_once_the_key_is_there,
                                        begin_identify, end_identify),
        cmocka_unit_test_setup_teardown(who_lacks_the_scope_is_refused_and_counted,
                                        begin_identify, end_identify),
        cmocka_unit_test_setup_teardown(who_leaves_meanwhile_is_let_go_of, begin_identify,
                                        end_identify),
    };
    return cmocka_run_group_tests_name("identify", tests, NULL, NULL);
}
