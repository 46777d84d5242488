# SPDX-License-Identifier: Apache-2.0
"""What a dashboard is made of: panels, rows and variables, as Grafana's JSON has them."""

import dataclasses

PROMETHEUS = {"type": "prometheus", "uid": "galen-prometheus"}
LOKI = {"type": "loki", "uid": "galen-loki"}
WIDTH = 24  # of Grafana's grid
HEIGHTS = {"stat": 4, "timeseries": 8, "table": 8, "logs": 10}
GREEN, YELLOW, RED = "green", "#EAB839", "red"


@dataclasses.dataclass
class Panel:
    """queries: by legend. red, yellow: thresholds; those of a stat that falls, where `falls`."""

    title: str
    description: str
    queries: dict[str, str]
    unit: str = "short"
    kind: str = "timeseries"
    width: int = 8
    yellow: float | None = None
    red: float | None = None
    falls: bool = False
    stacked: bool = False
    runbook: str = ""
    source: dict = dataclasses.field(default_factory=lambda: PROMETHEUS)

    @property
    def is_instant(self) -> bool:
        return self.kind in ("stat", "table") and self.source is PROMETHEUS

    def steps(self) -> list[dict]:
        marks = [(self.yellow, YELLOW), (self.red, RED)]
        base = GREEN
        if self.falls:  # what is low is bad
            marks = (
                [(self.yellow, GREEN)]
                if self.red is None
                else [(self.red, YELLOW), (self.yellow, GREEN)]
            )
            base = RED
        return [{"color": base, "value": None}] + [
            {"color": color, "value": value} for value, color in marks if value is not None
        ]

    def targets(self) -> list[dict]:
        return [
            {
                "refId": chr(ord("A") + i),
                "datasource": self.source,
                "expr": expression,
                "legendFormat": legend,
                **({"instant": True, "range": False} if self.is_instant else {}),
                **({"format": "table"} if self.kind == "table" else {}),
            }
            for i, (legend, expression) in enumerate(self.queries.items())
        ]

    def defaults(self) -> dict:
        made = {"unit": self.unit, "noValue": "–"}
        if self.yellow is not None or self.red is not None:
            made["thresholds"] = {"mode": "absolute", "steps": self.steps()}
        else:
            made["thresholds"] = {"mode": "absolute", "steps": [{"color": GREEN, "value": None}]}
        if self.kind == "timeseries":
            drawn = {
                "showPoints": "never",
                "fillOpacity": 30 if self.stacked else 10,
                "stacking": {"mode": "normal" if self.stacked else "none"},
            }
            if self.red is not None or self.yellow is not None:
                drawn["thresholdsStyle"] = {"mode": "dashed"}
            made |= {"custom": drawn, "min": 0}
        return made

    def options(self) -> dict:
        if self.kind == "stat":
            return {
                "colorMode": "background",
                "graphMode": "none",
                "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
            }
        if self.kind == "timeseries":
            return {
                "legend": {
                    "displayMode": "table",
                    "placement": "bottom",
                    "calcs": ["lastNotNull", "max"],
                },
                "tooltip": {"mode": "multi", "sort": "desc"},
            }
        if self.kind == "logs":
            return {
                "showTime": True,
                "wrapLogMessage": True,
                "enableLogDetails": True,
                "sortOrder": "Descending",
            }
        return {"showHeader": True}

    def links(self) -> list[dict]:
        return (
            [
                {
                    "title": f"Runbook: {self.runbook}",
                    "targetBlank": True,
                    "url": f"${{runbooks}}#{self.runbook.lower()}",
                }
            ]
            if self.runbook
            else []
        )

    def made(self, number: int, x: int, y: int) -> dict:
        made = {
            "id": number,
            "type": self.kind,
            "title": self.title,
            "description": self.description,
            "datasource": self.source,
            "links": self.links(),
            "gridPos": {"x": x, "y": y, "w": self.width, "h": HEIGHTS[self.kind]},
            "targets": self.targets(),
            "options": self.options(),
            "fieldConfig": {"defaults": self.defaults(), "overrides": []},
        }
        if self.kind == "table":
            made["transformations"] = [
                {"id": "merge", "options": {}},
                {"id": "organize", "options": {"excludeByName": {"Time": True}}},
            ]
        return made


def stat(title, description, expression, **options) -> Panel:
    return Panel(
        title, description, {"": expression}, kind="stat", width=options.pop("width", 4), **options
    )


def quantiles(histogram: str, selector: str, by: str = "") -> dict[str, str]:
    """p50, p95 and p99; by: one line for each value of this label too."""
    labels, name = ("le", "") if not by else (f"le, {by}", f"{{{{{by}}}}} ")
    return {
        f"{name}p{percent}": f"histogram_quantile({percent / 100}, sum by ({labels}) "
        f"(rate({histogram}_bucket{{{selector}}}[$__rate_interval])))"
        for percent in (50, 95, 99)
    }


def rate(metric: str, selector: str, by: str) -> str:
    return f"sum by ({by}) (rate({metric}{{{selector}}}[$__rate_interval]))"


def variable(name: str, query: str, label: str) -> dict:
    return {
        "name": name,
        "label": label,
        "type": "query",
        "datasource": PROMETHEUS,
        "refresh": 2,
        "sort": 1,
        "query": {"query": query, "refId": name},
        "definition": query,
        "includeAll": True,
        "multi": True,
        "allValue": ".*",
        "current": {"text": "All", "value": "$__all"},
    }


def laid_out(rows: list) -> list[dict]:
    panels, y = [], 0
    for title, members in rows:
        panels.append(
            {
                "id": len(panels) + 1,
                "type": "row",
                "title": title,
                "collapsed": False,
                "panels": [],
                "gridPos": {"x": 0, "y": y, "w": WIDTH, "h": 1},
            }
        )
        x, y, height = 0, y + 1, 0
        for panel in members:
            if x + panel.width > WIDTH:
                x, y, height = 0, y + height, 0
            panels.append(panel.made(len(panels) + 1, x, y))
            x, height = x + panel.width, max(height, HEIGHTS[panel.kind])
        y += height
    return panels
