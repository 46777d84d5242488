/* SPDX-License-Identifier: Apache-2.0 */
/* What a record says of who asked, and of why they were not let in (docs/audit.md). Pure.
 */
#pragma once

#include "service/audit/audit.h"
#include "service/audit/event.h"
#include "service/auth/principal.h"
#include "service/auth/refusal.h"

/* AUDIT_EVENT_authz for a scope that is lacking, else _authn. Not of REFUSAL_NOT. */
enum audit_event_kind auth_record_kind(enum refusal refusal);

/* Sets the event's actor; both are borrowed until it is written, hmac being 32 bytes of the
 * caller's. principal NULL, or anonymous: nothing is told of what the caller says that it
 * is. GALEN_INTERNAL, GALEN_NO_MEMORY. */
MUST_USE enum galen_status auth_record_put_actor(const struct principal *principal,
                                                 const struct audit_lane *lane,
                                                 uint8_t *hmac, struct audit_event *event);
