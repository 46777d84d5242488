# SPDX-License-Identifier: Apache-2.0
"""A real identity provider, oidc-provider on node, where both are installed."""
import json
import pathlib
import shutil
import subprocess
import urllib.parse

from issuer import ask_for_token, get
from jwcrypto.jwk import JWK
from process import DEADLINE_S, ROOT, free_port, until

MODULES = ROOT / ".deps/providers/node_modules"
SCRIPT = ROOT / "tests/providers/provider.mjs"
KINDS = {"RS256": {"kty": "RSA", "size": 2048}, "PS256": {"kty": "RSA", "size": 2048},
         "ES256": {"kty": "EC", "crv": "P-256"}, "ES384": {"kty": "EC", "crv": "P-384"}}


def why_not() -> str | None:
    """Why there is none on this machine; None: there is."""
    if shutil.which("node") is None:
        return "node is not installed"
    if not (MODULES / "oidc-provider").is_dir():
        return "oidc-provider is not installed: tools/bootstrap --providers"
    return None


def make_key(algorithm: str, kid: str) -> dict:
    return JWK.generate(**KINDS[algorithm], alg=algorithm, kid=kid, use="sig").export(as_dict=True)


class Provider:
    audience = "galen"
    client = ("ward", "test-only-secret")
    scope = "infer:text infer:image"

    def __init__(self, folder: pathlib.Path, algorithm="ES256"):
        self.folder = folder
        self.algorithm = algorithm
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.keys = [make_key(algorithm, "first")]
        self.start()

    def start(self) -> None:
        config = self.folder / "provider.json"
        config.write_text(json.dumps({
            "port": self.port, "algorithm": self.algorithm, "keys": self.keys,
            "clientId": self.client[0], "clientSecret": self.client[1], "scope": self.scope,
            "audience": self.audience, "lifetimeSeconds": 300}))
        self.log_file = self.folder / "provider.log"
        with self.log_file.open("ab") as log:
            self.popen = subprocess.Popen(["node", SCRIPT, MODULES, config], stdin=subprocess.DEVNULL,
                                          stdout=log, stderr=log)
        try:
            until(self.answers, "the provider answers")
        except AssertionError:
            self.stop()
            raise

    def answers(self) -> bool:
        assert self.popen.poll() is None, self.log_file.read_text()
        try:
            return get(f"{self.url}/.well-known/openid-configuration")[0] == 200
        except OSError:
            return False

    def discovery(self) -> dict:
        return get(f"{self.url}/.well-known/openid-configuration")[2]

    def jwks(self) -> dict:
        return get(self.discovery()["jwks_uri"])[2]

    def token(self, scope="infer:text") -> str:
        status, _, answer = ask_for_token(self.discovery()["token_endpoint"], self.client,
                                          grant_type="client_credentials", scope=scope)
        assert status == 200, answer
        return answer["access_token"]

    def show(self, *kids: str) -> None:
        """From now on these keys verify, those from before and new ones; the first signs."""
        known = {key["kid"]: key for key in self.keys}
        self.stop()
        self.keys = [known.get(kid) or make_key(self.algorithm, kid) for kid in kids]
        self.start()

    def rotate(self, kid: str) -> None:
        """Another key signs from now on, and verifies alone."""
        self.show(kid)

    def asked_for_keys(self) -> int:
        """How often."""
        path = urllib.parse.urlsplit(self.discovery()["jwks_uri"]).path
        return self.log_file.read_text().split("\n").count(f"GET {path}")

    def stop(self) -> None:
        self.popen.terminate()
        self.popen.wait(DEADLINE_S)
