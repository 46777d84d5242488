/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is let in, as the configuration has it: the issuer and what its tokens have to be,
 * clients that their TLS certificates are enough for, or everybody where there is neither.
 *
 * Threads: any; rules are immutable and counted.
 */
#pragma once

#include "base/error.h"
#include "net/tls_peer.h"
#include "service/auth/principal.h"
#include "service/auth/token.h"

/* A client that needs no token: its certificate has this name. The first that fits counts.
 */
struct certificate_rule {
    enum tls_name_type type;
    struct bytes name;      /* DNS names without regard to case, others exactly */
    struct bytes client_id; /* by which the client is known, and denied */
    const struct bytes *scopes;
    size_t scope_count;
};

/* Borrowed; all is copied. */
struct auth_options {
    struct bytes realm;        /* of challenges: printable, without quote and backslash */
    bool allows_anonymous;     /* only where there is no issuer */
    struct token_rules tokens; /* without an issuer no token is looked at */
    const struct certificate_rule *certificates;
    size_t certificate_count; /* at most CERTIFICATE_RULE_COUNT_MAX */
};

/* What is customary: at+jwt, scope, client_id, jti, an hour, 30 seconds of leeway. */
struct token_rules token_rules_customary(void);

struct auth_rules;

/* Gives one reference. GALEN_INVALID: the error names the option and what is wrong with
 * it; GALEN_TOO_LARGE; GALEN_NO_MEMORY, GALEN_INTERNAL. */
MUST_USE enum galen_status auth_rules_create(const struct auth_options *options,
                                             struct auth_rules **out_rules,
                                             struct error *out_error);
struct auth_rules *auth_rules_ref(struct auth_rules *rules); /* returns its argument */
void auth_rules_unref(struct auth_rules *rules);             /* NULL is allowed */
DEFINE_SCOPED(auth_rules, auth_rules_unref)

bool auth_rules_have_issuer(const struct auth_rules *rules);
const struct token_rules *auth_rules_tokens(const struct auth_rules *rules);
struct bytes auth_rules_realm(const struct auth_rules *rules);

/* SHA256_SIZE bytes: the same for rules that hold tokens to the same. */
const uint8_t *auth_rules_identity(const struct auth_rules *rules);

/* Who needs no token: by the certificate of the peer (NULL: plaintext), or anybody.
 * Borrowed; NULL: nobody. */
struct principal *auth_rules_find(const struct auth_rules *rules,
                                  const struct tls_peer *peer);
