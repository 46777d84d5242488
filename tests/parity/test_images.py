# SPDX-License-Identifier: Apache-2.0
"""Tensors of images are those that Pillow and numpy make, to within 1 of 255."""

import dataclasses
import os
import pathlib
import random
import struct
import subprocess

import images
import numpy
import pytest
from seed import SEED

ROOT = pathlib.Path(__file__).resolve().parents[2]
DRIVER = pathlib.Path(os.environ.get("GALEN_BUILD", ROOT / "build")) / "tests/parity/image_driver"
SPECS_OF_A_FILE = 6
RANDOM_COUNT = 1500
ROUNDED = 0.1  # of a pixel: what FP16 cannot tell apart
SHARE_MAX = 1e-4

pytestmark = pytest.mark.filterwarnings("ignore:Palette images with Transparency")


class Driver:
    """Our transform, file after file."""

    def __init__(self):
        self.popen = subprocess.Popen([DRIVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.tensors = self.values = self.unequal = 0

    def read(self, size: int) -> bytes:
        data = self.popen.stdout.read(size)
        assert len(data) == size, "the driver ended"
        return data

    def ask(self, kind: int, data: bytes, spec: images.Spec) -> tuple[int, bytes]:
        self.popen.stdin.write(spec.pack(kind, data))
        self.popen.stdin.flush()
        status, size = struct.unpack("<2I", self.read(8))
        return status, self.read(size)

    def expect_equal(self, file: images.File, spec: images.Spec) -> None:
        status, answer = self.ask(file.kind, file.data, spec)
        assert status == 200, f"seed {SEED}: {file.name}: {answer.decode()}"
        apart = numpy.abs(images.pixels_of(answer, spec) - images.expected(file, spec))
        assert apart.max() <= 1 + ROUNDED, f"seed {SEED}: {file.name}, {spec}: {apart.max():.2f} apart"
        self.tensors += 1
        self.values += apart.size
        self.unequal += int((apart > ROUNDED).sum())

    def end(self) -> None:
        self.popen.stdin.close()
        assert self.popen.wait(60) == 0
        self.popen.stdout.close()


@pytest.fixture(name="driver", scope="module")
def fixture_driver():
    driver = Driver()
    yield driver
    driver.end()
    print(f"{driver.tensors} tensors, {driver.values} values, {driver.unequal} are not equal")
    assert driver.unequal <= SHARE_MAX * driver.values


@pytest.mark.parametrize("files", [images.jpegs, images.pngs])
def test_files_of_every_kind(driver, files):
    source = random.Random(SEED)
    specs = images.specs()
    for file in files(source):
        for spec in source.sample(specs, SPECS_OF_A_FILE):
            driver.expect_equal(file, spec)


def test_large_files_to_the_usual_size(driver):
    usual = [images.Spec(width=224, height=224, datatype=4, filter=which) for which in range(6)]
    cut = images.Spec(fit=images.COVER, shorter=256, width=224, height=224, datatype=4)
    box = images.Spec(fit=images.CONTAIN, width=512, height=512, pad=114, layout=images.NHWC)
    for file in images.large(random.Random(SEED)):
        for spec in [*usual, cut, box]:
            driver.expect_equal(file, spec)


def test_every_filter_with_every_fit(driver):
    source = random.Random(SEED)
    for make in (images.photo, images.extremes):
        for mode, channels in (("L", 1), ("RGB", 3)):
            image = images.image_of(make(120, 77, channels, source), mode)
            file = images.File(f"{make.__name__} {mode}", images.PNG, images.saved(image, "PNG"))
            for spec in images.specs():
                driver.expect_equal(file, spec)


def test_random_sizes(driver):
    source = random.Random(SEED)
    for _ in range(RANDOM_COUNT):
        driver.expect_equal(images.random_file(source), images.random_spec(source))


def test_every_layout_datatype_and_order_of_channels(driver):
    source = random.Random(SEED)
    file = images.File("photo", images.PNG, images.saved(
        images.image_of(images.photo(64, 48, 3, source), "RGB"), "PNG"))
    for channels in (images.GRAY, images.RGB, images.BGR):
        for layout in (images.NCHW, images.NHWC):
            for datatype in images.DTYPES:
                driver.expect_equal(file, images.Spec(channels, layout, datatype=datatype))


def test_values_are_those_of_numpy(driver):
    """In the same arithmetic: float32, (pixel * scale - mean) / std."""
    file = images.random_file(random.Random(SEED))
    spec = images.Spec(datatype=4)
    pixels = images.expected(file, dataclasses.replace(spec, datatype=1))
    mean, std = (numpy.array(each, numpy.float32).reshape(3, 1, 1) for each in (spec.mean, spec.std))
    values = (pixels.astype(numpy.float32) * numpy.float32(spec.scale) - mean) / std
    assert driver.ask(file.kind, file.data, spec) == (200, values.tobytes())
    half = dataclasses.replace(spec, datatype=2)
    assert driver.ask(file.kind, file.data, half) == (200, values.astype(numpy.float16).tobytes())


def test_nothing_but_pixels_matters(driver):
    """The same pixels with metadata of all kinds, and without, make the same bytes."""
    source = random.Random(SEED)
    image = images.image_of(images.photo(40, 30, 3, source), "RGB")
    spec = images.Spec(datatype=4)
    plain = driver.ask(images.PNG, images.saved(image, "PNG"), spec)
    marked = images.saved(image, "PNG", exif=images.exif(1), icc_profile=b"secret", dpi=(72, 72))
    assert driver.ask(images.PNG, marked + b"secret", spec) == plain
    plain = driver.ask(images.JPEG, images.saved(image, "JPEG"), spec)
    marked = images.saved(image, "JPEG", exif=images.exif(1), comment=b"secret", icc_profile=b"secret")
    assert driver.ask(images.JPEG, marked + b"secret", spec) == plain
