# SPDX-License-Identifier: Apache-2.0
"""Issuers of access tokens, and tokens that are right or wrong in one way."""
import base64
import hashlib
import hmac
import json
import pathlib
import signal
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from process import BINARY, DEADLINE_S, SANITIZER_REPORTS, until

AUDIENCE = "galen"
LIFETIME_S = 300
CLIENTS = {"ward": ("s3cret", "infer:text infer:image"), "lab": ("other", "infer:image")}


def run(*words, **options) -> subprocess.CompletedProcess:
    return subprocess.run([BINARY, "token", *map(str, words)], capture_output=True, text=True,
                          timeout=DEADLINE_S, check=False, **options)


def done(*words, **options) -> str:
    """What it prints, which is one line or more."""
    finished = run(*words, **options)
    assert finished.returncode == 0, finished.stderr
    return finished.stdout.rstrip("\n")


def encode(data: bytes | dict) -> str:
    text = data if isinstance(data, bytes) else json.dumps(data, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def decode(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def get(url: str) -> tuple[int, dict[str, str], dict]:
    """Status, headers and JSON of an answer, whatever its status."""
    try:
        with urllib.request.urlopen(url, timeout=DEADLINE_S) as reply:
            return reply.status, dict(reply.headers), json.loads(reply.read())
    except urllib.error.HTTPError as refusal:
        return refusal.code, dict(refusal.headers), json.loads(refusal.read() or b"{}")


def ask_for_token(endpoint: str, credentials: tuple[str, str] | None, **form) -> tuple[int, dict, dict]:
    """POST /token; credentials go by HTTP Basic."""
    request = urllib.request.Request(endpoint, urllib.parse.urlencode(form).encode())
    if credentials is not None:
        text = ":".join(urllib.parse.quote(each, safe="") for each in credentials)
        request.add_header("Authorization", "Basic " + base64.b64encode(text.encode()).decode())
    return get(request)


class Issuer:
    """`galen token serve`, running, with a folder of keys of its own."""

    def __init__(self, folder: pathlib.Path, *, algorithm="ES256", clients=None, **options):
        self.keys = folder / "keys"
        self.clients = folder / "clients"
        self.log_file = folder / "issuer.log"
        self.kids = [done("keygen", self.keys, "--algorithm", algorithm)]
        self.write_clients(CLIENTS if clients is None else clients)
        words = {"--listen": "127.0.0.1:0", "--key": self.keys, "--clients": self.clients}
        words |= {f"--{name.replace('_', '-')}": value for name, value in options.items()}
        with self.log_file.open("wb") as log:
            self.popen = subprocess.Popen(
                [BINARY, "token", "serve", *(str(word) for pair in words.items() for word in pair)],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True)
        first = self.popen.stdout.readline()
        assert first, self.log_file.read_text()
        self.address = first.split()[-1]
        self.url = options.get("issuer", self.address)

    def write_clients(self, clients: dict[str, tuple[str, str]]) -> None:
        self.clients.write_text("".join(f"{name} {secret} {scope}\n"
                                        for name, (secret, scope) in clients.items()))

    def grant(self, client="ward", secret=None, **form) -> tuple[int, dict, dict]:
        form = {"grant_type": "client_credentials"} | form
        return ask_for_token(f"{self.address}/token", (client, secret or CLIENTS[client][0]), **form)

    def token(self, client="ward", **form) -> str:
        status, _, answer = self.grant(client, **form)
        assert status == 200, answer
        return answer["access_token"]

    def issue(self, *words, subject="ward") -> str:
        """By `galen token issue`, in this issuer's name."""
        return done("issue", "--key", self.keys, "--issuer", self.url, "--audience", AUDIENCE,
                    "--subject", subject, *words)

    def jwks(self) -> dict:
        return get(f"{self.address}/jwks")[2]

    def reload(self) -> None:
        """Returns when it has read everything again, or said that it cannot."""
        before = self.log_file.read_text().count("issuer.reload")
        self.popen.send_signal(signal.SIGHUP)
        until(lambda: self.log_file.read_text().count("issuer.reload") > before, "it has reloaded")

    def rotate(self, *words) -> str:
        """The kid that signs from now on."""
        self.kids.append(done("keygen", self.keys, "--rotate", *words))
        self.reload()
        return self.kids[-1]

    def forge(self) -> "Forge":
        newest = max(self.keys.glob("*.pem"))
        key = serialization.load_pem_private_key(newest.read_bytes(), None)
        return Forge(key, newest.stem.split("-")[1], self.kids[-1], self.url)

    def stop(self) -> None:
        self.popen.terminate()
        code = self.popen.wait(DEADLINE_S)
        self.popen.stdout.close()
        log = self.log_file.read_text()
        assert not any(report in log for report in SANITIZER_REPORTS), log
        assert code == 0, log


class Forge:
    """Tokens by a key: right ones, and ones that are wrong in whatever way is asked for."""

    def __init__(self, key, algorithm: str, kid: str, issuer: str, audience: str = AUDIENCE):
        self.key = key
        self.algorithm = algorithm
        self.kid = kid
        self.issuer = issuer
        self.audience = audience

    def header(self, **changes) -> dict:
        return without_none({"typ": "at+jwt", "alg": self.algorithm, "kid": self.kid} | changes)

    def payload(self, **changes) -> dict:
        now = int(time.time())
        return without_none({"iss": self.issuer, "aud": self.audience, "sub": "ward",
                             "client_id": "ward", "scope": "infer:text", "iat": now,
                             "exp": now + LIFETIME_S, "jti": str(uuid.uuid4())} | changes)

    def sign(self, data: str, algorithm: str | None = None) -> bytes:
        method = jwt.algorithms.get_default_algorithms()[algorithm or self.algorithm]
        return method.sign(data.encode(), self.key)

    def join(self, header: bytes | dict, payload: bytes | dict, algorithm: str | None = None) -> str:
        """What is given, byte by byte where it is bytes, and a right signature of it."""
        data = f"{encode(header)}.{encode(payload)}"
        return f"{data}.{encode(self.sign(data, algorithm))}"

    def token(self, header: dict | None = None, **changes) -> str:
        """Changes of claims; None leaves one out."""
        return self.join(self.header(**(header or {})), self.payload(**changes))

    def public_pem(self) -> bytes:
        return self.key.public_key().public_bytes(serialization.Encoding.PEM,
                                                  serialization.PublicFormat.SubjectPublicKeyInfo)

    def with_another_key(self) -> "Forge":
        """The same in all but the key, of which nobody knows."""
        is_rsa = isinstance(self.key, rsa.RSAPrivateKey)
        other = (rsa.generate_private_key(65537, self.key.key_size) if is_rsa
                 else ec.generate_private_key(self.key.curve))
        return Forge(other, self.algorithm, self.kid, self.issuer, self.audience)


def without_none(members: dict) -> dict:
    return {name: value for name, value in members.items() if value is not None}


def by_secret(forge: Forge, secret: bytes, algorithm="HS256") -> str:
    """The public key taken for a secret (RFC 8725 section 2.1)."""
    data = f"{encode(forge.header(alg=algorithm))}.{encode(forge.payload())}"
    return f"{data}.{encode(hmac.digest(secret, data.encode(), hashlib.sha256))}"


def unsigned(forge: Forge, algorithm: str) -> str:
    return f"{encode(forge.header(alg=algorithm))}.{encode(forge.payload())}."


def tampered(forge: Forge) -> str:
    header, _, signature = forge.token().split(".")
    return f"{header}.{encode(forge.payload(scope='admin'))}.{signature}"


def with_member(members: dict, text: str) -> bytes:
    """JSON with a further member, as it is written."""
    return json.dumps(members)[:-1].encode() + b"," + text.encode() + b"}"


def wrong_tokens(forge: Forge) -> dict[str, str]:
    """One that must be refused for each reason."""
    now = int(time.time())
    payload = forge.payload()
    wrong = {f"without {claim}": forge.token(**{claim: None})
             for claim in ("iss", "aud", "sub", "client_id", "iat", "exp", "jti")}
    wrong |= {f"alg {spelling}": unsigned(forge, spelling) for spelling in ("none", "None", "nOnE", "")}
    wrong |= {f"{name} in the header, and another key": forge.with_another_key().token({name: value})
              for name, value in {"jku": forge.issuer + "/jwks", "x5u": forge.issuer, "x5c": ["MAA="],
                                  "jwk": {"kty": "oct", "k": "AA"}}.items()}
    pem = forge.public_pem()
    return wrong | {
        "another key": forge.with_another_key().token(),
        "an unknown kid": forge.token({"kid": "nobody"}),
        "no typ": forge.token({"typ": None}),
        "an ID token": forge.token({"typ": "JWT"}),
        "crit": forge.token({"crit": ["exp"]}),
        "HS256 by the public key": by_secret(forge, pem),
        "HS256 by the public key, trimmed": by_secret(forge, pem.strip()),
        "another algorithm in the header": forge.join(forge.header(alg="ES384"), payload),
        "another issuer": forge.token(iss=forge.issuer + "/"),
        "another audience": forge.token(aud="someone-else"),
        "expired": forge.token(iat=now - 7200, exp=now - 3600),
        "issued in the future": forge.token(iat=now + 3600, exp=now + 3900),
        "not yet": forge.token(nbf=now + 3600),
        "a lifetime of a year": forge.token(exp=now + 365 * 86400),
        "exp that is text": forge.token(exp=str(now + 300)),
        "exp beyond numbers": forge.join(forge.header(),
                                         with_member(forge.payload(exp=None), '"exp":1e400')),
        "a claim twice": forge.join(forge.header(), with_member(payload, '"scope":"admin"')),
        "bytes behind the payload": forge.join(forge.header(), json.dumps(payload).encode() + b"{}"),
        "tampered": tampered(forge),
        "padded": forge.token() + "=",
        "four parts": forge.token() + ".e30",
        "two parts": forge.token().rpartition(".")[0],
        "no signature": forge.token().rpartition(".")[0] + ".",
    }
