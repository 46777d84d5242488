/* SPDX-License-Identifier: Apache-2.0 */
/* Statuses for folders that may not include the public headers, and the way back from what
 * a peer said. */
#pragma once

#include "base/bytes.h"
#include "galen/status.h"

/* The status whose slug this is; false when there is none. */
bool status_from_slug(struct bytes slug, enum galen_status *out_status);

/* What an upstream's HTTP status means where it sent no slug: the first row with that code,
 * INVALID for other 4xx, BAD_UPSTREAM for the rest. 2xx is OK. Of 401 it is BAD_UPSTREAM
 * too: what an upstream wants to be shown is ours to have, and no caller's. */
enum galen_status status_from_http(int http);

/* What an HTTP status that we refuse a message with ourselves means: the first row with
 * that code, INVALID where there is none (408, 414, 417, 431, 505 are the client's doing).
 */
enum galen_status status_from_refusal(int http);
