# SPDX-License-Identifier: Apache-2.0
"""Health, metadata and paths (inference_rest.md; open_inference_rest.yaml)."""
import pytest
from kit import ROW, sum_request


@pytest.mark.parametrize("path", ["/v2", "/v2/"])
def test_server_metadata_has_its_members(server, path):
    answer = server.request("GET", path)
    if server.profile == "triton" and path == "/v2/":
        assert answer.status == 404
        return
    assert answer.status == 200
    assert {"name", "version", "extensions"} <= set(answer.json())


@pytest.mark.parametrize(("path", "member"), [("live", "live"), ("ready", "ready")])
def test_health_is_200_and_json_that_every_client_reads(server, path, member):
    answer = server.request("GET", f"/v2/health/{path}")
    assert answer.status == 200
    assert server.profile == "triton" or answer.json()[member] is True


def test_model_metadata_has_its_members(server):
    document = server.request("GET", f"/v2/models/{server.model}").json()
    assert document["name"] == server.model
    assert document["versions"]
    assert document["platform"]
    assert {(each["name"], each["datatype"], tuple(each["shape"])) for each in document["inputs"]} \
        == {("INPUT0", "INT32", (-1, ROW)), ("INPUT1", "INT32", (-1, ROW))}
    assert {each["name"] for each in document["outputs"]} == {"OUTPUT0", "OUTPUT1"}


def test_a_model_and_its_version_are_ready(server):
    for path in ("", "/versions/1"):
        assert server.request("GET", f"/v2/models/{server.model}{path}/ready").status == 200


def test_a_version_is_described_and_infers(server):
    path = f"/v2/models/{server.model}/versions/1"
    assert server.request("GET", path).json()["name"] == server.model
    assert server.infer(sum_request(), model=f"{server.model}/versions/1").status == 200


def test_a_name_may_be_percent_encoded(server):
    encoded = "".join(f"%{byte:02X}" for byte in server.model.encode())
    answer = server.request("GET", f"/v2/models/{encoded}")
    assert server.allows(answer, 200, triton=404)
    assert answer.status == 404 or answer.json()["name"] == server.model


def test_a_query_is_ignored(server):
    assert server.request("GET", f"/v2/models/{server.model}?test_1=1&test_2=2").status == 200
    assert server.infer(sum_request(), model=server.model).json() \
        == server.request("POST", f"/v2/models/{server.model}/infer?x=y",
                          str(sum_request()).replace("'", '"').encode()).json()


@pytest.mark.parametrize("path", [
    "/v2/nope", "/v2/models", "/v2/models/", "/v2/health", "/v2/models/{model}/nope",
    "/v2/models/{model}/infer/", "/v2/models/{model}/versions/1/nope", "/v2/health/live/",
    "/v2/models/{model}/versions", "/v2/models/{model}/versions/"])
def test_an_unknown_path_is_404(server, path):
    answer = server.request("GET", path.format(model=server.model))
    assert server.allows(answer, 404, triton=(400, 405))


@pytest.mark.parametrize("method", ["PUT", "DELETE", "POST"])
def test_another_method_is_405(server, method):
    for path in ("/v2", "/v2/health/live", f"/v2/models/{server.model}"):
        assert server.request(method, path, b"").status == 405
    assert server.request("GET", f"/v2/models/{server.model}/infer").status == 405


@pytest.mark.parametrize("path", ["", "/infer", "/versions/1"])
def test_an_unknown_model_is_404(server, path):
    answer = server.infer(sum_request(), model="nope") if path == "/infer" \
        else server.request("GET", f"/v2/models/nope{path}")
    assert server.allows(answer, 404, triton=400)
    assert "unknown model: 'nope'" in answer.error


def test_an_unknown_version_is_404(server):
    answer = server.infer(sum_request(), model=f"{server.model}/versions/9")
    assert answer.status == 404
    assert f"'{server.model}' version 9 is not found" in answer.error


def test_an_unknown_model_is_not_ready(server):
    assert server.request("GET", "/v2/models/nope/ready").status in (400, 404)
