/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the payload of a verified token says, and whether it is for us, now (RFC 7519, RFC
 * 9068 section 4). Pure.
 *
 * A name of a claim that begins with `/` is a path through objects:
 * `/resource_access/galen/roles`.
 */
#pragma once

#include "base/phi.h"
#include "codec/json.h"
#include "crypto/sha256.h"
#include "service/auth/refusal.h"

/* Borrowed, all of it. */
struct claim_rules {
    struct bytes issuer; /* exactly */
    const struct bytes *audiences;
    size_t audience_count;      /* one of these has to be among the token's */
    const char *scopes_claim;   /* "scope"; a string with spaces, or an array */
    const char *client_claim;   /* "client_id" */
    const char *token_id_claim; /* "jti" */
    int64_t lifetime_s_max;     /* from iat to exp */
    int64_t leeway_s;           /* clocks may be so far apart: at most TOKEN_LEEWAY_S_MAX */
};

/* Borrowed from the payload and the arena. */
struct claims {
    struct bytes subject;
    struct bytes client_id;
    struct bytes token_id;
    struct phi patient; /* empty: none */
    int64_t expires_s;
    const struct bytes *scopes;
    size_t scope_count;
    bool is_bound; /* to this certificate */
    uint8_t certificate_sha256[SHA256_SIZE];
};

/* payload: an object. now_s: Unix seconds. On a refusal out_claims is as it was. */
enum refusal claims_read(const struct json *payload, const struct claim_rules *rules,
                         int64_t now_s, struct arena *arena, struct claims *out_claims);
