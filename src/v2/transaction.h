/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One v2 request as data: bytes in, an infer call out; the answered call in, a reply out.
 * No I/O and no transport, so the HTTP front end of engine and preprocess and the gateway's
 * phases are the same protocol.
 *
 * Lifetime: everything lies in the arena, the body is borrowed until the reply is made.
 */
#pragma once

#include "infer/infer.h"
#include "service/reply.h"
#include "v2/management.h"
#include "v2/route.h"

struct v2_transaction {
    struct v2_route route;
    struct v2_request request; /* V2_INFER: what was asked for */
};

/* The JSON header's size from Inference-Header-Content-Length; body_size where it is
 * absent. GALEN_INVALID: not a number, or beyond the body. */
MUST_USE enum galen_status v2_json_size(bool has_header, struct bytes header,
                                        size_t body_size, size_t *out_json_size,
                                        struct error *out_error);

/* The body with what Inference-Header-Content-Length says of it: 0 makes a raw request.
 * GALEN_INVALID as v2_json_size. */
MUST_USE enum galen_status v2_message_read(bool has_header, struct bytes header,
                                           struct bytes body,
                                           struct v2_message *out_message,
                                           struct error *out_error);

/* Fills call->operation and call->request (deadline and id too) for a route that needs a
 * call; call->arena is set. GALEN_INVALID and the rest of v2_request_decode. */
MUST_USE enum galen_status v2_transaction_begin(struct v2_transaction *transaction,
                                                const struct v2_message *message,
                                                uint64_t now_ns, struct infer_call *call,
                                                struct error *out_error);

/* Whether the route is answered by the front end itself: V2_SERVER and V2_LIVE. */
bool v2_is_answered_here(enum v2_operation operation);

/* The reply of a route that is answered here. The server lists those extensions that work
 * with these powers. */
void v2_reply_here(enum v2_operation operation, const struct v2_powers *powers,
                   struct reply *out_reply);

/* The reply to an answered call, whatever its status. */
void v2_reply_to_call(const struct v2_transaction *transaction,
                      const struct infer_call *call, struct reply *out_reply);

/* {"error": …}, with Allow where the method was wrong and Retry-After where it was busy. */
void v2_reply_to_failure(enum galen_status status, const struct error *error,
                         struct bytes path, struct reply *out_reply);
