# SPDX-License-Identifier: Apache-2.0
"""Trails of the servers that tests start, as the program and as audit_trail.py read them."""
import subprocess

import keys
from audit_trail import Records, check_trail
from process import BINARY

EDGES = ("serve", "gateway")


def check(trail, verifiers: list[str] | None = None) -> dict[str, Records]:
    """The chains of a trail that is as it was written, which both have to say."""
    verifiers = verifiers or keys.verifiers(BINARY)
    chains = check_trail(trail, verifiers)
    words = [word for verifier in verifiers for word in ("--key", verifier)]
    done = subprocess.run([BINARY, "audit", "verify", *words, trail], capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return chains


def requests(chains: dict[str, Records], *services: str) -> list[dict]:
    """The records of requests; of these services only, where any is named."""
    return [record for each in chains.values() for record in each.requests
            if not services or record["service"] in services]


def of_request(chains: dict[str, Records], request_id: str) -> dict[str, dict]:
    """What one request left, by service; twice in one is an error."""
    found = [record for record in requests(chains) if record.get("request_id") == request_id]
    by_service = {record["service"]: record for record in found}
    assert len(by_service) == len(found), found
    return by_service


def ids(chains: dict[str, Records]) -> list[str]:
    """Of the requests that clients were answered."""
    return [record["request_id"] for record in requests(chains, *EDGES)]


def of_service(chains: dict[str, Records], *services: str) -> list[Records]:
    """Those of a service that have begun, in the order of their starts."""
    chosen = [each for each in chains.values() if each.lines and each.start["service"] in services]
    return sorted(chosen, key=lambda each: each.start["ts"])
