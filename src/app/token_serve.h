/* SPDX-License-Identifier: Apache-2.0 */
/* What `galen token serve` answers, for token_serve.c (options, signals, the loop) and
 * token_answer.c (requests). */
#pragma once

#include "app/token_keys.h"
#include "base/arena.h"
#include "net/http_server.h"
#include "service/auth/grant.h"

struct token_issuer {
    const char *folder;
    const char *clients_file; /* NULL: nobody gets a token at POST /token */
    const char *issuer;
    const char *base; /* http://127.0.0.1:9000: where it listens */
    const char *audience;
    uint64_t lifetime_s;
    uint64_t max_age_s; /* of the key set, to who keeps it */

    /* Read anew together, or not at all. */
    struct token_keys *keys;
    struct blob *clients_text;
    struct arena clients_arena;
    struct grant_clients clients;
};

/* Keys and clients, from folder and clients_file; what was there stays where it fails. */
MUST_USE enum galen_status token_issuer_read(struct token_issuer *issuer,
                                             struct error *out_error);
void token_issuer_deinit(struct token_issuer *issuer);

/* Its context is the issuer. */
struct http_handler token_issuer_handler(struct token_issuer *issuer);
