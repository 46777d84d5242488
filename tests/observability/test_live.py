# SPDX-License-Identifier: Apache-2.0
"""Dashboards and rules before a Prometheus that scrapes galen under load."""
import math
import re

import panels_of
import pytest
from process import until
from watched import Hospital, Load, Prometheus

SCRAPES = 12  # alerts that wait for nothing have fired, and what is recorded of them is there
METRIC = re.compile(r"\b(?:galen|nv|process)_\w+")
OF_HISTOGRAM = re.compile(r"_(bucket|sum|count)$")


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("observed")
    hospital = Hospital(folder)
    prometheus = None
    try:
        prometheus = Prometheus(folder, hospital)
        with Load(hospital) as load:
            until(lambda: load.failure or prometheus.has_seen(SCRAPES), "it has scraped all of them")
            yield prometheus
    finally:
        if prometheus:
            prometheus.stop()
        hospital.stop()


@pytest.fixture(scope="module")
def names(prometheus):
    return set(prometheus.get("label/__name__/values"))


@pytest.mark.parametrize("panel", panels_of.queries("prometheus"))
def test_a_panel_has_data(prometheus, panel):
    expression = panels_of.queries("prometheus")[panel]
    values = [float(series["value"][1]) for series in prometheus.query(expression)]
    assert any(not math.isnan(value) for value in values), expression


@pytest.mark.parametrize("name", panels_of.variables())
def test_a_menu_has_entries(prometheus, name):
    selector, label = re.fullmatch(r"label_values\((.*), (\w+)\)",
                                   panels_of.variables()[name]).groups()
    assert any(label in series for series in prometheus.get("series", **{"match[]": selector}))


def rules_of(prometheus) -> list[dict]:
    return [rule for group in prometheus.get("rules")["groups"] for rule in group["rules"]]


def test_every_rule_is_evaluated(prometheus):
    failed = {rule["name"]: rule.get("lastError") for rule in rules_of(prometheus)
              if rule["health"] != "ok"}
    assert failed == {}


def test_every_recording_has_data(prometheus):
    recorded = {rule["name"] for rule in rules_of(prometheus) if rule["type"] == "recording"}
    assert recorded
    assert {name for name in recorded if not prometheus.query(name)} == set()


def test_no_rule_names_a_metric_that_nothing_has(prometheus, names):
    asked = {name for rule in rules_of(prometheus) for name in METRIC.findall(
        re.sub(r'"[^"]*"|\w+(:\w+)+|by \([^)]*\)', "", rule["query"]))}
    assert asked and asked - names == set()


def test_what_happened_fires_and_nothing_else(prometheus):
    """Nobody is woken: all that is wrong here is a caller who is kept out."""
    fires = {alert["labels"]["alertname"]: alert["labels"]["severity"]
             for alert in prometheus.get("alerts")["alerts"] if alert["state"] == "firing"}
    assert fires.items() >= {"GalenWatchdog": "none", "GalenRevokedCaller": "ticket"}.items()
    assert set(fires) <= {"GalenWatchdog", "GalenRevokedCaller", "GalenForgedTokens"}
