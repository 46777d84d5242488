#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes dashboards/*.json, which Grafana is provisioned with.

usage: deploy/grafana/make_dashboards.py [--check]

  --check  only say whether they are as written here

A dashboard is a file of rows/, a row a title and its panels. Each panel says in its description
what to make of it. tests/observability runs every query.
"""

import json
import pathlib
import sys

from panels import laid_out, variable
from rows import gateway, models, overview, privacy

FOLDER = pathlib.Path(__file__).parent / "dashboards"

RUNBOOKS = {
    "name": "runbooks",
    "label": "Runbooks",
    "type": "textbox",
    "hide": 0,
    "query": "docs/operations.md",
    "current": {"text": "docs/operations.md", "value": "docs/operations.md"},
}
OF_JOB = variable("job", 'label_values(galen_build_info{role=~"gateway|serve"}, job)', "Job")
OF_ANY_JOB = variable("job", "label_values(galen_build_info, job)", "Job")
OF_INSTANCE = variable("instance", 'label_values(galen_build_info{job=~"$job"}, instance)', "Instance")
OF_MODEL = variable("model", "label_values(nv_inference_request_success, model)", "Model")

DASHBOARDS = {
    "overview": ("galen: overview", overview, []),
    "gateway": ("galen: gateway", gateway, [OF_JOB, OF_INSTANCE]),
    "models": ("galen: models", models, [OF_MODEL]),
    "privacy": ("galen: privacy and audit", privacy, [OF_ANY_JOB]),
}


def dashboard(name: str) -> dict:
    title, source, variables = DASHBOARDS[name]
    links = [
        {
            "title": "galen",
            "type": "dashboards",
            "tags": ["galen"],
            "asDropdown": False,
            "includeVars": False,
            "keepTime": True,
        }
    ]
    return {
        "uid": f"galen-{name}",
        "title": title,
        "description": source.__doc__,
        "tags": ["galen"],
        "schemaVersion": 39,
        "version": 1,
        "editable": False,
        "graphTooltip": 1,
        "refresh": "30s",
        "time": {"from": "now-3h", "to": "now"},
        "timezone": "browser",
        "links": links,
        "templating": {"list": variables + [RUNBOOKS]},
        "annotations": {"list": []},
        "panels": laid_out(source.ROWS),
    }


def main(arguments: list[str]) -> int:
    stale = 0
    for name in DASHBOARDS:
        path = FOLDER / f"{name}.json"
        text = json.dumps(dashboard(name), indent=1, ensure_ascii=False) + "\n"
        if arguments == ["--check"]:
            if not path.exists() or path.read_text() != text:
                print(f"{path.name} is not as make_dashboards.py has it: run it")
                stale = 1
        else:
            path.write_text(text)
    return stale


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
