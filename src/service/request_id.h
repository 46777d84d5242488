/* SPDX-License-Identifier: Apache-2.0 */
/* What joins all that one request leaves behind: a plain token, the client's own where it
 * is one. Pure. */
#pragma once

#include "base/bytes.h"

#define REQUEST_ID_SIZE 65u /* with its NUL */

/* Letters, digits, '-', '_' and '.', at least one and fewer than REQUEST_ID_SIZE: nothing
 * that could break a line, a header or a query, and too little to carry a note in. */
bool request_id_is_plain(struct bytes text);
