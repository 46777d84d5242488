/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where an issuer says that its keys are: OpenID Connect Discovery 1.0 section 4, and RFC
 * 8414 section 3 for issuers that have no OpenID. Pure.
 */
#pragma once

#include "base/arena.h"
#include "base/writer.h"
#include "codec/web_url.h"

enum discovery_form {
    DISCOVERY_OPENID, /* issuer's path, then /.well-known/openid-configuration */
    DISCOVERY_OAUTH,  /* /.well-known/oauth-authorization-server, then issuer's path */
};

/* An identifier that documents are fetched for: https or on this machine, without a query.
 * GALEN_INVALID: the error says why. */
MUST_USE enum galen_status discovery_read_issuer(struct bytes issuer,
                                                 struct web_url *out_url,
                                                 struct error *out_error);

/* The request target. */
void discovery_write_target(const struct web_url *issuer, enum discovery_form form,
                            struct writer *out);

/* The document's jwks_uri, in the arena. GALEN_INVALID: it is no JSON object, it is about
 * another issuer (compared byte by byte), or its jwks_uri is missing, or neither https nor
 * on this machine; GALEN_NO_MEMORY. The error says which, and no content. */
MUST_USE enum galen_status discovery_read(struct bytes document, struct bytes issuer,
                                          struct arena *arena, struct bytes *out_jwks_uri,
                                          struct error *out_error);
