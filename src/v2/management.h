/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operations beside runs as data, as transaction.h has runs: bytes in, a management call
 * out; the answered call in, a reply out. Pure but for the arena.
 */
#pragma once

#include "codec/v2_management.h"
#include "infer/management.h"
#include "service/reply.h"
#include "v2/route.h"

/* What may be asked for where somebody listens. */
struct v2_powers {
    bool tells;   /* statistics and configuration: there is somebody to ask */
    bool manages; /* index, load, unload, logging and trace too */
};

/* GALEN_NOT_IMPLEMENTED: nobody has the operation, or nobody here; GALEN_FORBIDDEN: it is
 * for the admin listener. */
MUST_USE enum galen_status v2_check_powers(enum v2_operation operation,
                                           const struct v2_powers *powers,
                                           struct error *out_error);

/* Whether a management call answers the operation. */
bool v2_asks_management(enum v2_operation operation);

/* Whether it changes what others see: such operations leave records. */
bool v2_changes_something(enum v2_operation operation);

/* Fills the caller's part of the call but for arena, mailbox, done and context, for an
 * operation that a management call answers. GALEN_INVALID and the rest of the decoders of
 * codec/v2_management.h; GALEN_FORBIDDEN. */
MUST_USE enum galen_status v2_management_begin(const struct v2_route *route,
                                               struct bytes body, struct arena *arena,
                                               struct infer_management_call *call,
                                               struct error *out_error);

/* The reply to an answered call, whatever its status. */
void v2_reply_to_management(const struct infer_management_call *call,
                            struct reply *out_reply);

/* Answers logging and trace settings; an update changes *settings. As the decoders of
 * codec/v2_management.h; on failure there is no reply. */
MUST_USE enum galen_status v2_reply_to_settings(enum v2_operation operation,
                                                struct bytes body, struct arena *arena,
                                                struct v2_log_settings *settings,
                                                struct reply *out_reply,
                                                struct error *out_error);
