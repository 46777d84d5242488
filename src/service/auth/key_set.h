/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A JWK Set (RFC 7517 section 5), or one JWK: the keys of an issuer that tokens can be
 * verified with. What of it is of no use is passed over and counted. What should not be in
 * it refuses it whole: a private key, one id for two keys, anything that is not an object.
 *
 * A set without one usable key is a set: an issuer that takes back its keys is obeyed.
 *
 * Threads: any; a set is immutable and counted.
 */
#pragma once

#include "service/auth/jwk.h"

struct key_set;

/* algorithms: those that are configured (jwk.h). Gives one reference. GALEN_INVALID: the
 * error says why, by the index of a key, and nothing of its content; GALEN_TOO_LARGE;
 * GALEN_NO_MEMORY, GALEN_INTERNAL. */
MUST_USE enum galen_status key_set_parse(struct bytes text, uint32_t algorithms,
                                         struct key_set **out_set, struct error *out_error);
struct key_set *key_set_ref(struct key_set *set); /* returns its argument */
void key_set_unref(struct key_set *set);          /* NULL is allowed */
DEFINE_SCOPED(key_set, key_set_unref)

size_t key_set_count(const struct key_set *set);
const struct jwk *key_set_at(const struct key_set *set, size_t index);

/* How many keys were passed over for this reason; of JWK_TAKEN: how many there are. */
size_t key_set_count_passed(const struct key_set *set, enum jwk_passed passed);

/* The key with this id; NULL: there is none. */
const struct jwk *key_set_find(const struct key_set *set, struct bytes id);

/* Whether it has the key that such a one was: SHA256_SIZE bytes. */
bool key_set_has(const struct key_set *set, const uint8_t *identity);
