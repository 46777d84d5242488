/* SPDX-License-Identifier: Apache-2.0 */
/* Responses read the same however they are cut, and are final ones. */
#include "http1_cuts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct http1_record whole;
    http1_cuts_change_nothing(&whole, HTTP1_RESPONSE, bytes_of(data, size));
    if (whole.message_count > 0 && whole.last != HTTP1_REFUSED) {
        INVARIANT(whole.head.status == 0 || whole.head.status >= 200);
        INVARIANT(whole.head.status <= 599 && whole.head.version_minor <= 1);
    }
    http1_record_deinit(&whole);
    return 0;
}
