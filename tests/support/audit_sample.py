# SPDX-License-Identifier: Apache-2.0
"""A trail with something of everything, for tests that read one, and what reads it."""
import pathlib
import subprocess

from audit_trail import Chain, Key, infer_fields
from process import BINARY, DEADLINE_S

TORN_LINE = b'{"v":1,"seq":12,"ts":"2026-'
TORN_NOTE = b"galen.audit/gatew"


def run(*words) -> subprocess.CompletedProcess:
    """galen audit WORDS"""
    return subprocess.run([BINARY, "audit", *words], capture_output=True, text=True,
                          timeout=DEADLINE_S, check=False)


class Sample:
    """Two chains of a gateway, the first killed, and a running one of serve; their witness."""

    def __init__(self, folder: pathlib.Path):
        self.path, self.witness, self.key = folder / "trail", folder / "witness", Key()
        self.witness.mkdir(parents=True)
        self.first = self._killed()
        self.second = self._stopped()
        self.third = self._running()

    def _chain(self, **options) -> Chain:
        return Chain(self.path, key=self.key, witness=self.witness, **options)

    def _killed(self) -> Chain:
        chain = self._chain(second=0)
        for number in range(5):
            chain.append("infer", **infer_fields(number))
        chain.checkpoint()
        chain.rotate()
        for number in range(5, 10):
            chain.append("infer", **infer_fields(number))
        chain.checkpoint()
        chain.append("validate", **infer_fields(10, outcome="refused", reason="schema",
                                                out={"status": 422, "bytes": 150}))
        chain.tear(TORN_LINE, TORN_NOTE)
        return chain

    def _stopped(self) -> Chain:
        chain = self._chain(second=3600, previous=self.first)
        for number in range(11, 14):
            chain.append("infer", **infer_fields(number, model={"name": "notes", "version": "2"}))
        chain.append("infer", **infer_fields(14, outcome="failed", reason="bad-upstream",
                                             out={"status": 502, "bytes": 99}))
        chain.checkpoint()
        chain.stop()
        return chain

    def _running(self) -> Chain:
        chain = self._chain(second=7200, service="serve")
        chain.append("infer", **infer_fields(20, actor={"client_id": "ward \u00e9\"7\""}))
        chain.checkpoint()
        return chain


def written(sample) -> list[bytes]:
    """Every whole line of the trail, as it lies there, chain by chain."""
    lines = []
    for path in sorted(sample.path.rglob("*.ndjson")):
        lines += path.read_bytes().split(b"\n")[:-1]
    return lines
