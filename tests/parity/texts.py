# SPDX-License-Identifier: Apache-2.0
"""Texts that tokenizers get wrong: scripts, marks, controls, white space, and splices of those."""

import random

SENTENCES = [
    "The patient was given 500 mg of metformin twice daily; glucose fell to 6.1 mmol/L.",
    "Pt c/o SOB & chest pain x3 days, denies fever/chills. Hx: HTN, T2DM (HbA1c 8.2%).",
    "I'd say they've got what she'll need, don't you? It's Bob's; we're sure I'm right.",
    "Caf\u00e9 na\u00efve \u00dcber co\u00f6perate \u0130stanbul stra\u00dfe"
    " \u03a3\u03af\u03c3\u03c5\u03c6\u03bf\u03c2 "
    "\ufb01ne \u01c5 \u1e9e",
    "Cafe\u0301 a\u0323\u0307 a\u0307\u0323 \u0344\u0323 q\u0307\u0323\u0345 e\u0301\u0301\u0301\u0301",
    "\u60a3\u8005\u306f\u767a\u71b1\u3057\u3066\u3044\u308b\u3002\u4f53\u6e29"
    "\u306f38.5\u5ea6\u3002 \ud55c\uad6d\uc5b4 "
    "\u1100\u1161\u11a8 \U00020000\U0002f800",
    "\u0627\u0644\u0645\u0631\u064a\u0636 \u064a\u064f\u0639\u0627\u0646\u064a"
    " \u05d4\u05d7\u05d5\u05dc\u05d4 "
    "\u05e9\u05c1\u05b8\u05dc\u05d5\u05b9\u05dd",
    "\u0930\u094b\u0917\u0940 \u0915\u094b \u092c\u0941\u0916\u093e\u0930 \u0939\u0948 "
    "\u0e1c\u0e39\u0e49\u0e1b\u0e48\u0e27\u0e22",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466 \U0001f44d\U0001f3fd"
    " \U0001f1e9\U0001f1ea \u2764\ufe0f",
    "a\tb\nc\r\nd\x0be\x0cf\x85g\u00a0h\u2003i\u2028j\u3000k\u1680l\u180em\u200bn\ufeffo",
    "\x00nul\x01\x02\x1b[0m\x7f\x80\x9f\ufffd\ufffe\U0010ffff\ue000\u0378\U000e0001",
    "  leading and   many    spaces and trailing  ",
    " ",
    "",
    "\n\n\n",
    "   \n \t ",
    "a",
    " a",
    "a ",
    "'",
    "'s",
    " 's",
    "''ll",
    "1234567890 3.14 \u00bd \u2167 \u0664\u0665 x2y\u00b2 1st",
    "[CLS] not special? [SEP][SEP] [PAD]x [UNK] [MASK] [mask]  <s></s> <mask> x<pad> <|endoftext|>y",
    "snake_case camelCase http://example.org/?a=b&c=d#e foo@bar.baz #hashtag @user",
    "x" * 99 + " " + "y" * 100 + " " + "z" * 101 + " " + "\u00e9" * 101,
    "q\u0301" * 60,
    "!?" * 50,
    "wordwithoutanyend" * 20,
]


def every_code_point(step: int = 400) -> list[str]:
    points = [chr(c) for c in [*range(0xD800), *range(0xE000, 0x110000)]]
    return ["a".join(points[at : at + step]) for at in range(0, len(points), step)]


def long_lines(size: int = 1_000_000) -> list[str]:
    prose = " ".join(SENTENCES[:3]) + " "
    return [
        prose * (size // len(prose)),
        "anunbrokenline" * (size // 14),
        "\u0301" * (size // 10),
        SENTENCES[3] * (size // 100),
        " " * (size // 10),
        "\u60a3" * (size // 10),
    ]


def mutate(text: str, choose: random.Random) -> str:
    alphabet = "".join(SENTENCES)
    for _ in range(choose.randrange(1, 6)):
        at = choose.randrange(len(text) + 1)
        end = min(len(text), at + choose.randrange(6))
        kind = choose.randrange(4)
        if kind == 0:
            text = (
                text[:at]
                + chr(
                    choose.choice(
                        [
                            choose.randrange(0xD800),
                            choose.randrange(0x300, 0x370),
                            choose.randrange(0xE000, 0x110000),
                        ]
                    )
                )
                + text[at:]
            )
        elif kind == 1:
            text = text[:at] + text[end:]
        elif kind == 2:
            text = text[:at] + choose.choice(alphabet) * choose.randrange(1, 4) + text[end:]
        else:
            other = choose.choice(SENTENCES)
            cut = choose.randrange(len(other) + 1)
            text = text[:at] + other[cut : cut + 30] + text[at:]
    return text


def fuzzed(count: int, choose: random.Random) -> list[str]:
    return [mutate(choose.choice(SENTENCES), choose) for _ in range(count)]


def corpus() -> list[str]:
    """What the small vocabularies are trained on."""
    return [text.lower() for text in SENTENCES] + SENTENCES
