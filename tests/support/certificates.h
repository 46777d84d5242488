/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates for tests, made when they are needed: authorities, and who they certify. */
#pragma once

#include "expect.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "net/tls_context.h"

enum { CERTIFICATE_PEM_SIZE = 8192, DAY_S = 86400 };

struct certificate {
    EVP_PKEY *key;
    X509 *x509;
    char pem[CERTIFICATE_PEM_SIZE];
    char key_pem[CERTIFICATE_PEM_SIZE];
};

struct certificate_options {
    const struct certificate *issuer; /* NULL: itself, an authority */
    const char *names;                /* "DNS:a,URI:b,IP:127.0.0.1,email:c"; NULL: none */
    const char *common_name;          /* with a number behind; NULL: any */
    const char *usage;                /* extendedKeyUsage; NULL: any */
    long begin_s;                     /* from now */
    long end_s;                       /* from now; 0: in a day */
};

static inline void certificate_extend(X509 *x509, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, x509, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    assert_non_null(extension);
    assert_int_equal(X509_add_ext(x509, extension, -1), 1);
    X509_EXTENSION_free(extension);
}

static inline void certificate_write(BIO *bio, char *out_text)
{
    const int size = BIO_read(bio, out_text, CERTIFICATE_PEM_SIZE - 1);
    assert_in_range(size, 1, CERTIFICATE_PEM_SIZE - 2);
    out_text[size] = '\0';
    BIO_free(bio);
}

static inline void certificate_make(struct certificate *out,
                                    const struct certificate_options *options)
{
    static long serial;
    char common_name[64];
    const bool is_authority = options->issuer == NULL;
    *out = (struct certificate){.key = EVP_EC_gen("P-256"), .x509 = X509_new()};
    (void)snprintf(common_name, sizeof(common_name), "%s%ld",
                   options->common_name == NULL ? "test " : options->common_name, ++serial);
    X509 *issuer = is_authority ? out->x509 : options->issuer->x509;
    X509_NAME *name = X509_get_subject_name(out->x509);
    assert_int_equal(X509_set_version(out->x509, X509_VERSION_3), 1);
    assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(out->x509), serial), 1);
    assert_int_equal(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                                (const uint8_t *)common_name, -1, -1, 0),
                     1);
    assert_int_equal(X509_set_issuer_name(out->x509, X509_get_subject_name(issuer)), 1);
    assert_non_null(X509_gmtime_adj(X509_getm_notBefore(out->x509),
                                    options->begin_s == 0 ? -DAY_S : options->begin_s));
    assert_non_null(X509_gmtime_adj(X509_getm_notAfter(out->x509),
                                    options->end_s == 0 ? DAY_S : options->end_s));
    assert_int_equal(X509_set_pubkey(out->x509, out->key), 1);
    certificate_extend(out->x509, issuer, NID_basic_constraints,
                       is_authority ? "critical,CA:TRUE" : "CA:FALSE");
    certificate_extend(out->x509, issuer, NID_subject_key_identifier, "hash");
    if (options->names != NULL) {
        certificate_extend(out->x509, issuer, NID_subject_alt_name, options->names);
    }
    if (options->usage != NULL) {
        certificate_extend(out->x509, issuer, NID_ext_key_usage, options->usage);
    }
    assert_true(X509_sign(out->x509, is_authority ? out->key : options->issuer->key,
                          EVP_sha256()) > 0);
    BIO *bio = BIO_new(BIO_s_mem());
    assert_int_equal(PEM_write_bio_X509(bio, out->x509), 1);
    certificate_write(bio, out->pem);
    bio = BIO_new(BIO_s_mem());
    assert_int_equal(
        PEM_write_bio_PKCS8PrivateKey(bio, out->key, NULL, NULL, 0, NULL, NULL), 1);
    certificate_write(bio, out->key_pem);
}

static inline void certificate_deinit(struct certificate *certificate)
{
    X509_free(certificate->x509);
    EVP_PKEY_free(certificate->key);
    *certificate = (struct certificate){.key = NULL};
}

/* A list with the authority's signature of who it does not vouch for any more. */
static inline void certificate_revoke(const struct certificate *authority,
                                      const struct certificate *revoked, char *out_pem)
{
    X509_CRL *list = X509_CRL_new();
    ASN1_TIME *now = X509_gmtime_adj(NULL, 0);
    ASN1_TIME *next = X509_gmtime_adj(NULL, DAY_S);
    X509_REVOKED *row = X509_REVOKED_new();
    assert_int_equal(X509_CRL_set_version(list, X509_CRL_VERSION_2), 1);
    assert_int_equal(X509_CRL_set_issuer_name(list, X509_get_subject_name(authority->x509)),
                     1);
    assert_int_equal(X509_CRL_set1_lastUpdate(list, now), 1);
    assert_int_equal(X509_CRL_set1_nextUpdate(list, next), 1);
    assert_int_equal(
        X509_REVOKED_set_serialNumber(row, X509_get_serialNumber(revoked->x509)), 1);
    assert_int_equal(X509_REVOKED_set_revocationDate(row, now), 1);
    assert_int_equal(X509_CRL_add0_revoked(list, row), 1);
    assert_true(X509_CRL_sign(list, authority->key, EVP_sha256()) > 0);
    BIO *bio = BIO_new(BIO_s_mem());
    assert_int_equal(PEM_write_bio_X509_CRL(bio, list), 1);
    certificate_write(bio, out_pem);
    ASN1_TIME_free(now);
    ASN1_TIME_free(next);
    X509_CRL_free(list);
}

static inline struct tls_pem pem_of(const char *name, const char *text)
{
    return (struct tls_pem){name, bytes_from_string(text)};
}
