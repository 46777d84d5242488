# SPDX-License-Identifier: Apache-2.0
"""Tokens at random through our verifier, PyJWT and joserfc. Whom we let in, both let in. Whom we
refuse and they do not, is refused for a reason that stands below."""
import collections
import random

import counted
import pytest
import tokens
from seed import SEED

COUNT = 4000

# Words of refusal.def by which we refuse what PyJWT or joserfc lets in, and why. There is nothing
# that we let in and one of the two does not.
STRICTER = {
    "base64url": "RFC 7515 section 2: without padding, and bytes have one text.",
    "jose-header": "RFC 8259 section 4, RFC 7515 section 5.2: names are there once, no lone "
                   "surrogates. Python's json takes the last of two.",
    "payload": "The same.",
    "typ": "RFC 9068 section 4: at+jwt, whichever case, with application/ or without. PyJWT asks for "
           "no type, joserfc for a text.",
    "exp": "A number, 0 to the end of the year 9999. Python's int() takes text and truth for numbers.",
    "iat": "The same.",
    "nbf": "The same.",
    "lifetime": "From iat to exp there is at most what is configured: neither has such a rule.",
    "sub": "A text, not empty, of 1 KiB at most.",
    "client": "The same; that client_id is there is all that they ask for.",
    "token-id": "The same.",
    "no-access-token": "at_hash, c_hash, Keycloak's typ: neither tells an ID token from another.",
    "scopes": "RFC 6749 section 3.3: neither reads them.",
    "cnf": "RFC 7800, RFC 8705: bound to what is not asked for here. Neither reads it.",
}


@pytest.fixture(scope="module")
def keys():
    return tokens.Keys()


def test_tokens_are_judged_as_others_do(keys, tmp_path, capsys):
    rng = random.Random(SEED)
    made = [tokens.make(rng, keys) for _ in range(COUNT)]
    verdicts = tokens.ours(keys, [text for _, text in made], tmp_path)
    judges = tokens.judges(keys)
    assert len(verdicts) == COUNT
    stricter = collections.Counter()
    words = collections.Counter(verdicts)
    for (faults, text), word in zip(made, verdicts, strict=True):
        if not faults:
            assert word == "ok", f"GALEN_SEED={SEED}: {word}: {text}"
        for name, judge in judges.items():
            lets_in = judge(text)
            if word == "ok":
                assert lets_in, f"GALEN_SEED={SEED}: {name} refuses, we do not: {faults} {text}"
            elif lets_in:
                assert word in STRICTER, f"GALEN_SEED={SEED}: {name} lets in: {word} {faults} {text}"
                stricter[name, word] += 1
    assert words["ok"] > COUNT / 10
    print(f"\nGALEN_SEED={SEED}: {COUNT} tokens: {dict(words.most_common())}")
    print(f"refused by us alone: {dict(stricter.most_common())}")
    counted.check(capsys, "tokens-random", tokens=COUNT, reasons=len(STRICTER))


@pytest.mark.parametrize("kid", tokens.ALGORITHMS)
def test_a_public_key_is_no_secret(keys, kid, tmp_path):
    text = tokens.signed_with_public_key(keys, kid)
    assert tokens.ours(keys, [text], tmp_path) == ["alg"]
