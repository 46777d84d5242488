/* SPDX-License-Identifier: Apache-2.0 */
/* The heap that nghttp2 gets: bounded, and wiped when it is freed, since header tables and
 * frames hold what clients sent. Threads: one owner. */
#pragma once

#include <nghttp2/nghttp2.h>

struct http2_memory {
    size_t size; /* of all that is allocated now */
    size_t size_max;
    nghttp2_mem mem; /* for nghttp2; borrows the rest */
};

void http2_memory_init(struct http2_memory *memory, size_t size_max);
