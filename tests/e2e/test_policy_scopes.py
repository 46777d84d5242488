# SPDX-License-Identifier: Apache-2.0
"""Policies by who asks: what a scope lifts, what none does, and the patient that a token is about."""
import dataclasses
import json
import re
import shutil
import subprocess

import counted
import keys
import pytest
import trail
from disguises import disguises
from guarded import Guarded, Request, form
from message import Reply
from process import BINARY, ROOT
from samples import as_binary, as_tensor, by_features

CONFIG = """policies:
  research:
    remove: [/timing_us, /model/sha256, /entities/*/start, /entities/*/end]
    round: {/entities/*/score: 1}
    hash: [/entities/*/text]
    echo_text: true
    unless_scope: phi:read
  screening:
    remove: [/timing_us]
    mask: [/predictions/*/score]
    threshold: 1.0
    unless_scope: phi:read
routes:
  - {match: {content: text/plain}, model: clinical-ner, policy: research, require: [subject]}
  - {match: {content: application/json}, model: breast-cancer, policy: screening}
"""
NOTE = "Takes metformin 500 mg; metformin since 2019."
BASIC = "infer:clinical-ner infer:breast-cancer infer:tensor:breast-cancer"
PATIENT = "Patient/Zebedee Quux"
OTHER = "Patient/Ludmilla Pevsner"
V2 = "/v2/models/breast-cancer/infer"
VECTOR = Request("POST", "/infer", by_features())
TENSORS = {
    "JSON at /infer": Request("POST", "/infer", as_tensor(model="breast-cancer")),
    "binary at /infer": Request("POST", "/infer?model=breast-cancer", *as_binary()),
    "v2 JSON": Request("POST", V2, as_tensor()),
    "v2 binary": Request("POST", V2, *as_binary()),
    "v2 JSON of a version": Request("POST", "/v2/models/breast-cancer/versions/1/infer", as_tensor()),
}


def note(subject: str | None = "a", **headers: str) -> Request:
    members = {"input": NOTE} | ({"subject": subject} if subject else {})
    return Request("POST", "/infer", members, headers)


class Asked(Guarded):
    """Keeps every reply, so that its record can be found."""

    def __init__(self, folder, settings=None):
        super().__init__(folder, settings, CONFIG)
        self.replies: list[Reply] = []

    def ask(self, request: Request, scopes: str = BASIC, **claims) -> Reply:
        self.replies.append(self.send(request, self.forge.token(scope=scopes, **claims)))
        return self.replies[-1]

    def records(self) -> dict[str, dict]:
        """By the id of the request; the gateway has ended."""
        self.stop()
        return {record["request_id"]: record
                for record in trail.requests(trail.check(self.process.trail), "serve")}


def id_of(reply: Reply) -> str:
    return reply.headers["x-request-id"]


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    asked = Asked(tmp_path_factory.mktemp("asked"))
    yield asked
    asked.stop()


def resolve(document, pointer: str):
    for name in pointer.split("/")[1:]:
        document = document[int(name) if isinstance(document, list) else name]
    return document


# What a scope lifts

def test_same_request_is_answered_by_who_asks_and_recorded_so(tmp_path):
    asked = Asked(tmp_path)
    research = asked.ask(note(), client_id="registry")
    clinic = asked.ask(note(), f"{BASIC} phi:read", client_id="ward-7")
    hidden, whole = research.json(), clinic.json()
    assert len(hidden["redacted"]) == 2 + 3 * 4
    assert "redacted" not in whole
    assert [each["text"] for each in whole["entities"]] == ["metformin", "500 mg", "metformin"]
    for pointer in hidden["redacted"]:
        assert resolve(whole, pointer) is not None
    assert "metformin" not in research.body.decode()
    assert {"timing_us", "sha256"}.isdisjoint(set(hidden) | set(hidden["model"]))
    records = asked.records()
    of_research, of_clinic = (records[id_of(reply)] for reply in (research, clinic))
    assert (of_research["redact"]["policy"], of_research["redact"]["count"]) == ("research", 14)
    assert (of_clinic["redact"]["policy"], of_clinic["redact"]["count"]) == ("research", 0)
    assert of_research["redact"]["sha256"] == of_clinic["redact"]["sha256"]
    assert of_research["actor"]["client_id"] == "registry"
    assert of_clinic["actor"]["client_id"] == "ward-7"


@pytest.mark.parametrize("scope", ["phi:read", "phi:*"])
def test_a_scope_that_covers_it_lifts_the_redaction(asked, scope):
    assert "redacted" not in asked.ask(note(), f"{BASIC} {scope}").json()


@pytest.mark.parametrize("scope", ["phi", "phi:", "phi:rea", "phi:reads", "phi:read:*", "PHI:READ", "*",
                                   "read", "infer:*", "infer:raw", "models:admin", "breakglass"])
def test_one_that_looks_like_it_does_not(asked, scope):
    reply = asked.ask(note(), f"{BASIC} {scope}")
    assert len(reply.json()["redacted"]) == 14
    assert "metformin" not in reply.body.decode()


def test_what_is_no_redaction_holds_for_all(asked):
    """A threshold is no secret: who sees everything is warned like the others."""
    for scopes in (BASIC, f"{BASIC} phi:read"):
        assert asked.ask(VECTOR, scopes).json()["abstained"] == "low_confidence"
    assert asked.ask(VECTOR).json()["redacted"] == [
        "/predictions/0/score", "/predictions/1/score", "/timing_us"]
    assert "redacted" not in asked.ask(VECTOR, f"{BASIC} phi:read").json()


# Tensors

@pytest.mark.parametrize("what", TENSORS)
def test_tensors_pass_by_a_policy_for_who_may_send_them_raw_only(asked, what):
    for scopes in (BASIC, f"{BASIC} phi:read", f"{BASIC} infer:raws infer:ra INFER:RAW raw"):
        assert asked.ask(TENSORS[what], scopes).status == 403, scopes
    for scopes in (f"{BASIC} infer:raw", "infer:*"):
        assert asked.ask(TENSORS[what], scopes).status == 200, scopes


def test_raw_alone_is_no_leave_to_infer(asked):
    for request in TENSORS.values():
        assert asked.ask(request, "infer:raw").status == 403


def test_records_say_whose_tensors_were_refused(tmp_path):
    asked = Asked(tmp_path)
    refused = asked.ask(TENSORS["v2 binary"], client_id="registry")
    passed = asked.ask(TENSORS["v2 binary"], f"{BASIC} infer:raw", client_id="lab")
    records = asked.records()
    of_refused, of_passed = (records[id_of(reply)] for reply in (refused, passed))
    assert (of_refused["reason"], of_refused["redact"]["policy"]) == ("forbidden", "screening")
    assert (of_passed["outcome"], of_passed["redact"]["policy"]) == ("ok", "screening")
    assert of_passed["actor"]["client_id"] == "lab"


# Options

@pytest.fixture(scope="module")
def ranged(tmp_path_factory):
    """A model that gives a range, from 0.5 to 1."""
    folder = tmp_path_factory.mktemp("ranged")
    version = folder / "models/breast-cancer/1"
    shutil.copytree(ROOT / "models/breast-cancer/2", version)
    contract = version / "model.yaml"
    text, count = re.subn(r"(?m)^threshold: .*$", "threshold: 0.5\nthreshold_max: 1.0",
                          contract.read_text())
    assert count == 1
    contract.write_text(text)
    (version.parent / "current").symlink_to("1")
    guarded = Guarded(folder, {"repository": folder / "models"})
    yield guarded
    guarded.stop()


EVERYTHING = "infer:* infer:raw phi:* models:* models:admin breakglass"


@pytest.mark.parametrize(("threshold", "status", "abstained"), [
    (0, 403, None), (0.49, 403, None), (0.5, 200, None), (1.0, 200, "low_confidence"),
    (1.01, 422, None), (-1, 422, None)])
def test_no_scope_lets_an_option_loosen(ranged, threshold, status, abstained):
    request = Request("POST", "/infer", by_features(options={"threshold": threshold}))
    for scopes in ("infer:breast-cancer", EVERYTHING):
        reply = ranged.send(request, ranged.forge.token(scope=scopes))
        assert reply.status == status, reply.body
        if status == 200:
            assert reply.json()["abstained"] == abstained
        else:
            assert reply.json()["errors"][0]["pointer"] == "/options/threshold"


def test_there_is_no_option_that_would_switch_something_off(ranged):
    for name in ("deidentify", "redact", "policy", "audit", "raw"):
        request = Request("POST", "/infer", by_features(options={name: False}))
        reply = ranged.send(request, ranged.forge.token(scope=EVERYTHING))
        assert reply.status == 422, name


# The patient of a token

def named(subject: str) -> dict[str, Request]:
    """A request for each place that may name a subject."""
    header = {"Galen-Subject": subject}
    part, part_headers = form("note.txt", "text/plain", NOTE.encode(), subject=subject)
    binary, binary_headers = as_binary()
    return {
        "a member": note(subject),
        "a header": note(None, **header),
        "a header beside raw text": Request("POST", "/infer", NOTE.encode(),
                                            header | {"Content-Type": "text/plain"}),
        "a part": Request("POST", "/infer", part, part_headers),
        "a member beside a vector": Request("POST", "/infer", by_features(subject=subject)),
        "a header of v2": Request("POST", V2, as_tensor(), header),
        "a header of v2 before raw bytes": Request("POST", V2, binary, header | binary_headers),
        "a member beside tensors": Request("POST", "/infer", as_tensor(model="breast-cancer",
                                                                       subject=subject)),
    }


@dataclasses.dataclass
class OfPatient:
    """What a gateway said and kept of requests by tokens that are about a patient."""
    same: dict[str, Reply]
    differing: dict[str, Reply]
    alone: Reply
    without_claim: Reply
    too_long: Reply
    nobody: Reply
    asked: Asked
    records: dict[str, dict]


@pytest.fixture(scope="module")
def of_patient(tmp_path_factory):
    asked = Asked(tmp_path_factory.mktemp("patient"))
    scopes = f"{BASIC} infer:raw"
    replies = {
        "same": {what: asked.ask(each, scopes, patient=PATIENT)
                 for what, each in named(PATIENT).items()},
        "differing": {what: asked.ask(each, scopes, patient=PATIENT)
                      for what, each in named(OTHER).items()},
        "alone": asked.ask(note(None), scopes, patient=PATIENT),
        "without_claim": asked.ask(note(PATIENT), scopes),
        "too_long": asked.ask(note(None), scopes, patient=PATIENT + "x" * 128),
        "nobody": asked.ask(note(None), scopes),
    }
    return OfPatient(**replies, asked=asked, records=asked.records())


def test_token_of_one_patient_does_not_ask_about_another(of_patient):
    assert {reply.status for reply in of_patient.same.values()} == {200}
    assert {reply.status for reply in of_patient.differing.values()} == {422}
    for what, reply in of_patient.differing.items():
        record = of_patient.records[id_of(reply)]
        assert record["outcome"] == "refused", what


def test_patient_of_a_token_is_the_subject_of_its_requests(of_patient):
    """Where a route requires a subject, too."""
    assert of_patient.alone.status == of_patient.without_claim.status == 200
    assert of_patient.nobody.status == of_patient.too_long.status == 422
    named_so = [of_patient.records[id_of(reply)]["subject_hmac"]
                for reply in [*of_patient.same.values(), of_patient.alone, of_patient.without_claim]]
    assert len(set(named_so)) == 1
    assert "subject_hmac" not in of_patient.records[id_of(of_patient.nobody)]
    texts = [[each["text"] for each in reply.json()["entities"]]
             for reply in (of_patient.alone, of_patient.without_claim)]
    assert texts[0] == texts[1]  # pseudonyms hold for the subject, whoever names it


def test_what_a_token_was_asked_about_is_found_by_its_patient(of_patient):
    done = subprocess.run([BINARY, "audit", "search", "--subject", "-", "--keys", keys.folder(BINARY),
                           of_patient.asked.process.trail],
                          input=PATIENT.encode(), capture_output=True, check=True)
    found = {json.loads(line)["request_id"] for line in done.stdout.splitlines()}
    assert {id_of(reply) for reply in [*of_patient.same.values(), of_patient.alone]} <= found


def test_no_patient_is_in_any_sink(of_patient, capsys):
    asked = of_patient.asked
    files = [path for path in asked.process.trail.rglob("*") if path.is_file()]
    sinks = {str(path): path.read_text() for path in files} | {"stdout and stderr": asked.process.log()}
    sinks |= {f"reply {number}": reply.everything().decode()
              for number, reply in enumerate(asked.replies)}
    words = disguises(PATIENT) + disguises(OTHER)
    for name, text in sinks.items():
        assert [word for word in words if word in text] == [], name
    counted.check(capsys, "patient-claim", places=len(of_patient.same), requests=len(asked.replies),
                  refused=sum(reply.status == 422 for reply in asked.replies), disguises=len(words))
