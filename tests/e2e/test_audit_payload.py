# SPDX-License-Identifier: Apache-2.0
"""Nothing that a client sent is in the trail or in a log, wherever in the request it stood."""
import base64
import re

import deployment
import pytest
import trail
from message import encode, send_raw
from refusals import ALL, CANARIES, CANARY, CANARY_NUMBER, V2_INFER, post
from samples import MODEL, as_binary, as_tensor, by_features

PLAIN = "Zebedee-Quux"  # could be a request id
CHANCE_SIZE = 7  # signatures may hold shorter words by chance
RANDOM = re.compile(r"[0-9a-f]{16,}")  # digests and ids may hold any digits
FORM = (f'--b\r\nContent-Disposition: form-data; name="input"; filename="{CANARY}.png"\r\n'
        f"Content-Type: image/{PLAIN}\r\n\r\n{CANARY}\r\n--b--\r\n").encode()


def named(name: str):
    return by_features() | {"model": name}


def by_header(**headers: str) -> bytes:
    return encode("POST", "/infer", by_features(),
                  {name.replace("_", "-"): value for name, value in headers.items()})


def binary(**members) -> bytes:
    body, headers = as_binary(**members)
    return encode("POST", V2_INFER, body, headers)


PLACES = {
    "a path": encode("POST", f"/infer/{PLAIN}", by_features()),
    "a path of v2": encode("POST", f"/v2/models/{PLAIN}/infer", as_tensor()),
    "a version of v2": encode("POST", f"/v2/models/{MODEL}/versions/{PLAIN}/infer", as_tensor()),
    "an encoded path of v2": encode("POST", "/v2/models/Zebedee%20Quux/infer", as_tensor()),
    "a query": encode("POST", f"/infer?model={PLAIN}&{PLAIN}={PLAIN}", by_features()),
    "a query of v2": encode("POST", f"{V2_INFER}?{PLAIN}={PLAIN}", as_tensor()),
    "a method": encode("ZEBEDEE", "/infer", by_features()),
    "a user agent": by_header(User_Agent=CANARY),
    "a header of theirs": by_header(X_Patient=CANARY, Referer=f"http://x/{PLAIN}", Cookie=CANARY),
    "a bearer token": by_header(Authorization=f"Bearer {PLAIN}"),
    "a forwarded address": by_header(Forwarded=f"for={PLAIN}", X_Forwarded_For=PLAIN),
    "a trace": by_header(traceparent=f"00-{PLAIN}-01", tracestate=f"a={PLAIN}"),
    "a request id with a space": by_header(X_Request_Id=CANARY),
    "a request id of a megabyte": by_header(X_Request_Id=PLAIN * (1 << 16)),
    "a request id of a kilobyte": by_header(X_Request_Id=PLAIN * 80),
    "a media type": encode("POST", "/infer", b"x", {"Content-Type": f"text/{PLAIN}"}),
    "a charset": encode("POST", "/infer", b"x", {"Content-Type": f"text/plain; charset={PLAIN}"}),
    "a boundary": encode("POST", "/infer", b"x",
                         {"Content-Type": f"multipart/form-data; boundary={PLAIN}"}),
    "a file name": encode("POST", "/infer", FORM, {"Content-Type": "multipart/form-data; boundary=b"}),
    "a model": post("a model", named(PLAIN), 404).request,
    "a version": post("a version", by_features() | {"version": PLAIN}, 404).request,
    "a v2 id": encode("POST", V2_INFER, as_tensor(id=PLAIN)),
    "a v2 id with control characters": encode("POST", V2_INFER, as_tensor(id=f"\r\n\x1b{CANARY}")),
    "a v2 id of a megabyte": encode("POST", V2_INFER, as_tensor(id=PLAIN * (1 << 16))),
    "a v2 id before raw bytes": binary(id=CANARY),
    "a v2 parameter": encode("POST", V2_INFER, as_tensor(parameters={PLAIN: CANARY})),
    "a text that is answered": encode("POST", "/infer", CANARY.encode(),
                                      {"Content-Type": "text/plain"}),
    "a number that is answered": encode("POST", "/infer", by_features() | {
        "input": by_features()["input"] | {"area error": CANARY_NUMBER}}),
}


def in_base64(raw: bytes) -> list[str]:
    """What of it stays the same whatever stands before and behind, at each of three places."""
    return [base64.b64encode(bytes(lead) + raw).decode()[-(-8 * lead // 6):8 * (lead + len(raw)) // 6]
            for lead in range(3)]


def disguises(word: str) -> list[str]:
    """The word, and what it looks like in other clothes."""
    encoded = [each for each in in_base64(word.encode()) if len(each) >= CHANCE_SIZE]
    return [word, word.encode().hex(), word.replace(" ", "%20"), word.replace(" ", "+"), *encoded]


WORDS = sorted({each for word in (*CANARIES, PLAIN) for each in disguises(word)})


class Passed:
    """All that a deployment kept of all of these requests."""

    def __init__(self, name: str, folder):
        galen = deployment.start(name, folder)
        self.statuses = {place: send_raw(galen.port, request).status
                         for place, request in PLACES.items()}
        for refusal in ALL:
            send_raw(galen.port, refusal.request)
        galen.stop()
        self.log = galen.log()
        self.chains = trail.check(folder / "audit")
        self.files = [path for path in (folder / "audit").rglob("*") if path.is_file()]


@pytest.fixture(scope="module", params=deployment.NAMES)
def passed(request, tmp_path_factory):
    return Passed(request.param, tmp_path_factory.mktemp("passed"))


def found_in(text: str) -> list[str]:
    rest = RANDOM.sub("", text)
    return [word for word in WORDS if word.lower() in rest.lower()]


def test_a_word_is_found_in_any_of_its_clothes():
    for lead in ("", "a", "ab"):
        assert found_in(f"x {base64.b64encode((lead + CANARY + ' and more').encode()).decode()} x")
    assert found_in("zebedee") and found_in("Zebedee%20Quux") and not found_in("seq 12")


def test_nothing_of_a_request_is_in_the_trail(passed):
    assert len(passed.files) >= 2
    for path in passed.files:
        assert found_in(path.read_text()) == [], path.name


def test_nothing_of_a_request_is_in_a_log(passed):
    assert found_in(passed.log) == []


def test_what_is_no_plain_token_names_no_request(passed):
    for record in trail.requests(passed.chains):
        assert re.fullmatch(r"[0-9a-f]{32}", record["request_id"])


def test_models_and_versions_in_the_trail_are_ours(passed):
    models = [record["model"] for record in trail.requests(passed.chains) if "model" in record]
    assert {each["name"] for each in models} <= {"breast-cancer", "phantom-nodule", "clinical-ner"}
    assert {each.get("version", 1) for each in models} <= {1, 2}


def test_the_trail_is_of_answered_and_of_refused_requests(passed):
    assert passed.statuses["a user agent"] == passed.statuses["a v2 id"] == 200
    assert passed.statuses["a v2 id with control characters"] == 200
    outcomes = {record["outcome"] for record in trail.requests(passed.chains, *trail.EDGES)}
    assert {"ok", "refused"} <= outcomes
