/* SPDX-License-Identifier: Apache-2.0 */
/* Keys as JWKs and tokens as text, right or wrong as a test wants them. */
#pragma once

#include "codec/base64url.h"
#include "signer.h"

enum { TOKEN_MAKER_SIZE_MAX = 1 << 20 };

static inline void put_base64url_member(struct writer *out, const char *name,
                                        struct bytes value)
{
    writer_put_string(out, ",\"");
    writer_put_string(out, name);
    writer_put_string(out, "\":\"");
    base64url_encode(value, out);
    writer_put_string(out, "\"");
}

/* members: more of them as `,"kid":"1"`. */
static inline void put_jwk(struct writer *out, const struct signer *signer,
                           const char *members)
{
    const enum signature_algorithm algorithm = signer->algorithm;
    if (signer_is_rsa(algorithm)) {
        writer_put_string(out, "{\"kty\":\"RSA\"");
        put_base64url_member(out, "n", signer->first);
        put_base64url_member(out, "e", signer->second);
    } else if (signer_is_ec(algorithm)) {
        writer_put_string(out, "{\"kty\":\"EC\",\"crv\":\"");
        writer_put_string(out, signer_curve(algorithm));
        writer_put_string(out, "\"");
        put_base64url_member(out, "x", signer->first);
        put_base64url_member(out, "y", signer->second);
    } else {
        writer_put_string(out, "{\"kty\":\"OKP\",\"crv\":\"Ed25519\"");
        put_base64url_member(out, "x", signer->first);
    }
    writer_put_string(out, members);
    writer_put_string(out, "}");
}

/* Header and payload as they are, then a signature of both by the signer. */
static inline void put_token(struct writer *out, const struct signer *signer,
                             enum signature_algorithm algorithm, struct bytes header,
                             struct bytes payload)
{
    uint8_t signature[SIGNER_SIGNATURE_SIZE_MAX];
    base64url_encode(header, out);
    writer_put_byte(out, '.');
    base64url_encode(payload, out);
    const struct bytes signed_part =
        signer_sign_salted(signer, algorithm, writer_bytes(out), -1, signature);
    writer_put_byte(out, '.');
    base64url_encode(signed_part, out);
    EXPECT_OK(out->status);
}
