/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever Exif holds, an orientation is one of eight. */
#include "preprocess/image/exif.h"

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t orientation = exif_orientation(bytes_of(data, size));
    INVARIANT(orientation >= 1 && orientation <= 8);
    return 0;
}
