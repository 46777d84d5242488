/* SPDX-License-Identifier: Apache-2.0 */
#include "service/request_id.h"

static bool is_plain(uint8_t byte)
{
    const uint8_t lower = byte | 0x20;
    return (lower >= 'a' && lower <= 'z') || (byte >= '0' && byte <= '9') || byte == '-' ||
           byte == '_' || byte == '.';
}

bool request_id_is_plain(struct bytes text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (!is_plain(text.data[i])) {
            return false;
        }
    }
    return text.size > 0 && text.size < REQUEST_ID_SIZE;
}
