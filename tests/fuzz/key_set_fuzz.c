/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whatever is read as a key set keeps what it promises: each key has an algorithm that fits
 * it, is found by its id, and has its identity to itself; each that was given is counted.
 */
#include "service/auth/key_set.h"

#include "base/limits.h"
#include "fuzz.h"

static void expect_key(const struct key_set *set, size_t index)
{
    const struct jwk *jwk = key_set_at(set, index);
    INVARIANT(public_key_fits(jwk->key, jwk->algorithm));
    INVARIANT(key_set_has(set, jwk->identity));
    INVARIANT(!jwk->has_id || key_set_find(set, jwk->id) == jwk);
    INVARIANT(jwk->id.size <= LIMIT_KEY_ID_SIZE_BYTES_MAX);
    INVARIANT(!public_key_verify(jwk->key, jwk->algorithm, BYTES("data"), BYTES_NONE));
}

static void expect_set(const struct key_set *set, uint32_t algorithms)
{
    INVARIANT(key_set_count(set) == key_set_count_passed(set, JWK_TAKEN));
    for (size_t i = 0; i < key_set_count(set); i++) {
        expect_key(set, i);
        INVARIANT((algorithms & JWK_ALGORITHM(key_set_at(set, i)->algorithm)) != 0);
    }
}

static void parse(struct bytes text, uint32_t algorithms)
{
    struct key_set *set = NULL;
    struct error error = {"", ""};
    if (key_set_parse(text, algorithms, &set, &error) != GALEN_OK) {
        INVARIANT(set == NULL && error.text[0] != '\0');
        return;
    }
    expect_set(set, algorithms);
    key_set_unref(set);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    parse(bytes_of(data, size), JWK_ALGORITHMS_ALL);
    parse(bytes_of(data, size),
          JWK_ALGORITHM(SIGNATURE_RS256) | JWK_ALGORITHM(SIGNATURE_ES256));
    return 0;
}
