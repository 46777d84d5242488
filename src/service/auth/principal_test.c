/* SPDX-License-Identifier: Apache-2.0 */
#include "service/auth/principal.h"

#include "heap.h"

#include "expect.h"

static const struct bytes scopes[] = {BYTES_INIT("infer:text"), BYTES_INIT("system/*.rs")};

static struct principal *make(enum principal_kind kind)
{
    char patient[] = HEAP_SECRET;
    struct principal *principal = NULL;
    const struct principal about = {
        .kind = kind,
        .subject = BYTES("alice"),
        .client_id = BYTES("ward-7"),
        .issuer = BYTES("https://issuer.example"),
        .token_id = BYTES("t-1"),
        .patient = phi_hide(bytes_from_string(patient)),
        .expires_s = 1000,
        .scopes = scopes,
        .scope_count = 2,
        .is_bound = true,
        .certificate_sha256 = {7},
    };
    EXPECT_OK(principal_create(&about, &principal));
    memset(patient, 'x', sizeof(patient)); /* nothing of it is borrowed */
    return principal;
}

static void a_principal_is_a_copy_of_what_it_was_made_of(void **state)
{
    (void)state;
    scoped(principal) principal = make(PRINCIPAL_TOKEN);

    assert_int_equal(PRINCIPAL_TOKEN, principal->kind);
    assert_true(bytes_equal_string(principal->subject, "alice"));
    assert_true(bytes_equal_string(principal->client_id, "ward-7"));
    assert_true(bytes_equal_string(principal->issuer, "https://issuer.example"));
    assert_true(bytes_equal_string(principal->token_id, "t-1"));
    assert_true(bytes_equal_string(phi_reveal(principal->patient), HEAP_SECRET));
    assert_int_equal(1000, principal->expires_s);
    assert_int_equal(2, principal->scope_count);
    assert_ptr_not_equal(scopes[0].data, principal->scopes[0].data);
    assert_true(bytes_equal(scopes[1], principal->scopes[1]));
    assert_true(principal->is_bound);
    assert_int_equal(7, principal->certificate_sha256[0]);
    assert_true(principal_size_bytes(principal) > sizeof(*principal));
}

static void the_last_reference_wipes(void **state)
{
    (void)state;
    struct principal *principal = make(PRINCIPAL_TOKEN);
    assert_ptr_equal(principal, principal_ref(principal));

    principal_unref(principal);
    assert_int_equal(1, heap.live_count);
    principal_unref(principal);
    principal_unref(NULL);

    assert_int_equal(0, heap.live_count);
    assert_false(heap.freed_with_secret);
}

static void without_memory_there_is_none(void **state)
{
    (void)state;
    struct principal *principal = NULL;
    heap.fail_at = 1;
    EXPECT_STATUS(GALEN_NO_MEMORY,
                  principal_create(&(struct principal){.scope_count = 0}, &principal));
    assert_null(principal);
}

static void a_principal_may_what_its_scopes_cover(void **state)
{
    (void)state;
    static const enum principal_kind kinds[] = {PRINCIPAL_TOKEN, PRINCIPAL_CERTIFICATE};
    for (size_t i = 0; i < 2; i++) {
        scoped(principal) principal = make(kinds[i]);
        assert_true(principal_may(principal, BYTES("infer:text")));
        assert_true(principal_may(principal, BYTES("system/Observation.r")));
        assert_false(principal_may(principal, BYTES("infer:image")));
        assert_false(principal_may(principal, BYTES("models:promote")));
    }
}

static void who_has_no_scopes_may_nothing(void **state)
{
    (void)state;
    scoped(principal) principal = NULL;
    EXPECT_OK(principal_create(&(struct principal){.kind = PRINCIPAL_TOKEN}, &principal));
    assert_false(principal_may(principal, BYTES("infer:text")));
    assert_false(principal_may(principal, BYTES_NONE));
}

static void who_is_anonymous_may_not_administer(void **state)
{
    (void)state;
    static const char *const may_not[] = {"models:promote", "models:admin", "models:readx",
                                          "audit:read", "breakglass"};
    scoped(principal) principal = NULL;
    EXPECT_OK(
        principal_create(&(struct principal){.kind = PRINCIPAL_ANONYMOUS}, &principal));
    assert_true(principal_may(principal, BYTES("infer:text")));
    assert_true(principal_may(principal, BYTES("infer:raw")));
    assert_true(principal_may(principal, BYTES("models:read")));
    assert_true(principal_may(principal, BYTES("system/Observation.rs")));
    for (size_t i = 0; i < sizeof(may_not) / sizeof(may_not[0]); i++) {
        assert_false(principal_may(principal, bytes_from_string(may_not[i])));
    }
}

int main(void)
{
#define WITH_HEAP(test) cmocka_unit_test_setup(test, heap_reset)
    const struct CMUnitTest tests[] = {
        WITH_HEAP(a_principal_is_a_copy_of_what_it_was_made_of),
        WITH_HEAP(the_last_reference_wipes),
        WITH_HEAP(without_memory_there_is_none),
        WITH_HEAP(a_principal_may_what_its_scopes_cover),
        WITH_HEAP(who_has_no_scopes_may_nothing),
        WITH_HEAP(who_is_anonymous_may_not_administer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
