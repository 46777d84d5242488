# SPDX-License-Identifier: Apache-2.0
"""Keycloak as hospitals run it: its keys by discovery, its tokens by these keys. Started by hand:
it takes minutes and 150 MB (README.md)."""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import time
import urllib.request

import counted
import pytest
from issuer import ask_for_token, decode, get, run
from key_load import CALLERS, FLOODERS, Load, ask, gateway_of, keys_known, kid_of, stranger
from process import BINARY, ROOT, free_port, until

START_S = 900
PAUSE_S = 1
DRIVER = pathlib.Path(os.environ.get("GALEN_BUILD", BINARY.parent)) / "tests/providers/keys_driver"


class Keycloak:
    def __init__(self, folder: pathlib.Path, algorithm: str):
        port = free_port()
        self.algorithm = algorithm
        self.url = f"http://127.0.0.1:{port}/realms/clinic"
        self.log_file = folder / "keycloak.log"
        with self.log_file.open("wb") as log:
            self.popen = subprocess.Popen(
                [ROOT / "tests/providers/keycloak", ROOT / ".deps/keycloak", str(port), algorithm],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)

    def wait(self) -> None:
        deadline = time.monotonic() + START_S
        while not self.answers():
            assert time.monotonic() < deadline, self.log_file.read_text()
            time.sleep(PAUSE_S)

    def answers(self) -> bool:
        assert self.popen.poll() is None, self.log_file.read_text()
        try:
            return get(f"{self.url}/.well-known/openid-configuration")[0] == 200
        except OSError:
            return False

    def discovery(self) -> dict:
        return get(f"{self.url}/.well-known/openid-configuration")[2]

    def token(self, scope: str) -> str:
        client = ("ward", "test-only-secret")
        status, _, answer = ask_for_token(self.discovery()["token_endpoint"], client,
                                          grant_type="client_credentials", scope=scope)
        assert status == 200, answer
        return answer["access_token"]

    def administer(self, method: str, path: str, body: dict) -> str:
        """Where what it made is."""
        base = self.url.removesuffix("/realms/clinic")
        token = ask_for_token(f"{base}/realms/master/protocol/openid-connect/token", None,
                              grant_type="password", client_id="admin-cli", username="admin",
                              password="test-only-secret")[2]["access_token"]
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
        request = urllib.request.Request(f"{base}/admin/realms/clinic/{path}",
                                         json.dumps(body).encode(), headers, method=method)
        with urllib.request.urlopen(request) as reply:
            return reply.headers.get("Location", "")

    def show_next_key(self) -> dict:
        """It verifies; nothing is signed by it yet."""
        kind = {"ES256": "ecdsa-generated", "RS256": "rsa-generated"}[self.algorithm]
        key = {"name": "next", "providerId": kind, "providerType": "org.keycloak.keys.KeyProvider",
               "config": {"priority": ["200"], "enabled": ["true"], "active": ["false"]}}
        key["config"] |= {"ecdsaEllipticCurveKey": ["P-256"]} if kind.startswith("ec") else {
            "algorithm": [self.algorithm]}
        return key | {"id": self.administer("POST", "components", key).rpartition("/")[2]}

    def sign_by(self, key: dict) -> None:
        key["config"]["active"] = ["true"]
        self.administer("PUT", f"components/{key['id']}", key)

    def stop(self) -> None:
        """Its scripts do not pass signals on: all of its session."""
        os.killpg(self.popen.pid, signal.SIGTERM)
        self.popen.wait(START_S)


@pytest.fixture(scope="module", params=["ES256", "RS256"])
def keycloak(request, tmp_path_factory):
    if shutil.which("java") is None or shutil.which("mvn") is None:
        pytest.skip("java or mvn is not installed")
    running = Keycloak(tmp_path_factory.mktemp("keycloak"), request.param)
    try:
        running.wait()
        yield running
    finally:
        running.stop()


def header(token) -> dict:
    return json.loads(decode(token.split(".")[0]))


def test_a_key_is_found_that_it_makes_with_its_first_token(keycloak):
    """Of an algorithm that nothing was signed by there is no key yet, so it is wanted later."""
    kept = subprocess.Popen([DRIVER, keycloak.url], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                            text=True)
    assert kept.stdout.readline().startswith("keys")
    signed_by = header(keycloak.token("infer:image"))
    found, _ = kept.communicate(signed_by["kid"] + "\n", timeout=START_S)
    word, *keys = found.split()
    assert word == "keys"
    assert f"{signed_by['kid']}={signed_by['alg']}" in keys
    assert keys[-1] == "again"


def test_its_tokens_are_by_these_keys(keycloak, tmp_path):
    token = keycloak.token("infer:image")
    (tmp_path / "jwks.json").write_text(json.dumps(get(keycloak.discovery()["jwks_uri"])[2]))
    shown = run("show", "-", "--json", "--jwks", tmp_path / "jwks.json", input=token)
    payload = json.loads(shown.stdout)["payload"]
    assert (shown.returncode, header(token)["typ"]) == (0, "at+jwt")
    assert {"iss", "sub", "aud", "client_id", "exp", "iat", "jti"} <= set(payload)
    assert (payload["iss"], payload["aud"]) == (keycloak.url, "galen")
    assert set(payload["scope"].split()) == {"infer:text", "infer:image"}


@pytest.fixture
def gateway(keycloak, tmp_path):
    with gateway_of(keycloak.url, tmp_path) as running:
        yield running


def test_a_rotation_amid_a_flood_loses_no_valid_request(gateway, keycloak, capsys):
    token, began_s = keycloak.token("infer:text"), time.monotonic()
    until(lambda: ask(gateway, token) == 200, "its key is known")
    with Load(gateway, token, stranger(keycloak.algorithm, keycloak.url)) as load:
        load.wait_for_more()
        known = keys_known(gateway)
        key = keycloak.show_next_key()
        until(lambda: keys_known(gateway) > known, "the next key is known")
        keycloak.sign_by(key)
        load.tokens.append(keycloak.token("infer:text"))
        assert kid_of(load.tokens[0]) != kid_of(load.tokens[1])
        load.wait_for_more()
    load.check(began_s)
    counted.check(capsys, f"keycloak-{keycloak.algorithm.lower()}", callers=CALLERS, flooders=FLOODERS,
                  lost=0, seen=counted.today())
