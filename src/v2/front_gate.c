/* SPDX-License-Identifier: Apache-2.0 */
/* Who asks, and whether they may, before a byte of the body is read. */
#include "v2/access.h"
#include "v2/front_impl.h"

static enum galen_status check(struct visit *visit, struct error *out_error)
{
    struct auth_visit *asker = &visit->asker;
    if (asker->status != GALEN_OK) {
        return error_set(out_error, asker->status, "%s", refusal_text(asker->refusal));
    }
    const enum galen_status status = v2_access_check(
        &visit->transaction.route, asker->principal, &visit->arena, &visit->lacking_scope);
    return status != GALEN_FORBIDDEN ? status
                                     : error_set(out_error, auth_visit_lack(asker), "%s",
                                                 refusal_text(REFUSAL_SCOPE));
}

static void read_body(struct visit *visit)
{
    visit->state = VISIT_READING;
    http_exchange_read_body(visit->exchange, &visit->body_options);
}

static void go_on(struct visit *visit)
{
    struct error error;
    error_clear(&error);
    const enum galen_status status = check(visit, &error);
    if (status != GALEN_OK) {
        visit_refuse(visit, status, &error);
    } else if (visit->is_gone) {
        visit_close(visit);
    } else {
        read_body(visit);
    }
}

static void on_identified(struct auth_visit *asker)
{
    go_on(asker->context);
}

void visit_admit(struct visit *visit)
{
    struct auth_gate *gate = visit->front->options.gate;
    if (gate == NULL || v2_access_is_open(visit->transaction.route.operation)) {
        read_body(visit);
        return;
    }
    visit->state = VISIT_IDENTIFYING;
    visit->asker = (struct auth_visit){
        .gate = gate,
        .head = http_exchange_head(visit->exchange),
        .peer = http_exchange_peer(visit->exchange),
        .arena = &visit->arena,
        .done = on_identified,
        .context = visit,
    };
    if (auth_visit_begin(&visit->asker) == AUTH_DECIDED) {
        go_on(visit);
    }
}

void visit_lose_client(struct visit *visit)
{
    visit->is_gone = true;
    auth_visit_forget_peer(&visit->asker);
}

void visit_challenge(struct visit *visit, struct reply *reply)
{
    const struct auth_visit *asker = &visit->asker;
    const struct bytes challenge =
        asker->refusal == REFUSAL_NOT
            ? BYTES_NONE
            : auth_visit_challenge(asker, asker->refusal, visit->lacking_scope);
    if (challenge.size > 0) {
        reply_add_header(reply, BYTES("WWW-Authenticate"), challenge);
    }
}
