# SPDX-License-Identifier: Apache-2.0
"""The queries of the dashboards, as Grafana would send them."""
import json

from process import ROOT

FOLDER = ROOT / "deploy/grafana/dashboards"
RATE_INTERVAL = "20s"
MACROS = {"$__rate_interval": RATE_INTERVAL, "$__auto": "1h", "$job": ".*", "$instance": ".*",
          "$model": ".*"}


def filled(expression: str) -> str:
    for macro, value in MACROS.items():
        expression = expression.replace(macro, value)
    assert "$" not in expression, expression
    return expression


def dashboards() -> list[dict]:
    return [json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))]


def queries(kind: str) -> dict[str, str]:
    """Of each panel that asks a data source of this kind; by dashboard, panel and legend."""
    return {f"{board['uid']}: {panel['title']}: {target['legendFormat']}": filled(target["expr"])
            for board in dashboards() for panel in board["panels"]
            for target in panel.get("targets", ()) if target["datasource"]["type"] == kind}


def variables() -> dict[str, str]:
    """What Prometheus is asked for to fill the menus: LABEL and the selector behind it."""
    return {f"{board['uid']}: {each['name']}": filled(each["definition"])
            for board in dashboards() for each in board["templating"]["list"]
            if each["type"] == "query"}
