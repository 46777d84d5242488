/* SPDX-License-Identifier: Apache-2.0 */
/* What HTTP/1.1 makes of a response (RFC 9112): its first lines, headers and framing. */
#pragma once

#include "net/http_server_impl.h"

/* Renders into the exchange's outgoing, whose parts are taken already. GALEN_NO_MEMORY. */
MUST_USE enum galen_status http1_response_put(struct http_exchange *exchange,
                                              const struct http_response *response);
