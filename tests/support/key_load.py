# SPDX-License-Identifier: Apache-2.0
"""Clients of a gateway while its issuer's keys change: some with tokens that are good, others with
tokens of keys that nobody has."""
import collections
import contextlib
import json
import pathlib
import threading
import time
import uuid

import jwt
from issuer import Forge, decode
from message import connect, encode, read_reply
from process import Process, until
from provider import make_key

INTERVAL_S = 1
CALLERS = 3
FLOODERS = 2
CONFIG = "routes:\n  - {match: {content: text/*}, model: clinical-ner, scope: infer:text}\n"


def ask(gateway: Process, token: str) -> int:
    headers = {"Content-Type": "text/plain", "Authorization": f"Bearer {token}"}
    with connect(gateway.port) as connection:
        connection.sendall(encode("POST", "/infer", b"Denies chest pain.", headers))
        return read_reply(connection).status


@contextlib.contextmanager
def gateway_of(issuer: str, folder: pathlib.Path):
    """One that believes the issuer and has its keys."""
    config = folder / "galen.yaml"
    config.write_text(CONFIG)
    running = Process("serve", folder, {"config": config, "auth.issuer": issuer, "threads": 2,
                                        "auth.jwks_interval_s": INTERVAL_S})
    running.wait_for("/readyz")
    until(lambda: "jwks.fetched" in running.log(), "the keys are there")
    yield running
    running.check_end()


def kid_of(token: str) -> str:
    return json.loads(decode(token.split(".")[0]))["kid"]


def stranger(algorithm: str, issuer: str) -> Forge:
    """Signs in the issuer's name, with a key of its own."""
    return Forge(jwt.PyJWK(make_key(algorithm, "stranger")).key, algorithm, "stranger", issuer)


class Load:
    """Asks as long as it is entered; `tokens` may change meanwhile."""

    def __init__(self, gateway: Process, token: str, forge: Forge):
        self.gateway = gateway
        self.forge = forge
        self.tokens = [token]
        self.statuses = {"valid": collections.Counter(), "unknown": collections.Counter()}
        self.ending = threading.Event()
        self.threads = [threading.Thread(target=self.call) for _ in range(CALLERS)]
        self.threads += [threading.Thread(target=self.flood) for _ in range(FLOODERS)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.ending.set()
        for thread in self.threads:
            thread.join()

    def call(self) -> None:
        while not self.ending.is_set():
            for token in list(self.tokens):
                self.statuses["valid"][ask(self.gateway, token)] += 1

    def flood(self) -> None:
        while not self.ending.is_set():
            status = ask(self.gateway, self.forge.token({"kid": str(uuid.uuid4())}))
            self.statuses["unknown"][status] += 1

    def check(self, began_s: float) -> float:
        """It is over, and nothing was lost since then; how long that was."""
        took_s = time.monotonic() - began_s
        assert set(self.statuses["valid"]) == {200}
        assert set(self.statuses["unknown"]) == {401}
        assert fetch_count(self.gateway) <= took_s / INTERVAL_S + 2
        return took_s

    def wait_for_more(self) -> None:
        """Until each kind has asked a good deal more."""
        before = {kind: counts.total() for kind, counts in self.statuses.items()}
        until(lambda: all(counts.total() >= before[kind] + 50
                          for kind, counts in self.statuses.items()), "all have asked")


def keys_known(gateway: Process) -> float:
    return gateway.metrics()["galen_jwks_keys"]


def fetch_count(gateway: Process) -> float:
    return sum(value for name, value in gateway.metrics().items()
               if name.startswith("galen_jwks_fetches_total"))
