# SPDX-License-Identifier: Apache-2.0
"""Ids, offsets and words equal those of `tokenizers`, token for token."""

import json
import os
import pathlib
import random
import struct
import subprocess

import pytest
import recipes
import texts
from seed import SEED
from tokenizers import Tokenizer

ROOT = pathlib.Path(__file__).resolve().parents[2]
DRIVER = pathlib.Path(os.environ.get("GALEN_BUILD", ROOT / "build")) / "tests/parity/tokenizer_driver"
FUZZED_COUNT = 1000
EXHAUSTIVE = (
    "bert-uncased",
    "bert-multilingual-cased",
    "bert-added",
    "wordpiece-steps",
    "wordpiece-nfkd",
    "gpt2",
)
WORD_NONE = 0xFFFFFFFF


class Driver:
    """Our tokenizer with one tokenizer.json, text after text."""

    def __init__(self, path: pathlib.Path):
        self.popen = subprocess.Popen([DRIVER, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        before, after, self.pad = self.read(3)
        self.before, self.after = self.read(before), self.read(after)

    def read(self, count: int) -> list[int]:
        data = self.popen.stdout.read(4 * count)
        assert len(data) == 4 * count, "the driver ended"
        return list(struct.unpack(f"<{count}I", data))

    def encode(self, text: str) -> list[tuple[int, int, int, int]]:
        data = text.encode()
        self.popen.stdin.write(struct.pack("<I", len(data)) + data)
        self.popen.stdin.flush()
        values = self.read(4 * self.read(1)[0])
        return list(zip(*[iter(values)] * 4, strict=True))

    def end(self) -> None:
        self.popen.stdin.close()
        assert self.popen.wait(60) == 0
        self.popen.stdout.close()


def tokens_of(tokenizer: Tokenizer, text: str) -> list[tuple[int, int, int, int]]:
    encoding = tokenizer.encode(text, add_special_tokens=False)
    return [
        (token, start, end, WORD_NONE if word is None else word)
        for token, (start, end), word in zip(
            encoding.ids, encoding.offsets, encoding.word_ids, strict=True
        )
    ]


def smallest(differs, text: str) -> str:
    """A text that still differs, shorter than this one."""
    size = max(1, len(text) // 2)
    while size > 0:
        at = 0
        while at < len(text):
            shorter = text[:at] + text[at + size :]
            if differs(shorter):
                text = shorter
            else:
                at += size
        size //= 2
    return text


def expect_equal(tokenizer: Tokenizer, driver: Driver, text: str) -> None:
    if driver.encode(text) == tokens_of(tokenizer, text):
        return
    text = smallest(lambda each: driver.encode(each) != tokens_of(tokenizer, each), text)
    pytest.fail(
        f"seed {SEED}: {text!r}\nours   {driver.encode(text)}\ntheirs {tokens_of(tokenizer, text)}\n"
        f"{tokenizer.encode(text, add_special_tokens=False).tokens}"
    )


@pytest.fixture(name="pair", params=recipes.RECIPES)
def fixture_pair(request, tmp_path):
    tokenizer = recipes.RECIPES[request.param]()
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    driver = Driver(tmp_path / "tokenizer.json")
    yield tokenizer, driver
    driver.end()


def test_what_is_odd_is_equal(pair):
    for text in texts.SENTENCES:
        expect_equal(*pair, text)


@pytest.mark.parametrize("pair", EXHAUSTIVE, indirect=True)
def test_every_code_point_is_equal(pair):
    for text in texts.every_code_point():
        expect_equal(*pair, text)


def test_what_is_fuzzed_is_equal(pair):
    for text in texts.fuzzed(FUZZED_COUNT, random.Random(SEED)):
        expect_equal(*pair, text)


def test_long_lines_are_equal(pair):
    tokenizer, driver = pair
    for text in texts.long_lines():
        assert driver.encode(text) == tokens_of(tokenizer, text), text[:40]


def test_the_frame_is_equal(pair):
    tokenizer, driver = pair
    ids = tokenizer.encode("a").ids
    assert driver.before + [token for token, *_ in driver.encode("a")] + driver.after == ids


REFUSED = {
    "model 'Unigram'": {"model": {"type": "Unigram", "unk_id": 0, "vocab": [["a", 0.0]]}},
    "model 'WordLevel'": {"model": {"type": "WordLevel", "vocab": {"a": 0}, "unk_token": "a"}},
    "normalizer 'Nmt'": {"normalizer": {"type": "Nmt"}},
    "normalizer 'Precompiled'": {
        "normalizer": {"type": "Sequence", "normalizers": [{"type": "Precompiled"}]}
    },
    "pre_tokenizer 'Metaspace'": {"pre_tokenizer": {"type": "Metaspace"}},
    "pre_tokenizer 'Split'": {
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "Split"}]}
    },
    "post_processor 'Nothing'": {"post_processor": {"type": "Nothing"}},
    "pre_tokenizer 'ByteLevel' with model 'WordPiece'": {"pre_tokenizer": {"type": "ByteLevel"}},
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_supported_is_named(name, tmp_path):
    file = tmp_path / "tokenizer.json"
    recipes.bare().save(str(file))
    file.write_text(json.dumps(json.loads(file.read_text()) | REFUSED[name]))
    done = subprocess.run([DRIVER, file], stdin=subprocess.DEVNULL, capture_output=True, check=False)
    assert done.returncode == 1
    assert f"{name} is not supported" in done.stderr.decode()
