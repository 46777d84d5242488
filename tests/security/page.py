# SPDX-License-Identifier: Apache-2.0
"""The text of docs/security-tests.md: rows, each with the test that counts for it."""
import dataclasses

PYTEST = ".deps/venv/bin/python -m pytest"


@dataclasses.dataclass
class Row:
    """name: of its counts, which `text` puts into the sentence; test: FILE::FUNCTION."""
    name: str
    test: str
    text: str


@dataclasses.dataclass
class Section:
    title: str
    about: str
    rows: list[Row]
    others: list[tuple[str, str]] = dataclasses.field(default_factory=list)  # what holds, and its test


WYCHEPROOF = "src/service/auth/wycheproof_test.c"
SCHEMAS = "src/codec/schema_suite_test.c"
MATRIX = "tests/e2e/test_access_matrix.py"
SCOPES = "tests/e2e/test_policy_scopes.py"
SLOW = "tests/e2e/test_slow_clients.py"
H2SPEC = "tests/security/test_h2spec.py"
SCANNERS = "tests/security/test_tls_scanners.py"
PROGRAMS = "tests/security/test_counts.py"
PROVIDERS = {"oidc-provider": "tests/e2e/test_provider.py",
             "Keycloak": "tests/providers/test_keycloak.py"}
ROTATION = "test_a_rotation_amid_a_flood_loses_no_valid_request"

SECTIONS = [
    Section("Tokens and keys", "", [
        Row("wycheproof-jws", f"{WYCHEPROOF}::signatures_are_judged_as_they_should_be",
            "[Wycheproof](../tests/data/wycheproof/README.md), JSON Web Signature: {vectors} "
            "vectors. {agree} judged as they say. Refused though called valid: {other_algorithm} "
            "whose token names another algorithm than its key, {no_algorithm} whose key names none "
            "that there is. The other {symmetric} are HMAC, of which nothing is verified here: all "
            "refused, {symmetric_valid} of them called valid"),
        Row("wycheproof-jwk", f"{WYCHEPROOF}::keys_are_judged_as_they_should_be",
            "Wycheproof, JSON Web Key: {vectors} vectors. {agree} judged as they say; {symmetric} "
            "of HMAC, all refused, {symmetric_valid} of them called valid"),
        Row("token-units", "src/service/auth/token_test.c::main",
            "Each part, header, claim and signature wrong in each way: {tests} tests"),
        Row("tokens-wrong", "tests/e2e/test_access.py::test_every_wrong_token_is_refused",
            "{tokens} tokens, each wrong in one way, sent to a gateway: all refused, nothing of them "
            "repeated"),
        Row("tokens-random", "tests/parity/test_tokens.py::test_tokens_are_judged_as_others_do",
            "{tokens} tokens at random, right and wrong, as PyJWT and joserfc judge them: whom "
            "galen lets in, both let in; whom it alone refuses, it refuses for one of {reasons} "
            "reasons"),
        Row("tokens-unknown-keys",
            "tests/e2e/test_access.py::test_flood_of_unknown_keys_fetches_once_an_interval",
            "{tokens} tokens of keys that nobody has, from {clients} clients at once: all refused, "
            "the issuer asked {fetches_max} times at most, a valid token let in behind them"),
    ]),
    Section("Real identity providers",
            "Not installed by `make test`. `tools/bootstrap --providers` installs the first, which "
            "`make test` runs from then on; Keycloak takes minutes, and is run by hand "
            "([tests/providers](../tests/providers/README.md)).", [
        Row(f"{provider.lower()}-{algorithm}", f"{file}::{ROTATION}",
            f"{provider}, {algorithm.upper()}: its key rotates while {{callers}} clients ask and "
            "{flooders} others send keys that nobody has: {lost} valid requests lost, the provider "
            "asked once a second at most. Last run {seen}")
        for provider, file in PROVIDERS.items() for algorithm in ("es256", "rs256")]),
    Section("JSON and schemas", "", [
        Row("json-test-suite",
            "src/codec/json_suite_test.c::every_file_is_accepted_or_refused_as_it_should",
            "[JSONTestSuite](../tests/data/json/README.md): {files} files, each accepted or refused "
            "as RFC 8259 says; {chosen} of them leave the choice"),
        Row("json-schema-required", f"{SCHEMAS}::every_required_test_passes",
            "[JSON Schema Test Suite](../tests/data/json-schema/README.md), 2020-12, required: "
            "{passed} of {tests} tests in {files} files"),
        Row("json-schema-optional", f"{SCHEMAS}::every_optional_test_that_is_claimed_passes",
            "The same, optional, those that are [claimed](schema.md#what-is-supported): {passed} of "
            "{tests} tests in {files} files"),
    ]),
    Section("HTTP", "", [
        Row("http11",
            "tests/e2e/test_http11.py::test_there_are_several_hundred_cases_and_each_has_a_rule",
            "{requests} requests of HTTP/1.1 by {rules} rules, each with another behind it that "
            "tells where it ended: {refused} refused and closed, the others answered"),
        Row("http11-others",
            "tests/e2e/test_http11_differential.py::test_galen_takes_nothing_that_both_others_refuse",
            "These and the preface of HTTP/2, {requests} in all, before {others}, where both are "
            "installed: galen refuses {stricter} that one or both take, and takes {looser} that both "
            "refuse ([all of them](http.md#nginx-and-haproxy)). Last run {seen}"),
        Row("h2spec-tls", f"{H2SPEC}::test_every_case_of_h2spec_passes_over_tls",
            "h2spec over TLS: {cases} cases, {failed} failed, {skipped} skipped"),
        Row("h2spec-plain", f"{H2SPEC}::test_every_case_of_h2spec_passes",
            "h2spec in plaintext, at each of {paths} paths: {cases} cases, {failed} failed, "
            "{skipped} skipped. That one wants a connection closed without a word which may be "
            "HTTP/1.1, and is answered 400"),
        Row("http2-floods", "src/net/http2_floods_test.c::main",
            "Floods of HTTP/2, and busy clients that are none: {tests} tests "
            "([bounds](http.md#http2))"),
    ]),
    Section("Slow clients, and many", "", [
        Row("slow-clients-plaintext",
            f"{SLOW}::test_quick_clients_are_as_quick_beside_hundreds_of_slow_ones",
            "{slow} clients of {kinds} kinds (slow heads, slow bodies, slow readers, idle ones) hold "
            "their connections while {quick} requests are asked at 100 a second: none is lost, and the "
            "99th percentile is that without them, times 2 or 5 ms more at most"),
        Row("slow-clients-tls",
            f"{SLOW}::test_quick_clients_are_as_quick_beside_hundreds_of_slow_ones",
            "The same over TLS: {slow} clients of {kinds} kinds (those, and in the handshake such that "
            "stay silent, drip, or stop half-way), {quick} requests on a connection each"),
    ], [("Each kind is cut off by its own timeout, in plaintext and over TLS",
         f"{SLOW}::test_each_slow_client_is_cut_off_by_its_timeout"),
        ("A flood of batch requests costs none of the clinic's",
         "tests/e2e/test_admission.py::test_a_flood_of_batch_loses_nothing_of_clinic"),
        ("Each caller has its own rate, and memory does not grow with the callers",
         "tests/e2e/test_admission.py::test_memory_does_not_grow_with_the_callers")]),
    Section("TLS", "`tools/bootstrap --security` installs the scanners.", [
        Row(f"sslyze-{kind}", f"{SCANNERS}::test_sslyze_finds_what_mozilla_recommends_and_no_weakness",
            f"sslyze, {kind.upper()} key: compliant with Mozilla's *intermediate* configuration; "
            f"{{scans}} "
            "scans, {suites} suites accepted, {old} of SSL 2 to TLS 1.1") for kind in ("ec", "rsa")] + [
        Row(f"testssl-{kind}", f"{SCANNERS}::test_testssl_finds_nothing_against_us",
            f"testssl.sh, {kind.upper()} key, with `GALEN_SLOW=1`: {{findings}} findings, {{ok}} *OK*, "
            "{against} against the TLS spoken here. Last run {seen}") for kind in ("ec", "rsa")]),
    Section("Who may do what",
            "What is expected is computed by the test, as [auth.md](auth.md#scopes) says it.", [
        Row("access-bodies-a-list-of-routes",
            f"{MATRIX}::test_every_route_needs_its_scope_whatever_form_the_body_has",
            "{routes} configured routes by {bodies} bodies (JSON, raw, form, v2 JSON, v2 binary; "
            "chunked, compressed, model and version named) by {scope_sets} sets of scopes and none: "
            "{requests} requests, {let_in} let in, {refused} refused"),
        Row("access-bodies-no-routes",
            f"{MATRIX}::test_every_route_needs_its_scope_whatever_form_the_body_has",
            "The same without a list of routes: {requests} requests, {let_in} let in, {refused} "
            "refused"),
        Row("access-methods", f"{MATRIX}::test_every_operation_needs_its_scope_and_its_method",
            "{operations} paths, with every operation of the gateway's own description, by "
            "{methods} methods by {scope_sets} sets of scopes and none: {requests} requests, "
            "{let_in} answered"),
        Row("access-not-public", f"{MATRIX}::test_what_is_not_public_is_not_there_for_anybody",
            "{paths} paths that are another listener's, or nobody's, by the same methods and scopes: "
            "{requests} requests, none answered"),
        Row("access-admin", "tests/e2e/test_admin_access.py::test_each_path_by_each_set_of_scopes",
            "The admin listener: {paths} paths, each of its table, by {scope_sets} sets of scopes: "
            "{requests} requests, and again by each kind of bad token"),
        Row("access-manage", "tests/e2e/test_manage.py::test_each_operation_by_each_set_of_scopes",
            "Releases over HTTP: {operations} operations by {scope_sets} sets of scopes: {requests} "
            "requests"),
        Row("public-addresses",
            "tests/e2e/test_public_address.py::test_a_public_address_is_refused_with_what_to_set",
            "{listeners} listeners of {roles} roles on {addresses} public addresses: none starts, each "
            "says what to set"),
    ], [("The matrix has every operation",
         f"{MATRIX}::test_the_matrix_has_every_operation_of_the_document"),
        ("No listener is on a public address by default",
         "tests/e2e/test_public_address.py::test_every_listener_is_on_loopback_by_default"),
        ("What is said then is enough, and half of it is not",
         "tests/e2e/test_public_address.py::test_what_was_said_is_enough")]),
    Section("Policies, patients and payload", "", [
        Row("refusals", "tests/e2e/test_bad_input.py::test_no_canary_is_in_a_log",
            "{requests} requests that have to be refused, with planted words ({canaries} spellings): "
            "none of these in an answer or log; galen as one process and as three"),
        Row("subject-sinks", "tests/e2e/test_policy.py::test_no_subject_is_in_any_sink",
            "A patient named in {places} places, right and wrong: in no answer, log or trail, in "
            "{disguises} spellings (base64, hexadecimal, URL, JSON); as one process and as three"),
        Row("patient-claim", f"{SCOPES}::test_no_patient_is_in_any_sink",
            "{requests} requests by tokens that are about a patient, who is named in {places} "
            "places, too: {refused} are refused, since they name another or none; no patient is in "
            "answers, log or trail, in {disguises} spellings"),
    ], [("The same request by two callers: redacted for one, whole for the other, and recorded so",
         f"{SCOPES}::test_same_request_is_answered_by_who_asks_and_recorded_so"),
        ("Scopes that look like the one that lifts a policy do not",
         f"{SCOPES}::test_one_that_looks_like_it_does_not"),
        ("Tensors do not pass by a policy, but for `infer:raw`",
         f"{SCOPES}::test_tensors_pass_by_a_policy_for_who_may_send_them_raw_only"),
        ("No scope lets an option loosen", f"{SCOPES}::test_no_scope_lets_an_option_loosen"),
        ("A token of one patient does not ask about another",
         f"{SCOPES}::test_token_of_one_patient_does_not_ask_about_another")]),
    Section("Hostile bytes",
            "`make fuzz` goes on from these seeds; `make test` does so for 5 seconds each.", [
        Row("fuzz-targets", f"{PROGRAMS}::test_every_fuzz_target_takes_its_corpus",
            "{targets} fuzz targets ([list](../tests/fuzz/README.md)), {inputs} seeds: each taken "
            "as it must, under the sanitizers, too"),
    ]),
]

HEAD = f"""# What shows that it is secure

For who has to be convinced: what was tested, by whose vectors, and how it came out. **This page is
generated**: tests print what they count, and fail where it is not what stands here; after a change
`tests/security/publish.py` writes it anew of what they counted. All run in `make test`, but for those
that say when they were last run: these need what has to be installed first.

Alone, from the root of the tree after `make build`:

- in Python: `{PYTEST} FILE.py::NAME`
- a program in C: `meson test -C build -v FILE`, the file's name without `.c`; with `auth_` before it
  where it is of `src/service/auth`

Which rule each of them shows is in [SECURITY.md](../SECURITY.md).
"""

TAIL = """## What this does not show

- These are the project's own tests, with vectors and tools of others. They are no audit, and nobody
  has attacked an installation.
- All of it runs on one machine, over loopback, with the sample models.
- Microsoft Entra ID is told of in [auth.md](auth.md#microsoft-entra-id), and has never been asked.
- Where a scanner, a proxy or a provider is not installed, its test is skipped and `make test` says so;
  the row stands as of the last run.
"""


def rows() -> list[Row]:
    return [row for section in SECTIONS for row in section.rows]


def tests() -> list[str]:
    return [row.test for row in rows()] + [test for section in SECTIONS for _, test in section.others]


def link(test: str) -> str:
    """By its name alone, which is a sentence; a program's by its file."""
    file, name = test.split("::")
    told = file.rsplit("/", 1)[1] if name == "main" else name
    return f"[`{told}`](../{file})"


def line(text: str, test: str) -> str:
    return f"| {text} | {link(test)} |"


def table(section: Section, counts: dict[str, dict]) -> str:
    lines = ["| | shown by |", "|---|---|"]
    lines += [line(row.text.format(**counts[row.name]), row.test) for row in section.rows]
    lines += [line(text, test) for text, test in section.others]
    return "\n".join(lines)


def page(counts: dict[str, dict]) -> str:
    parts = [HEAD]
    for section in SECTIONS:
        about = f"{section.about}\n\n" if section.about else ""
        parts.append(f"## {section.title}\n\n{about}{table(section, counts)}\n")
    return "\n".join([*parts, TAIL])
