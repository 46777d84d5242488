# SPDX-License-Identifier: Apache-2.0
"""Runs every row, and writes what was seen into docs/resilience.md.

usage: make faults
"""
import json
import pathlib
import sys

import page
import pytest
from field import GATEWAY, ROOT
from rows import ROLLOUT
from run import RATE, WHOLE

FOLDER = pathlib.Path(__file__).parent
REPORT = ROOT / "build-test/faults.json"
PAGE = ROOT / "docs/resilience.md"


def words() -> dict[str, str]:
    told = [f"`{key}: {value}`" for key, value in GATEWAY.items() if key.endswith("_ms")]
    rates = " and ".join(f"{rate} a second for {role}s" for role, rate in RATE.items())
    return {"rates": rates, "seconds": f"{WHOLE.during_s:.0f}", "settings": ", ".join(told)}


def main() -> int:
    code = pytest.main(["-q", "-p", "no:cacheprovider", "--whole", str(FOLDER)])
    results = json.loads(REPORT.read_text())
    page.put(PAGE, page.part(results, {ROLLOUT.what}, **words()))
    print(f"wrote {PAGE.relative_to(ROOT)}")
    return int(code)


if __name__ == "__main__":
    sys.exit(main())
