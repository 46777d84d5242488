# SPDX-License-Identifier: Apache-2.0
"""The admin listener: Triton's own client manages models and the log there, and nowhere else."""
import json
import re

import numpy as np
import process
import pytest
import tritonclient.http
from audit_trail import Records
from message import exchange
from samples import FEATURE_COUNT, MODEL, as_tensor, by_features, features
from tritonclient.utils import InferenceServerException

ROW = np.array([list(features("malignant").values())], np.float32)
MANAGING = [("POST", "/v2/repository/index"), ("POST", f"/v2/repository/models/{MODEL}/load"),
            ("POST", f"/v2/repository/models/{MODEL}/unload"), ("GET", "/v2/logging"),
            ("POST", "/v2/logging"), ("GET", "/v2/trace/setting"), ("POST", "/v2/trace/setting"),
            ("GET", f"/v2/models/{MODEL}/trace/setting")]


@pytest.fixture
def engine(galen):
    """The process that runs the models."""
    return galen.processes[0]


@pytest.fixture
def client(engine):
    with tritonclient.http.InferenceServerClient(f"127.0.0.1:{engine.admin_port}") as each:
        yield each


def test_who_runs_no_models_manages_releases_at_most(deployments):
    engine, preprocess, gateway = deployments["three"].processes
    assert engine.admin_port
    assert preprocess.admin_port == 0
    for method, path in [*MANAGING, ("GET", "/v2"), ("GET", "/v2/health/ready")]:
        body = b"" if method == "POST" else None
        assert exchange(gateway.admin_port, method, path, body).status == 404
    assert exchange(gateway.admin_port, "GET", f"/galen/models/{MODEL}").status == 200


def test_the_index_has_every_version(client):
    index = client.get_model_repository_index()
    assert {(each["name"], each["version"], each["state"]) for each in index} >= {
        (MODEL, "1", "READY"), (MODEL, "2", "READY")}


def test_it_infers_there_too(client):
    tensor = tritonclient.http.InferInput("features", [1, FEATURE_COUNT], "FP32")
    tensor.set_data_from_numpy(ROW)
    assert client.infer(MODEL, [tensor]).as_numpy("probabilities").shape == (1, 2)
    assert client.is_server_ready()
    assert client.is_model_ready(MODEL)


def test_statistics_count_what_ran(client, galen):
    def count(version: str) -> int:
        stats = client.get_inference_statistics(MODEL, version)["model_stats"]
        assert [(each["name"], each["version"]) for each in stats] == [(MODEL, version)]
        return stats[0]["inference_stats"]["success"]["count"]
    before = count("1")
    assert galen.infer(by_features(version="1")).status == 200
    assert count("1") == before + 1
    assert {each["version"] for each in client.get_inference_statistics(MODEL)["model_stats"]} \
        == {"1", "2"}
    assert {each["name"] for each in client.get_inference_statistics()["model_stats"]} >= {MODEL}


def test_statistics_of_what_is_not_there_are_404(client):
    with pytest.raises(InferenceServerException) as unknown:
        client.get_inference_statistics("nope")
    assert unknown.value.status() == "404"


@pytest.mark.parametrize("name", ["file:1/model.onnx", "file:../../escape", "file:"])
def test_files_of_a_load_are_forbidden_whatever_they_are_called(engine, name):
    body = json.dumps({"parameters": {"config": "{}", name: "AAAA"}}).encode()
    reply = exchange(engine.admin_port, "POST", f"/v2/repository/models/{MODEL}/load", body)
    assert (reply.status, "switched off" in reply.json()["error"]) == (403, True)


@pytest.mark.parametrize("name", ["..%2F..%2Fetc", "%2e%2e", "a%2Fb", "nope"])
def test_a_name_is_never_a_path(engine, name):
    for action in ("load", "unload"):
        reply = exchange(engine.admin_port, "POST", f"/v2/repository/models/{name}/{action}", b"")
        assert reply.status in (400, 403, 404, 503)


def test_the_log_is_made_quieter_and_louder(launch):
    galen = launch("one")
    admin = f"127.0.0.1:{galen.processes[0].admin_port}"
    with tritonclient.http.InferenceServerClient(admin) as client:
        assert client.get_log_settings() == {
            "log_file": "", "log_info": True, "log_warning": True, "log_error": True,
            "log_verbose_level": 0, "log_format": "ISO8601"}
        assert client.update_log_settings({"log_info": False})["log_info"] is False
        assert client.get_log_settings()["log_warning"] is True
        with pytest.raises(InferenceServerException) as refused:
            client.update_log_settings({"log_error": False})
    assert "log_error" in refused.value.message()


def test_nothing_is_traced_and_nothing_will_be(client):
    assert client.get_trace_settings()["trace_level"] == ["OFF"]
    assert client.get_trace_settings(MODEL) == client.get_trace_settings()
    assert client.update_trace_settings(settings={"trace_level": ["OFF"]})["trace_level"] == ["OFF"]
    with pytest.raises(InferenceServerException) as refused:
        client.update_trace_settings(settings={"trace_level": ["TIMESTAMPS"]})
    assert refused.value.status() == "501"


@pytest.mark.parametrize(("method", "path"), MANAGING)
def test_elsewhere_nothing_is_managed(galen, method, path):
    ports = {galen.port} | {each.port for each in galen.processes}
    for port in ports:
        reply = exchange(port, method, path, b"" if method == "POST" else None)
        assert (reply.status, "listen.admin" in reply.json()["error"]) == (403, True)


@pytest.mark.parametrize("path", ["/v2/repository/r/index", f"/v2/models/{MODEL}/generate",
                                  f"/v2/models/{MODEL}/versions/1/generate_stream",
                                  "/v2/systemsharedmemory/region/r/register",
                                  "/v2/cudasharedmemory/region/r/unregister"])
def test_what_nobody_has_is_501_everywhere(galen, engine, path):
    for port in (galen.port, engine.admin_port):
        reply = exchange(port, "POST", path, b"{}")
        assert (reply.status, "not supported" in reply.json()["error"]) == (501, True)


@pytest.mark.parametrize(("method", "path", "allow"), [
    ("GET", "/v2/repository/index", "POST"), ("PUT", "/v2/logging", "GET, POST"),
    ("POST", "/v2/models/stats", "GET"), ("DELETE", "/v2/trace/setting", "GET, POST")])
def test_another_method_is_405_and_the_right_ones_are_named(galen, engine, method, path, allow):
    for port in (galen.port, engine.admin_port):
        reply = exchange(port, method, path, b"")
        assert (reply.status, reply.headers["allow"]) == (405, allow)


def test_a_server_lists_the_extensions_that_it_has(galen, engine):
    extensions = {port: set(exchange(port, "GET", "/v2").json()["extensions"])
                  for port in (galen.port, engine.admin_port)}
    assert extensions[galen.port] == {
        "binary_tensor_data", "classification", "parameters", "schedule_policy",
        "model_configuration", "statistics"}
    assert extensions[engine.admin_port] == extensions[galen.port] | {
        "model_repository", "model_repository(unload_dependents)", "logging"}


def test_a_gateway_tells_what_its_engine_tells(galen, engine):
    model = f"/v2/models/{MODEL}"
    for path in ("/v2/models/stats", f"{model}/stats", f"{model}/versions/1/stats",
                 f"{model}/versions/previous/stats", f"{model}/config", f"{model}/versions/1/config"):
        told = exchange(galen.port, "GET", path)
        assert (told.status, told.json()) == (200, exchange(engine.admin_port, "GET", path).json())
    for path in ("/v2/models/nope/stats", f"/v2/models/{MODEL}/versions/9/config"):
        reply = exchange(galen.port, "GET", path)
        assert (reply.status, reply.json()) \
            == (404, exchange(engine.admin_port, "GET", path).json())


def test_a_tag_is_a_version(galen, engine):
    for port in (galen.port, engine.admin_port):
        reply = exchange(port, "POST", f"/v2/models/{MODEL}/versions/previous/infer", as_tensor())
        assert (reply.status, reply.json()["model_version"]) == (200, "1")


def changes(trail_folder) -> list[tuple[str, str, str, str | None]]:
    """What the trail has of them now."""
    records = [record for chain in trail_folder.iterdir() for record in Records(chain).records]
    return [(each["event"], each["route"], each["outcome"], each.get("model", {}).get("name"))
            for each in records if each["event"] in ("model.load", "model.unload", "configure")]


def test_changes_have_left_records_when_they_are_answered(launch):
    galen = launch("one")
    port, trail = galen.processes[0].admin_port, galen.processes[0].trail
    assert exchange(port, "POST", "/v2/logging", {"log_info": True}).status == 200
    assert changes(trail) == [("configure", "v2_logging", "ok", None)]
    assert exchange(port, "POST", "/v2/logging", {"log_error": False}).status == 400
    assert changes(trail)[1:] == [("configure", "v2_logging", "refused", None)]


@pytest.fixture
def explicit(tmp_path):
    """An engine that loads what it is asked to, with a model of this repository."""
    engine = process.Process("engine", tmp_path, {
        "models.control": "explicit", "models.load": MODEL, "repository": process.ROOT / "models"})
    engine.wait_for("/v2/health/ready")
    yield engine
    engine.check_end()


def test_a_model_is_unloaded_and_loaded_as_tritons_client_asks(explicit):
    with tritonclient.http.InferenceServerClient(f"127.0.0.1:{explicit.admin_port}") as client:
        assert client.is_model_ready(MODEL)
        client.unload_model(MODEL, unload_dependents=True)
        process.until(lambda: not client.is_model_ready(MODEL), "the model is gone")
        client.load_model(MODEL)
        assert client.is_model_ready(MODEL)
        with pytest.raises(InferenceServerException) as unknown:
            client.load_model("nope")
    assert unknown.value.status() == "404"
    assert changes(explicit.trail) == [
        ("model.unload", "v2_unload", "ok", MODEL), ("model.load", "v2_load", "ok", MODEL),
        ("model.load", "v2_load", "refused", None)]


def test_it_listens_on_loopback_only(tmp_path):
    galen = process.Process("serve", tmp_path, {"listen.admin": "0.0.0.0:0"})
    assert galen.wait() == 2
    assert re.search("listen.admin.*loopback", galen.log())
