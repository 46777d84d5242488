#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Looks at what ships galen - image, compose, Kubernetes, Prometheus, Grafana, workflows - with the
tools of each, at what is in git. A finding is put right, or suppressed with its reason beside it.

usage: tools/manifests.py [LOOK...]      --list names the looks
"""
import dataclasses
import json
import os
import pathlib
import re
import subprocess
import sys
from collections.abc import Callable
from concurrent import futures

import tree
from counts import Counts

DEPS = pathlib.Path(__file__).resolve().parents[1] / ".deps"
PARTS = ("manifests", "actionlint", "kube-score", "kustomize", "prometheus", "promtool")
BUILT_BY_GO = ("actionlint", "kube-score", "kustomize")
SCRATCH = tree.ROOT / "build-test/manifests"
KUBERNETES = "1.35"
KUBERNETES_TARGETS = re.compile(r"^( *)kubernetes_sd_configs:.*\n(?:\1(?: |- ).*\n)*", re.MULTILINE)
ROOT_FILES = ("k8s.yaml", "preprocessor.yaml", "hpa.yaml")
COMPOSE = "docker-compose.yaml"
DOCKERFILE = re.compile(r"(?:deploy/(?:.*/)?)?(?:[\w-]+\.)?Dockerfile(?:\.[\w-]+)?")
WORKFLOW = re.compile(r"\.github/workflows/[^/]+\.ya?ml")
KUSTOMIZATION = re.compile(r"(?:deploy/.*/)?kustomization\.ya?ml")
YAML_RULES = """{extends: default, rules: {document-start: disable, line-length: disable,
    truthy: {check-keys: false}, comments: {min-spaces-from-content: 1},
    braces: {max-spaces-inside: 1}}}"""

# Words that silence a tool, and where checkov wants its reason.
SUPPRESSION = re.compile(
    r"hadolint (?:global )?ignore=\S+|checkov:skip=[\w,]+|checkov\.io(?:/|~1)skip\w*"
    r"|kube-score(?:/|~1)ignore|yamllint disable\S*|shellcheck disable=\S+")
CHECKOV_REASON = re.compile(
    r"checkov(?::skip=[\w,]+:|\.io(?:/|~1)skip\w*[\"']?:\s*[\"']?\w+=)(.*)")
FAR_SUPPRESSIONS = re.compile(r"(?:.*/)?(?:\.hadolint\.ya?ml|\.checkov\.(?:ya?ml|baseline)|"
                              r"\.yamllint(?:\.ya?ml)?|actionlint\.ya?ml)")
REASON_WORDS = 3


class Missing(Exception):
    """A tool is not here."""


class Skipped(Exception):
    """A tool that only Go makes is not here."""


@dataclasses.dataclass
class Look:
    name: str
    files: Callable[[list[str]], list[str]]  # which of the names in git it is about
    complaints: Callable[[list[str]], list[str]]


def in_git():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=tree.ROOT, capture_output=True, text=True,
                            check=True).stdout.split("\0")
    return [name for name in listed if name and (tree.ROOT / name).is_file()]


def shipping(names):
    return [n for n in names if n in (*ROOT_FILES, COMPOSE) or n.startswith(("deploy/", ".github/"))
            or DOCKERFILE.fullmatch(n) or KUSTOMIZATION.fullmatch(n)]


def matching(pattern):
    return lambda names: [n for n in shipping(names) if pattern.fullmatch(n)]


def yaml(names):
    return [n for n in shipping(names) if n.endswith((".yaml", ".yml"))]


def saying(pattern, *folders):
    """YAML files below the folders that have such a line."""
    line = re.compile(pattern, re.MULTILINE)
    return lambda names: [n for n in yaml(names) if n.startswith(folders)
                          and line.search((tree.ROOT / n).read_text())]


# -- tools -------------------------------------------------------------------------------

def tool(name):
    for part in PARTS:
        program = DEPS / part / "bin" / name
        if program.exists():
            return program
    if name in BUILT_BY_GO:
        raise Skipped(f"{name} is not here, which Go builds")
    raise Missing(f"{name} is not here: tools/bootstrap --tests --manifests")


def said(*words):
    """What a command that failed has said, line by line; nothing of one that exited 0."""
    done = subprocess.run(words, cwd=tree.ROOT, stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, check=False)
    if done.returncode == 0:
        return []
    return (done.stdout + done.stderr).splitlines() or [f"{words[0]}: exit status {done.returncode}"]


def by(name, *options):
    """A tool that is told all files at once."""
    return lambda names: said(tool(name), *options, *names)


def side_by_side(name, *options):
    """A slow tool that takes files one by one."""
    def complaints(names):
        with futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            done = pool.map(lambda file: said(tool(name), *options, file), names)
            return [line for lines in done for line in lines]
    return complaints


# -- looks -------------------------------------------------------------------------------

def once(pairs):
    members = [name for name, _ in pairs]
    twice = sorted({name for name in members if members.count(name) > 1})
    if twice:
        raise ValueError(f"{', '.join(twice)} is there twice")
    return dict(pairs)


def invalid_json(names):
    failures = []
    for name in names:
        try:
            json.loads((tree.ROOT / name).read_text(), object_pairs_hook=once)
        except ValueError as why:
            failures.append(f"{name}: {why}")
    return failures


def is_reason(text):
    return len(re.findall(r"[^\W\d_]{2,}", text)) >= REASON_WORDS


def is_explained(line, above):
    """In checkov's own form, behind the suppression, or in a comment of its own above it."""
    own = CHECKOV_REASON.search(line)
    behind = line[SUPPRESSION.search(line).end():].partition("#")[2]
    comment = above.strip() if above.strip().startswith("#") and not SUPPRESSION.search(above) else ""
    return any(map(is_reason, (own[1] if own else "", behind, comment)))


def unexplained(names):
    failures = [f"{n}: suppressions belong beside what they are about" for n in names
                if FAR_SUPPRESSIONS.fullmatch(n)]
    for name in shipping(names):
        lines = (tree.ROOT / name).read_text(errors="replace").splitlines()
        for number, line in enumerate(lines):
            if SUPPRESSION.search(line) and not is_explained(line, lines[number - 1] if number else ""):
                failures.append(f"{name}:{number + 1}: a suppression without its reason")
    return failures


def compose(names):
    """The file alone, and with each that is put on top of it."""
    files = [["-f", COMPOSE]] + [["-f", COMPOSE, "-f", n] for n in names if n != COMPOSE]
    return [line for each in files
            for line in said(tool("docker-compose"), *each, "--profile", "*", "config", "--quiet")]


def prometheus(names):
    """Debian's promtool knows nothing of Kubernetes: where targets come from is left out."""
    failures = []
    for name in names:
        copy = SCRATCH / pathlib.Path(name).name
        copy.write_text(KUBERNETES_TARGETS.sub("", (tree.ROOT / name).read_text()))
        failures += said(tool("promtool"), "check", "config", "--syntax-only", copy)
    return failures


def kustomize():
    """The program, or the one in kubectl."""
    try:
        return [tool("kustomize"), "build"]
    except Skipped:
        if said("sh", "-c", "command -v kubectl"):
            raise
        return ["kubectl", "kustomize"]


def kustomized(names):
    """Builds each, and puts what comes out where other looks find it."""
    failures = []
    for name in names:
        built(name).unlink(missing_ok=True)
    for name in names:
        folder = pathlib.Path(name).parent
        failures += [f"{folder}: {line}" for line in
                     said(*kustomize(), folder, "--output", built(name))]
    return failures


def built(name):
    folder = pathlib.Path(name).parent.as_posix()
    return SCRATCH / f"{folder.replace('deploy/kustomize/', '').replace('/', '-')}.yaml"


def overlays(names):
    """Kustomizations that stand alone: a component is part of others."""
    return [n for n in matching(KUSTOMIZATION)(names)
            if "\nkind: Component\n" not in (tree.ROOT / n).read_text()]


def applied(names):
    """Groups of files as one would apply them: those of the root together, and each overlay built."""
    root = [[n for n in names if n in ROOT_FILES]]
    return [group for group in root if group] + [
        [tree.name(built(n))] for n in overlays(names) if built(n).exists()]


def kubernetes(names):
    return [n for n in names if n in ROOT_FILES] + overlays(names)


def schemas(names):
    return [line for group in applied(names)
            for line in said(tool("kubernetes-validate"), "--kubernetes-version", KUBERNETES,
                             "--strict", "--quiet", *group)]


def scores(names):
    return [line for group in applied(names)
            for line in said(tool("kube-score"), "score", "--exit-one-on-warning",
                             "--kubernetes-version", f"v{KUBERNETES}", *group)]


def checkov(names):
    others = [n for n in names if DOCKERFILE.fullmatch(n) or WORKFLOW.fullmatch(n)]
    return said(tool("checkov"), "--quiet", "--compact", "--skip-download", "--framework", "dockerfile",
                "kubernetes", "github_actions", "--file", *others, *sum(applied(names), []))


LOOKS = [
    Look("json", lambda names: [n for n in shipping(names) if n.endswith(".json")], invalid_json),
    Look("suppressions", lambda names: names, unexplained),
    Look("yamllint", yaml, by("yamllint", "--strict", "-d", YAML_RULES)),
    Look("hadolint", matching(DOCKERFILE), by("hadolint", "--no-color")),
    Look("actionlint", matching(WORKFLOW), by("actionlint", "-no-color")),
    Look("compose", saying(r"^services:", COMPOSE, "deploy/"), compose),
    Look("prometheus", saying(r"^scrape_configs:", "deploy/prometheus/"), prometheus),
    Look("rules", saying(r"^groups:", "deploy/prometheus/"),
         by("promtool", "check", "rules", "--lint=all", "--lint-fatal")),
    Look("rule-tests", saying(r"^rule_files:(?:.*\n)+?tests:", "deploy/prometheus/"),
         side_by_side("promtool", "test", "rules")),
    Look("kustomize", overlays, kustomized),
    Look("kubernetes", kubernetes, schemas),
    Look("kube-score", kubernetes, scores),
    Look("checkov", lambda names: kubernetes(names) + matching(DOCKERFILE)(names)
         + matching(WORKFLOW)(names), checkov),
]


def outcome(look, names, out):
    files = look.files(names)
    if not files and look.name != "suppressions":
        return Counts()
    try:
        failures = look.complaints(files)
    except Skipped as why:
        return Counts(skips=(f"{look.name}: {why}",))
    except Missing as why:
        failures = [str(why)]
    verdict = f"{len(failures)} lines of complaint" if failures else "nothing wrong"
    print(f"{look.name}: {len(files)} files, {verdict}", *failures, sep="\n", file=out, flush=True)
    return Counts(failed=1, failures=(look.name,)) if failures else Counts(passed=1)


def outcomes(looks, out):
    names = in_git()
    SCRATCH.mkdir(parents=True, exist_ok=True)
    return sum((outcome(look, names, out) for look in looks), Counts())


def run(log):
    """The step of tools/test.py."""
    with log.open("a") as out:
        return outcomes(LOOKS, out)


def main(arguments):
    if "--list" in arguments:
        print("\n".join(look.name for look in LOOKS))
        return 0
    unknown = set(arguments) - {look.name for look in LOOKS}
    if unknown:
        sys.exit(f"no such look: {' '.join(sorted(unknown))}\n{__doc__}")
    total = outcomes([look for look in LOOKS if not arguments or look.name in arguments], sys.stdout)
    for skip in total.skips:
        print(f"skipped {skip}")
    print(total)
    return bool(total.failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
