/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/operation.h"

/* What any message may be refused with: its form, its size, its pace, its method. */
static const int of_any_message[] = {400, 405, 408, 413, 414, 417, 431, 501, 503, 505};

static bool is_of_any_message(int http_status)
{
    for (size_t i = 0; i < sizeof(of_any_message) / sizeof(of_any_message[0]); i++) {
        if (of_any_message[i] == http_status) {
            return true;
        }
    }
    return false;
}

bool operation_refuses(const struct operation *operation, int http_status)
{
    for (enum galen_status status = GALEN_INVALID; status <= GALEN_TIMEOUT; status++) {
        if ((operation->refusals >> status & 1) != 0 &&
            galen_status_http(status) == http_status) {
            return true;
        }
    }
    return is_of_any_message(http_status);
}

bool operation_status_means(int http_status, enum galen_status status)
{
    return galen_status_http(status) == http_status ||
           (is_of_any_message(http_status) && status_from_refusal(http_status) == status);
}
