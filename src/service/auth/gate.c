/* SPDX-License-Identifier: Apache-2.0 */
#include "service/auth/gate.h"

#include "codec/url.h"

enum { CHALLENGE_SIZE_BYTES_MAX = 1024, HEADER_COUNT_LOOKED_AT = 2 };

/* Two are enough to see that there is more than one. */
static size_t find_headers(const struct http_request_head *head, struct bytes *out_values)
{
    size_t count = 0;
    for (size_t i = 0; i < head->header_count && count < HEADER_COUNT_LOOKED_AT; i++) {
        if (bytes_equal_ignoring_case(head->headers[i].name, BYTES("Authorization"))) {
            out_values[count++] = head->headers[i].value;
        }
    }
    return count;
}

/* Also one that is there twice or cannot be decoded: what it holds is not asked for. */
static bool has_token_in_url(struct auth_visit *visit)
{
    struct bytes value;
    return url_query_get(visit->head->query, "access_token", visit->arena, &value) !=
           GALEN_NOT_FOUND;
}

static enum galen_status ask(struct auth_visit *visit, struct auth_refusal *out_refusal)
{
    const struct auth_gate *gate = visit->gate;
    struct bytes values[HEADER_COUNT_LOOKED_AT];
    const struct auth_question question = {
        .authorization = values,
        .authorization_count = find_headers(visit->head, values),
        .has_token_in_url = has_token_in_url(visit),
        .peer = visit->peer,
        .now_s = gate->now_s(gate->context),
        .arena = visit->arena,
        .cache = gate->cache,
    };
    auth_unref(visit->auth);
    visit->auth = auth_ref(gate->auth);
    *out_refusal = (struct auth_refusal){.reason = REFUSAL_NOT};
    visit->status = auth_check(visit->auth, &question, &visit->principal, out_refusal);
    visit->refusal = visit->status == GALEN_OK ? REFUSAL_NOT : out_refusal->reason;
    return visit->status;
}

static void decide(const struct auth_visit *visit)
{
    if (visit->refusal != REFUSAL_NOT) {
        tally_add(&visit->gate->counts.refused[visit->refusal], 1);
    }
}

/* Whatever became of the wish: what there is now decides. */
static void on_told(struct jwks_waiter *waiter)
{
    struct auth_visit *visit = LIST_ITEM(waiter, struct auth_visit, waiter);
    struct auth_refusal refusal;
    (void)ask(visit, &refusal);
    decide(visit);
    visit->done(visit);
}

static bool waits_for_keys(struct auth_visit *visit, const struct auth_refusal *refusal)
{
    const struct auth_gate *gate = visit->gate;
    if (!refusal->needs_keys || gate->want_keys == NULL) {
        return false;
    }
    visit->waiter = (struct jwks_waiter){
        .mailbox = gate->mailbox, .kid = refusal->key_id, .told = on_told};
    return gate->want_keys(gate->context, &visit->waiter, gate->now_ns(gate->context));
}

enum auth_answer auth_visit_begin(struct auth_visit *visit)
{
    struct auth_refusal refusal;
    if (ask(visit, &refusal) != GALEN_OK && waits_for_keys(visit, &refusal)) {
        return AUTH_WAITS;
    }
    decide(visit);
    return AUTH_DECIDED;
}

enum galen_status auth_visit_lack(struct auth_visit *visit)
{
    visit->refusal = REFUSAL_SCOPE;
    visit->status = refusal_status(REFUSAL_SCOPE);
    decide(visit);
    return visit->status;
}

void auth_visit_forget_peer(struct auth_visit *visit)
{
    visit->peer = NULL;
}

struct bytes auth_visit_challenge(const struct auth_visit *visit, enum refusal refusal,
                                  struct bytes scope)
{
    struct writer text;
    if (visit->auth == NULL) {
        return BYTES_NONE;
    }
    writer_init(&text, CHALLENGE_SIZE_BYTES_MAX);
    auth_challenge(visit->auth, refusal, scope, &text);
    const struct bytes whole = writer_bytes(&text);
    const char *copy = text.status == GALEN_OK && whole.size > 0
                           ? arena_copy_string(visit->arena, whole)
                           : NULL;
    writer_deinit(&text);
    return copy == NULL ? BYTES_NONE : bytes_from_string(copy);
}

void auth_visit_deinit(struct auth_visit *visit)
{
    principal_unref(take(&visit->principal));
    auth_unref(take(&visit->auth));
}
