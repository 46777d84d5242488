/* SPDX-License-Identifier: Apache-2.0 */
/* The characters of a JSON string (RFC 8259 section 7), for readers that build no document.
 */
#pragma once

#include "base/bytes.h"

/* Decodes the string whose opening quote stands before `at`. The text is no longer than the
 * literal, so out has room for end - at bytes. Returns what follows the closing quote;
 * NULL: no JSON string, not UTF-8, or half a surrogate pair. */
const uint8_t *json_text_decode(const uint8_t *at, const uint8_t *end, uint8_t *out,
                                size_t *out_size);

/* Returns what follows the closing quote, or end; nothing is checked. */
const uint8_t *json_text_skip(const uint8_t *at, const uint8_t *end);
