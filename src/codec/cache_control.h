/* SPDX-License-Identifier: Apache-2.0 */
/* How long an answer says that it is fresh, to a cache of one user (RFC 9111 sections 4.2
 * and 5.2.2). Pure. */
#pragma once

#include "codec/http.h"

#define CACHE_LIFETIME_S_MAX UINT64_C(2147483647) /* longer ones are cut to it */

/* Of all headers Cache-Control together: the smallest max-age less the header Age; 0 where
 * one says no-store or no-cache, or has a max-age that cannot be read. False: they do not
 * say. */
bool cache_control_lifetime(const struct http_header *headers, size_t count,
                            uint64_t *out_lifetime_s);
