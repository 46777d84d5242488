# SPDX-License-Identifier: Apache-2.0
"""A model of images, put between the page and the server: the page must not know the difference."""
import base64
import json
import struct
import zlib

from playwright.sync_api import Page, Route

NAME = "shadows"
MODEL = {"name": NAME, "versions": ["1"], "tags": {"current": "1"}, "title": "Round shadows",
         "task": "image-classification", "media_types": ["image/jpeg", "image/png"],
         "labels": ["nodule", "none"], "demonstration": True}
ANSWER = {"request_id": "r", "model": {"name": NAME, "version": "1", "sha256": "0" * 64},
          "task": "image-classification",
          "predictions": [{"label": "nodule", "score": 0.75}, {"label": "none", "score": 0.25}],
          "abstained": None, "warnings": [], "timing_us": {"preprocess": 1, "infer": 2, "total": 3}}


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(size: int = 48) -> bytes:
    """A grey square with a bright disc in it."""
    def shade(x: int, y: int) -> int:
        return 220 if (x - 30) ** 2 + (y - 20) ** 2 < 64 else 40
    rows = b"".join(b"\0" + bytes(shade(x, y) for x in range(size)) for y in range(size))
    head = struct.pack(">IIBBBBB", size, size, 8, 0, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows))
            + chunk(b"IEND", b""))


def add_image_model(page: Page) -> list:
    """The list gets what was sent to it: (Content-Type, body)."""
    sent = []

    def describe(route: Route) -> None:
        document = route.fetch().json()
        document["x-galen-models"].append(MODEL)
        content = document["paths"]["/infer"]["post"]["requestBody"]["content"]["application/json"]
        content["examples"]["disc"] = {"value": {"model": NAME, "content_type": "image/png",
                                                 "input": base64.b64encode(png()).decode()}}
        route.fulfill(json=document)

    def answer(route: Route) -> None:
        if f"model={NAME}" not in route.request.url:
            route.continue_()
            return
        sent.append((route.request.headers["content-type"], route.request.post_data_buffer))
        route.fulfill(body=json.dumps(ANSWER), content_type="application/json")
    page.route("**/openapi.json", describe)
    page.route("**/infer?*", answer)
    return sent
