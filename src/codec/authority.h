/* SPDX-License-Identifier: Apache-2.0 */
/* Who a request is for: host and port, as Host, :authority and URLs name them. Pure. */
#pragma once

#include "base/bytes.h"

/* Whether this is `host [":" port]` (RFC 9110 section 4.2.1; RFC 3986 sections 3.2.2 and
 * 3.2.3): a name, an IPv4 address or a bracketed literal, then digits, none of which need
 * be there. Refused beyond the grammar: commas, since Host is no list. User information is
 * none of it. The empty host is valid, and where it may not be that is the caller's to say.
 */
bool authority_is_valid(struct bytes authority);
