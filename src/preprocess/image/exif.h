/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one thing that Exif says about pixels: which way up they are.
 *
 * Source: TIFF 6.0, section 2; Exif 2.3 (CIPA DC-008), tag 274. Everything else in there,
 * and whatever is broken, is passed over. Pure.
 */
#pragma once

#include "base/bytes.h"

enum { EXIF_UPRIGHT = 1 };

/* tiff begins with the byte order, behind any "Exif\0\0". 1 to 8: 0th row and column of the
 * pixels as stored are top and left, top and right, bottom and right, bottom and left, left
 * and top, right and top, right and bottom, left and bottom. EXIF_UPRIGHT where nothing
 * valid is said. Of several, the last counts. */
uint8_t exif_orientation(struct bytes tiff);
