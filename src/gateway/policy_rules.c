/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/policy_rules.h"

#include "base/invariant.h"
#include "codec/media_type.h"

void policy_choose(struct request *request, const char *model)
{
    const struct rules *rules = request->view->rules;
    const char *type_text = request->input.media_type;
    struct media_type type;
    const bool has_type = type_text != NULL &&
                          media_type_parse(bytes_from_string(type_text), &type) == GALEN_OK;
    request->demands = route_index_demands(&rules->index, bytes_from_string(model),
                                           has_type ? &type : NULL);
    if (request->demands.policy[0] != '\0') {
        request->policy = policies_find(&rules->policies, request->demands.policy);
        INVARIANT(request->policy != NULL); /* settings_routes_check */
    }
}

const char *policy_scope(const struct request *request)
{
    return request->policy == NULL ? "" : request->policy->settings->unless_scope;
}

/* Anonymous callers may much, and hold nothing. */
static bool holds(const struct request *request, const char *scope)
{
    const struct principal *principal = request->visit.principal;
    return scope[0] != '\0' && principal != NULL &&
           principal->kind != PRINCIPAL_ANONYMOUS &&
           principal_may(principal, bytes_from_string(scope));
}

void policy_grant(struct request *request)
{
    request->sees_redacted = holds(request, policy_scope(request));
    request->may_send_tensors = holds(request, "infer:raw");
}

bool policy_forbids_tensors(const struct request *request)
{
    const struct policy *policy = request->policy;
    if (policy == NULL || request->may_send_tensors) {
        return false;
    }
    return policy->settings->threshold > 0 ||
           (policy->settings->rule_count > 0 && !request->sees_redacted);
}

enum galen_status policy_check(struct request *request)
{
    return request->is_normalised && policy_forbids_tensors(request)
               ? error_set(&request->error, GALEN_FORBIDDEN,
                           "this model's answers have a policy, which tensors would pass "
                           "by: send text, features or an image to /infer")
               : GALEN_OK;
}

double policy_threshold(const struct request *request)
{
    const struct policy *policy = request->policy;
    double threshold = request->version->contract->threshold;
    if (policy != NULL && policy->settings->threshold > threshold) {
        threshold = policy->settings->threshold;
    }
    if (request->options.has_threshold && request->options.threshold > threshold) {
        threshold = request->options.threshold;
    }
    return threshold;
}

bool policy_echoes_text(const struct request *request)
{
    return request->policy == NULL ? request->gateway->is_demo
                                   : request->policy->settings->echo_text;
}

bool policy_tells_model(const struct request *request)
{
    const uint64_t told = ANSWER_BIT(ANSWER_MODEL) | ANSWER_BIT(ANSWER_MODEL_NAME) |
                          ANSWER_BIT(ANSWER_MODEL_VERSION);
    return request->policy == NULL || request->sees_redacted ||
           (request->policy->members & told) == 0;
}

/* Without a subject there is nothing that two answers have in common. */
static void choose_context(struct request *request, uint8_t *out_context)
{
    const struct gateway *gateway = request->gateway;
    if (request->has_subject) {
        memcpy(out_context, request->subject, SHA256_SIZE);
        return;
    }
    gateway->random(gateway->context, out_context, SHA256_SIZE);
    warnings_add(&request->warnings, WARNING_no_subject);
}

void policy_begin_redaction(struct request *request)
{
    const bool is_touched = request->policy != NULL && !request->sees_redacted;
    uint8_t context[SHA256_SIZE] = {0};
    if (is_touched && request->policy->makes_pseudonyms) {
        choose_context(request, context);
    }
    redaction_init(&request->redaction, is_touched ? request->policy : NULL,
                   request->gateway->redact_hmac, context);
}
