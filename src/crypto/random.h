/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Unpredictable bytes from OpenSSL's generator, which seeds itself from the kernel and
 * again after a fork. Threads: any; each has its own generator. GALEN_INTERNAL: there is no
 * randomness to be had, and then nothing else may take its place.
 */
#pragma once

#include "base/bytes.h"
#include "base/status.h"

MUST_USE enum galen_status random_bytes(void *out_data, size_t size);

/* A UUID of version 4 (RFC 9562 section 5.4) as 36 characters and a NUL: request ids. */
#define RANDOM_UUID_SIZE 37u
MUST_USE enum galen_status random_uuid(char *out_text);
