#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints a bill of materials (CycloneDX 1.6) of a built galen: every library that the loader finds for
it and for ONNX Runtime, what is linked into it, and the sample models.

usage: tools/sbom.py [BUILD]      BUILD: build

The same files give the same text. A library whose licence nobody has looked up (LICENCES) is refused.
"""
import hashlib
import json
import pathlib
import re
import subprocess
import sys
import urllib.parse
import uuid

import tree

# By Debian package, without what a transition appends (t64): as its copyright file has it.
LICENCES = {
    "libc6": "LGPL-2.1-or-later",
    "libgcc-s1": "GPL-3.0-or-later WITH GCC-exception-3.1",
    "libllhttp-dev": "MIT",
    "libnghttp2-14": "MIT",
    "libpcre2-8-0": "BSD-3-Clause WITH PCRE2-exception AND BSD-2-Clause",
    "libprotobuf-c1": "BSD-2-Clause",
    "libseccomp2": "LGPL-2.1-only",
    "libspng0": "BSD-2-Clause AND libpng-2.0",
    "libssl3": "Apache-2.0",
    "libstdc++6": "GPL-3.0-or-later WITH GCC-exception-3.1",
    "libturbojpeg0": "IJG AND BSD-3-Clause AND Zlib",
    "libutf8proc2": "MIT AND Unicode-DFS-2015",
    "libutf8proc3": "MIT AND Unicode-DFS-2015",
    "libuv1": "MIT",
    "libyaml-0-2": "MIT",
    "libyyjson0": "MIT",
    "libzstd1": "BSD-3-Clause OR GPL-2.0-only",
    "zlib1g": "Zlib",
}
# Files of .deps/debian13 and the pinned package that they are of.
UNPACKED = {"libyyjson": "libyyjson0", "libllhttp": "libllhttp-dev"}
PIN = re.compile(r"^(?:\w+=')?([a-z0-9.+-]+) (\S+) [0-9a-f]{64}'?$", re.MULTILINE)
WHEEL = re.compile(r"onnxruntime==(\S+) --hash=sha256:([0-9a-f]{64})")
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "urn:galen:sbom")


class Unknown(Exception):
    """Something is linked of which too little is known."""


def said_by(*words):
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Unknown(f"{' '.join(map(str, words))}: {done.stderr.strip()}")
    return done.stdout


def libraries_in(text):
    """The files that ldd names, but for what the kernel brings."""
    return [line.split(" => ")[-1].split()[0] for line in text.splitlines() if "/" in line]


def archives_in(text):
    """The static libraries of .deps that build.ninja links into the program."""
    link = re.search(r"^build galen: .*\n(?: .*\n)*", text, re.MULTILINE)
    return sorted(set(re.findall(r"\S*/\.deps/\S+\.a\b", link[0] if link else "")))


def pins():
    return dict(PIN.findall((tree.ROOT / "tools/bootstrap").read_text()))


def owner_in(text):
    """The first package that dpkg-query -S names, which is no diversion of a file's name; None."""
    owners = [line.split(": ")[0] for line in text.splitlines() if not line.startswith("diversion by ")]
    return owners[0].split(",")[0] if owners else None


def package_of(path):
    """Name, version, architecture and release of the Debian package that a file is of."""
    path = pathlib.Path(path)
    if "/.deps/debian13/" in str(path):
        name = UNPACKED.get(path.name.split(".")[0])
        if name not in pins():
            raise Unknown(f"{path.name} is of no package that tools/bootstrap pins")
        return name, pins()[name], "amd64", "debian-13"
    names = {path, path.resolve()}
    names |= {pathlib.Path("/usr") / str(each).lstrip("/") for each in set(names)}
    names |= {pathlib.Path(str(each).removeprefix("/usr")) for each in set(names)}
    done = subprocess.run(["dpkg-query", "-S", *sorted(map(str, names))], capture_output=True,
                          text=True, check=False)
    package = owner_in(done.stdout)
    if package is None:
        raise Unknown(f"{path} is of no Debian package")
    form = "${Package}\t${Version}\t${Architecture}"
    about = pathlib.Path("/etc/os-release").read_text()
    release = re.search(r'^VERSION_ID="?([^"\n]*)', about, re.MULTILINE)[1]
    return *said_by("dpkg-query", "-W", "-f", form, package).split("\t"), f"debian-{release}"


def component_of(package, files):
    name, version, architecture, release = package
    licence = LICENCES.get(name.removesuffix("t64"))
    if licence is None:
        raise Unknown(f"look up the licence of {name}, and add it to tools/sbom.py")
    quoted = [urllib.parse.quote(each, safe="") for each in (name, version)]
    purl = f"pkg:deb/debian/{quoted[0]}@{quoted[1]}?arch={architecture}&distro={release}"
    return {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl,
            "licenses": [{"expression": licence}],
            "properties": [{"name": "galen:file", "value": file} for file in sorted(files)]}


def onnxruntime():
    version, digest = WHEEL.search((tree.ROOT / "tools/bootstrap").read_text()).groups()
    purl = f"pkg:pypi/onnxruntime@{version}"
    return {"type": "library", "bom-ref": purl, "name": "onnxruntime", "version": version, "purl": purl,
            "licenses": [{"expression": "MIT"}], "hashes": [{"alg": "SHA-256", "content": digest}],
            "properties": [{"name": "galen:file", "value": "libonnxruntime.so.1"}]}


def models():
    for network in sorted((tree.ROOT / "models").glob("*/[0-9]*/model.onnx")):
        name, version = network.parts[-3:-1]
        digest = hashlib.sha256(network.read_bytes()).hexdigest()
        yield {"type": "machine-learning-model", "bom-ref": f"model:{name}/{version}", "name": name,
               "version": version, "licenses": [{"expression": "Apache-2.0"}],
               "hashes": [{"alg": "SHA-256", "content": digest}]}


def packages(files):
    """One component a package, with the names that its files are loaded by."""
    found = {}
    for file in files:
        found.setdefault(package_of(file), set()).add(pathlib.Path(file).name)
    return [component_of(package, names) for package, names in sorted(found.items())]


def document(version, components):
    program = {"type": "application", "bom-ref": "galen", "name": "galen", "version": version,
               "purl": f"pkg:generic/galen@{version}", "licenses": [{"expression": "Apache-2.0"}]}
    refs = [each["bom-ref"] for each in components]
    content = {"metadata": {"component": program}, "components": components,
               "dependencies": [{"ref": "galen", "dependsOn": refs}]}
    serial = uuid.uuid5(NAMESPACE, json.dumps(content, sort_keys=True))
    return {"bomFormat": "CycloneDX", "specVersion": "1.6", "serialNumber": f"urn:uuid:{serial}",
            "version": 1} | content


def bill_of(build):
    program = build / "galen"
    version = said_by(program, "--version").split()[1]
    runtime = tree.ROOT / ".deps/onnxruntime/lib/libonnxruntime.so.1"
    files = {*libraries_in(said_by("ldd", program)), *libraries_in(said_by("ldd", runtime)),
             *archives_in((build / "build.ninja").read_text())}
    return document(version, [*packages(files), onnxruntime(), *models()])


def main(arguments):
    if len(arguments) > 1 or any(each.startswith("-") for each in arguments):
        sys.exit(__doc__)
    try:
        bill = bill_of(tree.ROOT / (arguments[0] if arguments else "build"))
    except (Unknown, OSError) as unknown:
        sys.exit(f"sbom: {unknown}")
    print(json.dumps(bill, indent=2, ensure_ascii=False))


if __name__ == "__main__":
    main(sys.argv[1:])
