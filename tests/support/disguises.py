# SPDX-License-Identifier: Apache-2.0
"""What a text looks like in other clothes, to be looked for where it must not be."""
import base64
import json
import re
import urllib.parse


def in_base64(raw: bytes) -> list[str]:
    """What of it stays the same whatever stands before and behind, at each of three places."""
    return [base64.b64encode(bytes(lead) + raw).decode()[-(-8 * lead // 6):8 * (lead + len(raw)) // 6]
            for lead in range(3)]


def disguises(text: str) -> list[str]:
    """The whole and each word of it. Digits alone may stand in a hash, and so are left out."""
    parts = [word for word in re.split(r"[/ -]", text) if len(word) > 3 and word != "Patient"]
    found = []
    for word in [text, *parts]:
        raw = word.encode()
        coded = [each for each in in_base64(raw) if len(each) > 6]
        found += [word, json.dumps(word)[1:-1], raw.hex(), urllib.parse.quote(word),
                  urllib.parse.quote_plus(word), urllib.parse.quote(word, safe=""), *coded,
                  *(each.replace("+", "-").replace("/", "_") for each in coded)]
    return [each for each in found if not each.isdigit() or len(each) > 8]
