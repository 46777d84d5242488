/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a token endpoint decides of client_credentials grants (RFC 6749 sections 2.3.1 and
 * 4.4): who asks, and for which of the scopes that are theirs. For the development issuer.
 *
 * Pure. Allocation: the arena given.
 */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "crypto/sha256.h"

struct grant_client {
    struct bytes id;
    struct bytes scope;          /* what it may ask for, with spaces between */
    uint8_t secret[SHA256_SIZE]; /* its digest */
};

struct grant_clients {
    const struct grant_client *at;
    size_t count;
};

/* A line a client: `ID SECRET [SCOPE]...`; empty lines and those that begin with '#' say
 * nothing. Points into text. GALEN_INVALID: the error names the line, and nothing of it;
 * GALEN_TOO_LARGE: beyond LIMIT_GRANT_CLIENT_COUNT_MAX; GALEN_NO_MEMORY, GALEN_INTERNAL. */
MUST_USE enum galen_status grant_read_clients(struct bytes text, struct arena *arena,
                                              struct grant_clients *out_clients,
                                              struct error *out_error);

struct grant_question {
    struct bytes media_type;    /* of the body, as declared */
    struct bytes authorization; /* the header's value; empty: there is none */
    struct bytes body;
};

enum grant_verdict {
    GRANT_GIVEN,
    GRANT_INVALID_REQUEST,
    GRANT_INVALID_CLIENT, /* 401 */
    GRANT_UNSUPPORTED_GRANT_TYPE,
    GRANT_INVALID_SCOPE,
};

const char *grant_verdict_code(enum grant_verdict verdict); /* RFC 6749 section 5.2 */

struct grant {
    enum grant_verdict verdict;
    const struct grant_client *client; /* where it is given */
    struct bytes scope;                /* likewise; in the arena or the client's */
};

/* GALEN_NO_MEMORY, GALEN_INTERNAL. */
MUST_USE enum galen_status grant_decide(const struct grant_clients *clients,
                                        const struct grant_question *question,
                                        struct arena *arena, struct grant *out_grant);
