/* SPDX-License-Identifier: Apache-2.0 */
#include "net/tls_session.h"

#include "base/limits.h"
#include "tls_pair.h"

static const char *const http1[] = {"http/1.1", NULL};

struct fixture {
    struct certificate authority;
    struct certificate stranger; /* an authority that nobody here trusts */
    struct certificate server;
    struct certificate client;
    struct tls_context_options options;
    struct tls_context *context;
    struct tls_session *session;
    enum tls_result result; /* of the handshake */
    struct bare_peer peer;
    size_t step_size; /* bytes that travel at once; 0: all */
    uint8_t output[TLS_PAIR_OUTPUT_SIZE];
    char text[TLS_PAIR_OUTPUT_SIZE];
};

static struct fixture fixture;

static int make_certificates(void **state)
{
    (void)state;
    certificate_make(&fixture.authority, &(struct certificate_options){.names = NULL});
    certificate_make(&fixture.stranger, &(struct certificate_options){.names = NULL});
    certificate_make(&fixture.server,
                     &(struct certificate_options){.issuer = &fixture.authority,
                                                   .common_name = "common.example-",
                                                   .names = "DNS:server.example,"
                                                            "DNS:*.wild.example,"
                                                            "IP:127.0.0.1"});
    certificate_make(&fixture.client,
                     &(struct certificate_options){.issuer = &fixture.authority,
                                                   .names = "DNS:Ward-7.example,"
                                                            "URI:spiffe://clinic/ward-7,"
                                                            "email:ward@example"});
    return 0;
}

static int free_certificates(void **state)
{
    (void)state;
    certificate_deinit(&fixture.authority);
    certificate_deinit(&fixture.stranger);
    certificate_deinit(&fixture.server);
    certificate_deinit(&fixture.client);
    return 0;
}

static int begin(void **state)
{
    (void)state;
    fixture.context = NULL;
    fixture.session = NULL;
    fixture.step_size = 0;
    fixture.options = (struct tls_context_options){
        .is_server = true,
        .certificate = pem_of("server.pem", fixture.server.pem),
        .key = pem_of("server.key", fixture.server.key_pem),
        .protocols = http1,
    };
    bare_peer_open(&fixture.peer, false);
    return 0;
}

static int end(void **state)
{
    (void)state;
    bare_peer_close(&fixture.peer);
    tls_session_destroy(fixture.session);
    tls_context_unref(fixture.context);
    return 0;
}

/* Our side is to be a client that looks for this name. */
static void be_client(void)
{
    bare_peer_close(&fixture.peer);
    bare_peer_open(&fixture.peer, true);
    fixture.options = (struct tls_context_options){
        .authorities = pem_of("ca.pem", fixture.authority.pem), .protocols = http1};
}

static void open_session(const char *name)
{
    struct error error;
    if (fixture.context == NULL) {
        EXPECT_OK(tls_context_create(&fixture.options, &fixture.context, &error));
    }
    EXPECT_OK(tls_session_create(fixture.context, name, &fixture.session));
    fixture.result = TLS_MORE;
}

static void carry_output(void)
{
    bare_peer_put(&fixture.peer, tls_session_output(fixture.session));
    tls_session_lend_output(fixture.session, fixture.output, sizeof(fixture.output));
}

static void step_session(struct bytes input)
{
    tls_session_lend_output(fixture.session, fixture.output, sizeof(fixture.output));
    tls_session_lend_input(fixture.session, input);
    if (fixture.result == TLS_MORE) {
        fixture.result = tls_session_handshake(fixture.session);
    }
    carry_output();
}

/* Until both stand still. */
static void shake_hands(void)
{
    static uint8_t bytes[TLS_PAIR_OUTPUT_SIZE];
    size_t rounds_without = 0;
    while (rounds_without < 3) {
        bare_peer_step(&fixture.peer);
        const size_t size = fixture.step_size == 0 ? sizeof(bytes) : fixture.step_size;
        struct bytes input = BYTES_NONE;
        if (fixture.result == TLS_MORE) {
            input = bare_peer_take(&fixture.peer, bytes, size);
        }
        step_session(input);
        rounds_without = input.size > 0 ? 0 : rounds_without + 1;
    }
    bare_peer_step(&fixture.peer);
}

static void meet(const char *name)
{
    open_session(name);
    bare_peer_begin(&fixture.peer);
    shake_hands();
}

static const char *failure(void)
{
    static struct error error;
    tls_session_explain(fixture.session, &error);
    return error.text;
}

static void expect_agreement(void)
{
    if (fixture.result != TLS_DONE) {
        assert_string_equal(failure(), "");
    }
    assert_int_equal(fixture.result, TLS_DONE);
    assert_true(fixture.peer.is_done);
}

static void expect_failure(const char *why)
{
    assert_int_equal(fixture.result, TLS_FAILED);
    assert_string_equal(failure(), why);
    assert_int_equal(tls_session_handshake(fixture.session), TLS_FAILED);
    size_t size;
    uint8_t byte;
    assert_int_equal(tls_session_read(fixture.session, &byte, 1, &size), TLS_FAILED);
    assert_int_equal(tls_session_write(fixture.session, BYTES("x")), TLS_FAILED);
}

/* The peer has been told in an alert. */
static void expect_alert(int alert)
{
    char text[16];
    (void)bare_peer_read(&fixture.peer, text, sizeof(text));
    assert_int_equal(ERR_GET_REASON(fixture.peer.failure), SSL_AD_REASON_OFFSET + alert);
}

static void peer_says(const char *text)
{
    static uint8_t bytes[TLS_PAIR_OUTPUT_SIZE];
    assert_int_equal(SSL_write(fixture.peer.openssl, text, (int)strlen(text)),
                     (int)strlen(text));
    tls_session_lend_input(fixture.session,
                           bare_peer_take(&fixture.peer, bytes, sizeof(bytes)));
}

static void expect_to_read(const char *text)
{
    uint8_t place[256];
    size_t size;
    assert_int_equal(tls_session_read(fixture.session, place, sizeof(place), &size),
                     TLS_DONE);
    assert_true(bytes_equal_string(bytes_of(place, size), text));
    assert_int_equal(tls_session_read(fixture.session, place, sizeof(place), &size),
                     TLS_MORE);
}

static void expect_talk(void)
{
    peer_says("question");
    expect_to_read("question");
    carry_output();
    assert_int_equal(tls_session_write(fixture.session, BYTES("answer")), TLS_DONE);
    carry_output();
    (void)bare_peer_read(&fixture.peer, fixture.text, sizeof(fixture.text));
    assert_string_equal(fixture.text, "answer");
}

/* What is agreed on */

static void two_sides_agree_and_talk(void **state)
{
    (void)state;
    meet(NULL);

    expect_agreement();
    const struct tls_peer *peer = tls_session_peer(fixture.session);
    assert_string_equal(peer->protocol, "TLSv1.3");
    assert_string_equal(peer->cipher, "TLS_AES_128_GCM_SHA256");
    assert_false(peer->has_certificate);
    expect_talk();
}

static void records_come_byte_by_byte(void **state)
{
    (void)state;
    fixture.step_size = 1;
    meet(NULL);
    expect_agreement();

    static uint8_t bytes[TLS_PAIR_OUTPUT_SIZE];
    assert_int_equal(SSL_write(fixture.peer.openssl, "slow", 4), 4);
    const struct bytes record = bare_peer_take(&fixture.peer, bytes, sizeof(bytes));
    uint8_t place[16];
    size_t size;
    for (size_t i = 0; i + 1 < record.size; i++) {
        tls_session_lend_input(fixture.session, bytes_of(record.data + i, 1));
        assert_int_equal(tls_session_read(fixture.session, place, sizeof(place), &size),
                         TLS_MORE);
    }
    tls_session_lend_input(fixture.session, bytes_from(record, record.size - 1));
    expect_to_read("slow");
}

static void tls_1_2_is_spoken_too(void **state)
{
    (void)state;
    assert_int_equal(SSL_CTX_set_max_proto_version(fixture.peer.context, TLS1_2_VERSION),
                     1);
    meet(NULL);

    expect_agreement();
    assert_string_equal(tls_session_peer(fixture.session)->protocol, "TLSv1.2");
    expect_talk();
}

static void tls_1_1_is_refused(void **state)
{
    (void)state;
    assert_int_equal(SSL_CTX_set_min_proto_version(fixture.peer.context, TLS1_VERSION), 1);
    assert_int_equal(SSL_CTX_set_max_proto_version(fixture.peer.context, TLS1_1_VERSION),
                     1);
    assert_int_equal(SSL_CTX_set_cipher_list(fixture.peer.context, "ALL:@SECLEVEL=0"), 1);
    meet(NULL);

    expect_failure("unsupported protocol");
    expect_alert(SSL_AD_PROTOCOL_VERSION);
}

static void weak_suites_are_refused(void **state)
{
    (void)state;
    static const char *const weak[] = {
        "ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES256-SHA384", "ECDHE-ECDSA-AES128-SHA256",
        "AECDH-AES128-SHA",       "DHE-RSA-AES128-GCM-SHA256", "AES128-GCM-SHA256",
        "ECDHE-ECDSA-AES128-CCM", "ECDHE-ECDSA-NULL-SHA",
    };
    for (size_t i = 0; i < sizeof(weak) / sizeof(weak[0]); i++) {
        SSL_CTX *context = fixture.peer.context;
        assert_int_equal(SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION), 1);
        assert_int_equal(SSL_CTX_set_cipher_list(context, weak[i]), 1);
        meet(NULL);

        expect_failure("no shared cipher");
        expect_alert(SSL_AD_HANDSHAKE_FAILURE);

        tls_session_destroy(take(&fixture.session));
        bare_peer_close(&fixture.peer);
        bare_peer_open(&fixture.peer, false);
    }
}

static void protocol_is_chosen_by_us(void **state)
{
    (void)state;
    static const char *const both[] = {"h2", "http/1.1", NULL};
    static const uint8_t offer[] = "\x08http/1.1\x02h2\x03xyz";
    fixture.options.protocols = both;
    assert_int_equal(
        SSL_CTX_set_alpn_protos(fixture.peer.context, offer, sizeof(offer) - 1), 0);
    meet(NULL);

    expect_agreement();
    assert_true(bytes_equal_string(tls_session_protocol(fixture.session), "h2"));
}

static void protocols_that_are_not_spoken_are_refused(void **state)
{
    (void)state;
    static const uint8_t offer[] = "\x02h2\x03xyz";
    assert_int_equal(
        SSL_CTX_set_alpn_protos(fixture.peer.context, offer, sizeof(offer) - 1), 0);
    meet(NULL);

    expect_failure("no application protocol");
    expect_alert(SSL_AD_NO_APPLICATION_PROTOCOL);
}

static void client_may_do_without_alpn(void **state)
{
    (void)state;
    meet(NULL);
    expect_agreement();
    assert_int_equal(tls_session_protocol(fixture.session).size, 0);
}

/* Sessions that are resumed */

static SSL_SESSION *kept_session;

static int keep_session(SSL *openssl, SSL_SESSION *session)
{
    (void)openssl;
    SSL_SESSION_free(kept_session);
    kept_session = session;
    return 1;
}

/* Meets, and again with what was kept of that: whether the second was quicker. */
static bool resumes(bool with_new_context)
{
    (void)SSL_CTX_set_session_cache_mode(
        fixture.peer.context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL_STORE);
    SSL_CTX_sess_set_new_cb(fixture.peer.context, keep_session);
    meet(NULL);
    expect_agreement();
    expect_talk();
    tls_session_destroy(take(&fixture.session));
    SSL_set_shutdown(fixture.peer.openssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_free(fixture.peer.openssl); /* as one that ended well, else it is forgotten */
    if (with_new_context) {
        tls_context_unref(take(&fixture.context));
    }
    open_session(NULL);
    fixture.peer.is_done = false;
    bare_peer_begin(&fixture.peer);
    if (kept_session != NULL) {
        assert_int_equal(SSL_set_session(fixture.peer.openssl, kept_session), 1);
        SSL_SESSION_free(take(&kept_session));
    }
    shake_hands();
    expect_agreement();
    return SSL_session_reused(fixture.peer.openssl) == 1;
}

static void tls_1_3_session_is_resumed_with_the_same_context_only(void **state)
{
    (void)state;
    assert_true(resumes(false));
    (void)end(NULL);
    (void)begin(NULL);
    assert_false(resumes(true));
}

static void tls_1_2_session_is_never_resumed(void **state)
{
    (void)state;
    assert_int_equal(SSL_CTX_set_max_proto_version(fixture.peer.context, TLS1_2_VERSION),
                     1);
    assert_false(resumes(false));
}

static void demand_certificates(enum tls_demand demand, const char *allowed_names)
{
    fixture.options.demand = demand;
    fixture.options.authorities = pem_of("ca.pem", fixture.authority.pem);
    fixture.options.allowed_names = allowed_names;
}

static void resumed_session_knows_its_client(void **state)
{
    (void)state;
    demand_certificates(TLS_DEMAND_REQUIRE, NULL);
    bare_peer_show(&fixture.peer, &fixture.client);

    assert_true(resumes(false));

    assert_true(tls_session_peer(fixture.session)->has_certificate);
    assert_int_equal(tls_session_peer(fixture.session)->name_count, 3);
}

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
            .issuer = &fixture.authority, .begin_s = -2 * DAY_S, .end_s = -60},
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
                                                        .begin_s = -2 * DAY_S,
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

/* What goes wrong on the way */

static void garbage_is_refused_at_once(void **state)
{
    (void)state;
    open_session(NULL);
    bare_peer_begin(&fixture.peer);
    step_session(BYTES("GET / HTTP/1.1\r\nHost: h\r\n\r\n"));
    expect_failure("http request");
}

static void record_that_was_changed_is_refused(void **state)
{
    (void)state;
    static uint8_t bytes[1024];
    uint8_t place[16];
    size_t size;
    meet(NULL);
    assert_int_equal(SSL_write(fixture.peer.openssl, "text", 4), 4);
    const struct bytes record = bare_peer_take(&fixture.peer, bytes, sizeof(bytes));
    bytes[record.size - 1] ^= 1;
    tls_session_lend_input(fixture.session, record);

    assert_int_equal(tls_session_read(fixture.session, place, sizeof(place), &size),
                     TLS_FAILED);

    assert_string_equal(failure(), "decryption failed or bad record mac");
    carry_output();
    expect_alert(SSL_AD_BAD_RECORD_MAC);
}

static void record_larger_than_any_may_be_is_refused(void **state)
{
    (void)state;
    uint8_t place[16];
    size_t size;
    meet(NULL);
    tls_session_lend_input(fixture.session, BYTES("\x17\x03\x03\xff\xff"));
    assert_int_equal(tls_session_read(fixture.session, place, sizeof(place), &size),
                     TLS_FAILED);
}

static void end_of_the_peer_is_told_from_a_cut(void **state)
{
    (void)state;
    static uint8_t bytes[1024];
    uint8_t place[16];
    size_t size;
    meet(NULL);
    (void)SSL_shutdown(fixture.peer.openssl);
    tls_session_lend_input(fixture.session,
                           bare_peer_take(&fixture.peer, bytes, sizeof(bytes)));

    assert_int_equal(tls_session_read(fixture.session, place, sizeof(place), &size),
                     TLS_ENDED);

    assert_int_equal(tls_session_write(fixture.session, BYTES("still here")), TLS_DONE);
    tls_session_end(fixture.session);
    tls_session_end(fixture.session); /* once is enough */
    carry_output();
    (void)bare_peer_read(&fixture.peer, fixture.text, sizeof(fixture.text));
    assert_string_equal(fixture.text, "still here");
    assert_true(SSL_get_shutdown(fixture.peer.openssl) & SSL_RECEIVED_SHUTDOWN);
}

static void renegotiation_is_not_taken_up(void **state)
{
    (void)state;
    static uint8_t bytes[TLS_PAIR_OUTPUT_SIZE];
    uint8_t place[16];
    size_t size;
    assert_int_equal(SSL_CTX_set_max_proto_version(fixture.peer.context, TLS1_2_VERSION),
                     1);
    meet(NULL);
    expect_talk();
    assert_int_equal(SSL_renegotiate(fixture.peer.openssl), 1);
    (void)SSL_do_handshake(fixture.peer.openssl);
    tls_session_lend_input(fixture.session,
                           bare_peer_take(&fixture.peer, bytes, sizeof(bytes)));

    assert_int_equal(tls_session_read(fixture.session, place, sizeof(place), &size),
                     TLS_MORE);

    assert_true(tls_session_output(fixture.session).size < 64); /* no ServerHello */
    carry_output();
    (void)bare_peer_read(&fixture.peer, fixture.text, sizeof(fixture.text));
    assert_int_equal(ERR_GET_REASON(fixture.peer.failure), SSL_R_NO_RENEGOTIATION);
}

static void answers_to_key_updates_have_to_fit(void **state)
{
    (void)state;
    static uint8_t bytes[TLS_PAIR_OUTPUT_SIZE];
    uint8_t place[16];
    size_t size;
    meet(NULL);
    expect_talk();
    for (int i = 0; i < 100; i++) {
        assert_int_equal(SSL_key_update(fixture.peer.openssl, SSL_KEY_UPDATE_REQUESTED), 1);
        assert_int_equal(SSL_do_handshake(fixture.peer.openssl), 1);
    }
    tls_session_lend_output(fixture.session, fixture.output, 100);
    tls_session_lend_input(fixture.session,
                           bare_peer_take(&fixture.peer, bytes, sizeof(bytes)));

    assert_int_equal(tls_session_read(fixture.session, place, sizeof(place), &size),
                     TLS_FULL);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(two_sides_agree_and_talk),
        TEST(records_come_byte_by_byte),
        TEST(tls_1_2_is_spoken_too),
        TEST(tls_1_1_is_refused),
        TEST(weak_suites_are_refused),
        TEST(protocol_is_chosen_by_us),
        TEST(protocols_that_are_not_spoken_are_refused),
        TEST(client_may_do_without_alpn),
        TEST(tls_1_3_session_is_resumed_with_the_same_context_only),
        TEST(tls_1_2_session_is_never_resumed),
        TEST(resumed_session_knows_its_client),
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
        TEST(garbage_is_refused_at_once),
        TEST(record_that_was_changed_is_refused),
        TEST(record_larger_than_any_may_be_is_refused),
        TEST(end_of_the_peer_is_told_from_a_cut),
        TEST(renegotiation_is_not_taken_up),
        TEST(answers_to_key_updates_have_to_fit),
    };
    return cmocka_run_group_tests_name("tls_session", tests, make_certificates,
                                       free_certificates);
}
