/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/phases.h"

#include "base/invariant.h"
#include "gateway/access.h"
#include "gateway/admission_phase.h"
#include "gateway/audit.h"
#include "gateway/policy_rules.h"
#include "gateway/request_trace.h"
#include "gateway/respond.h"
#include "gateway/routes.h"

/* The client's own id where it is a plain token, else 128 random bits in hex. */
static void choose_id(struct request *request)
{
    static const char digits[] = "0123456789abcdef";
    struct bytes given;
    uint8_t random[16];
    if (request_header(request, "X-Request-Id", &given) && request_id_is_plain(given)) {
        memcpy(request->id, given.data, given.size);
        request->id[given.size] = '\0';
        return;
    }
    request->gateway->random(request->gateway->context, random, sizeof(random));
    for (size_t i = 0; i < sizeof(random); i++) {
        request->id[2 * i] = digits[random[i] >> 4];
        request->id[2 * i + 1] = digits[random[i] & 15];
    }
    request->id[2 * sizeof(random)] = '\0';
}

/* What a body is coded in is known before it is read. */
static enum galen_status check_coding(struct request *request)
{
    struct bytes value;
    if (request->head->method != HTTP_POST ||
        !request_header(request, "Content-Encoding", &value)) {
        return GALEN_OK;
    }
    const enum galen_status status =
        content_coding_parse(value, &request->coding, &request->error);
    request->lacks_coding = status != GALEN_OK;
    return status;
}

static enum phase_result run_optional(struct request *request,
                                      enum phase_result (*run)(struct request *request))
{
    return run == NULL ? PHASE_CONTINUE : run(request);
}

static enum phase_result admit_to_endpoint(struct request *request)
{
    enum galen_status status = route_find(request->head->method, request->head->path,
                                          &request->endpoint, &request->error);
    request->route_number = route_number(request->head->path);
    if (request->endpoint == NULL) {
        return request_fail(request, status); /* a path that is none leaves a record, too */
    }
    request->leaves_record = request->endpoint->leaves_record;
    request->does_work = request->endpoint->does_work;
    status = status == GALEN_OK ? check_coding(request) : status;
    if (status != GALEN_OK) {
        return request_fail(request, status);
    }
    const enum phase_result result = run_optional(request, request->endpoint->admit);
    return result == PHASE_CONTINUE ? admission_shed(request) : result;
}

static enum phase_result admit(struct request *request)
{
    choose_id(request);
    const enum phase_result result = admit_to_endpoint(request);
    request_trace_begin(request);
    return result;
}

static enum phase_result authenticate(struct request *request)
{
    if (request->gateway->gate == NULL || access_is_open(request)) {
        return PHASE_CONTINUE;
    }
    return request_identify(request);
}

static void take_from_principal(struct request *request)
{
    const struct principal *principal = request->visit.principal;
    if (principal != NULL) {
        request->patient = principal->patient;
        admission_know_caller(request, principal);
    }
}

/* What the head alone shows to be refused is not waited for. */
static enum phase_result permit(struct request *request)
{
    const enum galen_status status = access_check_head(request);
    if (status == GALEN_OK) {
        take_from_principal(request);
        return PHASE_CONTINUE;
    }
    request->leaves_record = true;
    return request_fail(request, status);
}

static enum phase_result authorize(struct request *request)
{
    const enum galen_status status = access_check(request);
    policy_grant(request);
    return status == GALEN_OK ? PHASE_CONTINUE : request_fail(request, status);
}

static enum phase_result decompress(struct request *request)
{
    const struct content_source source = {
        .coding = request->coding,
        .coded = request->body,
        .size_bytes_max = request->view->rules->body_size_bytes_max,
        .lead = request->json_size,
    };
    if (request->coding == CONTENT_IDENTITY) {
        return PHASE_CONTINUE;
    }
    const enum galen_status status =
        content_decode(&source, &request->arena, &request->decoded_body, &request->error);
    if (status != GALEN_OK) {
        return request_fail(request, status);
    }
    request->body =
        bytes_of(blob_data(request->decoded_body), blob_size(request->decoded_body));
    return PHASE_CONTINUE;
}

static enum phase_result route(struct request *request)
{
    return run_optional(request, request->endpoint->route);
}

static enum phase_result validate(struct request *request)
{
    return run_optional(request, request->endpoint->validate);
}

static enum phase_result preprocess(struct request *request)
{
    return run_optional(request, request->endpoint->preprocess);
}

static enum phase_result infer(struct request *request)
{
    return run_optional(request, request->endpoint->infer);
}

static enum phase_result map(struct request *request)
{
    return run_optional(request, request->endpoint->map);
}

static enum phase_result redact(struct request *request)
{
    return run_optional(request, request->endpoint->redact);
}

static enum phase_result render(struct request *request)
{
    respond_render(request);
    return PHASE_CONTINUE;
}

static enum phase_result reply(struct request *request)
{
    request->port->respond(request, &request->reply);
    return PHASE_CONTINUE;
}

const struct phase phases[] = {
    {"admit", admit, AT_HEADERS, false},
    {"authenticate", authenticate, AT_HEADERS, false},
    {"permit", permit, AT_HEADERS, false},
    {"admission", admission_phase, AT_HEADERS, false},
    {"decompress", decompress, AT_BODY, false},
    {"route", route, AT_BODY, false},
    {"authorize", authorize, AT_BODY, false},
    {"admission of the model", admission_of_model_phase, AT_BODY, false},
    {"validate", validate, AT_BODY, false},
    {"preprocess", preprocess, AT_BODY, false},
    {"infer", infer, AT_BODY, false},
    {"map", map, AT_BODY, false},
    {"redact", redact, AT_BODY, false},
    {"render", render, AT_BODY, true},
    {"audit", audit_phase, AT_BODY, true},
    {"reply", reply, AT_BODY, true},
};

const size_t phase_count = sizeof(phases) / sizeof(phases[0]);

size_t phase_find(const char *name)
{
    size_t index = 0;
    while (strcmp(phases[index].name, name) != 0) {
        index++;
        INVARIANT(index < phase_count);
    }
    return index;
}
