/* SPDX-License-Identifier: Apache-2.0 */
/* Text from outside for a person's terminal. Pure. */
#pragma once

#include "base/bytes.h"

/* Splits off one character of UTF-8, and returns the rest. One that would do something to a
 * terminal, or turn the text around, comes as "?". rest is not empty. */
struct bytes printable_next(struct bytes rest, struct bytes *out_character);
