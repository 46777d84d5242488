# SPDX-License-Identifier: Apache-2.0
"""Spans of real requests, as a receiver by OTLP gets them."""
import collections
import http.server
import threading

import pytest
import trail
from deployment import NAMES
from message import Reply, exchange
from otlp_sink import Sink, tree_of
from process import free_port, until
from refusals import CANARY, V2_INFER
from samples import MODEL, as_tensor, by_features

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = "b7ad6b7169203331"
QUICK = {"trace__interval_ms": 5, "engine__inline_us": 0}
CLOCKS_NS = 2_000_000  # of two processes, each of which has its own idea of when it started
ENGINE_RUN = [("internal", "queue", []), ("internal", "compute", [])]


@pytest.fixture
def sink():
    sink = Sink()
    yield sink
    sink.close()


def sampled(flags: str = "01") -> dict[str, str]:
    return {"traceparent": f"00-{TRACE}-{PARENT}-{flags}"}


def roots_of(sink: Sink, parent: str = "") -> list:
    return [span for span in sink.spans if span.parent_id == parent]


def ask(galen, body: dict | None = None, headers: dict[str, str] | None = None) -> Reply:
    return galen.request("POST", "/infer", body or by_features(), headers)


def whole_trace(sink: Sink, count: int, parent: str = "") -> list:
    until(lambda: len(sink.spans) >= count, f"{count} spans have come")
    roots, = [roots_of(sink, parent)]
    assert len(roots) == 1 and len(sink.spans) == count
    return roots


def expected(name: str, kinds: tuple[str, str, str]) -> tuple:
    """The tree of POST /infer in one process, or in three."""
    gateway, preprocess, engine = kinds
    prepared = [(preprocess, "internal", "compute", [])]
    run = [(engine, *part) for part in ENGINE_RUN]
    if name == "three":
        prepared = [(preprocess, "server", "POST /v2/models/{model}/infer", prepared)]
        run = [(engine, "server", "POST /v2/models/{model}/infer", run)]
    call = "client" if name == "three" else "internal"
    return (gateway, "server", "POST /infer", [
        (gateway, call, "preprocess", prepared),
        (gateway, call, "infer", run),
        (gateway, "internal", "audit", [])])


def services_of(name: str) -> tuple[str, str, str]:
    return ("galen-serve",) * 3 if name == "one" else ("galen-gateway", "galen-preprocess",
                                                       "galen-engine")


def check_times(sink: Sink) -> None:
    """Each within its parent."""
    by_id = {span.span_id: span for span in sink.spans}
    assert len(by_id) == len(sink.spans)
    for span in sink.spans:
        parent = by_id.get(span.parent_id, span)
        assert parent.begin_ns - CLOCKS_NS <= span.begin_ns <= span.end_ns
        assert span.end_ns <= parent.end_ns + CLOCKS_NS


@pytest.mark.parametrize("name", NAMES)
def test_a_request_is_one_tree_over_all_processes(launch, sink, name):
    galen = launch(name, trace__otlp=sink.url, **QUICK)
    assert ask(galen).status == 200
    root, = whole_trace(sink, 7 if name == "one" else 9)
    assert tree_of(sink.spans, root) == expected(name, services_of(name))
    assert {span.trace_id for span in sink.spans} == {root.trace_id}
    check_times(sink)
    version = root.attributes["galen.model.version"]
    assert root.attributes == {
        "http.request.method": "POST", "http.route": "/infer", "http.response.status_code": 200,
        "galen.model.name": MODEL, "galen.model.version": version}
    runs = [span for span in sink.spans if span.attributes.get("galen.batch.rows")]
    assert [(span.name, span.attributes["galen.batch.rows"]) for span in runs] == [("compute", 1)]
    assert root.resource["service.version"] and f":{galen.port}" in root.resource[
        "service.instance.id"]


@pytest.mark.parametrize("name", NAMES)
def test_a_request_goes_on_with_its_clients_trace(launch, sink, name):
    galen = launch(name, trace__otlp=sink.url, trace__sample_ratio=0, **QUICK)
    assert ask(galen).status == 200
    assert ask(galen, headers=sampled("00")).status == 200
    assert ask(galen, headers=sampled()).status == 200
    root, = whole_trace(sink, 7 if name == "one" else 9, PARENT)
    assert tree_of(sink.spans, root) == expected(name, services_of(name))
    assert {span.trace_id for span in sink.spans} == {TRACE}


def test_a_client_that_is_not_followed_changes_nothing(launch, sink):
    galen = launch("one", trace__otlp=sink.url, trace__follow_parent="false",
                   trace__sample_ratio=0, **QUICK)
    assert ask(galen, headers=sampled()).status == 200
    galen.processes[0].check_end()
    assert sink.spans == []


@pytest.mark.parametrize("name", NAMES)
def test_tensors_are_one_tree_too(launch, sink, name):
    galen = launch(name, trace__otlp=sink.url, **QUICK)
    assert galen.request("POST", V2_INFER, as_tensor(), sampled()).status == 200
    root, = whole_trace(sink, 5 if name == "one" else 6, PARENT)
    assert (root.name, root.kind) == ("POST /v2/models/{model}/infer", "server")
    assert {span.name for span in sink.spans} >= {"infer", "audit", "queue", "compute"}


def test_refusals_are_no_errors_but_failures_are(launch, sink):
    galen = launch("one", trace__otlp=sink.url, **QUICK)
    for body, status in (({"input": {}, "model": "nope"}, 404), ({"input": {"x": 1}}, 422)):
        assert ask(galen, body).status == status
    late = as_tensor() | {"parameters": {"timeout": 1}}
    assert galen.request("POST", V2_INFER, late).status == 504
    until(lambda: len(roots_of(sink)) == 3, "all three have come")
    told = {root.attributes["http.response.status_code"]:
            (root.is_error, root.attributes["error.type"]) for root in roots_of(sink)}
    assert told == {404: (False, "not-found"), 422: (False, "schema"), 504: (True, "timeout")}
    assert [span.is_error for span in sink.spans if span.name == "infer"] == [True]


def test_nothing_that_a_client_wrote_is_in_a_span(launch, sink):
    galen = launch("three", trace__otlp=sink.url, **QUICK)
    words = {"X-Request-Id": CANARY.replace(" ", "-"), CANARY.replace(" ", "-"): CANARY,
             "tracestate": f"{CANARY.lower().replace(' ', '-')}={CANARY}", **sampled()}
    path = CANARY.replace(" ", "%20")
    for target in ("/infer", f"/infer?model={path}", f"/{path}", f"/v2/models/{path}/infer",
                   f"/v2/models/{MODEL}/versions/{path}/infer", f"/v2/models/{path}"):
        for body in (by_features(), {"input": CANARY, "model": CANARY}, {CANARY: CANARY},
                     as_tensor() | {"id": CANARY}):
            galen.request("POST", target, body, words)
    galen.request(CANARY.split()[0].upper(), "/infer", None, words)
    galen.stop()
    galen.processes.clear()
    assert len(roots_of(sink, PARENT)) >= 20
    told = b"".join(sink.bodies).lower()
    for word in CANARY.lower().split():
        assert word.encode() not in told


def test_loops_share_an_exporter(launch, sink):
    galen = launch("one", trace__otlp=sink.url, threads=3, trace__interval_ms=5)
    threads = [threading.Thread(target=lambda: [ask(galen) for _ in range(10)]) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    until(lambda: len(roots_of(sink)) == 50, "all requests have come")
    metrics = galen.processes[0].metrics
    until(lambda: metrics()["galen_trace_spans_exported_total"] == len(sink.spans), "it was told")
    assert metrics()['galen_trace_spans_dropped_total{reason="full"}'] == 0
    check_times(sink)
    assert len({span.trace_id for span in sink.spans}) == 50


def test_what_is_left_is_sent_when_it_drains(launch, sink):
    galen = launch("one", trace__otlp=sink.url, trace__interval_ms=60000)
    assert ask(galen).status == 200
    assert sink.spans == []
    galen.stop()
    galen.processes.clear()
    assert len(roots_of(sink)) == 1


def test_a_receiver_that_is_not_there_keeps_nobody_waiting(launch):
    galen = launch("one", trace__otlp=f"http://127.0.0.1:{free_port()}/v1/traces",
                   trace__queue_spans=16, **QUICK)
    for _ in range(40):
        assert ask(galen).status == 200
    metrics = galen.processes[0].metrics()
    assert metrics['galen_trace_spans_dropped_total{reason="full"}'] > 0
    assert metrics["galen_trace_spans_exported_total"] == 0
    assert galen.log().count("trace.export_failed") == 1


def test_a_receiver_that_refuses_for_a_while_gets_all_in_the_end(launch, sink):
    sink.statuses = [503, 429]
    galen = launch("one", trace__otlp=sink.url, **QUICK)
    assert ask(galen).status == 200
    until(lambda: "trace.export_works" in galen.log(), "it has come")
    assert len(roots_of(sink)) == 1
    assert galen.log().count("trace.export_failed") == galen.log().count("trace.export_works") == 1


class Upstream:
    """A preprocess role that only listens: the headers that it is sent."""

    def __init__(self):
        self.headers = []
        upstream = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                upstream.headers.append(self.headers)
                self.send_error(503)

            def do_GET(self):
                upstream.headers.append(self.headers)
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_words):
                pass
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def upstream():
    upstream = Upstream()
    yield upstream
    upstream.close()


def told(launch, upstream, headers: dict[str, str], **settings) -> collections.abc.Mapping:
    """What the upstream is sent with a request that has these headers."""
    url = f"http://127.0.0.1:{upstream.server.server_port}"
    galen = launch("one", preprocess=url, **settings)
    upstream.headers.clear()
    assert ask(galen, headers=headers).status in (502, 503)
    return upstream.headers[-1]


def test_without_tracing_a_trace_is_passed_on_as_it_came(launch, upstream):
    headers = told(launch, upstream, sampled() | {"tracestate": "congo=t61rcWkgMzE , rojo=1"})
    assert headers["traceparent"] == sampled()["traceparent"]
    assert headers["tracestate"] == "congo=t61rcWkgMzE,rojo=1"


def test_without_tracing_nothing_is_added(launch, upstream):
    headers = told(launch, upstream, {"tracestate": "congo=1", "traceparent": "00-nonsense"})
    assert headers["traceparent"] is None and headers["tracestate"] is None


def test_with_tracing_the_next_hop_is_told_of_our_own_span(launch, upstream, sink):
    headers = told(launch, upstream, sampled() | {"tracestate": "congo=1"},
                   trace__otlp=sink.url, **QUICK)
    version, trace, span, flags = headers["traceparent"].split("-")
    assert (version, trace, flags) == ("00", TRACE, "01") and span != PARENT
    assert headers["tracestate"] == "congo=1"
    until(lambda: len(roots_of(sink, PARENT)) == 1, "it has come")
    assert [each.name for each in sink.spans if each.span_id == span] == ["preprocess"]


def test_with_tracing_what_is_not_recorded_goes_on_too(launch, upstream, sink):
    headers = told(launch, upstream, {}, trace__otlp=sink.url, trace__sample_ratio=0, **QUICK)
    version, trace, span, flags = headers["traceparent"].split("-")
    assert (version, flags) == ("00", "02") and len(trace) == 32 and len(span) == 16
    assert sink.spans == []


def test_no_answer_tells_of_the_trace(launch, sink):
    galen = launch("one", trace__otlp=sink.url, **QUICK)
    reply = exchange(galen.port, "POST", "/infer", by_features(), sampled())
    assert not {"traceparent", "tracestate", "traceresponse"} & reply.headers.keys()


@pytest.mark.parametrize("name", NAMES)
def test_records_say_which_trace_they_belong_to(launch, sink, name, tmp_path):
    galen = launch(name, trace__otlp=sink.url, trace__sample_ratio=0, **QUICK)
    assert ask(galen).status == 200
    assert ask(galen, headers=sampled()).status == 200
    galen.stop()
    galen.processes.clear()
    ids = {span.span_id for span in sink.spans if span.kind == "server"}
    told = [record["traceparent"] for record in trail.requests(trail.check(tmp_path / "audit"))
            if TRACE in record["traceparent"]]
    assert sorted(told) == sorted(f"00-{TRACE}-{span}-01" for span in ids)
    assert len(told) == (1 if name == "one" else 3)
