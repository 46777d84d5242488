/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tokens that were verified, by the SHA-256 of their text, so that the next request with
 * one costs a hash. Bounded in number and memory; who was not asked for longest goes first.
 * An entry ends at its token's exp; whether it still holds otherwise (its key, the rules,
 * the deny-list) is the caller's to ask: auth.c does.
 *
 * Threads: one owner, a loop. Each call takes the same time however many there are.
 */
#pragma once

#include "service/auth/principal.h"

/* What a token was verified to, and by what. */
struct token_cached {
    struct principal *principal;
    uint8_t key[SHA256_SIZE];   /* the identity of its key: jwk.h */
    uint8_t rules[SHA256_SIZE]; /* that of what it was held to */
};

struct token_cache;

/* count_max: 1 to TOKEN_CACHE_COUNT_MAX. GALEN_NO_MEMORY. */
MUST_USE enum galen_status token_cache_create(size_t count_max,
                                              struct token_cache **out_cache);
void token_cache_destroy(struct token_cache *cache); /* NULL is allowed */
DEFINE_SCOPED(token_cache, token_cache_destroy)

size_t token_cache_count(const struct token_cache *cache);

/* What a token goes by here: the SHA-256 of its text. GALEN_INTERNAL. */
MUST_USE enum galen_status token_cache_digest(struct token_cache *cache, struct bytes text,
                                              uint8_t *out_digest);

/* digest: of the token's text, SHA256_SIZE bytes. NULL: it is not there, or its token has
 * expired by now_s. Borrowed until the next call. */
const struct token_cached *token_cache_find(struct token_cache *cache,
                                            const uint8_t *digest, int64_t now_s);

/* Keeps a reference to the principal, in the place of what was there before. What takes
 * more memory than all may is not kept. */
void token_cache_put(struct token_cache *cache, const uint8_t *digest,
                     const struct token_cached *cached);
void token_cache_drop(struct token_cache *cache, const uint8_t *digest);
