/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/request_arm.h"

/* The program and on whose behalf; empty: nobody was asked, or memory is short. */
static struct bytes caller_of(struct request *request)
{
    const struct principal *principal = request->visit.principal;
    if (principal == NULL || principal->kind == PRINCIPAL_ANONYMOUS) {
        return BYTES_NONE;
    }
    const struct bytes client = principal->client_id;
    const struct bytes subject = principal->subject;
    uint8_t *text = arena_alloc(&request->arena, client.size + 1 + subject.size);
    if (text == NULL) {
        return BYTES_NONE;
    }
    memcpy(text, client.data, client.size);
    text[client.size] = '\n';
    memcpy(text + client.size + 1, subject.data, subject.size);
    return bytes_of(text, client.size + 1 + subject.size);
}

static enum arm choose(struct request *request, const struct arms *arms)
{
    const struct gateway *gateway = request->gateway;
    struct arms_asker asker = {
        .subject = request->has_subject
                       ? bytes_of(request->subject, sizeof(request->subject))
                       : BYTES_NONE,
        .caller = caller_of(request),
    };
    gateway->random(gateway->context, (uint8_t *)&asker.chance, sizeof(asker.chance));
    return arms_choose(arms, &asker, &request->arm_by);
}

const struct repository_version *request_arm_version(struct request *request,
                                                     const struct repository_model *model,
                                                     struct bytes wanted)
{
    const struct repository_version *version = repository_resolve(model, wanted);
    const struct arms *arms = view_arms(request->view, model);
    if (wanted.size > 0 || arms == NULL) {
        return version;
    }
    request->arms = arms;
    request->arm = choose(request, arms);
    return request->arm == ARM_CANARY ? arms->canary : version;
}

static bool was_asked(const struct request *request)
{
    return request->preprocess_call.done != NULL || request->infer_call.done != NULL;
}

/* Whether this says something of the version that it came to. */
static bool is_of_arm(const struct request *request)
{
    const enum galen_status status = request->status;
    return request->arms != NULL && request->refused_status == 0 &&
           status != GALEN_CANCELLED && status != GALEN_AUDIT_UNAVAILABLE &&
           (was_asked(request) || status == GALEN_UNSUPPORTED_TYPE ||
            status == GALEN_NO_CONTRACT);
}

static enum arm_outcome outcome_of(enum galen_status status, int http_status)
{
    enum { SERVER_ERRORS = 500, TOO_MANY = 429 };
    if (status == GALEN_OK) {
        return ARM_ANSWERED;
    }
    return http_status >= SERVER_ERRORS || http_status == TOO_MANY ? ARM_FAILED
                                                                   : ARM_REFUSED;
}

void request_arm_count(const struct request *request, int http_status)
{
    const uint64_t duration_ns =
        request->times[GATEWAY_PREPROCESS].ns + request->times[GATEWAY_INFER].ns;
    const bool has_duration =
        request->status == GALEN_OK || request->status == GALEN_TIMEOUT;
    if (is_of_arm(request)) {
        arm_counts_add(request->arms->counts, request->arm,
                       outcome_of(request->status, http_status));
    }
    if (is_of_arm(request) && has_duration) {
        arm_counts_add_duration(request->arms->counts, request->arm,
                                request->gateway->loop_number, duration_ns);
    }
}
