# SPDX-License-Identifier: Apache-2.0
"""What tests count for docs/security-tests.md: printed into the log, kept for who writes that page
(tests/security/publish.py), and held to what the page says."""
import datetime
import json

from process import ROOT

FOLDER = ROOT / "build-test/counted"
TOLD = ROOT / "tests/security/counts.json"


def told() -> dict[str, dict]:
    """What the page was written from."""
    return json.loads(TOLD.read_text())


def today() -> str:
    return datetime.datetime.now(datetime.UTC).date().isoformat()


def keep(capsys, name: str, **counts: int | str) -> None:
    with capsys.disabled():
        print(f"\ncounted {name} {json.dumps(counts)}")
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / f"{name}.json").write_text(json.dumps(counts))


def check(capsys, name: str, **counts: int | str) -> None:
    """Keeps them, and fails where the page says otherwise."""
    keep(capsys, name, **counts)
    hold(name, counts)


def hold(name: str, counts: dict) -> None:
    """To what the page says; `seen`, the day that it was run, is no matter."""
    known = told().get(name, {})
    assert known | {"seen": None} == counts | {"seen": None}, \
        "docs/security-tests.md says otherwise: tests/security/publish.py writes it"
