/* SPDX-License-Identifier: Apache-2.0 */
#include "service/auth/auth_record.h"

#include "base/invariant.h"

enum audit_event_kind auth_record_kind(enum refusal refusal)
{
    INVARIANT(refusal != REFUSAL_NOT);
    return refusal == REFUSAL_SCOPE ? AUDIT_EVENT_authz : AUDIT_EVENT_authn;
}

enum galen_status auth_record_put_actor(const struct principal *principal,
                                        const struct audit_lane *lane, uint8_t *hmac,
                                        struct audit_event *event)
{
    event->actor_client_id = BYTES("unidentified");
    if (principal == NULL || principal->kind == PRINCIPAL_ANONYMOUS) {
        return GALEN_OK;
    }
    event->actor_client_id = principal->client_id;
    event->actor_sub = principal->subject;
    event->actor_issuer = principal->issuer;
    if (principal->token_id.size == 0) {
        return GALEN_OK;
    }
    event->actor_token_hmac = hmac;
    return audit_lane_pseudonym(lane, principal->token_id, hmac);
}
