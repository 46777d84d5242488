# SPDX-License-Identifier: Apache-2.0
"""The trail of a deployment: a record a request and process, joined, and whole, whatever ends it."""
import hashlib
import hmac
import http.client
import re
import threading

import deployment
import keys
import pytest
import trail
from audit_trail import Fault, check_witness
from message import encode, send_raw
from process import BINARY, until
from refusals import V2_INFER
from samples import MODEL, as_tensor, by_features

PROBES = ("/healthz", "/readyz", "/openapi.json", "/docs", "/v2", "/v2/health/live",
          "/v2/health/ready", f"/v2/models/{MODEL}", f"/v2/models/{MODEL}/ready")
BEHIND = {"infer": {"gateway", "preprocess", "engine"}, "v2": {"gateway", "engine"}}


ANNOUNCED = {"Content-Length": str(100_000_000)}  # refused before a byte of it comes


def with_id(request_id: str) -> dict[str, str]:
    return {"X-Request-Id": request_id}


def ask(galen) -> dict:
    """Replies by the name that the request goes by."""
    return {
        "infer-given": galen.request("POST", "/infer", by_features(), with_id("infer-given")),
        "infer-own": galen.request("POST", "/infer", by_features()),
        "v2-given": galen.request("POST", V2_INFER, as_tensor(id="of-the-client"), with_id("v2-given")),
        "v2-own": galen.request("POST", V2_INFER, as_tensor()),
        "missing": galen.infer(by_features() | {"model": "nope"}),
        "wrong": galen.request("POST", "/infer", b"{"),
        "too-large": galen.request("POST", "/infer", b"", ANNOUNCED | with_id("too-large")),
    }


class History:
    """What a deployment answered, from its start to its end, and the trail that it left."""

    def __init__(self, name: str, folder):
        self.name, self.folder = name, folder
        (folder / "witness").mkdir()
        galen = deployment.start(name, folder, audit__witness=folder / "witness",
                                 audit__checkpoint_records=2, audit__segment_size_bytes=4096)
        self.probes = [galen.request("GET", path).status for path in PROBES]
        self.replies = ask(galen)
        galen.stop()
        self.chains = trail.check(folder / "audit")

    def records(self, name: str) -> dict[str, dict]:
        return trail.of_request(self.chains, self.replies[name].headers.get("x-request-id", name))

    def record(self, name: str) -> dict:
        """Of the process that answered the client."""
        [record] = [each for service, each in self.records(name).items() if service in trail.EDGES]
        return record


@pytest.fixture(scope="module", params=deployment.NAMES)
def history(request, tmp_path_factory):
    return History(request.param, tmp_path_factory.mktemp("history"))


@pytest.mark.parametrize("request_name", ["infer-given", "infer-own", "v2-given", "v2-own"])
def test_a_request_leaves_one_record_in_each_process_that_it_crossed(history, request_name):
    assert history.replies[request_name].status == 200
    crossed = {"serve"} if history.name == "one" else BEHIND[request_name.split("-")[0]]
    assert set(history.records(request_name)) == crossed


@pytest.mark.parametrize("request_name", ["infer-given", "v2-given"])
def test_a_client_names_its_request_by_a_header(history, request_name):
    assert history.replies[request_name].headers["x-request-id"] == request_name


def test_the_v2_id_of_a_client_is_answered_and_joins_nothing(history):
    assert history.replies["v2-given"].json()["id"] == "of-the-client"
    assert trail.of_request(history.chains, "of-the-client") == {}


@pytest.mark.parametrize("request_name", ["infer-own", "v2-own", "wrong"])
def test_a_request_without_a_name_gets_a_random_one(history, request_name):
    assert re.fullmatch(r"[0-9a-f]{32}", history.record(request_name)["request_id"])


def test_a_record_says_what_was_asked_and_answered(history):
    reply, record = history.replies["infer-given"], history.record("infer-given")
    assert record["event"] == "infer"
    assert record["outcome"] == "ok"
    assert record["route"] == "infer"
    assert record["actor"] == {"client_id": "unidentified"}
    model = reply.json()["model"]
    assert record["model"] == model | {"version": int(model["version"])}
    assert record["out"] == {"status": 200, "bytes": len(reply.body)}
    parts = ("before_us", "preprocess_us", "infer_us")
    assert record["dur_us"] >= sum(record[part] for part in parts)
    assert "reason" not in record


def test_the_body_is_in_the_record_by_its_size_and_its_pseudonym(history):
    body = encode("POST", "/infer", by_features()).split(b"\r\n\r\n", 1)[1]
    record = history.record("infer-given")
    secret = bytes.fromhex((keys.folder(BINARY) / f"{record['key_id']}.key").read_text())
    assert record["in"]["bytes"] == len(body)
    assert record["in"]["hmac"] == hmac.new(secret, body, hashlib.sha256).hexdigest()


@pytest.mark.parametrize("request_name", ["infer-given", "v2-given"])
def test_the_process_that_ran_the_model_says_how_long_it_waited_and_ran(history, request_name):
    records = history.records(request_name)
    record = records["serve" if history.name == "one" else "engine"]
    assert record["batch_rows"] >= 1
    assert 0 < record["compute_us"] + record["queue_us"] <= record["dur_us"]
    assert "compute_us" not in records.get("gateway", {})


@pytest.mark.parametrize("request_name, reason, status", [
    ("missing", "not-found", 404), ("wrong", "malformed", 400), ("too-large", "too-large", 413)])
def test_a_refused_request_leaves_a_record_too(history, request_name, reason, status):
    record = history.record(request_name)
    assert set(history.records(request_name)) <= set(trail.EDGES)
    assert record["event"] == "validate"
    assert record["outcome"] == "refused"
    assert record["reason"] == history.replies[request_name].json()["type"].removeprefix("/problems/")
    assert record["reason"] == reason
    assert record["out"]["status"] == status


def test_probes_and_pages_leave_no_record(history):
    assert set(history.probes) == {200}
    assert len(trail.ids(history.chains)) == len(history.replies)


def test_a_clean_end_stops_each_chain_under_a_signed_checkpoint(history):
    assert len(history.chains) == (1 if history.name == "one" else 3)
    assert all(each.is_stopped for each in history.chains.values())
    assert all(each.events[-1] == "stop" for each in history.chains.values())


def test_a_witness_has_a_copy_of_each_checkpoint(history):
    sizes = check_witness(history.folder / "witness", history.chains, keys.verifiers(BINARY))
    for name, each in history.chains.items():
        assert len(sizes[name]) == each.notes.count(b"\ngalen.audit/") + 1
        assert sizes[name][-1] == len(each.lines)


def test_a_file_that_is_full_is_followed_by_the_next(history):
    [chain] = trail.of_service(history.chains, *trail.EDGES)
    assert (history.folder / "audit" / chain.name / "000002.ndjson").exists()


def test_the_reader_of_these_tests_sees_a_record_that_was_changed(history, tmp_path):
    [chain] = trail.of_service(history.chains, *trail.EDGES)
    copy = tmp_path / "audit" / chain.name
    copy.mkdir(parents=True)
    for path in (history.folder / "audit" / chain.name).iterdir():
        (copy / path.name).write_bytes(path.read_bytes().replace(b'"status":200', b'"status":201', 1))
    with pytest.raises(Fault):
        trail.check(tmp_path / "audit")


@pytest.mark.parametrize("name", deployment.NAMES)
def test_each_start_follows_the_one_before_it_even_within_a_second(tmp_path, name):
    for number in range(4 if name == "one" else 2):
        galen = deployment.start(name, tmp_path)
        assert galen.request("POST", "/infer", by_features(), with_id(f"start-{number}")).status == 200
        galen.stop()
    chains = trail.check(tmp_path / "audit")
    for service in ("serve",) if name == "one" else BEHIND["infer"]:
        in_order = trail.of_service(chains, service)
        assert "previous" not in in_order[0].start
        for before, after in zip(in_order, in_order[1:], strict=False):
            assert after.start["previous"] == {"chain": before.name, "records": len(before.lines),
                                               "checkpoint_bytes": len(before.notes)}


class Load:
    """Clients that ask until the server is gone; the ids of what was answered."""

    def __init__(self, port: int, client_count: int = 4):
        self.port, self.answered = port, []
        self.threads = [threading.Thread(target=self._ask, args=(number,))
                        for number in range(client_count)]
        for thread in self.threads:
            thread.start()

    def _ask(self, client: int) -> None:
        for number in range(1_000_000):
            request_id = f"load-{client}-{number}"
            request = encode("POST", "/infer", by_features(), with_id(request_id))
            try:
                status = send_raw(self.port, request).status
            except (OSError, http.client.HTTPException):
                return  # a reply that is cut is none
            if status == 200:
                self.answered.append(request_id)

    def join(self) -> list[str]:
        for thread in self.threads:
            thread.join()
        return self.answered


@pytest.mark.parametrize("name", deployment.NAMES)
def test_a_killed_process_leaves_each_answered_request_in_the_trail(launch, tmp_path, name):
    for _ in range(2):
        galen = launch(name, audit__checkpoint_records=50, audit__segment_size_bytes=65536)
        load = Load(galen.port)
        until(lambda load=load: len(load.answered) > 200, "requests flow")
        for process in reversed(galen.processes):
            process.popen.kill()
            process.popen.wait()
        galen.processes.clear()
        answered = load.join()
        again = launch(name)
        assert again.request("POST", "/infer", by_features(), with_id("afterwards")).status == 200
        again.stop()
        again.processes.clear()
        chains = trail.check(tmp_path / "audit")
        assert set(answered) <= set(trail.ids(chains))
    assert len(trail.of_service(chains, *trail.EDGES)) == 4
