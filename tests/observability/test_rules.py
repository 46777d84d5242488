# SPDX-License-Identifier: Apache-2.0
"""Rules, dashboards and runbooks, as files."""
import json
import os
import re
import shutil
import subprocess
import sys

import keys
import panels_of
import pytest
import yaml
from process import BINARY, ROOT, Process
from samples import by_features

PROMTOOL = ROOT / ".deps/prometheus/bin/promtool"
DEPLOY = ROOT / "deploy/prometheus"
TESTS = sorted((DEPLOY / "tests").glob("*.yml"))
GROUPS = yaml.safe_load((DEPLOY / "rules/alerts.yml").read_text())["groups"]
ALERTS = {rule["alert"]: rule for group in GROUPS for rule in group["rules"]}


def done(*words) -> str:
    finished = subprocess.run([PROMTOOL, *words], capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return finished.stdout


def test_promtool_takes_the_configuration_and_its_rules():
    checked = done("check", "config", "--lint=all", "--lint-fatal", DEPLOY / "prometheus.yml")
    assert "SUCCESS" in checked


def test_promtool_takes_the_configuration_for_kubernetes(tmp_path):
    """But for the discovery itself, which Debian's Prometheus is built without."""
    config = yaml.safe_load((DEPLOY / "kubernetes.yml").read_text())
    for job in config["scrape_configs"]:
        assert job.pop("kubernetes_sd_configs")[0]["role"] == "pod"
    (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(config))
    assert "SUCCESS" in done("check", "config", "--syntax-only", tmp_path / "prometheus.yml")


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.stem)
def test_rules_do_what_their_tests_say(path):
    done("test", "rules", path)


def test_each_alert_fires_in_a_test():
    fired = {name for path in TESTS for name in re.findall(r'alertname="(\w+)"}', path.read_text())}
    assert set(ALERTS) - {"GalenWatchdog"} == fired


@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_says_how_bad_it_is_and_what_to_do(name):
    rule = ALERTS[name]
    assert rule["labels"] in ({"severity": "page"}, {"severity": "ticket"}, {"severity": "none"})
    assert set(rule["annotations"]) == {"summary", "description", "runbook_url"}
    assert rule["annotations"]["runbook_url"] == f"docs/operations.md#{name.lower()}"


def runbooks() -> dict[str, str]:
    """By alert: the text below its heading."""
    parts = re.split(r"^### (\w+)$", (ROOT / "docs/operations.md").read_text(), flags=re.M)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_each_alert_has_its_runbook_and_each_runbook_its_alert():
    assert list(runbooks()) == list(ALERTS)


@pytest.mark.parametrize("name", ALERTS)
def test_a_runbook_says_all_that_it_should(name):
    told = re.findall(r"^- \*\*(.*?)\*\*", runbooks()[name], flags=re.M)
    assert told == ["Meaning", "Impact", "Look", "Causes", "Do", "Escalate"]


LOG_EVENT = re.compile(r"`((?:audit|config|drain|image_worker|jwks|model|rollout|tls)\.[a-z_]+)`")
SETTINGS = {"audit.directory", "audit.second_directory", "audit.witness", "audit.require",
            "audit.retry_ms"}


def test_events_of_the_log_that_the_page_names_are_written_by_the_program():
    named = set(LOG_EVENT.findall((ROOT / "docs/operations.md").read_text())) - SETTINGS
    source = "".join(path.read_text() for path in (ROOT / "src").rglob("*.c"))
    assert named and {event for event in named if f'"{event}"' not in source} == set()


def scripts() -> list[str]:
    page = (ROOT / "docs/operations.md").read_text()
    return re.findall(r"^```sh\n(.*?)^```$", page, flags=re.M | re.S)


def test_commands_of_the_page_work(tmp_path):
    """One after another, as somebody who follows it would have them run."""
    process = Process("serve", tmp_path, {"repository": ROOT / "models", "threads": 1,
                                          "drain_delay_ms": 0}).wait_for("/readyz")
    connection = process.connect()
    connection.request("POST", "/infer", json.dumps(by_features()),
                       {"Content-Type": "application/json"})
    assert connection.getresponse().status == 200
    shutil.copytree(keys.folder(BINARY), tmp_path / "keys")
    ran = [subprocess.run(["sh", "-ec", script], cwd=tmp_path, capture_output=True, text=True,
                          env=os.environ | {"PATH": f"{BINARY.parent}:{os.environ['PATH']}"},
                          check=False) for script in scripts()]
    connection.close()
    process.check_end()
    assert len(ran) == 2
    assert [(each.returncode, each.stderr) for each in ran if each.returncode] == []


def test_dashboards_are_as_their_source_makes_them():
    command = [sys.executable, ROOT / "deploy/grafana/make_dashboards.py", "--check"]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (finished.returncode, finished.stdout, finished.stderr) == (0, "", "")


def test_a_panel_says_what_it_shows_and_links_runbooks_that_are_there():
    panels = [panel for board in panels_of.dashboards() for panel in board["panels"]
              if panel["type"] != "row"]
    linked = {link["title"].removeprefix("Runbook: ") for panel in panels for link in panel["links"]}
    assert linked and linked <= set(ALERTS)
    assert all(panel["description"] and panel["title"] for panel in panels)


def test_ids_of_panels_are_their_own_and_no_two_lie_on_each_other():
    for board in panels_of.dashboards():
        taken = [(x, y) for panel in board["panels"] for place in [panel["gridPos"]]
                 for x in range(place["x"], place["x"] + place["w"])
                 for y in range(place["y"], place["y"] + place["h"])]
        assert len(taken) == len(set(taken)) and max(x for x, _ in taken) < 24
        ids = [panel["id"] for panel in board["panels"]]
        assert len(ids) == len(set(ids))
