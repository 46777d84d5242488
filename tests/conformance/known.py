# SPDX-License-Identifier: Apache-2.0
"""What galen does otherwise than Triton 2.51, on purpose: all of it, and nothing else.

A row is for requests: those of the rules that its patterns match, with these labels (all, where
none is given). Triton answers them with one of its statuses, galen with one of its own.
"""
import dataclasses
import fnmatch

from conformance.rule import NOT_DECLARED, Rule
from conformance.runner import Result
from conformance.server import Answer, Request


@dataclasses.dataclass(frozen=True)
class Row:
    what: str
    rules: tuple[str, ...]
    triton: tuple[int, ...]
    galen: tuple[int, ...]
    why: str
    labels: tuple[str, ...] = ()
    is_text_only: bool = False  # the statuses are the same, what is said is not

    def is_for(self, rule: Rule, request: Request) -> bool:
        return any(fnmatch.fnmatchcase(rule.id, pattern) for pattern in self.rules) \
            and (not self.labels or request.label in self.labels)

    def allows(self, rule: Rule, request: Request, galen: Answer, triton: Answer) -> bool:
        return self.is_for(rule, request) and galen.status in self.galen \
            and triton.status in self.triton


FAULT = "a client's fault is a 4xx: a 5xx makes clients repeat it and wakes operators"
EXACT = "exact or refused: a number never becomes another number"

# What was known of Triton when galen was designed.
GOLDEN = (
    Row("an unknown model's readiness", ("unknown.model.ready",), (400,), (404,),
        "it is not there; clients read \"not ready\" of both"),
    Row("a body that is no JSON, is cut, or has more behind it",
        ("json.none*", "json.lax*", "json.trailing*", "json.number.*", "json.surrogate", "json.control",
         "raw.header-length.cut"), (500,), (400,), FAULT),
    Row("no inputs; a member, a parameter or an input of another type",
        ("document.inputs*", "document.object*", "document.types*", "document.input.missing*",
         "document.input.types*", "document.parameters", "raw.size.none", "classification.count",
         "tensor.shape.none*"), (500,), (400,), FAULT),
    Row("fewer or more elements than the shape has", ("tensor.elements*",), (500,), (400,), FAULT),
    Row("an element that is no number of its datatype: -1, 1.5, \"1\", true for UINT8",
        ("value.*.type", "value.*.float-like", "value.*.beyond*", "value.bool.number"), (500,), (400,),
        FAULT),
    Row("an integer that its datatype has not: 300 for UINT8 is answered as 44",
        ("value.*int*.beyond*", "value.named"), (200,), (400,), EXACT),
    Row("1e39 for FP32 is answered as Infinity", ("value.fp32.beyond",), (200,), (400,), EXACT),
    Row("1e400 and 1e309", ("value.fp32.far-beyond", "value.fp64.*beyond"), (500,), (400,), FAULT),
    Row("NaN, Infinity and -Infinity are taken, and answered as tokens that are no JSON",
        ("json.nan.*",), (200,), (400,),
        "JSON has no such tokens; engine.json_special_numbers allows them"),
    Row("an output that is asked for twice", ("document.outputs.twice",), (200,), (400,),
        "newer Tritons refuse it too"),
    Row("a dimension below zero", ("tensor.shape.negative*",), (500,), (400,), FAULT),
    Row("a header length that is no number: 0 is read, so that it is a raw request",
        ("raw.header-length.raw",), (200,), (400,), "newer Tritons refuse it too"),
    Row("a header length of which only the beginning is a number", ("raw.header-length.number",),
        (500,), (400,), FAULT, labels=("1e2", "12 34")),
    Row("a corrupt gzip body is read as an empty one", ("compression.corrupt.named",), (400,), (400,),
        "the error names the coding", is_text_only=True),
    Row("an input too many: the error has a stray bracket", ("tensor.unknown",), (400,), (400,),
        "the error names the input", is_text_only=True),
    Row("a load request that is no JSON", ("repository.load.body",), (500,), (400,), FAULT),
    Row("loading an unknown model", ("repository.load.unknown.404",), (500,), (404,), FAULT),
)

# What the kit has found since.
FOUND = (
    Row("health and readiness are answered without a body", ("health.*.body", "model.ready.body"),
        (200,), (200,), "the kserve client reads an object there"),
    Row("/v2/", ("server.metadata.slash",), (404,), (200,), "the API description writes the path so"),
    Row("a percent-encoded name is not decoded", ("name.percent-encoded*",), (404,), (200,),
        "by RFC 3986 the path is the same"),
    Row("a name with NUL", ("name.traversal",), (404,), (400,), "no model can have that name",
        labels=("%00",)),
    Row("bytes that are no text are answered as JSON that is no UTF-8",
        ("datatype.raw.bytes.no-text-in-json",), (200,), (400,), "a client could not read it"),
    Row("FP32 is rounded twice: to FP64 first", ("datatype.json.fp32.nearest",), (200,), (200,), EXACT),
    Row("binary_data_output is forgotten where outputs are listed",
        ("binary.out.default", "binary.out.override"), (200,), (200,),
        "extension_binary_tensor_data.md says that it holds"),
    Row("a BOOL of 2 is true", ("raw.bool",), (200,), (400,), EXACT),
    Row("gzip without its end, which has the checksum, is taken", ("compression.cut",), (200,), (400,),
        "half a body could be answered", labels=("gzip",)),
    Row("deflate that ends early", ("compression.cut",), (500,), (400,), FAULT, labels=("deflate",)),
    Row("JSON with a NUL behind it is taken, whatever follows", ("json.trailing.nul",), (200,), (400,),
        "two documents, of which one is not looked at"),
    Row("an id that is no UTF-8 comes back so", ("json.utf8",), (200,), (400,),
        "the answer is no JSON either"),
    Row("a name twice in one object: the first counts", ("json.duplicate",), (200,), (400,),
        "another parser takes the last: which one was meant?"),
    Row("data twice", ("json.duplicate",), (500,), (400,), FAULT, labels=("data",)),
    Row("JSON of any depth is taken", ("json.depth*",), (200,), (400,), "newer Tritons stop at 100"),
    Row("parameters that are an array are ignored", ("document.parameters.array",), (200,), (400,),
        "what is not understood is not ignored"),
    Row("regions of shared memory", ("tensor.shared-memory.unknown",), (400, 404), (501,),
        "galen has no such extension, and says so"),
    Row("an unknown model's statistics", ("statistics.unknown",), (400,), (404,),
        "it is not there, as its metadata says too"),
    Row("classes of text end the process", ("classification.text",), (0,), (400,),
        "a request must not end a server"),
    Row("a huge shape ends the process: [1099511627776,16]", ("tensor.huge.json", "tensor.huge.says"),
        (0,), (400,), "what a request says is checked before anything is made for it"),
    Row("JSON that is a million deep ends the process", ("json.depth.deadly",), (0,), (400,),
        "depth is counted, not recursed into"),
    Row("the 405 does not name the methods that are allowed", ("method.405.allow",), (405,), (405,),
        "RFC 9110 wants them named", is_text_only=True),
)

TABLE = GOLDEN + FOUND

# Errors whose texts are the same; Triton's may go on after galen's, and name the request first.
SAME_TEXTS = (
    "unknown.model.metadata", "unknown.model.infer", "unknown.version", "tensor.datatype",
    "tensor.shape", "tensor.batch.max", "tensor.missing", "tensor.output.unknown",
    "raw.header-length.range",
)
PREFIX = "[request id: <id_unknown>] "


def row_for(rule: Rule, request: Request, galen: Answer, triton: Answer) -> Row | None:
    return next((row for row in TABLE if row.allows(rule, request, galen, triton)), None)


def is_same_text(galen: Answer, triton: Answer) -> bool:
    return bool(galen.error()) and triton.error().removeprefix(PREFIX).startswith(galen.error())


def is_tritons(result: Result) -> bool:
    """Whether Triton 2.51 is known to fail so. Errors that come early are JSON declared as text."""
    if result.why == NOT_DECLARED:
        return result.answer.type == "text/plain" and bool(result.answer.error())
    return any(row.is_for(result.rule, result.request) and result.answer.status in row.triton
               for row in TABLE)


PROFILES = {"triton": is_tritons}
