# SPDX-License-Identifier: Apache-2.0
"""An image in, predictions out, with networks that take the mean of each channel
(tests/data/images/make.py); and what becomes of images that cannot be used."""
import base64
import io
import json
import os
import pathlib
import signal
import socket
import struct
import subprocess
import zlib

import deployment
import pytest
from deployment import NAMES
from message import connect, encode
from PIL import Image
from process import BINARY, DEADLINE_S, ROOT, until
from samples import stable

IMAGES = ROOT / "tests/data/images"
COLOURS = {"red": (250, 20, 10), "green": (10, 200, 30), "blue": (0, 40, 220)}
CANARY = "Zebedee Quux"
PNG = {"Content-Type": "image/png"}
COLOUR = "/infer?model=colour"


def picture(colour="red", size=(40, 30), mode="RGB") -> Image.Image:
    return Image.new("RGB", size, COLOURS[colour]).convert(mode)


def encoded(image: Image.Image, kind: str = "PNG", **options) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


RED = encoded(picture())
GRAY = encoded(picture(mode="L"))


@pytest.fixture(scope="module", params=NAMES)
def images(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("images")
    config = folder / "galen.yaml"
    config.write_text("routes:\n  - {match: {content: image/*}, model: colour}\n")
    galen = deployment.start(request.param, folder, repository=IMAGES, config=str(config),
                             images__workers=2)
    yield galen
    galen.stop()


def part(content: bytes, head: str) -> tuple[bytes, dict[str, str]]:
    body = f"--x\r\nContent-Disposition: form-data; name=input{head}\r\n\r\n".encode() + content
    return body + b"\r\n--x--\r\n", {"Content-Type": "multipart/form-data; boundary=x"}


def as_text(content: bytes) -> str:
    return base64.b64encode(content).decode()


FORMS = {
    "a body": (RED, PNG),
    "a body that declares nothing": (RED, {"Content-Type": None}),
    "a form's file": part(RED, '; filename="scan.png"\r\nContent-Type: image/png'),
    "a form's field": part(RED, ""),
    "a data: URI": ({"input": "data:image/png;base64," + as_text(RED)}, {}),
    "base64": ({"input": as_text(RED), "content_type": "image/png"}, {}),
}


def top(document: dict) -> str:
    return document["predictions"][0]["label"]


@pytest.mark.parametrize("form", FORMS)
def test_each_form_of_an_image_gets_its_answer(images, form):
    reply = images.request("POST", "/infer", *FORMS[form])
    assert reply.status == 200, reply.body
    document = reply.json()
    assert document["task"] == "image-classification"
    assert document["model"]["name"] == "colour"
    assert [item["label"] for item in document["predictions"]] == ["red", "green", "blue"]
    assert document["abstained"] is None


@pytest.mark.parametrize("colour", COLOURS)
@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_channels_are_in_their_order(images, colour, kind):
    reply = images.request("POST", COLOUR, encoded(picture(colour), kind),
                           {"Content-Type": f"image/{kind.lower()}"})
    assert top(reply.json()) == colour


def test_scores_are_those_of_the_pixels(images):
    """50 times three fifties: what the network makes of 100 in shade is known."""
    reply = images.request("POST", "/infer?model=shade", encoded(Image.new("L", (12, 8), 100)), PNG)
    scores = {item["label"]: item["score"] for item in reply.json()["predictions"]}
    assert scores["dark"] == pytest.approx(1 / (1 + 2.718281828 ** (2 - 3)), abs=1e-6)
    assert scores["light"] == pytest.approx(1 - scores["dark"], abs=1e-6)


def test_an_image_is_turned_upright_first(images):
    """shade takes none that is less than ten pixels wide."""
    tall = picture(size=(6, 20))
    exif = Image.Exif()
    exif[0x0112] = 6
    jpeg = {"Content-Type": "image/jpeg"}
    upright = images.request("POST", "/infer?model=shade", encoded(tall, "JPEG", exif=exif), jpeg)
    assert upright.status == 200
    assert images.request("POST", "/infer?model=shade", encoded(tall, "JPEG"), jpeg).status == 422


def test_the_command_line_sends_an_image(images, tmp_path):
    for name in ("scan.png", "scan.PNG", "scan"):
        path = tmp_path / name
        path.write_bytes(RED)
        done = subprocess.run([BINARY, "infer", "--url", images.url, path], capture_output=True,
                              timeout=DEADLINE_S, check=True)
        assert top(json.loads(done.stdout)) == "red"


def test_preprocess_gives_the_tensor_over_v2(images):
    """Of one process and of three the same: the engine's own inputs may be sent as well."""
    shade = {"name": "pixels", "shape": [1, 4, 6, 1], "datatype": "UINT8", "data": [200] * 24}
    reply = images.infer({"model": "shade", "inputs": [shade]})
    assert top(reply.json()) == "light"
    assert images.request("POST", "/v2/models/shade/infer", {"inputs": [shade]}).status == 200


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(
        ">I", zlib.crc32(kind + content))


def header(width: int, height: int) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))


def bomb() -> bytes:
    """12,000 by 4,000 pixels of nothing in 140 kB."""
    rows = zlib.compressobj(9)
    packed = b"".join(rows.compress(bytes(1 + 3 * 12_000)) for _ in range(4_000)) + rows.flush()
    return header(12_000, 4_000) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


REFUSALS = {
    "a PNG that is none": (CANARY.encode() * 20, PNG, 415, "like text/plain"),
    "a JPEG that is a PNG": (RED, {"Content-Type": "image/jpeg"}, 415, "like image/png"),
    "base64 of something else": ({"input": as_text(CANARY.encode()), "content_type": "image/png"}, {},
                                 415, "does not look like"),
    "no base64": ({"input": CANARY, "content_type": "image/png"}, {}, 422, "base64"),
    "another kind of image": (encoded(picture(), "GIF"), {"Content-Type": "image/gif"}, 415,
                              "but image/png, image/jpeg"),
    "the signature only": (RED[:8], PNG, 400, "byte offset 8"),
    "a file that ends early": (RED[:-20], PNG, 400, f"byte offset {len(RED) - 20}"),
    "a JPEG that ends early": (encoded(picture(), "JPEG")[:-40], {"Content-Type": "image/jpeg"}, 400,
                               "byte offset"),
    "a side too long": (header(20_000, 10), PNG, 413, ""),
    "too many pixels": (header(16_000, 16_000), PNG, 413, ""),
    "a bomb": (bomb(), PNG, 413, ""),
    "too small": (encoded(picture(size=(3, 30))), PNG, 422, ""),
    "gray for colour": (GRAY, PNG, 422, ""),
    "nothing": (b"", PNG, 422, "empty"),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_an_image_that_cannot_be_used_is_refused(images, name):
    body, headers, status, detail = REFUSALS[name]
    reply = images.request("POST", COLOUR if isinstance(body, bytes) else "/infer", body, headers)
    assert reply.status == status, reply.body
    problem = reply.json()
    assert problem["errors"][0]["pointer"] == "/input"
    assert detail in problem["errors"][0]["message"]
    assert CANARY not in reply.body.decode()


def test_a_gray_image_is_taken_where_the_model_converts(images):
    for mode in ("L", "RGB", "RGBA", "P", "1"):
        reply = images.request("POST", "/infer?model=shade", encoded(picture(mode=mode)), PNG)
        assert reply.status == 200, (mode, reply.body)


def test_no_metadata_goes_further(images):
    image = picture()
    exif = Image.Exif()
    exif[0x010E] = CANARY
    body = encoded(image, "JPEG", exif=exif, comment=CANARY) + CANARY.encode()
    reply = images.request("POST", COLOUR, body, {"Content-Type": "image/jpeg"})
    assert reply.status == 200
    assert CANARY not in reply.body.decode()
    assert CANARY not in images.log()


def workers_of(galen) -> list[int]:
    """The processes that decode: children of the one that preprocesses."""
    found = []
    for process in galen.processes:
        folder = pathlib.Path(f"/proc/{process.popen.pid}/task")
        for thread in folder.iterdir():
            found += [int(each) for each in (thread / "children").read_text().split()]
    return found


def fields_of(process_id: int) -> list[str]:
    """From the state on (proc(5), stat)."""
    return pathlib.Path(f"/proc/{process_id}/stat").read_text().rsplit(")", 1)[1].split()


def cpu_ticks(process_id: int) -> int:
    fields = fields_of(process_id)
    return int(fields[11]) + int(fields[12])


NOISE = encoded(Image.effect_noise((4000, 4000), 80).convert("RGB"), "JPEG")


def start_decoding(galen) -> tuple[socket.socket, int]:
    """A connection that waits for an answer, and the worker that is at work on it."""
    before = {each: cpu_ticks(each) for each in workers_of(galen)}
    connection = connect(galen.port)
    connection.sendall(encode("POST", COLOUR, NOISE, {"Content-Type": "image/jpeg"}))

    def busy() -> list[int]:
        return [each for each, ticks in before.items() if cpu_ticks(each) > ticks + 2]
    return connection, until(busy, "a worker is at work")[0]


def lost_workers(galen) -> float:
    return sum(process.metrics().get("galen_image_workers_lost_total", 0)
               for process in galen.processes)


def test_a_worker_that_dies_costs_the_image_that_it_had(images):
    lost = images.log().count("image_worker.lost")
    assert lost_workers(images) == lost
    connection, busy = start_decoding(images)
    os.kill(busy, signal.SIGKILL)
    with connection:
        assert connection.recv(12) == b"HTTP/1.1 500"
    for _ in range(4):
        assert images.request("POST", COLOUR, RED, PNG).status == 200
    assert images.log().count("image_worker.lost") == lost + 1
    assert lost_workers(images) == lost + 1


def test_a_worker_that_dies_idle_costs_nothing(images):
    before = workers_of(images)
    assert len(before) == 2
    for each in before:
        os.kill(each, signal.SIGKILL)
        until(lambda each=each: fields_of(each)[0] == "Z", "the worker has ended")
    for _ in range(8):
        assert images.request("POST", COLOUR, RED, PNG).status == 200
    assert len(workers_of(images)) == 2


def test_many_images_at_once_are_answered(images):
    request = encode("POST", COLOUR, RED, PNG | {"Connection": "close"})
    connections = [connect(images.port) for _ in range(20)]
    for each in connections:
        each.sendall(request)
    for each in connections:
        with each:
            assert each.recv(15).startswith(b"HTTP/1.1 200")


def test_clients_that_leave_leave_nothing_behind(images):
    large = encoded(Image.effect_noise((1500, 1500), 80).convert("RGB"), "JPEG")
    request = encode("POST", COLOUR, large, {"Content-Type": "image/jpeg"})
    assert images.request("POST", COLOUR, RED, PNG).status == 200
    files = images.file_counts()
    for _ in range(20):
        with connect(images.port) as connection:
            connection.sendall(request)
    until(lambda: all(now <= then for now, then in zip(images.file_counts(), files, strict=True)),
          "as few files are open as before")
    assert images.request("POST", COLOUR, RED, PNG).status == 200


def test_a_full_queue_says_come_again(launch):
    galen = launch("one", repository=IMAGES, images__workers=1, images__queue_size=1)
    large = encoded(Image.effect_noise((3000, 3000), 80).convert("RGB"), "JPEG")
    request = encode("POST", COLOUR, large, {"Content-Type": "image/jpeg", "Connection": "close"})
    connections = [connect(galen.port) for _ in range(8)]
    for each in connections:
        each.sendall(request)
    replies = [b"".join(iter(lambda each=each: each.recv(65536), b"")) for each in connections]
    assert {reply[9:12] for reply in replies} <= {b"200", b"503"}
    busy = [reply for reply in replies if reply[9:12] == b"503"]
    assert busy
    assert all(b"\r\nRetry-After:" in reply for reply in busy)


def test_an_image_that_takes_too_long_is_given_up(launch):
    galen = launch("one", repository=IMAGES, images__workers=1, request_timeout_ms=60)
    large = encoded(Image.effect_noise((3000, 3000), 80).convert("RGB"), "JPEG", progressive=True)
    reply = galen.request("POST", COLOUR, large, {"Content-Type": "image/jpeg"})
    assert reply.status == 504, reply.body
    until(lambda: galen.request("POST", COLOUR, RED, PNG).status == 200, "it answers again")


@pytest.mark.parametrize("name", NAMES)
def test_it_ends_while_an_image_that_nobody_waits_for_is_decoded(tmp_path, name):
    for _ in range(3):
        galen = deployment.start(name, tmp_path, repository=IMAGES, images__workers=1)
        connection, _worker = start_decoding(galen)
        connection.close()
        galen.stop()


def test_who_serves_no_images_has_no_workers(launch):
    galen = launch("one", repository=ROOT / "tests/data/notes")
    assert workers_of(galen) == []


def test_processes_answer_alike(tmp_path):
    """One process and three, the same image."""
    answers = []
    for name in NAMES:
        galen = deployment.start(name, tmp_path, repository=IMAGES)
        answers.append(stable(galen.request("POST", COLOUR, RED, PNG).json()))
        galen.stop()
    assert answers[0] == answers[1]
