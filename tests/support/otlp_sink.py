# SPDX-License-Identifier: Apache-2.0
"""A receiver of spans by OTLP over HTTP that holds each message to OpenTelemetry's own schema."""
import base64
import dataclasses
import http.server
import json
import re
import threading

from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

IDS = {"traceId": 32, "spanId": 16, "parentSpanId": 16}
KINDS = {1: "internal", 2: "server", 3: "client"}


@dataclasses.dataclass
class Span:
    service: str
    resource: dict
    name: str
    kind: str
    trace_id: str
    span_id: str
    parent_id: str
    begin_ns: int
    end_ns: int
    attributes: dict
    is_error: bool


def values_of(attributes) -> dict:
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in attributes}


def with_base64_ids(value):
    """As protobuf's own JSON has bytes; OTLP has hexadecimal in their place."""
    if isinstance(value, list):
        return [with_base64_ids(each) for each in value]
    if not isinstance(value, dict):
        return value
    for name in IDS.keys() & value.keys():
        assert re.fullmatch(f"[0-9a-f]{{{IDS[name]}}}", value[name]), value
    return {name: base64.b64encode(bytes.fromhex(each)).decode() if name in IDS
            else with_base64_ids(each) for name, each in value.items()}


def read(body: bytes) -> list[Span]:
    message = json_format.ParseDict(with_base64_ids(json.loads(body)), ExportTraceServiceRequest())
    spans = []
    for group in message.resource_spans:
        resource = values_of(group.resource.attributes)
        for scope in group.scope_spans:
            assert scope.scope.name == "galen"
            spans += [Span(resource["service.name"], resource, span.name, KINDS[span.kind],
                           span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex(),
                           span.start_time_unix_nano, span.end_time_unix_nano,
                           values_of(span.attributes), span.status.code == 2)
                      for span in scope.spans]
    return spans


class Sink:
    """statuses: of the next messages; 200 once they are used up."""

    def __init__(self):
        self.spans: list[Span] = []
        self.bodies: list[bytes] = []
        self.errors: list[str] = []
        self.statuses: list[int] = []
        sink = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = sink.statuses.pop(0) if sink.statuses else 200
                if status == 200:
                    sink.take(self.path, self.headers, body)
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_words):
                pass
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def take(self, path: str, headers, body: bytes) -> None:
        try:
            assert path == "/v1/traces" and headers["Content-Type"] == "application/json"
            self.spans += read(body)
            self.bodies.append(body)
        except Exception as error:  # told by whoever looks
            self.errors.append(repr(error))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/v1/traces"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
        assert self.errors == []


def tree_of(spans: list[Span], span: Span) -> tuple:
    """(service, kind, name, children in the order of their beginnings)."""
    children = sorted((each for each in spans if each.parent_id == span.span_id),
                      key=lambda each: (each.begin_ns, each.end_ns))
    return span.service, span.kind, span.name, [tree_of(spans, each) for each in children]
