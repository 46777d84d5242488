# SPDX-License-Identifier: Apache-2.0
"""galen with everything that is watched, the load that shows it, and a Prometheus that looks on."""
import contextlib
import http.client
import json
import os
import pathlib
import shutil
import ssl
import subprocess
import threading
import urllib.parse
import urllib.request

import keys
import yaml
from certificates import Authority
from deployment import QUICK_END
from issuer import Issuer
from process import BINARY, ROOT, Process, free_port, until
from samples import MODEL, as_tensor, by_features

PROMETHEUS = ROOT / ".deps/prometheus/bin/prometheus"
DEPLOY = ROOT / "deploy/prometheus"
NOTE = {"input": "Denies chest pain. Takes metformin 500 mg twice daily."}
WRONG = {"model": MODEL, "input": {"mean radius": -1}}
V2 = f"/v2/models/{MODEL}/infer"


def with_canary(folder: pathlib.Path) -> pathlib.Path:
    """A copy of the sample models, one with a version more."""
    models = folder / "models"
    shutil.copytree(ROOT / "models", models, symlinks=True)
    shutil.copytree(models / MODEL / "2", models / MODEL / "3")
    return models


class Hospital:
    """engine, preprocess and a gateway with a canary; and one process that asks for tokens over
    TLS. By job, as Prometheus is to know them."""

    def __init__(self, folder: pathlib.Path):
        self.folder = folder
        self.models = with_canary(folder)
        self.common = {"repository": self.models, "threads": 1, "models.poll_ms": 50,
                       "trace.otlp": f"http://127.0.0.1:{free_port()}/v1/traces"} | QUICK_END
        self.begun = contextlib.ExitStack()
        try:
            self._start()
        except BaseException:
            self.begun.close()
            raise

    def _start(self) -> None:
        self.engine = self._run("engine").wait_for("/v2/health/live")
        self.preprocess = self._run("preprocess").wait_for("/v2/health/live")
        self.gateway = self._run("gateway", {
            "preprocess": self.preprocess.url,
            "engines.default": f"{self.engine.url},http://127.0.0.1:{free_port()}"})
        self.issuer = Issuer(self.folder)
        self.begun.callback(self.issuer.stop)
        self.guarded = self._run_guarded()
        for each in (self.gateway, self.guarded):
            each.wait_for("/readyz")
        self._begin_canary()
        self.jobs = {"galen-engine": [self.engine], "galen-preprocess": [self.preprocess],
                     "galen-gateway": [self.gateway, self.guarded]}

    def _run(self, role: str, settings: dict | None = None,
             trust: ssl.SSLContext | None = None) -> Process:
        process = Process(role, self.folder, self.common | (settings or {}), trust=trust)
        self.begun.callback(process.check_end)
        return process

    def _run_guarded(self) -> Process:
        authority = Authority(self.folder)
        certificate = authority.certify("galen", "localhost", "127.0.0.1")
        (self.folder / "denied").write_text("sub:ward\n")
        trust = ssl.create_default_context(cafile=str(authority.path))
        return self._run("serve", certificate.settings("listen") | {
            "auth.issuer": self.issuer.url, "auth.deny_list": self.folder / "denied",
            "audit.directory": self.folder / "guarded"}, trust)

    def _begin_canary(self) -> None:
        subprocess.run([BINARY, "model", "canary", "--repository", self.models, MODEL, "--version",
                        "3", "--percent", "30", "--shadow", "50"], check=True, capture_output=True,
                       env=os.environ | keys.environment(BINARY, self.gateway.trail))
        until(lambda: "rollout.serves" in self.gateway.log(), "the canary serves")

    def ask(self, process: Process, path: str, body: dict, token: str = "") -> int:
        headers = {"Content-Type": "application/json"}
        headers |= {"Authorization": f"Bearer {token}"} if token else {}
        connection = process.connect()
        try:
            connection.request("POST", path, json.dumps(body), headers)
            return connection.getresponse().status
        finally:
            connection.close()

    def ask_and_leave(self) -> None:
        """The engine's attempt is cancelled with it."""
        connection = self.gateway.connect()
        connection.request("POST", "/infer", json.dumps(NOTE), {"Content-Type": "application/json"})
        connection.close()

    def ask_all(self) -> None:
        """Something of everything: answered, refused, not let in."""
        right = self.issuer.issue("--client", "lab", "--scope", f"infer:{MODEL}", subject="lab")
        assert self.ask(self.gateway, "/infer", by_features()) == 200
        assert self.ask(self.gateway, "/infer", NOTE) == 200
        assert self.ask(self.gateway, V2, as_tensor()) == 200
        self.ask_and_leave()
        assert self.ask(self.gateway, "/infer", WRONG) == 422
        assert self.ask(self.gateway, "/no/such/path", {}) == 404
        assert self.ask(self.guarded, "/infer", by_features(), right) == 200
        assert self.ask(self.guarded, V2, as_tensor(), right) == 403
        assert self.ask(self.guarded, "/infer", by_features()) == 401
        assert self.ask(self.guarded, "/infer", by_features(), right[:-8] + "AAAAAAAA") == 401
        assert self.ask(self.guarded, "/infer", by_features(), self.issuer.issue()) == 401  # denied

    def stop(self) -> None:
        self.begun.close()


class Load:
    """Asks until it is left."""

    def __init__(self, hospital: Hospital):
        self.hospital = hospital
        self.failure = None
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        try:
            while not self._over.wait(0.1):
                self.hospital.ask_all()
        except (AssertionError, OSError, http.client.HTTPException) as failure:
            self.failure = failure

    def __enter__(self) -> "Load":
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._over.set()
        self._thread.join()
        assert self.failure is None, self.failure


class Prometheus:
    """With the configuration of deploy/prometheus, but for where its targets are and how often it
    looks."""

    def __init__(self, folder: pathlib.Path, hospital: Hospital):
        port = free_port()
        self.url = f"http://127.0.0.1:{port}/api/v1"
        config = yaml.safe_load((DEPLOY / "prometheus.yml").read_text())
        config["global"] = dict.fromkeys(
            ("scrape_interval", "scrape_timeout", "evaluation_interval"), "1s")
        config["rule_files"] = [str(DEPLOY / rules) for rules in config["rule_files"]]
        config["scrape_configs"] = [
            {"job_name": job, "static_configs": [
                {"targets": [f"127.0.0.1:{each.metrics_port}" for each in processes]}]}
            for job, processes in hospital.jobs.items()]
        (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
        with (folder / "prometheus.log").open("wb") as log:
            self.popen = subprocess.Popen(
                [PROMETHEUS, f"--config.file={folder}/prometheus.yml",
                 f"--storage.tsdb.path={folder}/tsdb", f"--web.listen-address=127.0.0.1:{port}"],
                stdout=log, stderr=log)

    def get(self, path: str, **parameters: str):
        query = urllib.parse.urlencode(parameters)
        with urllib.request.urlopen(f"{self.url}/{path}?{query}") as reply:
            return json.load(reply)["data"]

    def query(self, expression: str) -> list[dict]:
        return self.get("query", query=expression)["result"]

    def has_seen(self, count: int) -> bool:
        """So many scrapes of each target, none of which failed."""
        try:
            seen = self.query("min(sum_over_time(up[5m])) and (count(up) == 4)")
        except OSError:
            return False
        return bool(seen) and float(seen[0]["value"][1]) >= count

    def stop(self) -> None:
        self.popen.terminate()
        self.popen.wait()
