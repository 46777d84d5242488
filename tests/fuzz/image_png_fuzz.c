/* SPDX-License-Identifier: Apache-2.0 */
/* The input is a PNG file, as it is and with its checksums made right, without which hardly
 * anything would be decoded; image_fuzz.h says what must hold. */
#include "fuzz.h"
#include "image_fuzz.h"
#include "image_samples.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *repaired = malloc(size + (size == 0));
    INVARIANT(repaired != NULL);
    (void)image_fuzz_run(IMAGE_PNG, bytes_of(data, size));
    if (size > 0) {
        memcpy(repaired, data, size);
    }
    png_repair(repaired, size);
    (void)image_fuzz_run(IMAGE_PNG, bytes_of(repaired, size));
    free(repaired);
    return 0;
}
