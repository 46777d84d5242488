# SPDX-License-Identifier: Apache-2.0
"""Image files, ordinary and odd, made here; and what Pillow and numpy make of them."""

import dataclasses
import io
import itertools
import random
import struct
import zlib
from collections.abc import Iterator

import numpy
import png
from PIL import Image, ImageOps

JPEG, PNG = 0, 1
GRAY, RGB, BGR = range(3)
NCHW, NHWC = range(2)
STRETCH, COVER, CONTAIN = range(3)
FILTERS = [
    Image.Resampling.NEAREST,
    Image.Resampling.BOX,
    Image.Resampling.BILINEAR,
    Image.Resampling.HAMMING,
    Image.Resampling.BICUBIC,
    Image.Resampling.LANCZOS,
]
DTYPES = {1: numpy.uint8, 2: numpy.float16, 4: numpy.float32}
ORIENTATION = 0x0112
SIDES = [(1, 1), (1, 7), (9, 1), (2, 3), (8, 8), (17, 16), (31, 45), (120, 77)]
SAMPLES_OF = {"L": 1, "LA": 2, "RGB": 3, "RGBA": 4}


@dataclasses.dataclass
class Spec:
    """image_spec, of which `datatype` is the size of an element."""

    channels: int = RGB
    layout: int = NCHW
    fit: int = STRETCH
    filter: int = 2
    width: int = 32
    height: int = 32
    shorter: int = 0
    min_width: int = 0
    min_height: int = 0
    convert: int = 1
    pad: int = 0
    datatype: int = 1
    scale: float = 1 / 255
    mean: tuple[float, float, float] = (0.485, 0.456, 0.406)
    std: tuple[float, float, float] = (0.229, 0.224, 0.225)

    def pack(self, kind: int, file: bytes) -> bytes:
        numbers = [getattr(self, field.name) for field in dataclasses.fields(self)][:12]
        head = struct.pack("<13I7fI", kind, *numbers, self.scale, *self.mean, *self.std, len(file))
        return head + file


@dataclasses.dataclass
class File:
    name: str
    kind: int
    data: bytes
    wide: numpy.ndarray | None = None  # of 16-bit gray, which Pillow does not make 8 bits of


def photo(width: int, height: int, channels: int, source: random.Random) -> numpy.ndarray:
    """Smooth here, sharp there, noise on top."""
    noise = numpy.random.default_rng(source.randrange(1 << 32))
    y, x = numpy.mgrid[0:height, 0:width].astype(numpy.float64)
    planes = []
    for _ in range(channels):
        a, b, c, d = noise.uniform(0.01, 0.3, 4)
        smooth = 127 + 90 * numpy.sin(a * x + b * y) * numpy.cos(c * x - d * y)
        edges = 120 * ((x * c + y * d).astype(int) % 3 - 1)
        planes.append(smooth + edges * (noise.random() < 0.5) + noise.normal(0, 12, (height, width)))
    return numpy.clip(numpy.stack(planes, -1), 0, 255).astype(numpy.uint8)


def extremes(width: int, height: int, channels: int, source: random.Random) -> numpy.ndarray:
    """Only black and white: what overshoots most."""
    noise = numpy.random.default_rng(source.randrange(1 << 32))
    return (noise.random((height, width, channels)) < 0.5).astype(numpy.uint8) * 255


def image_of(array: numpy.ndarray, mode: str) -> Image.Image:
    return Image.fromarray(array.squeeze(-1) if array.shape[-1] == 1 else array, mode)


def saved(image: Image.Image, kind: str, **options) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def exif(orientation: int) -> Image.Exif:
    found = Image.Exif()
    found[0x010E] = "a description that goes no further"
    found[ORIENTATION] = orientation
    return found


def jpegs(source: random.Random) -> Iterator[File]:
    for width, height in [*SIDES, (640, 481)]:
        for progressive, quality in ((False, 90), (True, 60)):
            name = f"{width}x{height} {'progressive' if progressive else 'baseline'}"
            options = {"quality": quality, "progressive": progressive}
            gray = image_of(photo(width, height, 1, source), "L")
            yield File(f"gray {name}", JPEG, saved(gray, "JPEG", **options))
            for sampling in ("4:4:4", "4:2:2", "4:2:0"):
                image = image_of(photo(width, height, 3, source), "RGB")
                data = saved(image, "JPEG", subsampling=sampling, **options)
                yield File(f"{sampling} {name}", JPEG, data)
            cmyk = image_of(photo(width, height, 4, source), "CMYK")
            data = saved(cmyk, "JPEG", **options)
            yield File(f"CMYK {name}", JPEG, data)
            yield File(f"YCCK {name}", JPEG, as_ycck(data))
    yield from odd_jpegs(source)


def as_ycck(cmyk: bytes) -> bytes:
    """The same numbers, taken for YCCK: Adobe's marker says how they are to be read."""
    at = cmyk.index(b"\xff\xee\x00\x0eAdobe")
    return cmyk[: at + 15] + b"\x02" + cmyk[at + 16 :]


def odd_jpegs(source: random.Random) -> Iterator[File]:
    image = image_of(photo(45, 31, 3, source), "RGB")
    for orientation in range(10):
        yield File(f"JPEG turned {orientation}", JPEG, saved(image, "JPEG", exif=exif(orientation)))
    plain = saved(image, "JPEG", quality=95)
    yield File("JPEG with bytes behind it", JPEG, plain + b"PK\x03\x04 and more")
    yield File("JPEG with a comment", JPEG, saved(image, "JPEG", comment=b"\xff\xd9 not the end"))
    yield File("JPEG of RGB", JPEG, saved(image, "JPEG", keep_rgb=True))
    yield File("JPEG with restarts", JPEG, saved(image, "JPEG", restart_marker_blocks=1))
    yield File("JPEG with fill bytes", JPEG, plain[:2] + b"\xff\xff\xff" + plain[2:])
    wide = image_of(photo(2100, 40, 3, source), "RGB")
    yield File("JPEG 2100x40", JPEG, saved(wide, "JPEG", optimize=True))


def pngs(source: random.Random) -> Iterator[File]:
    for width, height in SIDES:
        for interlaced in (False, True):
            name = f"{width}x{height}{' interlaced' if interlaced else ''}"
            for mode, depth in (("L", 8), ("LA", 8), ("RGB", 8), ("RGBA", 8), ("LA", 16), ("RGB", 16),
                                ("RGBA", 16), ("L", 1), ("L", 2), ("L", 4)):
                data, _ = png_of(mode, depth, width, height, interlaced, source)
                yield File(f"{mode} of {depth} bits {name}", PNG, data)
            data, wide = png_of("L", 16, width, height, interlaced, source)
            yield File(f"L of 16 bits {name}", PNG, data, wide >> 8)
            for depth in (1, 2, 4, 8):
                for has_alpha in (False, True):
                    data = palette_png(depth, has_alpha, width, height, interlaced, source)
                    yield File(f"palette of {depth} bits{' with tRNS' * has_alpha} {name}", PNG, data)
    yield from odd_pngs(source)


def rows_of(samples: int, depth: int, width: int, height: int, source: random.Random) -> numpy.ndarray:
    noise = numpy.random.default_rng(source.randrange(1 << 32))
    return noise.integers(0, 1 << depth, (height, width * samples), dtype=numpy.uint16)


def png_of(mode: str, depth: int, width: int, height: int, interlaced: bool,
           source: random.Random) -> tuple[bytes, numpy.ndarray]:
    samples = SAMPLES_OF[mode]
    rows = rows_of(samples, depth, width, height, source)
    out = io.BytesIO()
    writer = png.Writer(width, height, greyscale=samples < 3, alpha=samples in (2, 4), bitdepth=depth,
                        interlace=interlaced)
    writer.write(out, rows.tolist())
    return out.getvalue(), rows.reshape(height, width, samples)


def palette_png(depth: int, has_alpha: bool, width: int, height: int, interlaced: bool,
                source: random.Random) -> bytes:
    colours = [tuple(source.randrange(256) for _ in range(4 if has_alpha else 3))
               for _ in range(1 << depth)]
    out = io.BytesIO()
    writer = png.Writer(width, height, palette=colours, bitdepth=depth, interlace=interlaced)
    writer.write(out, rows_of(1, depth, width, height, source).tolist())
    return out.getvalue()


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def odd_pngs(source: random.Random) -> Iterator[File]:
    image = image_of(photo(45, 31, 3, source), "RGB")
    for orientation in range(1, 9):
        yield File(f"PNG turned {orientation}", PNG, saved(image, "PNG", exif=exif(orientation)))
    plain = saved(image, "PNG")
    text = chunk(b"tEXt", b"Comment\0goes no further")
    text += chunk(b"zTXt", b"a\0\0" + zlib.compress(b"b" * 999))
    yield File("PNG with texts", PNG, plain[:33] + text + plain[33:-12] + text + plain[-12:])
    yield File("PNG with a profile", PNG, saved(image, "PNG", icc_profile=b"x" * 500))
    yield File("PNG with bytes behind it", PNG, plain + plain)
    yield File("PNG with a transparent colour", PNG, saved(image, "PNG", transparency=(1, 2, 3)))
    data = zlib.compress(b"".join(b"\0" + bytes(row) for row in numpy.asarray(image).reshape(31, -1)))
    parts = [chunk(b"IDAT", data[at : at + 7]) for at in range(0, len(data), 7)] + [chunk(b"IDAT", b"")]
    yield File("PNG in small chunks", PNG, plain[:33] + b"".join(parts) + plain[-12:])


def large(source: random.Random) -> Iterator[File]:
    for name, make in (("photo", photo), ("extremes", extremes)):
        image = image_of(make(1500, 1100, 3, source), "RGB")
        yield File(f"large {name}", PNG, saved(image, "PNG", compress_level=1))
        yield File(f"large gray {name}", PNG, saved(image.convert("L"), "PNG", compress_level=1))
        yield File(f"large JPEG {name}", JPEG, saved(image, "JPEG", quality=92))


def random_file(source: random.Random) -> File:
    """Sides of all proportions, lossless; half of them only black and white."""
    width, height = (source.choice((source.randint(1, 20), source.randint(1, 300))) for _ in range(2))
    channels = source.choice((1, 3))
    make = source.choice((photo, extremes))
    image = image_of(make(width, height, channels, source), "L" if channels == 1 else "RGB")
    name = f"{make.__name__} {width}x{height}x{channels}"
    return File(name, PNG, saved(image, "PNG", compress_level=0))


def random_spec(source: random.Random) -> Spec:
    return Spec(
        source.randrange(3), source.randrange(2), source.randrange(3), source.randrange(6),
        source.randint(1, source.choice((9, 300))), source.randint(1, source.choice((9, 300))),
        source.choice((0, source.randint(1, 256))), pad=source.randrange(256),
        datatype=source.choice((1, 2, 4)))


# -- what Pillow and numpy make of them ----------------------------------------------------


def opened(file: File, spec: Spec) -> Image.Image:
    if file.wide is not None:
        image = Image.fromarray(file.wide.astype(numpy.uint8).squeeze(-1), "L")
    else:
        image = ImageOps.exif_transpose(Image.open(io.BytesIO(file.data)))
    if is_gray(image):
        return image.convert("L")
    return image.convert("RGB").convert("L" if spec.channels == GRAY else "RGB")


def is_gray(image: Image.Image) -> bool:
    return image.mode in ("1", "L", "LA", "I", "I;16")


def resized_sides(spec: Spec, width: int, height: int) -> tuple[int, int]:
    if spec.fit == STRETCH:
        return spec.width, spec.height
    if spec.fit == COVER and spec.shorter:  # torchvision.transforms.Resize(shorter)
        if width <= height:
            return spec.shorter, int(spec.shorter * height / width)
        return int(spec.shorter * width / height), spec.shorter
    by_width = spec.width, max(1, int(height * spec.width / width))
    by_height = max(1, int(width * spec.height / height)), spec.height
    return (min if spec.fit == CONTAIN else max)(by_width, by_height)


def place(spec: Spec, image: Image.Image) -> Image.Image:
    """Cuts the centre out, or fills up around it, as torchvision.transforms.CenterCrop."""
    crops, pastes = [], []
    for side, room in ((image.width, spec.width), (image.height, spec.height)):
        crops.append(int(round((side - room) / 2.0)) if side > room else 0)
        pastes.append((room - side) // 2 if side < room else 0)
    image = image.crop((crops[0], crops[1], min(image.width, crops[0] + spec.width),
                        min(image.height, crops[1] + spec.height)))
    pad = spec.pad if image.mode == "L" else (spec.pad,) * 3
    canvas = Image.new(image.mode, (spec.width, spec.height), pad)
    canvas.paste(image, tuple(pastes))
    return canvas


def expected(file: File, spec: Spec) -> numpy.ndarray:
    image = opened(file, spec)
    image = image.resize(resized_sides(spec, *image.size), FILTERS[spec.filter])
    image = place(spec, image)
    if spec.channels != GRAY:
        image = image.convert("RGB")
    pixels = numpy.asarray(image).reshape(spec.height, spec.width, -1)
    if spec.channels == BGR:
        pixels = pixels[:, :, ::-1]
    if spec.layout == NCHW:
        pixels = pixels.transpose(2, 0, 1)
    return numpy.ascontiguousarray(pixels)


def pixels_of(tensor: bytes, spec: Spec) -> numpy.ndarray:
    """The tensor's values in units of a pixel: scale, mean and std taken back."""
    channels = 1 if spec.channels == GRAY else 3
    shape = spec.height, spec.width
    shape = (channels, *shape) if spec.layout == NCHW else (*shape, channels)
    values = numpy.frombuffer(tensor, DTYPES[spec.datatype]).reshape(shape).astype(numpy.float64)
    if spec.datatype == 1:
        return values
    axis = (channels, 1, 1) if spec.layout == NCHW else (channels,)
    mean, std = (numpy.array(each[:channels]).reshape(axis) for each in (spec.mean, spec.std))
    return (values * std + mean) / spec.scale


def specs() -> list[Spec]:
    """Each filter with each fit, smaller and larger, and all else in turn."""
    sizes = [(13, 13), (24, 9), (7, 40), (150, 100)]
    rest = itertools.cycle(itertools.product((GRAY, RGB, BGR), (NCHW, NHWC), (1, 2, 4), (0, 20, 64)))
    found = []
    for which, fit, (width, height) in itertools.product(range(6), range(3), sizes):
        channels, layout, datatype, shorter = next(rest)
        found.append(Spec(channels, layout, fit, which, width, height, shorter, pad=37,
                          datatype=datatype))
    return found
