/* SPDX-License-Identifier: Apache-2.0 */
/* Who is believed: clients by us as a server, servers by us as a client. */
#include "base/limits.h"
#include "net/tls_session.h"
#include "tls_session_fixture.h"

/* Clients and their certificates */

static void client_is_known_by_its_certificate(void **state)
{
    (void)state;
    demand_certificates(TLS_DEMAND_REQUIRE, NULL);
    bare_peer_show(&fixture.peer, &fixture.client);
    meet(NULL);

    expect_agreement();
    const struct tls_peer *peer = tls_session_peer(fixture.session);
    uint8_t digest[TLS_DIGEST_SIZE];
    assert_int_equal(X509_digest(fixture.client.x509, EVP_sha256(), digest, NULL), 1);
    assert_true(peer->has_certificate);
    assert_memory_equal(peer->sha256, digest, sizeof(digest));
    assert_int_equal(peer->name_count, 3);
    assert_int_equal(peer->names[0].type, TLS_NAME_DNS);
    assert_true(bytes_equal_string(peer->names[0].text, "Ward-7.example"));
    assert_int_equal(peer->names[1].type, TLS_NAME_URI);
    assert_true(bytes_equal_string(peer->names[1].text, "spiffe://clinic/ward-7"));
    assert_int_equal(peer->names[2].type, TLS_NAME_EMAIL);
    assert_true(bytes_equal_string(peer->names[2].text, "ward@example"));
}

static void client_without_one_is_refused_where_one_is_required(void **state)
{
    (void)state;
    demand_certificates(TLS_DEMAND_REQUIRE, NULL);
    meet(NULL);
    expect_failure("peer did not return a certificate");
    expect_alert(SSL_AD_CERTIFICATE_REQUIRED);
}

static void client_without_one_is_nobody_where_it_is_asked(void **state)
{
    (void)state;
    demand_certificates(TLS_DEMAND_ASK, "ward-7.example");
    meet(NULL);
    expect_agreement();
    assert_false(tls_session_peer(fixture.session)->has_certificate);
}

static void expect_refused_client(const struct certificate_options *options, int alert,
                                  const char *why)
{
    struct certificate certificate;
    certificate_make(&certificate, options);
    bare_peer_show(&fixture.peer, &certificate);
    meet(NULL);
    certificate_deinit(&certificate);
    expect_failure(why);
    expect_alert(alert);
}

static void client_of_another_authority_is_refused_even_where_it_is_only_asked(void **state)
{
    (void)state;
    demand_certificates(TLS_DEMAND_ASK, NULL);
    expect_refused_client(
        &(struct certificate_options){.issuer = &fixture.stranger, .names = "DNS:a"},
        SSL_AD_UNKNOWN_CA,
        "certificate verify failed: unable to get local issuer certificate");
}

static void expired_client_is_refused(void **state)
{
    (void)state;
    demand_certificates(TLS_DEMAND_REQUIRE, NULL);
    expect_refused_client(
        &(struct certificate_options){
            .issuer = &fixture.authority, .begin_s = -2L * DAY_S, .end_s = -60},
        SSL_AD_CERTIFICATE_EXPIRED, "certificate verify failed: certificate has expired");
}

static void certificate_for_servers_makes_no_client(void **state)
{
    (void)state;
    demand_certificates(TLS_DEMAND_REQUIRE, NULL);
    expect_refused_client(
        &(struct certificate_options){.issuer = &fixture.authority, .usage = "serverAuth"},
        SSL_AD_UNSUPPORTED_CERTIFICATE,
        "certificate verify failed: unsuitable certificate purpose");
}

static void client_with_other_names_than_those_allowed_is_refused(void **state)
{
    (void)state;
    demand_certificates(TLS_DEMAND_ASK, "ward-8.example, spiffe://clinic/ward-70");
    bare_peer_show(&fixture.peer, &fixture.client);
    meet(NULL);
    expect_failure("certificate verify failed: it has none of the names that are allowed");
    expect_alert(SSL_AD_HANDSHAKE_FAILURE);
}

static void client_with_a_name_that_is_allowed_may_come(void **state)
{
    (void)state;
    static const char *const lists[] = {"ward-7.example", "a, spiffe://clinic/ward-7"};
    for (size_t i = 0; i < 2; i++) {
        demand_certificates(TLS_DEMAND_REQUIRE, lists[i]);
        bare_peer_show(&fixture.peer, &fixture.client);
        meet(NULL);
        expect_agreement();
        (void)end(NULL);
        (void)begin(NULL);
    }
}

static void client_with_more_names_than_are_read_is_refused(void **state)
{
    (void)state;
    char names[(LIMIT_TLS_NAME_COUNT_MAX + 1) * 16] = "";
    size_t size = 0;
    for (int i = 0; i <= LIMIT_TLS_NAME_COUNT_MAX; i++) {
        size += (size_t)snprintf(names + size, sizeof(names) - size, "%sDNS:n%d",
                                 i == 0 ? "" : ",", i);
    }
    demand_certificates(TLS_DEMAND_ASK, NULL);
    expect_refused_client(
        &(struct certificate_options){.issuer = &fixture.authority, .names = names},
        SSL_AD_HANDSHAKE_FAILURE,
        "certificate verify failed: it has none of the names that are allowed");
}

static void revoked_client_is_refused(void **state)
{
    (void)state;
    char list[CERTIFICATE_PEM_SIZE];
    certificate_revoke(&fixture.authority, &fixture.client, list);
    demand_certificates(TLS_DEMAND_REQUIRE, NULL);
    fixture.options.revoked = pem_of("crl.pem", list);
    bare_peer_show(&fixture.peer, &fixture.client);
    meet(NULL);
    expect_failure("certificate verify failed: certificate revoked");
    expect_alert(SSL_AD_CERTIFICATE_REVOKED);
}

static void client_that_is_not_on_the_list_of_revoked_may_come(void **state)
{
    (void)state;
    char list[CERTIFICATE_PEM_SIZE];
    certificate_revoke(&fixture.authority, &fixture.server, list);
    demand_certificates(TLS_DEMAND_REQUIRE, NULL);
    fixture.options.revoked = pem_of("crl.pem", list);
    bare_peer_show(&fixture.peer, &fixture.client);
    meet(NULL);
    expect_agreement();
}

/* We as a client, and whom we believe */

static void server_is_believed_by_each_name_of_its_certificate(void **state)
{
    (void)state;
    static const char *const names[] = {"server.example", "SERVER.example",
                                        "a.wild.example", "127.0.0.1"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        be_client();
        bare_peer_show(&fixture.peer, &fixture.server);
        meet(names[i]);
        expect_agreement();
        assert_true(tls_session_peer(fixture.session)->has_certificate);
        const char *asked_for =
            SSL_get_servername(fixture.peer.openssl, TLSEXT_NAMETYPE_host_name);
        assert_true(i == 3 ? asked_for == NULL : strcmp(asked_for, names[i]) == 0);
        expect_talk();
        (void)end(NULL);
        (void)begin(NULL);
    }
}

static void server_with_other_names_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *why;
    } cases[] = {
        {"other.example", "certificate verify failed: hostname mismatch"},
        {"common.example-3", "certificate verify failed: hostname mismatch"},
        {"a.b.wild.example", "certificate verify failed: hostname mismatch"},
        {"wild.example", "certificate verify failed: hostname mismatch"},
        {"127.0.0.2", "certificate verify failed: IP address mismatch"},
        {"::1", "certificate verify failed: IP address mismatch"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        be_client();
        bare_peer_show(&fixture.peer, &fixture.server);
        meet(cases[i].name);
        expect_failure(cases[i].why);
        (void)end(NULL);
        (void)begin(NULL);
    }
}

static void expect_refused_server(const struct certificate_options *options,
                                  const char *why)
{
    struct certificate certificate;
    certificate_make(&certificate, options);
    be_client();
    bare_peer_show(&fixture.peer, &certificate);
    meet("server.example");
    certificate_deinit(&certificate);
    expect_failure(why);
}

static void server_of_another_authority_is_refused(void **state)
{
    (void)state;
    expect_refused_server(
        &(struct certificate_options){.issuer = &fixture.stranger,
                                      .names = "DNS:server.example"},
        "certificate verify failed: unable to get local issuer certificate");
}

static void server_that_certifies_itself_is_refused(void **state)
{
    (void)state;
    expect_refused_server(&(struct certificate_options){.names = "DNS:server.example"},
                          "certificate verify failed: self-signed certificate");
}

static void expired_server_is_refused(void **state)
{
    (void)state;
    expect_refused_server(&(struct certificate_options){.issuer = &fixture.authority,
                                                        .names = "DNS:server.example",
                                                        .begin_s = -2L * DAY_S,
                                                        .end_s = -60},
                          "certificate verify failed: certificate has expired");
}

static void server_learns_who_we_are(void **state)
{
    (void)state;
    be_client();
    fixture.options.certificate = pem_of("client.pem", fixture.client.pem);
    fixture.options.key = pem_of("client.key", fixture.client.key_pem);
    bare_peer_show(&fixture.peer, &fixture.server);
    SSL_CTX_set_verify(fixture.peer.context, SSL_VERIFY_PEER, NULL);
    assert_int_equal(X509_STORE_add_cert(SSL_CTX_get_cert_store(fixture.peer.context),
                                         fixture.authority.x509),
                     1);
    meet("server.example");

    expect_agreement();
    const X509 *seen = SSL_get0_peer_certificate(fixture.peer.openssl);
    assert_non_null(seen);
    assert_int_equal(X509_cmp(seen, fixture.client.x509), 0);
}

static void session_without_a_name_to_look_for_is_not_opened(void **state)
{
    (void)state;
    struct error error;
    be_client();
    EXPECT_OK(tls_context_create(&fixture.options, &fixture.context, &error));
    EXPECT_STATUS(GALEN_INVALID,
                  tls_session_create(fixture.context, NULL, &fixture.session));
    EXPECT_STATUS(GALEN_INVALID, tls_session_create(fixture.context, "", &fixture.session));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(client_is_known_by_its_certificate),
        TEST(client_without_one_is_refused_where_one_is_required),
        TEST(client_without_one_is_nobody_where_it_is_asked),
        TEST(client_of_another_authority_is_refused_even_where_it_is_only_asked),
        TEST(expired_client_is_refused),
        TEST(certificate_for_servers_makes_no_client),
        TEST(client_with_other_names_than_those_allowed_is_refused),
        TEST(client_with_a_name_that_is_allowed_may_come),
        TEST(client_with_more_names_than_are_read_is_refused),
        TEST(revoked_client_is_refused),
        TEST(client_that_is_not_on_the_list_of_revoked_may_come),
        TEST(server_is_believed_by_each_name_of_its_certificate),
        TEST(server_with_other_names_is_refused),
        TEST(server_of_another_authority_is_refused),
        TEST(server_that_certifies_itself_is_refused),
        TEST(expired_server_is_refused),
        TEST(server_learns_who_we_are),
        TEST(session_without_a_name_to_look_for_is_not_opened),
    };
    return cmocka_run_group_tests_name("tls_session_peers", tests, make_certificates,
                                       free_certificates);
}
