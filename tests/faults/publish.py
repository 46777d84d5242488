# SPDX-License-Identifier: Apache-2.0
"""Runs every row, and writes what was seen into docs/resilience.md.

usage: make faults
"""
import json
import pathlib
import sys

import pytest

FOLDER = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parent / "support"))

import page  # noqa: E402
from field import GATEWAY, ROOT  # noqa: E402
from rows import ROLLOUT  # noqa: E402
from run import RATE, WHOLE  # noqa: E402

REPORT = ROOT / "build-test/faults.json"
PAGE = ROOT / "docs/resilience.md"


def words() -> dict[str, str]:
    told = [f"`{key}: {value}`" for key, value in GATEWAY.items() if key.endswith("_ms")]
    return {"engine_rate": str(RATE["engine"]), "preprocess_rate": str(RATE["preprocess"]),
            "seconds": f"{WHOLE.during_s:.0f}", "settings": ", ".join(told)}


def main() -> int:
    code = pytest.main(["-q", "-p", "no:cacheprovider", "--whole", str(FOLDER)])
    results = json.loads(REPORT.read_text())
    page.put(PAGE, page.part(results, {ROLLOUT.what}, **words()))
    print(f"wrote {PAGE.relative_to(ROOT)}")
    return int(code)


if __name__ == "__main__":
    sys.exit(main())
