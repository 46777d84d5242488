# SPDX-License-Identifier: Apache-2.0
"""`galen model` with `models.triton`: what Tritons are told, and when. A stand-in takes the requests;
the real one is in tests/faults."""
import http.server
import os
import re
import shutil
import subprocess
import threading

import pytest
from process import BINARY, DEADLINE_S, ROOT

SOURCE = ROOT / "tests/data/notes/lexicon/1"
CONFIG = '# ours\nbackend: "python" # really\nversion_policy { all {} }\n'


class Repository:
    """tagger with versions 1, 2 and 3, of which 1 is `current`."""

    def __init__(self, folder):
        self.folder, self.models = folder, folder / "models"
        self.model = self.models / "tagger"
        for version in "123":
            shutil.copytree(SOURCE, self.model / version)
        (self.model / "current").symlink_to("1")
        (self.model / "config.pbtxt").write_text(CONFIG)

    def tag(self, name: str = "current") -> str:
        return (self.model / name).readlink().name

    @property
    def config(self) -> str:
        return (self.model / "config.pbtxt").read_text()

    def allowed(self) -> list[int]:
        found = re.search(r"specific: { versions: \[ ([\d, ]+) \]", self.config)
        return [int(number) for number in found[1].split(", ")] if found else []

    def run(self, *words, urls: str, linger_ms: int = 0) -> subprocess.CompletedProcess:
        return subprocess.run(
            [BINARY, "model", words[0], "--repository", self.models, *words[1:],
             "--set", f"audit.directory={self.folder / 'audit'}", "--set", f"models.triton={urls}",
             "--set", f"models.linger_ms={linger_ms}"],
            capture_output=True, text=True, timeout=DEADLINE_S, check=False, env=os.environ)


class Triton:
    """Notes how the repository stands whenever it is told to load; ready: versions that it says
    are; refuses: what it answers a load with, where not empty."""

    def __init__(self, repository: Repository):
        self.repository = repository
        self.loads: list[tuple[str, list[int]]] = []
        self.unloads: list[bool] = []  # whether the model was disabled then
        self.ready: set[int] = set()
        self.refuses = b""
        self.may_load = threading.Event()  # else loads wait
        self.may_load.set()
        triton = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self, status: int, body: bytes = b"") -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self):
                version = re.fullmatch(r"/v2/models/[a-z-]+/versions/(\d+)/ready", self.path)
                self.answer(200 if int(version[1]) in triton.ready else 400)

            def do_POST(self):
                path = f"/v2/repository/models/{triton.repository.model.name}"
                if self.path == f"{path}/unload":
                    triton.unloads.append((triton.repository.model / "disabled").is_symlink())
                    triton.ready = set()
                    self.answer(200)
                    return
                assert self.path == f"{path}/load"
                triton.may_load.wait()
                triton.loads.append((triton.repository.tag(), triton.repository.allowed()))
                if triton.refuses:
                    self.answer(400, triton.refuses)
                    return
                triton.ready = set(triton.repository.allowed())
                self.answer(200)

            def log_message(self, *_):
                pass
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def end(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def repository(tmp_path) -> Repository:
    return Repository(tmp_path)


@pytest.fixture
def tritons(repository):
    both = [Triton(repository) for _ in range(2)]
    yield both
    for each in both:
        each.end()


def urls_of(tritons) -> str:
    return ", ".join(each.url for each in tritons)


def test_each_loads_old_and_new_before_the_tag_moves_and_drops_what_gave_way(repository, tritons):
    for version in ("2", "3"):
        done = repository.run("promote", "tagger", version, urls=urls_of(tritons))
        assert done.returncode == 0, done.stderr
    for each in tritons:
        assert each.loads == [("1", [1, 2]), ("2", [1, 2, 3]), ("3", [2, 3])]
    assert repository.config == '# ours\nbackend: "python" # really\n' \
        "version_policy: { specific: { versions: [ 2, 3 ] } }\n"


def test_who_has_all_versions_loads_nothing(repository, tritons):
    repository.run("promote", "tagger", "2", urls=urls_of(tritons))
    tritons[1].ready = {1}
    for each in tritons:
        each.loads.clear()
    assert repository.run("rollback", "tagger", urls=urls_of(tritons)).returncode == 0
    assert [each.loads for each in tritons] == [[], [("2", [1, 2])]]


def test_one_that_refuses_stops_the_release(repository, tritons):
    repository.run("promote", "tagger", "2", urls=urls_of(tritons))
    tritons[1].refuses = b'{"error": "version 3 has no network"}'
    done = repository.run("promote", "tagger", "3", urls=urls_of(tritons))
    assert done.returncode == 1
    assert "version 3 has no network" in done.stderr
    assert tritons[1].url in done.stderr
    assert (repository.tag(), repository.tag("previous")) == ("2", "1")
    assert repository.allowed() == [1, 2]
    assert tritons[0].ready == {1, 2}


def test_what_is_disabled_is_unloaded_and_loaded_before_it_is_enabled(repository, tritons):
    repository.run("promote", "tagger", "2", urls=urls_of(tritons))
    for each in tritons:
        each.loads.clear()
    assert repository.run("disable", "tagger", urls=urls_of(tritons)).returncode == 0
    assert [each.unloads for each in tritons] == [[True], [True]]
    assert repository.run("enable", "tagger", urls=urls_of(tritons)).returncode == 0
    assert [each.loads for each in tritons] == [[("2", [1, 2])]] * 2
    assert [each.ready for each in tritons] == [{1, 2}] * 2


def test_disabling_waits_for_nobody_and_says_who_was_not_told(repository, tritons):
    tritons[0].end()
    done = repository.run("disable", "tagger", urls=urls_of(tritons))
    assert (done.returncode, done.stdout) == (1, "tagger: release 000001: disabled\n")
    assert f"tagger is disabled, and may be loaded still: {tritons[0].url}" in done.stderr
    assert repository.config == CONFIG
    assert tritons[1].unloads == [True]
    tritons[0].__init__(repository)
    again = repository.run("disable", "tagger", urls=urls_of(tritons))
    assert (again.returncode, again.stdout) == (0, "tagger: is disabled already\n")
    assert (tritons[0].unloads, tritons[1].unloads) == ([True], [True, True])


def test_a_config_that_is_none_is_named(repository, tritons):
    (repository.model / "config.pbtxt").write_text('backend: "never closed\n')
    done = repository.run("promote", "tagger", "2", urls=urls_of(tritons))
    assert done.returncode == 2
    assert "config.pbtxt:1:" in done.stderr
    assert repository.tag() == "1"
    assert tritons[0].loads == []


def test_a_url_that_is_none_is_wrong_usage(repository):
    done = repository.run("promote", "tagger", "2", urls="triton:8000")
    assert done.returncode == 2
    assert "triton:8000" in done.stderr
    assert repository.tag() == "1"
