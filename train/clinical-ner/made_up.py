# SPDX-License-Identifier: Apache-2.0
"""Names that no list has: put together from syllables, roots, affixes and body words, so
that training sees how such names are built and cannot learn them by heart."""
import random
import re

import words

PARTS = words.named_lists("parts")
KINDS = {"P": "problem", "M": "medication", "C": "procedure", "T": "test", "A": "anatomy"}
SLOT = re.compile(r"\{(\w+)\}")
LETTERS = "ABCDEFGHILMNOPRSTUVW"


def syllables(dice: random.Random) -> str:
    return "".join(dice.choice(PARTS[part]) for _ in range(dice.randint(1, 3))
                   for part in ("onsets", "vowels", "codas"))


def surname(dice: random.Random) -> str:
    return (syllables(dice) + dice.choice(PARTS["ends"])).capitalize()


def filled(slot: str, dice: random.Random) -> str:
    if slot == "made":
        return syllables(dice)
    if slot == "surname":
        return surname(dice)
    if slot == "letters":
        return "".join(dice.choice(LETTERS) for _ in range(dice.randint(2, 4)))
    return dice.choice(PARTS[slot])


def name(kind: str, dice: random.Random) -> str:
    """kind: a key of KINDS."""
    pattern = dice.choice(PARTS[KINDS[kind]])
    return SLOT.sub(lambda found: filled(found[1], dice), pattern).strip()
