#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes docs/security-tests.md, and the counts that it is made of, of what tests have counted since
(build-test/counted); what was not run again stays as it was.

usage: tests/security/publish.py
"""
import json
import pathlib
import sys

import page

ROOT = pathlib.Path(__file__).resolve().parents[2]
COUNTED = ROOT / "build-test/counted"
TOLD = ROOT / "tests/security/counts.json"
PAGE = ROOT / "docs/security-tests.md"


def main() -> int:
    counts = json.loads(TOLD.read_text())
    counts |= {path.stem: json.loads(path.read_text()) for path in COUNTED.glob("*.json")}
    known = [row.name for row in page.rows()]
    missing = [name for name in known if name not in counts]
    if missing:
        print(f"nobody has counted: {', '.join(missing)}", file=sys.stderr)
        return 1
    chosen = {name: counts[name] for name in known}
    TOLD.write_text("{\n" + ",\n".join(f" {json.dumps(name)}: {json.dumps(each)}"
                                       for name, each in chosen.items()) + "\n}\n")
    PAGE.write_text(page.page(chosen))
    print(f"wrote {PAGE.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
