#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Asks `tokenizers` what it takes each code point for, and prints unicode_classes.def.

usage: unicode_classes.py > src/preprocess/text/unicode_classes.def

Its parts stand on tables of several versions of Unicode (the crates that they come from), so no
single version of a library answers as they do.
"""

from collections.abc import Callable

from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers

CODE_POINTS = [*range(0xD800), *range(0xE000, 0x110000)]


def bert(**options: bool) -> normalizers.BertNormalizer:
    return normalizers.BertNormalizer(
        **(
            {
                "clean_text": False,
                "handle_chinese_chars": False,
                "strip_accents": False,
                "lowercase": False,
            }
            | options
        )
    )


def vanishes_in(normalizer) -> Callable[[str], bool]:
    return lambda character: normalizer.normalize_str(f"a{character}b") == "ab"


def joins(neighbour: str) -> Callable[[str], bool]:
    split = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    return lambda character: len(split.pre_tokenize_str(neighbour + character)) == 1


def is_space() -> Callable[[str], bool]:
    split = pre_tokenizers.WhitespaceSplit()
    return lambda character: len(split.pre_tokenize_str(f"a{character}b")) == 2


def is_punctuation() -> Callable[[str], bool]:
    split = pre_tokenizers.BertPreTokenizer()
    return lambda character: len(split.pre_tokenize_str(f"a{character}b")) == 3


def is_chinese() -> Callable[[str], bool]:
    chinese = bert(handle_chinese_chars=True)
    return lambda character: len(chinese.normalize_str(character)) == 3


def is_word() -> Callable[[str], bool]:
    """Whether a token that is a word of its own is none before it."""
    tokenizer = Tokenizer(models.WordLevel({"?": 0}, unk_token="?"))
    tokenizer.add_tokens([AddedToken("q", single_word=True, normalized=False)])
    return lambda character: 1 not in tokenizer.encode("q" + character).ids


def is_unstable() -> Callable[[str], bool]:
    """Whether a decomposition changes it, or moves it past marks of the first or last class."""
    order, decomposition = normalizers.NFD(), normalizers.NFKD()
    return lambda character: (
        decomposition.normalize_str(character) != character
        or order.normalize_str(f"a\u0345{character}")[1] != "\u0345"
        or order.normalize_str(f"a{character}\u0334")[1] == "\u0334"
    )


CLASSES = [
    ("CONTROL", vanishes_in(bert(clean_text=True))),
    ("SPACE", is_space()),
    ("PUNCTUATION", is_punctuation()),
    ("CHINESE", is_chinese()),
    ("NONSPACING", vanishes_in(bert(strip_accents=True))),
    ("MARK", vanishes_in(normalizers.StripAccents())),
    ("LETTER", joins("a")),
    ("NUMBER", joins("1")),
    ("WORD", is_word()),
    ("UNSTABLE", is_unstable()),
]


def classes_of(character: str) -> str:
    return " | ".join(name for name, holds in CLASSES if holds(character))


def ranges() -> list[tuple[int, int, str]]:
    found: list[tuple[int, int, str]] = []
    for code_point in CODE_POINTS:
        names = classes_of(chr(code_point))
        if found and found[-1][1:] == (code_point - 1, names) and names:
            found[-1] = (found[-1][0], code_point, names)
        elif names:
            found.append((code_point, code_point, names))
    return found


def main() -> None:
    print("""/* SPDX-License-Identifier: Apache-2.0 */
/* What each code point is taken for, as tests/parity/unicode_classes.py found by asking
 * `tokenizers` 0.23.3. Ascending; what is in no range is in no class. */
/* clang-format off */""")
    for first, last, names in ranges():
        print(f"CLASSES(0x{first:04X}, 0x{last:04X}, {names})")
    print("/* clang-format on */\n\n#undef CLASSES")


if __name__ == "__main__":
    main()
