/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The markers of a JPEG file, from the first to the end of the image, without decoding: how
 * large it is, of how many components and scans, and which way up.
 *
 * Source: ITU-T T.81, annex B. Pure, linear in the file.
 */
#pragma once

#include "preprocess/image/decoder.h"

/* As image_decoder.scan. */
MUST_USE enum galen_status jpeg_scan(struct bytes file, struct image_header *out_header,
                                     struct error *out_error);
