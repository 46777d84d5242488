# SPDX-License-Identifier: Apache-2.0
"""Starts galen, Triton and MLServer with the same models, holds each to the rules, and writes
docs/conformance.md and the reports beside it in build-test/conformance.

usage: make conformance
"""
import json
import pathlib
import sys
import tempfile

from conformance import page, report
from conformance.peers import ROOT, Peer, galen, mlserver, triton
from conformance.rules import rules
from conformance.runner import Subject, run
from conformance.server import Server

REPORTS = ROOT / "build-test/conformance"
PAGE = ROOT / "docs/conformance.md"
COMMAND = "python3 -m conformance --url URL --admin-url URL --dangerous"
MODELS = {
    "galen": "`galen engine`, its ONNX Runtime backend, the ONNX files of `tests/data/models`",
    "Triton": "the same ONNX files with ONNX Runtime in its Python backend, the only one that the wheel"
              " has (BF16 and BYTES pass as they came); `max_batch_size: 64`",
    "MLServer": "the same ONNX files with ONNX Runtime in a runtime of ours, which decodes with"
                " MLServer's own codecs; shapes and names are checked by ONNX Runtime (no BF16:"
                " MLServer has none)",
}


def hold(name: str, subject: Subject) -> dict:
    results = [run(rule, subject) for rule in rules()]
    print(f"{name}: {report.summary(results)}", flush=True)
    return report.document(results, subject, COMMAND) | {"label": name, "models": MODELS[name]}


def hold_galen(folder: pathlib.Path) -> dict:
    process = galen.start("engine", folder)
    told = hold("galen", Subject(Server(process.url), Server(galen.admin_url(process)), may_die=True))
    process.check_end()
    return told


def hold_peer(peer: Peer) -> dict:
    """One port is for everything; a peer that dies is started again."""
    server = Server(peer.url)
    told = hold(peer.name, Subject(server, server, may_die=True, revive=peer.revive))
    peer.stop()
    return told


def missing() -> list[str]:
    found = {"Triton": triton.why_not(), "MLServer": mlserver.why_not()}
    return [f"{name}: {why}" for name, why in found.items() if why]


def main() -> int:
    if missing():
        print("\n".join(missing()), file=sys.stderr)
        return 2
    REPORTS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        folders = [pathlib.Path(tempfile.mkdtemp(dir=scratch)) for _ in range(3)]
        reports = [hold_galen(folders[0]), hold_peer(triton.start(folders[1])),
                   hold_peer(mlserver.start(folders[2]))]
    for each in reports:
        text = json.dumps(each, indent=1, ensure_ascii=False)
        (REPORTS / f"{each['label'].lower()}.json").write_text(text + "\n")
    PAGE.write_text(page.page(reports))
    print(f"wrote {PAGE.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
