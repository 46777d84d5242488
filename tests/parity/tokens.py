# SPDX-License-Identifier: Apache-2.0
"""Access tokens at random, right and wrong, and three that judge them: ours, PyJWT, joserfc."""
import base64
import datetime
import hashlib
import hmac
import json
import os
import pathlib
import random
import subprocess
import warnings

import joserfc.errors
import joserfc.jwk
import joserfc.jws
import joserfc.jwt
import jwt
import jwt.api_jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

ROOT = pathlib.Path(__file__).resolve().parents[2]
DRIVER = pathlib.Path(os.environ.get("GALEN_BUILD", ROOT / "build")) / "tests/parity/token_driver"
NOW = 1_800_000_000
ISSUER = "https://issuer.example"
AUDIENCE = "galen"
LEEWAY = 30
REQUIRED = ["iss", "aud", "exp", "iat", "sub", "client_id", "jti"]
CURVES = {"ES256": ec.SECP256R1, "ES384": ec.SECP384R1, "ES512": ec.SECP521R1}
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", *CURVES, "EdDSA"]


class Frozen(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return cls.fromtimestamp(NOW, tz)


def encode(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def public_pem(private) -> bytes:
    return private.public_key().public_bytes(serialization.Encoding.PEM,
                                             serialization.PublicFormat.SubjectPublicKeyInfo)


class Keys:
    """One of each algorithm, known by it as their kid; and as many that nobody published."""

    def __init__(self):
        self.known = {algorithm: self.generate(algorithm) for algorithm in ALGORITHMS}
        self.strange = {algorithm: self.generate(algorithm) for algorithm in ALGORITHMS}

    @staticmethod
    def generate(algorithm):
        if algorithm in CURVES:
            return ec.generate_private_key(CURVES[algorithm]())
        if algorithm == "EdDSA":
            return ed25519.Ed25519PrivateKey.generate()
        return rsa.generate_private_key(65537, 2048)

    def jwk(self, kid):
        key = joserfc.jwk.import_key(public_pem(self.known[kid]),
                                     {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}[kid[:2]])
        return key.as_dict(private=False) | {"kid": kid, "alg": kid, "use": "sig"}

    def jwks(self):
        return {"keys": [self.jwk(kid) for kid in self.known]}


def sign(algorithm, key, data: bytes) -> bytes:
    return jwt.PyJWS().get_algorithm_by_name(algorithm).sign(data, key)


class Draft:
    """A token before it is text: header, claims and what signs it, each free to be wrong."""

    def __init__(self, rng: random.Random, keys: Keys):
        self.rng = rng
        self.keys = keys
        self.kid = rng.choice(ALGORITHMS)
        self.algorithm = self.kid
        self.key = keys.known[self.kid]
        self.header = {"typ": "at+jwt", "alg": self.kid, "kid": self.kid}
        self.claims = {"iss": ISSUER, "aud": rng.choice([AUDIENCE, [AUDIENCE], ["x", AUDIENCE]]),
                       "iat": NOW - rng.randrange(100), "exp": NOW + rng.randrange(60, 600),
                       "sub": "alice", "client_id": "ward-7", "jti": f"{rng.getrandbits(64):x}"}
        if rng.random() < 0.5:
            self.claims["scope"] = rng.choice(["infer:text", "a b c", "system/*.rs"])
        if rng.random() < 0.3:
            self.claims["nbf"] = NOW - rng.randrange(100)
        self.raw_header = None
        self.raw_claims = None

    def text(self) -> bytes:
        header = self.raw_header or json.dumps(self.header, separators=(",", ":")).encode()
        claims = self.raw_claims or json.dumps(self.claims, separators=(",", ":")).encode()
        data = encode(header) + b"." + encode(claims)
        return data + b"." + encode(sign(self.algorithm, self.key, data))


# What can be wrong with a draft, each with its name.

def claim_is_gone(draft):
    del draft.claims[draft.rng.choice(list(draft.claims))]


def claim_is_of_another_type(draft):
    name = draft.rng.choice([*REQUIRED, "nbf", "scope"])
    draft.claims[name] = draft.rng.choice([None, True, 7, -1, "", "x", [], ["x"], {}, [1], 1.5])


def issuer_is_another(draft):
    draft.claims["iss"] = draft.rng.choice([ISSUER + "/", ISSUER.upper(), "x", [ISSUER]])


def audience_is_another(draft):
    draft.claims["aud"] = draft.rng.choice(["x", ["x", "y"], [], "GALEN", "galen "])


def times_are_near_the_edge(draft):
    draft.claims[draft.rng.choice(["exp", "nbf", "iat"])] = NOW + draft.rng.randrange(-32, 33)


def times_are_far(draft):
    draft.claims[draft.rng.choice(["exp", "nbf", "iat"])] = NOW + draft.rng.choice(
        [-10**6, 10**6, -NOW, 10**12, 10**15])


def time_is_written_otherwise(draft):
    text = json.dumps(draft.claims)
    written = draft.rng.choice(["1e400", "-1e400", "1.80000006e9", "1800000060.5", "1E2", "NaN",
                                '"1800000060"', "Infinity", "1800000060e-0", "01800000060",
                                "+1800000060"])
    draft.raw_claims = text.replace(f'"exp": {draft.claims.get("exp")}', f'"exp": {written}').encode()


def algorithm_is_of_another_name(draft):
    draft.header["alg"] = draft.rng.choice(
        ["none", "None", "NONE", "nOnE", "HS256", "HS512", "", "ES256K", *ALGORITHMS])


def key_is_a_stranger(draft):
    draft.key = draft.keys.strange[draft.kid]


def key_is_of_another_name(draft):
    draft.header["kid"] = draft.rng.choice([*ALGORITHMS, "x", "", 1, None])


def type_is_another(draft):
    draft.header["typ"] = draft.rng.choice(["JWT", "at+jwt ", "AT+JWT", "application/at+jwt", 1, None])


def header_has_more(draft):
    name, value = draft.rng.choice(
        [("crit", ["exp"]), ("crit", []), ("crit", ["b64"]), ("b64", True), ("jku", "https://evil.example"),
         ("x5u", "https://evil.example"), ("jwk", draft.keys.jwk("ES256")), ("x5c", ["AAAA"]),
         ("cty", "JWT"), ("zip", "DEF"), ("x", {"y": [1, 2]})])
    draft.header[name] = value


def name_is_there_twice(draft):
    which = draft.rng.choice(["header", "claims"])
    members = getattr(draft, which)
    name = draft.rng.choice(list(members))
    text = json.dumps(members)
    again = f"{json.dumps(name)}: {json.dumps(members[name])}"
    setattr(draft, f"raw_{which}", f"{text[:-1]}, {again}}}".encode())


def json_is_not_strict(draft):
    which = draft.rng.choice(["header", "claims"])
    text = json.dumps(getattr(draft, which)).encode()
    setattr(draft, f"raw_{which}", draft.rng.choice(
        [text + b"x", text + b" ", b" " + text, text[:-1] + b",}", b"\xef\xbb\xbf" + text,
         b"[" + text + b"]", text[:-1] + b', "x": NaN}',
         text[:-1] + b', "x": "\xff"}', text[:-1] + b', "x": "\\ud800"}',
         text[:-1] + b', "x": ' + b"[" * 70 + b"]" * 70 + b"}", text + text, b"{}", b"null"]))


def scopes_are_malformed(draft):
    draft.claims["scope"] = draft.rng.choice([" a", "a ", "a  b", "a\tb", "é", 'a"', ["a b"], [1], {},
                                              ["a"]])


def token_lives_long(draft):
    begins = draft.claims.get("iat")
    if type(begins) not in (int, float):  # Another fault was here before.
        begins = NOW
    draft.claims["exp"] = begins + draft.rng.choice([3600, 3601, 10**5])


def token_is_an_id_token(draft):
    draft.claims |= draft.rng.choice([{"at_hash": "x"}, {"c_hash": "x"}, {"typ": "ID"}, {"nonce": "x"}])


def token_is_bound(draft):
    draft.claims["cnf"] = draft.rng.choice(
        [{"x5t#S256": encode(bytes(32)).decode()}, {"jkt": "x"}, {"x5t#S256": "AAAA"}, {}, "x"])


# And with its text, once it is signed.

def any_character_changes(rng, text):
    at = rng.randrange(len(text))
    return text[:at] + bytes([rng.choice(b"AZaz09-_=.+/ \n\x00\xc3")]) + text[at + 1:]


def text_is_cut(rng, text):
    return text[:rng.randrange(len(text))]


def text_goes_on(rng, text):
    return text + rng.choice([b"=", b"==", b"A", b".", b".x", b" ", b"\n", b"\x00"])


def text_begins_earlier(rng, text):
    return rng.choice([b" ", b".", b"=", b"\n"]) + text


def last_bits_are_not_zero(rng, text):
    """Another text for the same bytes, of a part whose last digit has bits to spare."""
    parts = text.split(b".")
    which = rng.randrange(3)
    alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    if len(parts[which]) % 4 in (2, 3):
        digit = alphabet.index(parts[which][-1])
        parts[which] = parts[which][:-1] + bytes([alphabet[digit | 1]])
    return b".".join(parts)


def part_is_padded(rng, text):
    parts = text.split(b".")
    which = rng.randrange(3)
    parts[which] += b"=" * (-len(parts[which]) % 4)
    return b".".join(parts)


def part_is_missing(rng, text):
    parts = text.split(b".")
    parts[rng.randrange(3)] = b""
    return b".".join(parts)


def signature_is_another_tokens(rng, text):
    head, _, signature = text.rpartition(b".")
    return head + b"." + encode(bytes(len(signature) * 3 // 4))


def payload_is_another(rng, text):
    header, claims, signature = text.split(b".")
    decoded = base64.urlsafe_b64decode(claims + b"=" * (-len(claims) % 4))
    return header + b"." + encode(decoded.replace(b"alice", b"admin")) + b"." + signature


DRAFT_FAULTS = [claim_is_gone, claim_is_of_another_type, issuer_is_another, audience_is_another,
                times_are_near_the_edge, times_are_far, time_is_written_otherwise,
                algorithm_is_of_another_name, key_is_a_stranger, key_is_of_another_name,
                type_is_another, header_has_more, name_is_there_twice, json_is_not_strict,
                scopes_are_malformed, token_lives_long, token_is_an_id_token, token_is_bound]
TEXT_FAULTS = [any_character_changes, text_is_cut, text_goes_on, text_begins_earlier,
               last_bits_are_not_zero, part_is_padded, part_is_missing, signature_is_another_tokens,
               payload_is_another]


def signed_with_public_key(keys: Keys, kid) -> bytes:
    """HS256, its secret what everybody can read."""
    data = (encode(json.dumps({"typ": "at+jwt", "alg": "HS256", "kid": kid}).encode()) + b"." +
            encode(json.dumps(Draft(random.Random(0), keys).claims).encode()))
    return data + b"." + encode(hmac.digest(public_pem(keys.known[kid]), data, hashlib.sha256))


def make(rng: random.Random, keys: Keys):
    """(names of the faults, text)"""
    draft = Draft(rng, keys)
    faults = rng.sample(DRAFT_FAULTS, rng.choice([0, 0, 1, 1, 1, 2]))
    for fault in faults:
        if draft.claims:
            fault(draft)
    text = draft.text()
    if rng.random() < 0.3:
        fault = rng.choice(TEXT_FAULTS)
        faults.append(fault)
        text = fault(rng, text)
    return [fault.__name__ for fault in faults], text


def ours(keys: Keys, texts, folder: pathlib.Path):
    path = folder / "jwks.json"
    path.write_text(json.dumps(keys.jwks()))
    sent = b"".join(b"%d\n%s\n" % (len(text), text) for text in texts)
    done = subprocess.run([DRIVER, path, str(NOW)], input=sent, capture_output=True, check=True)
    return done.stdout.decode().split()


def judge_pyjwt(keys: Keys, text: bytes) -> bool:
    try:
        kid = jwt.get_unverified_header(text)["kid"]
        jwt.decode(text, keys.known[kid].public_key(), algorithms=[kid], audience=AUDIENCE,
                   issuer=ISSUER, leeway=LEEWAY, options={"require": REQUIRED})
    except (jwt.PyJWTError, KeyError, TypeError, ValueError, OverflowError, RecursionError):
        return False
    return True


def judge_joserfc(keys: Keys, key_set, text: bytes) -> bool:
    registry = joserfc.jwt.JWTClaimsRegistry(
        now=NOW, leeway=LEEWAY, iss={"essential": True, "value": ISSUER},
        aud={"essential": True, "value": AUDIENCE},
        **{name: {"essential": True} for name in ("exp", "iat", "sub", "client_id", "jti")})
    try:
        kid = jwt.get_unverified_header(text)["kid"]
        token = joserfc.jwt.decode(text, key_set[kid], registry=joserfc.jws.JWSRegistry(
            algorithms=[kid], strict_check_header=False))
        registry.validate(token.claims)
    except (joserfc.errors.JoseError, jwt.PyJWTError, KeyError, TypeError, ValueError, OverflowError,
            RecursionError):
        return False
    return True


def judges(keys: Keys):
    """{name: text → whether it lets the token in}"""
    jwt.api_jwt.datetime = Frozen
    warnings.simplefilter("ignore")
    key_set = {kid: joserfc.jwk.import_key(keys.jwk(kid)) for kid in keys.known}
    return {"PyJWT": lambda text: judge_pyjwt(keys, text),
            "joserfc": lambda text: judge_joserfc(keys, key_set, text)}
