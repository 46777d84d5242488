/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/random.h"

#include <openssl/rand.h>

enum { UUID_SIZE_BYTES = 16 };

enum galen_status random_bytes(void *out_data, size_t size)
{
    return RAND_bytes_ex(NULL, out_data, size, 0) == 1 ? GALEN_OK : GALEN_INTERNAL;
}

static bool is_dash_before(size_t byte_index)
{
    return byte_index == 4 || byte_index == 6 || byte_index == 8 || byte_index == 10;
}

enum galen_status random_uuid(char *out_text)
{
    uint8_t bytes[UUID_SIZE_BYTES];
    TRY(random_bytes(bytes, sizeof(bytes)));
    bytes[6] = (uint8_t)((bytes[6] & 0x0F) | 0x40); /* version 4 */
    bytes[8] = (uint8_t)((bytes[8] & 0x3F) | 0x80); /* variant 10 */

    char *at = out_text;
    for (size_t i = 0; i < sizeof(bytes); i++) {
        if (is_dash_before(i)) {
            *at++ = '-';
        }
        *at++ = "0123456789abcdef"[bytes[i] >> 4];
        *at++ = "0123456789abcdef"[bytes[i] & 15];
    }
    *at = '\0';
    return GALEN_OK;
}
