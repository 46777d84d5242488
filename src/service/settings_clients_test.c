/* SPDX-License-Identifier: Apache-2.0 */
#include "service/settings_clients.h"

#include "settings_rig.h"

static void clients_are_read_in_their_order(void **state)
{
    (void)state;
    EXPECT_OK(read_text("threads: 2\n"
                        "clients:\n"
                        "  - {certificate: {dns: ct.ward.example}, client_id: ct,\n"
                        "     scopes: [infer:image, 'system/*.rs']}\n"
                        "  - {certificate: {uri: 'spiffe://ward/mr'}, client_id: mr,\n"
                        "     scopes: [a]}\n"
                        "repository: here\n"));
    assert_int_equal(2, settings.client_count);
    assert_int_equal(TLS_NAME_DNS, settings.clients[0].type);
    assert_string_equal("ct.ward.example", settings.clients[0].name);
    assert_string_equal("ct", settings.clients[0].client_id);
    assert_string_equal("infer:image system/*.rs", settings.clients[0].scopes);
    assert_int_equal(TLS_NAME_URI, settings.clients[1].type);
    assert_string_equal("spiffe://ward/mr", settings.clients[1].name);
    assert_string_equal("a", settings.clients[1].scopes);
    assert_int_equal(2, settings.threads);
    assert_string_equal("here", settings.repository);
}

static void what_is_wrong_is_told_by_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *error;
    } rows[] = {
        {"clients: {}", "galen.yaml:1:10: clients: is not a list"},
        {"clients: [{client_id: a, scopes: [b]}]", "certificate"},
        {"clients: [{certificate: {dns: a}, scopes: [b]}]", "client_id"},
        {"clients: [{certificate: {dns: a}, client_id: a}]", "scopes"},
        {"clients: [{certificate: {dns: a}, client_id: a, scopes: []}]", "scopes"},
        {"clients: [{certificate: {cn: a}, client_id: a, scopes: [b]}]", "cn"},
        {"clients: [{certificate: {dns: a, uri: b}, client_id: a, scopes: [b]}]",
         "is not one of dns, uri, email"},
        {"clients: [{certificate: {dns: a}, client_id: a, scopes: [b c]}]",
         "has what is no scope"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        EXPECT_STATUS(GALEN_INVALID, read_text(rows[i].text));
        assert_non_null(strstr(error.text, rows[i].error));
    }
}

static void a_configuration_shows_its_clients(void **state)
{
    (void)state;
    struct writer out;
    EXPECT_OK(read_text(
        "clients:\n  - {certificate: {email: a@b}, client_id: c, scopes: [d, e]}\n"));
    writer_init(&out, 65536);
    settings_clients_write(&settings, &out);
    assert_true(bytes_equal_string(
        writer_bytes(&out),
        "clients[0]: {certificate: {email: a@b}, client_id: c, scopes: [d e]}\n"));
    writer_deinit(&out);
}

static void clients_may_change_while_the_program_runs(void **state)
{
    (void)state;
    static struct settings next;
    settings_init(&next);
    EXPECT_OK(read_text(
        "clients:\n  - {certificate: {email: a@b}, client_id: c, scopes: [d, e]}\n"));
    settings_take_live(&next, &settings);
    assert_int_equal(1, next.client_count);
    assert_string_equal("a@b", next.clients[0].name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(clients_are_read_in_their_order, set_up),
        cmocka_unit_test_setup(what_is_wrong_is_told_by_its_place, set_up),
        cmocka_unit_test_setup(a_configuration_shows_its_clients, set_up),
        cmocka_unit_test_setup(clients_may_change_while_the_program_runs, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
