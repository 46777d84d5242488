/* SPDX-License-Identifier: Apache-2.0 */
/* The input is a JPEG file; image_fuzz.h says what must hold. */
#include "fuzz.h"
#include "image_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    (void)image_fuzz_run(IMAGE_JPEG, bytes_of(data, size));
    return 0;
}
