# SPDX-License-Identifier: Apache-2.0
"""Configurations at random, and the three readers that they are given to: ours, protobuf's in
Python and protobuf's in C++, which is the one that Triton has."""
import importlib.util
import json
import os
import pathlib
import random
import subprocess
import tempfile
import warnings

from google.protobuf import descriptor_pb2, json_format, text_format
from google.protobuf.descriptor import FieldDescriptor as Field


def load_model_config_pb2():
    """Without the gRPC client around it, which needs libraries that are not used here."""
    client = pathlib.Path(importlib.util.find_spec("tritonclient").origin).parent
    path = client / "grpc/model_config_pb2.py"
    spec = importlib.util.spec_from_file_location("model_config_pb2", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


model_config_pb2 = load_model_config_pb2()
ROOT = pathlib.Path(__file__).resolve().parents[2]
PROTO = ROOT / "proto/model_config.proto"
DRIVER = pathlib.Path(os.environ.get("GALEN_BUILD", ROOT / "build")) / "tests/parity/config_driver"
WORDS = ["a", "INPUT0", "é", "検査", "with space", 'quote"', "back\\slash", "line\nfeed", "tab\t", ""]
LONG = (Field.TYPE_INT64, Field.TYPE_UINT64)
SIGNED = (Field.TYPE_INT32, Field.TYPE_INT64)
REAL = (Field.TYPE_FLOAT, Field.TYPE_DOUBLE)
WIDTH = {Field.TYPE_INT32: 31, Field.TYPE_UINT32: 32, Field.TYPE_INT64: 63, Field.TYPE_UINT64: 64}


def empty():
    return model_config_pb2.ModelConfig()


def is_map(field):
    return field.message_type is not None and field.message_type.GetOptions().map_entry


class Writer:
    """Writes messages at random, each in a manner of its own."""

    def __init__(self, rng: random.Random):
        self.rng = rng

    def space(self):
        return self.rng.choice(["", "", " ", " ", "\n", "\t", "\r\n", " # so\n", "\v\f"])

    def text_of(self, word: str) -> str:
        quote = self.rng.choice("\"'")
        written = []
        for character in word:
            if character == "\\" or character == quote:
                written.append("\\" + character)
            elif character < " ":
                written.append(self.rng.choice([f"\\{ord(character):03o}", f"\\x{ord(character):02x}"]))
            elif self.rng.random() < 0.1:
                written.append(f"\\u{ord(character):04x}" if self.rng.random() < 0.5 else
                               "".join(f"\\{byte:o}" if self.rng.random() < 0.5 else f"\\x{byte:02X}"
                                       for byte in character.encode()) if ord(character) > 0x7F
                               else f"\\U{ord(character):08x}")
            else:
                written.append(character)
        cut = self.rng.randrange(len(written) + 1)
        if self.rng.random() < 0.2:
            return (quote + "".join(written[:cut]) + quote + " " + quote + "".join(written[cut:]) +
                    quote)
        return quote + "".join(written) + quote

    def integer(self, field) -> str:
        width = WIDTH[field.type]
        value = self.rng.choice([0, 1, 8, self.rng.randrange(1 << width), (1 << width) - 1])
        sign = "-" if field.type in SIGNED and self.rng.random() < 0.3 else ""
        return sign + self.rng.choice(["{}", "{}", "0x{:x}", "0X{:X}", "0{:o}"]).format(value)

    def real(self) -> str:
        value = self.rng.choice(["0", "1", "0.25", ".5", "1.", "1e3", "2.5E-3f", "1f", "inf", "nan",
                                 "Infinity", "1e39", "123456789012345678901234567890", "0.1"])
        return self.rng.choice(["", "", "-"]) + value

    def scalar(self, field) -> str:
        if field.type == Field.TYPE_STRING:
            return self.text_of(self.rng.choice(WORDS))
        if field.type == Field.TYPE_BOOL:
            return self.rng.choice(["true", "false", "True", "False", "t", "f", "1", "0"])
        if field.type == Field.TYPE_ENUM:
            value = self.rng.choice(field.enum_type.values)
            return self.rng.choice([value.name, value.name, str(value.number), "77"])
        return self.real() if field.type in REAL else self.integer(field)

    def value(self, field, depth) -> str:
        if field.type != Field.TYPE_MESSAGE:
            return self.scalar(field)
        begin, end = self.rng.choice(["{}", "{}", "<>"])
        return begin + self.space() + self.message(field.message_type, depth + 1) + end

    def field(self, field, depth) -> str:
        colon = ":" if field.type != Field.TYPE_MESSAGE or self.rng.random() < 0.3 else ""
        head = field.name + self.space() + colon + self.space()
        if field.is_repeated and self.rng.random() < 0.4:
            values = [self.value(field, depth) for _ in range(self.rng.randrange(4))]
            body = "[" + self.space() + ("," + self.space()).join(values) + self.space() + "]"
        else:
            body = self.value(field, depth)
        return head + body + self.space() + self.rng.choice([" ", "\n", ",", "; "])

    def chosen(self, descriptor):
        """Fields in the order of the text; some that must not be there, seldom."""
        known = list(descriptor.fields)
        fields = self.rng.sample(known, self.rng.randrange(min(6, len(known)) + 1))
        fields += [f for f in fields if f.is_repeated and self.rng.random() < 0.5]
        seen = set()
        for field in fields:
            oneof = field.containing_oneof
            if oneof is None or oneof.name not in seen or self.rng.random() < 0.02:
                seen.add(oneof.name if oneof else "")
                yield field

    def message(self, descriptor, depth=0) -> str:
        return "".join(self.field(field, depth) for field in self.chosen(descriptor))


def broken(rng: random.Random, text: str) -> str:
    """The text with one thing about it changed."""
    at = rng.randrange(len(text) + 1)
    end = min(len(text), at + rng.randrange(1, 4))
    piece = rng.choice(["", "{", "}", "[", "]", "<", ">", ":", ",", ";", '"', "\\", "-", "#", "0", "x",
                        "e", ".", "name", " ", "\n", "dims", text[at:end] * 2])
    return text[:at] + piece + text[end:]


def numbers(message):
    """What MessageToDict gives, all defaults in it and 64 bits as numbers."""
    given = json_format.MessageToDict(message, preserving_proto_field_name=True,
                                      always_print_fields_with_no_presence=True)
    return converted(message.DESCRIPTOR, given)


def converted(descriptor, given):
    made = {}
    for name, value in given.items():
        field = descriptor.fields_by_name[name]
        if is_map(field):
            inner = field.message_type.fields_by_name["value"]
            made[name] = {key: one_converted(inner, item) for key, item in value.items()}
        elif field.is_repeated:
            made[name] = [one_converted(field, item) for item in value]
        else:
            made[name] = one_converted(field, value)
    return made


def one_converted(field, value):
    if field.type == Field.TYPE_MESSAGE:
        return converted(field.message_type, value)
    return int(value) if field.type in LONG else value


class Driver:
    """Our reader, text after text."""

    def __init__(self):
        self.popen = subprocess.Popen([DRIVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, kind: str, text: bytes) -> tuple[bool, str]:
        self.popen.stdin.write(f"{kind} {len(text)}\n".encode() + text)
        self.popen.stdin.flush()
        answer = self.popen.stdout.readline().decode()
        assert answer[:3] in ("ok ", "no "), f"the driver ended at {text!r}"
        return answer.startswith("ok "), answer[3:].rstrip("\n")

    def end(self) -> None:
        self.popen.stdin.close()
        assert self.popen.wait(60) == 0
        self.popen.stdout.close()


def by_python(text: bytes):
    """None: refused."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return text_format.Parse(text, empty())
        except Exception:  # noqa: BLE001  what is no UTF-8 has errors of its own
            return None


def by_cpp(text: bytes):
    """None: refused."""
    done = subprocess.run(["protoc-c", f"--proto_path={PROTO.parent}", "--encode=inference.ModelConfig",
                           PROTO.name], input=text, capture_output=True, check=False)
    try:
        return model_config_pb2.ModelConfig.FromString(done.stdout) if done.returncode == 0 else None
    except Exception:  # noqa: BLE001  a text that is no UTF-8 gets as far as this
        return None


def our_descriptors():
    """What our .proto says, as protoc understands it."""
    with tempfile.TemporaryDirectory() as folder:
        made = pathlib.Path(folder) / "set"
        subprocess.run(["protoc-c", f"--proto_path={PROTO.parent}", f"--descriptor_set_out={made}",
                        PROTO.name], check=True)
        return descriptor_pb2.FileDescriptorSet.FromString(made.read_bytes()).file[0]


def as_json(rng: random.Random, message) -> str:
    given = json_format.MessageToDict(message, preserving_proto_field_name=rng.random() < 0.5,
                                      always_print_fields_with_no_presence=rng.random() < 0.5)
    return json.dumps(given, ensure_ascii=rng.random() < 0.5)
