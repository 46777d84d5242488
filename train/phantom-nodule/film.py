# SPDX-License-Identifier: Apache-2.0
"""From what the chest takes of the beam to gray values: scatter, quanta, blur, gray scale, and
what else is on the film: collimation, a side marker, leads."""
import numpy as np
from anatomy import spread
from numpy.random import Generator
from PIL import Image, ImageDraw
from ranges import Ranges
from scipy.ndimage import gaussian_filter
from view import View

LETTERS = {"L": [(0, 0), (0, 10), (6, 10)],
           "R": [(0, 10), (0, 0), (5, 0), (6, 2.5), (5, 5), (0, 5), (3, 5), (6, 10)]}


def exposed(rng: Generator, density: np.ndarray, ranges: Ranges) -> np.ndarray:
    """What arrives, as a logarithm: quanta are counted, so little light is noisy."""
    photons = np.exp(rng.uniform(*np.log(ranges.photons)))
    primary = np.exp(-density)
    share = rng.uniform(*ranges.scatter)
    expected = gaussian_filter((1 - share) * primary + share * spread(primary, 32),
                               rng.uniform(*ranges.blur_pixels))
    counts = rng.poisson(photons * expected).astype(np.float32)
    return -np.log((gaussian_filter(counts, 0.45) + 1) / np.float32(photons))


def leads(rng: Generator, view: View) -> np.ndarray:
    """Wires and electrodes on the skin, or a catheter."""
    image = Image.new("F", (view.width * 2, view.height * 2))
    pen = ImageDraw.Draw(image)
    for _ in range(rng.integers(1, 4)):
        steps = np.stack([rng.normal(0, 14, 12), rng.uniform(4, 18, 12)], axis=1)
        points = np.array([rng.uniform(-110, 110), -190]) + np.cumsum(steps, axis=0)
        path = [tuple(point) for point in (view.to_pixels(points) * 2).tolist()]
        pen.line(path, fill=0.5, width=2, joint="curve")
        if rng.random() < 0.6:
            (x, y), radius = path[-1], 4.5 / view.pixel_mm * 2
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=0.35)
            pen.ellipse((x - radius / 2, y - radius / 2, x + radius / 2, y + radius / 2), fill=1.6)
    return np.asarray(image.reduce(2))


def sharpened(values: np.ndarray, amount: float) -> np.ndarray:
    return values + np.float32(amount) * (values - gaussian_filter(values, 3, truncate=2))


def gray(rng: Generator, view: View, values: np.ndarray, ranges: Ranges) -> np.ndarray:
    """0 to 1: dark lungs to white bone, as the middle of the image has them."""
    values = sharpened(values, rng.uniform(*ranges.sharpening))
    middle = values[(np.abs(view.x) < 130) & (np.abs(view.y) < 130)]
    low, high = np.percentile(middle, [rng.uniform(0.3, 4), rng.uniform(95, 99.7)])
    level = np.clip((values - (low - rng.uniform(0.05, 0.3))) / (high - low + 0.25), 0, 1)
    return level ** np.float32(rng.uniform(*ranges.gamma)) * rng.uniform(0.86, 1)


def side_marker(rng: Generator, view: View, level: np.ndarray) -> np.ndarray:
    letter = rng.choice(list(LETTERS))
    image = Image.fromarray((level * 255).astype(np.uint8))
    size = rng.uniform(0.9, 1.4) * view.width / 256
    left = view.width * (0.87 if letter == "L" else 0.07)
    top = view.height * rng.uniform(0.06, 0.15)
    points = [(left + x * size, top + y * size) for x, y in LETTERS[letter]]
    ImageDraw.Draw(image).line(points, fill=int(rng.integers(215, 256)), width=round(2 * size))
    return np.asarray(image).astype(np.float32) / 255


def collimated(rng: Generator, level: np.ndarray) -> np.ndarray:
    height, width = level.shape
    kept = np.ones_like(level)
    for axis, size in ((0, height), (1, width)):
        first, last = rng.uniform(0, 0.055, 2) * size
        place = np.arange(size, dtype=np.float32)
        strip = np.clip((place - first) / 1.5, 0, 1) * np.clip((size - 1 - last - place) / 1.5, 0, 1)
        kept = kept * (strip[:, None] if axis == 0 else strip[None, :])
    return 0.02 + (level - 0.02) * kept


def develop(rng: Generator, view: View, density: np.ndarray, ranges: Ranges) -> Image.Image:
    if rng.random() < 0.2:
        density = density + leads(rng, view)
    level = gray(rng, view, exposed(rng, density, ranges), ranges)
    if rng.random() < 0.6:
        level = side_marker(rng, view, level)
    if rng.random() < 0.7:
        level = collimated(rng, level)
    return Image.fromarray(np.round(level * 255).clip(0, 255).astype(np.uint8))
