# SPDX-License-Identifier: Apache-2.0
"""What varies from one site to another: where the training images come from, and where
those come from that choose, calibrate and measure."""
import dataclasses

Range = tuple[float, float]


@dataclasses.dataclass(frozen=True)
class Ranges:
    field_mm: Range  # what the width of the image shows
    turn_degrees: Range
    photons: Range  # a pixel that nothing lies in front of
    scatter: Range  # its share of what arrives
    blur_pixels: Range
    bone: Range  # density of bones, of the usual one
    gamma: Range  # of the gray scale
    sharpening: Range
    stored_width: tuple[int, int]
    stored_quality: tuple[int, int]  # of JPEG


TRAINING = Ranges(field_mm=(318, 368), turn_degrees=(-4, 4), photons=(9e3, 6e4), scatter=(0.2, 0.45),
                  blur_pixels=(0.5, 0.9), bone=(0.75, 1.2), gamma=(0.65, 0.95), sharpening=(0.0, 0.6),
                  stored_width=(112, 160), stored_quality=(85, 95))

ELSEWHERE = Ranges(field_mm=(308, 385), turn_degrees=(-7, 7), photons=(5e3, 4e4), scatter=(0.25, 0.55),
                   blur_pixels=(0.6, 1.1), bone=(0.7, 1.35), gamma=(0.58, 1.05), sharpening=(0.0, 0.9),
                   stored_width=(112, 152), stored_quality=(82, 90))
