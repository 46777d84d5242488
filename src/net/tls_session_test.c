/* SPDX-License-Identifier: Apache-2.0 */
/* What is agreed on, resumed, and what goes wrong on the way. */
#include "net/tls_session.h"

#include "tls_session_fixture.h"

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

static void resumed_session_knows_its_client(void **state)
{
    (void)state;
    demand_certificates(TLS_DEMAND_REQUIRE, NULL);
    bare_peer_show(&fixture.peer, &fixture.client);

    assert_true(resumes(false));

    assert_true(tls_session_peer(fixture.session)->has_certificate);
    assert_int_equal(tls_session_peer(fixture.session)->name_count, 3);
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
