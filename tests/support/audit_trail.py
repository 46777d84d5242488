# SPDX-License-Identifier: Apache-2.0
"""The audit trail as docs/audit.md describes it, written and read a second time: nothing here
comes from the C sources, so that two who read the page agree or one of them is wrong."""
import base64
import datetime
import hashlib
import json
import pathlib
import re

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

HEAD = ("v", "seq", "ts", "chain", "service", "key_id", "event")
ORIGIN = "galen.audit/"
ZEROS = bytes(32)
EPOCH = datetime.datetime(2026, 11, 25, 20)
CHAIN = re.compile(r"[a-z]+-\d{8}T\d{6}Z-[0-9a-f]{16}")
RECORD = re.compile(rb'(\{"v":1,"seq":(0|[1-9]\d*),"ts":"[^"]*","chain":"([^"]*)","service":"([^"]*)"'
                    rb',"key_id":"[^"]*","event":"([a-z.]*)".*,"prev":"([0-9a-f]{64})"),"hash":"([0-9a-f]{64})"\}')
COPY = re.compile(r"(.+)\.(\d{20})\.checkpoint")
RECORD_SIZE_BYTES_MAX = 16384


class Fault(Exception):
    """The trail is not what the page says."""


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def record_hash(prev: bytes, record: bytes) -> bytes:
    """Of the record without its hash, which is a JSON object too."""
    return sha256(b"\0" + prev + record)


def merkle_root(leaves: list[bytes]) -> bytes:
    """RFC 9162 section 2.1.1, as it is defined there."""
    if not leaves:
        return sha256(b"")
    if len(leaves) == 1:
        return leaves[0]
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return sha256(b"\1" + merkle_root(leaves[:split]) + merkle_root(leaves[split:]))


def path_root(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes:
    """The root that an inclusion proof leads to: RFC 9162 section 2.1.3, backwards."""
    if size == 1:
        if path:
            raise Fault("the path is too long")
        return leaf
    split = 1 << (size - 1).bit_length() - 1
    if index < split:
        return sha256(b"\1" + path_root(leaf, index, split, path[:-1]) + path[-1])
    return sha256(b"\1" + path[-1] + path_root(leaf, index - split, size - split, path[:-1]))


class Key:
    """One that signs checkpoints."""

    def __init__(self, seed: int = 1, name: str = "checkpoint-000001"):
        self.private = Ed25519PrivateKey.from_private_bytes(sha256(b"%d" % seed))
        self.name = name
        public = self.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.id = sha256(name.encode() + b"\n\1" + public)[:4]
        self.verifier = f"{name}+{self.id.hex()}+{base64.b64encode(bytes([1]) + public).decode()}"

    def note(self, chain: str, size: int, root: bytes) -> bytes:
        text = f"{ORIGIN}{chain}\n{size}\n{base64.b64encode(root).decode()}\n".encode()
        signature = base64.b64encode(self.id + self.private.sign(text)).decode()
        return text + f"\n\u2014 {self.name} {signature}\n".encode()


class Chain:
    """One that is being written. It writes at once; there is no disk that could fail."""

    def __init__(self, trail, service: str = "gateway", key: Key | None = None, second: int = 0,
                 previous: "Chain | None" = None, witness=None):
        stamp = f"{EPOCH + datetime.timedelta(seconds=second):%Y%m%dT%H%M%SZ}"
        self.name = f"{service}-{stamp}-{sha256(b'%d' % second).hex()[:16]}"
        self.folder = pathlib.Path(trail) / self.name
        self.folder.mkdir(parents=True)
        self.service, self.key, self.witness = service, key or Key(), witness
        self.second, self.segment, self.hashes = second, 1, []
        self.torn = self.torn_note = b""
        self.is_unsure = False  # its disk failed: it knows its records, not what is behind
        self.append("start", **self._start_fields(previous))

    def _start_fields(self, previous):
        self.prev = previous.prev if previous else ZEROS
        fields = {"galen": "0.1.0", "instance": "here", "boot_id": "00112233445566778899aabbccddeeff"}
        return fields | {"previous": previous.end()} if previous else fields

    def end(self) -> dict:
        """What the next chain of the service tells of this one."""
        end = {"chain": self.name, "records": len(self.hashes)}
        if self.is_unsure:
            size = len(self.notes()) - len(self.torn_note)
            return end | {"unsure": "disk-failed", "checkpoint_bytes": size}
        if self.torn:
            end |= {"torn_bytes": len(self.torn), "torn_sha256": sha256(self.torn).hex()}
        end["checkpoint_bytes"] = len(self.notes()) - len(self.torn_note)
        if self.torn_note:
            end |= {"torn_checkpoint_bytes": len(self.torn_note),
                    "torn_checkpoint_sha256": sha256(self.torn_note).hex()}
        return end

    def notes(self) -> bytes:
        path = self.folder / "checkpoints"
        return path.read_bytes() if path.exists() else b""

    def line(self, event: str, fields: dict) -> bytes:
        seq = len(self.hashes)
        moment = EPOCH + datetime.timedelta(seconds=self.second, microseconds=seq)
        head = dict(zip(HEAD, (1, seq, f"{moment:%Y-%m-%dT%H:%M:%S.%fZ}", self.name, self.service,
                               "audit-hmac-000001", event), strict=True))
        record = json.dumps(head | fields | {"prev": self.prev.hex()}, separators=(",", ":"),
                            ensure_ascii=False).encode()
        self.prev = record_hash(self.prev, record)
        self.hashes.append(self.prev)
        return record[:-1] + b',"hash":"%s"}\n' % self.prev.hex().encode()

    def put(self, name: str, data: bytes) -> None:
        with (self.folder / name).open("ab") as file:
            file.write(data)

    @property
    def segment_name(self) -> str:
        return f"{self.segment:06}.ndjson"

    def append(self, event: str, **fields) -> None:
        self.put(self.segment_name, self.line(event, fields))

    def rotate(self) -> None:
        self.segment += 1

    def checkpoint(self) -> None:
        note = self.key.note(self.name, len(self.hashes), merkle_root(self.hashes))
        self.put("checkpoints", note + b"\n")
        if self.witness:
            copy = pathlib.Path(self.witness) / f"{self.name}.{len(self.hashes):020}.checkpoint"
            copy.write_bytes(note)

    def stop(self) -> None:
        self.append("stop")
        self.checkpoint()

    def tear(self, record: bytes = b"", note: bytes = b"") -> None:
        """Bytes that were to become a record or a note, when the process was killed."""
        self.torn, self.torn_note = record, note
        self.put(self.segment_name, record)
        if note:
            self.put("checkpoints", note)


def infer_fields(number: int, **other) -> dict:
    """Of an ordinary request."""
    fields = {
        "request_id": f"request-{number}", "actor": {"client_id": "unidentified"}, "outcome": "ok",
        "route": "infer",
        "model": {"name": "lung-nodule", "version": "1", "sha256": sha256(b"model").hex()},
        "in": {"media_type": "image/png", "bytes": 1000 + number, "hmac": sha256(b"%d" % number).hex()},
        "out": {"status": 200, "bytes": 300}, "dur_us": 5000 + number, "before_us": 500,
        "preprocess_us": 1000, "infer_us": 3000}
    return fields | other


class Records:
    """A chain as it is found: its whole records, and what stands behind them."""

    def __init__(self, folder: pathlib.Path):
        self.name, self.lines, self.torn = folder.name, [], b""
        names = {path.name for path in folder.iterdir()}
        segments = sorted(names - {"checkpoints"})
        if segments != [f"{i + 1:06}.ndjson" for i in range(len(segments))]:
            raise Fault(f"{folder.name}: segments are missing")
        for i, name in enumerate(segments):
            *lines, rest = (folder / name).read_bytes().split(b"\n")
            if (rest or not lines) and i + 1 < len(segments):
                raise Fault(f"{folder.name}: {name} has no end")
            self.lines += lines
            self.torn = rest
        path = folder / "checkpoints"
        self.notes = path.read_bytes() if path.exists() else b""
        self._follow()

    def _follow(self):
        self.hashes, prev, self.events = [], None, []
        for seq, line in enumerate(self.lines):
            match = RECORD.fullmatch(line)
            if not match or len(line) >= RECORD_SIZE_BYTES_MAX:
                raise Fault(f"{self.name}: {seq} is no record")
            sealed, number, chain, service, event, stated, digest = match.groups()
            json.loads(line)
            if (int(number) != seq or chain.decode() != self.name
                    or service.decode() != self.name.split("-")[0]):
                raise Fault(f"{self.name}: {seq} is another record")
            if seq > 0 and bytes.fromhex(stated.decode()) != prev:
                raise Fault(f"{self.name}: {seq} does not follow")
            prev = record_hash(bytes.fromhex(stated.decode()), sealed + b"}")
            if prev.hex() != digest.decode():
                raise Fault(f"{self.name}: {seq} has another hash")
            self.hashes.append(prev)
            self.events.append(event.decode())
        stops = [seq for seq, event in enumerate(self.events) if event == "stop"]
        starts = [seq for seq, event in enumerate(self.events) if event == "start"]
        if starts != [0][:len(self.lines)] or (stops and stops != [len(self.events) - 1]):
            raise Fault(f"{self.name}: start or stop at the wrong place")
        self.is_stopped = bool(stops)
        self.records = [json.loads(line) for line in self.lines]

    @property
    def start(self) -> dict:
        return self.records[0]

    @property
    def requests(self) -> list[dict]:
        return [record for record in self.records if record["event"] not in ("start", "stop")]


def check_note(note: bytes, records: Records, verifiers: list[str]) -> int:
    """The size that a checkpoint of the chain covers."""
    text, _, signature = note.partition(b"\n\n")
    origin, size, root = text.decode().split("\n")
    dash, name, code = signature.decode().rstrip("\n").split(" ")
    keys = {verifier.split("+")[0]: verifier.split("+", 2) for verifier in verifiers}
    if dash != "\u2014" or origin != ORIGIN + records.name or name not in keys:
        raise Fault(f"{records.name}: a checkpoint of something else")
    raw = base64.b64decode(code, validate=True)
    if raw[:4].hex() != keys[name][1]:
        raise Fault(f"{records.name}: another key")
    public = Ed25519PublicKey.from_public_bytes(base64.b64decode(keys[name][2], validate=True)[1:])
    try:
        public.verify(raw[4:], text + b"\n")
    except InvalidSignature as wrong:
        raise Fault(f"{records.name}: a signature is wrong") from wrong
    if (int(size) > len(records.hashes)
            or merkle_root(records.hashes[:int(size)]) != base64.b64decode(root)):
        raise Fault(f"{records.name}: the checkpoint of {size} is of other records")
    return int(size)


def check_notes(records: Records, verifiers: list[str]) -> tuple[int, int]:
    """All of `checkpoints`; returns the bytes of whole notes, and the records that they cover."""
    at, last = 0, 0
    while match := re.compile(rb".*?\n\n.*?\n\n", re.DOTALL).match(records.notes, at):
        size = check_note(match[0][:-1], records, verifiers)
        if size <= last:
            raise Fault(f"{records.name}: checkpoints do not grow")
        at, last = match.end(), size
    return at, last


def check_previous(told: dict, records: Records, prev: str) -> None:
    count = told["records"]
    if len(records.hashes) < count or records.hashes[count - 1].hex() != prev:
        raise Fault(f"{records.name}: has not the records that its successor found")
    behind = b"".join(line + b"\n" for line in records.lines[count:]) + records.torn
    for data, size, digest in ((behind, "torn_bytes", "torn_sha256"),
                               (records.notes[told["checkpoint_bytes"]:], "torn_checkpoint_bytes",
                                "torn_checkpoint_sha256")):
        if size in told and (len(data) < told[size] or sha256(data[:told[size]]).hex() != told[digest]):
            raise Fault(f"{records.name}: its torn end is another")


def check_start(record: dict, chains: dict[str, Records]) -> None:
    previous = record.get("previous")
    if previous is None:
        if record["prev"] != ZEROS.hex():
            raise Fault(f"{record['chain']}: follows a chain that it does not name")
        return
    if previous["chain"] not in chains:
        raise Fault(f"{previous['chain']}: is missing")
    check_previous(previous, chains[previous["chain"]], record["prev"])


def check_end(records: Records, told: list[dict], whole_notes: int, covered: int) -> None:
    """What is behind the last record or note is told by a later chain. One whose disk failed
    knew that there was something, and not what; a chain without a record has no later one. A
    stop is signed, or told of by a later chain too."""
    count = len(records.lines)
    if records.is_stopped and covered != count and count not in {each["records"] for each in told}:
        raise Fault(f"{records.name}: the last checkpoint does not cover all")
    if not records.lines or any("unsure" in previous for previous in told):
        return
    for size, name in ((len(records.torn), "torn_bytes"),
                       (len(records.notes) - whole_notes, "torn_checkpoint_bytes")):
        if size and size not in {previous.get(name) for previous in told}:
            raise Fault(f"{records.name}: a torn end that nobody tells of")


def check_trail(trail, verifiers: list[str]) -> dict[str, Records]:
    """The chains of a trail by name; Fault where anything is not as the page says."""
    chains = {path.name: Records(path) for path in sorted(pathlib.Path(trail).iterdir())
              if CHAIN.fullmatch(path.name)}
    starts = [each.start for each in chains.values() if each.lines]
    for start in starts:
        check_start(start, chains)
    for name, each in chains.items():
        told = [start["previous"] for start in starts
                if start.get("previous", {}).get("chain") == name]
        check_end(each, told, *check_notes(each, verifiers))
    return chains


def check_witness(witness, chains: dict[str, Records], verifiers: list[str]) -> dict[str, list[int]]:
    """The sizes that a witness has copies for, by chain; each of them is of the trail."""
    sizes = {}
    for path in sorted(pathlib.Path(witness).iterdir()):
        name, size = COPY.fullmatch(path.name).groups()
        if check_note(path.read_bytes(), chains[name], verifiers) != int(size):
            raise Fault(f"{path.name}: is of another size")
        sizes.setdefault(name, []).append(int(size))
    return sizes
