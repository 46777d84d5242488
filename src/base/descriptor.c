/* SPDX-License-Identifier: Apache-2.0 */
#include "base/descriptor.h"

#include <errno.h>
#include <unistd.h>

bool descriptor_write(int descriptor, struct bytes bytes)
{
    while (bytes.size > 0) {
        const ssize_t count = write(descriptor, bytes.data, bytes.size);
        if (count < 0 && errno != EINTR) {
            return false;
        }
        bytes = bytes_from(bytes, count < 0 ? 0 : (size_t)count);
    }
    return true;
}
