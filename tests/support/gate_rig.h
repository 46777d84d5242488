/* SPDX-License-Identifier: Apache-2.0 */
/* A loop's gate on an issuer of the test's own: tokens of any scopes, and keys that are
 * missing until the test brings them. Static storage: one at a time. */
#pragma once

#include <stdio.h>

#include "service/auth/gate.h"
#include "token_maker.h"

enum { GATE_NOW_S = 1800000000, GATE_TOKEN_SIZE_MAX = 2048, GATE_CACHE_SIZE = 16 };

struct gate_rig {
    struct auth_gate gate;
    struct signer *signer;
    struct auth_rules *rules;
    struct key_set *keys;
    struct jwks_waiter *waiter; /* of the visit that waits; NULL: none */
    char header[GATE_TOKEN_SIZE_MAX];
};

static inline int64_t gate_rig_now_s(void *context)
{
    (void)context;
    return GATE_NOW_S;
}

static inline uint64_t gate_rig_now_ns(void *context)
{
    (void)context;
    return 0;
}

static inline bool gate_rig_want(void *context, struct jwks_waiter *waiter, uint64_t now_ns)
{
    struct gate_rig *rig = context;
    (void)now_ns;
    rig->waiter = waiter;
    return true;
}

/* What holds from now on: with the issuer's keys, or without any. */
static inline void gate_rig_know(struct gate_rig *rig, bool has_keys)
{
    struct auth *auth = NULL;
    EXPECT_OK(auth_create(rig->rules, has_keys ? rig->keys : NULL, NULL, &auth));
    auth_unref(rig->gate.auth);
    rig->gate.auth = auth;
}

/* Who waits is told, whatever came of it. */
static inline void gate_rig_tell(struct gate_rig *rig)
{
    struct jwks_waiter *waiter = rig->waiter;
    assert_non_null(waiter);
    rig->waiter = NULL;
    waiter->told(waiter);
}

static inline struct key_set *gate_rig_keys(const struct signer *signer)
{
    struct key_set *keys = NULL;
    struct writer text;
    writer_init(&text, TOKEN_MAKER_SIZE_MAX);
    put_jwk(&text, signer, ",\"kid\":\"1\",\"alg\":\"ES256\"");
    EXPECT_OK(key_set_parse(writer_bytes(&text), JWK_ALGORITHMS_ALL, &keys, NULL));
    writer_deinit(&text);
    return keys;
}

/* With an issuer; else everybody is let in. The keys are known. */
static inline void gate_rig_init(struct gate_rig *rig, bool has_issuer)
{
    static const struct bytes audience = BYTES_INIT("galen");
    struct auth_options options = {.realm = BYTES("galen"),
                                   .allows_anonymous = !has_issuer,
                                   .tokens = token_rules_customary()};
    *rig = (struct gate_rig){.signer = signer_create(SIGNATURE_ES256)};
    options.tokens.claims.issuer = has_issuer ? BYTES("https://i.example") : BYTES_NONE;
    options.tokens.claims.audiences = &audience;
    options.tokens.claims.audience_count = 1;
    EXPECT_OK(auth_rules_create(&options, &rig->rules, NULL));
    rig->keys = gate_rig_keys(rig->signer);
    rig->gate.now_s = gate_rig_now_s;
    rig->gate.now_ns = gate_rig_now_ns;
    rig->gate.want_keys = gate_rig_want;
    rig->gate.context = rig;
    gate_rig_know(rig, has_issuer);
}

static inline void gate_rig_deinit(struct gate_rig *rig)
{
    auth_unref(rig->gate.auth);
    auth_rules_unref(rig->rules);
    key_set_unref(rig->keys);
    signer_destroy(rig->signer);
}

/* "Bearer …", of alice by the client ward; claims: more of them as `,"a":1`. The rig's,
 * until the next. */
static inline const char *gate_rig_bearer(struct gate_rig *rig, const char *scope,
                                          const char *claims)
{
    char payload[GATE_TOKEN_SIZE_MAX / 2];
    struct writer token;
    (void)snprintf(payload, sizeof(payload),
                   "{\"iss\":\"https://i.example\",\"aud\":\"galen\",\"sub\":\"alice\","
                   "\"client_id\":\"ward\",\"jti\":\"t-1\",\"iat\":%d,\"exp\":%d,"
                   "\"scope\":\"%s\"%s}",
                   GATE_NOW_S - 10, GATE_NOW_S + 290, scope, claims);
    writer_init(&token, TOKEN_MAKER_SIZE_MAX);
    put_token(&token, rig->signer, SIGNATURE_ES256,
              BYTES("{\"typ\":\"at+jwt\",\"alg\":\"ES256\",\"kid\":\"1\"}"),
              bytes_from_string(payload));
    (void)snprintf(rig->header, sizeof(rig->header), "Bearer %.*s", (int)token.size,
                   (const char *)writer_bytes(&token).data);
    writer_deinit(&token);
    return rig->header;
}
