/* SPDX-License-Identifier: Apache-2.0 */
#include "net/tls_context.h"

#include "certificates.h"

struct fixture {
    struct certificate authority;
    struct certificate server;
    struct certificate other;
    struct tls_context_options options;
    struct tls_context *context;
    struct error error;
};

static struct fixture fixture;

static int make_certificates(void **state)
{
    (void)state;
    certificate_make(&fixture.authority, &(struct certificate_options){.names = NULL});
    certificate_make(&fixture.server,
                     &(struct certificate_options){.issuer = &fixture.authority,
                                                   .names = "DNS:localhost"});
    certificate_make(
        &fixture.other,
        &(struct certificate_options){.issuer = &fixture.authority, .names = "DNS:other"});
    return 0;
}

static int free_certificates(void **state)
{
    (void)state;
    certificate_deinit(&fixture.authority);
    certificate_deinit(&fixture.server);
    certificate_deinit(&fixture.other);
    return 0;
}

static int begin(void **state)
{
    (void)state;
    fixture.context = NULL;
    error_clear(&fixture.error);
    fixture.options = (struct tls_context_options){
        .is_server = true,
        .certificate = pem_of("server.pem", fixture.server.pem),
        .key = pem_of("server.key", fixture.server.key_pem),
    };
    return 0;
}

static int end(void **state)
{
    (void)state;
    tls_context_unref(fixture.context);
    return 0;
}

static enum galen_status create(void)
{
    return tls_context_create(&fixture.options, &fixture.context, &fixture.error);
}

static void expect_refusal(const char *why)
{
    EXPECT_STATUS(GALEN_INVALID, create());
    assert_string_equal(fixture.error.text, why);
    assert_null(fixture.context);
}

static void certificate_and_key_make_a_server(void **state)
{
    (void)state;
    EXPECT_OK(create());

    const int64_t left_s = tls_context_expires_s(fixture.context) - (int64_t)time(NULL);
    assert_in_range(left_s, DAY_S - 60, DAY_S);
}

static void client_needs_no_certificate(void **state)
{
    (void)state;
    fixture.options = (struct tls_context_options){
        .authorities = pem_of("ca.pem", fixture.authority.pem)};

    EXPECT_OK(create());

    assert_int_equal(tls_context_expires_s(fixture.context), 0);
}

static void server_needs_one(void **state)
{
    (void)state;
    fixture.options.certificate = (struct tls_pem){NULL, BYTES_NONE};
    expect_refusal("a server needs a certificate");
}

static void key_of_another_certificate_is_refused(void **state)
{
    (void)state;
    fixture.options.key = pem_of("other.key", fixture.other.key_pem);
    expect_refusal("other.key: is not the key of the certificate in server.pem");
}

static void certificate_without_a_key_is_refused(void **state)
{
    (void)state;
    fixture.options.key = (struct tls_pem){NULL, BYTES_NONE};
    expect_refusal("server.pem: there is no key for it");
}

static void files_without_what_they_should_hold_are_refused(void **state)
{
    (void)state;
    fixture.options.certificate = pem_of("server.pem", fixture.server.key_pem);
    expect_refusal("server.pem: there is no PEM certificate in it");
    fixture.options.certificate = pem_of("server.pem", "");
    expect_refusal("server.pem: there is no PEM certificate in it");

    (void)begin(NULL);
    fixture.options.key = pem_of("server.key", fixture.server.pem);
    expect_refusal("server.key: there is no PEM private key without a passphrase in it");
}

static void malformed_certificate_behind_a_good_one_is_refused(void **state)
{
    (void)state;
    static char text[2 * CERTIFICATE_PEM_SIZE];
    (void)snprintf(text, sizeof(text), "%s%s", fixture.server.pem, fixture.authority.pem);
    text[strlen(text) - 60] = '!';
    fixture.options.certificate = pem_of("server.pem", text);
    expect_refusal("server.pem: a certificate in it is malformed");
}

static void chain_behind_the_certificate_is_taken(void **state)
{
    (void)state;
    static char text[2 * CERTIFICATE_PEM_SIZE];
    (void)snprintf(text, sizeof(text), "%s%s", fixture.server.pem, fixture.authority.pem);
    fixture.options.certificate = pem_of("server.pem", text);
    EXPECT_OK(create());
}

static void expect_refusal_by_time(long begin_s, long end_s, const char *why)
{
    struct certificate late;
    certificate_make(&late, &(struct certificate_options){.issuer = &fixture.authority,
                                                          .begin_s = begin_s,
                                                          .end_s = end_s});
    fixture.options.certificate = pem_of("late.pem", late.pem);
    fixture.options.key = pem_of("late.key", late.key_pem);
    expect_refusal(why);
    certificate_deinit(&late);
}

static void certificate_out_of_its_time_is_refused(void **state)
{
    (void)state;
    expect_refusal_by_time(-2L * DAY_S, -60, "late.pem: the certificate has expired");
    expect_refusal_by_time(600, DAY_S, "late.pem: the certificate is not valid yet");
}

static void key_that_is_too_weak_is_refused(void **state)
{
    (void)state;
    EVP_PKEY *key = EVP_RSA_gen(1024);
    static struct certificate weak;
    weak.x509 = X509_dup(fixture.server.x509);
    assert_int_equal(X509_set_pubkey(weak.x509, key), 1);
    assert_true(X509_sign(weak.x509, fixture.authority.key, EVP_sha256()) > 0);
    BIO *bio = BIO_new(BIO_s_mem());
    assert_int_equal(PEM_write_bio_X509(bio, weak.x509), 1);
    certificate_write(bio, weak.pem);
    fixture.options.certificate = pem_of("weak.pem", weak.pem);

    expect_refusal("weak.pem: ee key too small");

    X509_free(weak.x509);
    EVP_PKEY_free(key);
}

static void key_behind_a_passphrase_is_refused_without_asking(void **state)
{
    (void)state;
    static char text[CERTIFICATE_PEM_SIZE];
    char passphrase[] = "secret";
    BIO *bio = BIO_new(BIO_s_mem());
    assert_int_equal(PEM_write_bio_PKCS8PrivateKey(bio, fixture.server.key,
                                                   EVP_aes_256_cbc(), passphrase, 6, NULL,
                                                   NULL),
                     1);
    certificate_write(bio, text);
    fixture.options.key = pem_of("server.key", text);
    expect_refusal("server.key: there is no PEM private key without a passphrase in it");
}

static void clients_are_asked_only_with_an_authority(void **state)
{
    (void)state;
    fixture.options.demand = TLS_DEMAND_REQUIRE;
    expect_refusal("clients cannot be asked for certificates without an authority");
    fixture.options.authorities = pem_of("ca.pem", fixture.authority.pem);
    EXPECT_OK(create());
}

static void authority_that_is_none_is_refused(void **state)
{
    (void)state;
    fixture.options.demand = TLS_DEMAND_ASK;
    fixture.options.authorities = pem_of("ca.pem", fixture.server.pem);
    expect_refusal("ca.pem: a certificate in it is not an authority's");
}

static void list_of_revoked_that_is_none_is_refused(void **state)
{
    (void)state;
    fixture.options.demand = TLS_DEMAND_ASK;
    fixture.options.authorities = pem_of("ca.pem", fixture.authority.pem);
    fixture.options.revoked = pem_of("crl.pem", fixture.authority.pem);
    expect_refusal("crl.pem: there is no PEM list of revoked certificates in it");
}

static void names_that_are_no_text_are_refused(void **state)
{
    (void)state;
    fixture.options.demand = TLS_DEMAND_ASK;
    fixture.options.authorities = pem_of("ca.pem", fixture.authority.pem);
    fixture.options.allowed_names = "a.example, b c";
    EXPECT_STATUS(GALEN_INVALID, create());
    fixture.options.allowed_names = "a.example,, spiffe://b/c ,";
    EXPECT_OK(create());
}

static void context_lives_as_long_as_somebody_holds_it(void **state)
{
    (void)state;
    EXPECT_OK(create());
    struct tls_context *again = tls_context_ref(fixture.context);
    tls_context_unref(take(&fixture.context));
    assert_true(tls_context_expires_s(again) > 0);
    tls_context_unref(again);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(certificate_and_key_make_a_server),
        TEST(client_needs_no_certificate),
        TEST(server_needs_one),
        TEST(key_of_another_certificate_is_refused),
        TEST(certificate_without_a_key_is_refused),
        TEST(files_without_what_they_should_hold_are_refused),
        TEST(malformed_certificate_behind_a_good_one_is_refused),
        TEST(chain_behind_the_certificate_is_taken),
        TEST(certificate_out_of_its_time_is_refused),
        TEST(key_that_is_too_weak_is_refused),
        TEST(key_behind_a_passphrase_is_refused_without_asking),
        TEST(clients_are_asked_only_with_an_authority),
        TEST(authority_that_is_none_is_refused),
        TEST(list_of_revoked_that_is_none_is_refused),
        TEST(names_that_are_no_text_are_refused),
        TEST(context_lives_as_long_as_somebody_holds_it),
    };
    return cmocka_run_group_tests_name("tls_context", tests, make_certificates,
                                       free_certificates);
}
