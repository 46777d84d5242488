/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/request.h"

#include "base/invariant.h"
#include "gateway/admission_phase.h"
#include "gateway/phases.h"
#include "gateway/request_arm.h"
#include "gateway/request_trace.h"
#include "gateway/respond.h"
#include "gateway/routes.h"

static uint64_t now_ns(const struct request *request)
{
    return request->gateway->now_ns(request->gateway->context);
}

static bool ran(const struct request *request, enum gateway_phase phase)
{
    const struct infer_call *call =
        phase == GATEWAY_PREPROCESS ? &request->preprocess_call : &request->infer_call;
    return request->times[phase].began_ns != 0 &&
           (phase == GATEWAY_AUDIT || call->operation == INFER_RUN);
}

static void count(const struct request *request, int http_status, uint64_t ended_ns)
{
    struct gateway_counts *counts = request->gateway->counts;
    if (counts == NULL) {
        return;
    }
    for (enum gateway_phase phase = 0; phase < GATEWAY_PHASE_COUNT; phase++) {
        if (ran(request, phase)) {
            gateway_counts_phase(counts, phase, request->times[phase].ns);
        }
    }
    gateway_counts_end(counts, request->route_number, http_status,
                       ended_ns - request->started_ns);
}

static void leave_traces(const struct request *request)
{
    const uint64_t ended_ns = now_ns(request);
    const int http_status =
        request->refused_status != 0 ? request->refused_status : request->reply.status;
    count(request, http_status, ended_ns);
    request_arm_count(request, http_status);
    request_trace_end(request, http_status, ended_ns);
}

static void finish(struct request *request)
{
    leave_traces(request);
    if (request->arms != NULL && request->gateway->shadow != NULL) {
        request->gateway->shadow(request);
    }
    infer_call_clear(&request->preprocess_call);
    infer_call_clear(&request->infer_call);
    reply_clear(&request->reply);
    blob_unref(take(&request->decoded_body));
    writer_deinit(&request->audit_fields);
    auth_visit_deinit(&request->visit);
    redaction_deinit(&request->redaction);
    admission_end(request);
    request->port->release(request);
}

static size_t first_always(size_t index)
{
    while (index < phase_count && !phases[index].always) {
        index++;
    }
    return index;
}

static void read_body(struct request *request)
{
    request->state = REQUEST_READING;
    request->port->read_body(request, request->view->rules->body_size_bytes_max,
                             request->json_size);
}

/* Runs phases until one waits, the body is needed or the request is over. */
static void run(struct request *request)
{
    while (request->phase_index < phase_count) {
        const struct phase *phase = &phases[request->phase_index];
        if (phase->at == AT_BODY && !request->has_body && request->status == GALEN_OK) {
            read_body(request);
            return;
        }
        switch (phase->run(request)) {
        case PHASE_CONTINUE:
            request->phase_index++;
            break;
        case PHASE_FAIL:
            INVARIANT(request->status != GALEN_OK && !phase->always);
            request->phase_index = first_always(request->phase_index);
            break;
        case PHASE_WAIT:
            return;
        }
    }
    finish(request);
}

void request_start(struct request *request)
{
    request->phase_index = 0;
    request->state = REQUEST_RUNNING;
    request->has_body = false;
    request->is_gone = false;
    request->pending = NULL;
    request->started_ns = now_ns(request);
    if (request->gateway->counts != NULL) {
        tally_add(&request->gateway->counts->begun, 1);
    }
    request->endpoint = NULL;
    request->route_number = ROUTE_NUMBER_NONE;
    request->visit = (struct auth_visit){.refusal = REFUSAL_NOT};
    request->lacking_scope = BYTES_NONE;
    request->rule = NULL;
    request->body = BYTES_NONE;
    request->coding = CONTENT_IDENTITY;
    request->lacks_coding = false;
    request->decoded_body = NULL;
    request->json_size = 0;
    request->v2 = (struct v2_transaction){0};
    request->model = NULL;
    request->version = NULL;
    request->arms = NULL;
    request->engine = &request->gateway->engines[0];
    request->input = (struct request_input){0};
    request->features = NULL;
    request->document = NULL;
    request->schema_errors = (struct schema_errors){.count = 0};
    request->is_normalised = false;
    request->options = (struct infer_options){.has_threshold = false};
    request->sees_redacted = false;
    request->may_send_tensors = false;
    request->patient = phi_hide(BYTES_NONE);
    request->has_subject = false;
    request->purpose = NULL;
    request->demands = (struct settings_demands){.policy = ""};
    request->policy = NULL;
    request->domain = NULL;
    request->outcome = NULL;
    request->warnings = (struct warnings){0};
    redaction_init(&request->redaction, NULL, NULL, NULL);
    request->does_work = false;
    request->is_routed = false;
    request->route_index = request->view->rules->route_count;
    request->admission = (struct admission_ticket){.is_counted = false};
    request->retry_after_s = 0;
    request->leaves_record = true;
    request->trace = (struct trace){.is_known = false};
    writer_init(&request->audit_fields, 0);
    memset(request->times, 0, sizeof(request->times));
    request->refused_status = 0;
    request->status = GALEN_OK;
    request->reply = (struct reply){0};
    request->preprocess_call = (struct infer_call){0};
    request->infer_call = (struct infer_call){0};
    request->management_call = (struct infer_management_call){0};
    error_clear(&request->error);
    run(request);
}

void request_receive(struct request *request, struct bytes body)
{
    INVARIANT(request->state == REQUEST_READING);
    request->state = REQUEST_RUNNING;
    request->has_body = true;
    request->body = body;
    run(request);
}

/* A request whose body will not come. */
static void end_reading(struct request *request, enum galen_status status, const char *why)
{
    request->state = REQUEST_RUNNING;
    request->status = error_set(&request->error, status, "%s", why);
    request->phase_index = first_always(request->phase_index);
    run(request);
}

void request_refuse(struct request *request, int http_status)
{
    INVARIANT(request->state == REQUEST_READING);
    request->refused_status = http_status;
    end_reading(request, status_from_refusal(http_status), "the body was refused");
}

void request_cancel(struct request *request)
{
    if (request->state == REQUEST_WAITING) {
        infer_cancel(request->pending);
    } else if (request->state == REQUEST_READING) {
        end_reading(request, GALEN_CANCELLED, "the client went away");
    } else if (request->state == REQUEST_IDENTIFYING) {
        request->is_gone = true;
        auth_visit_forget_peer(&request->visit);
    }
}

enum phase_result request_fail(struct request *request, enum galen_status status)
{
    request->status = status;
    return PHASE_FAIL;
}

static void phase_begins(struct request *request, enum gateway_phase phase)
{
    request->times[phase].began_ns = now_ns(request);
}

static void phase_ends(struct request *request, enum gateway_phase phase)
{
    struct phase_time *time = &request->times[phase];
    time->ns = now_ns(request) - time->began_ns;
}

static enum gateway_phase phase_of(const struct request *request,
                                   const struct infer_call *call)
{
    return call == &request->preprocess_call ? GATEWAY_PREPROCESS : GATEWAY_INFER;
}

static bool is_about_input(enum galen_status status)
{
    return status == GALEN_INVALID || status == GALEN_UNPROCESSABLE ||
           status == GALEN_TOO_LARGE || status == GALEN_UNSUPPORTED_TYPE;
}

/* What preprocess says of its input is said of the body's member `input`. */
static void take_failure(struct request *request, const struct infer_call *call)
{
    request->status = call->status;
    request->error = call->error;
    request->retry_after_s = call->route.retry_after_s;
    if (call == &request->preprocess_call && call->operation == INFER_RUN &&
        is_about_input(call->status)) {
        error_prefix_name(&request->error, BYTES("input"));
    }
}

/* The same is asked of who serves; what another version is sent is made by its own rules.
 */
static void ask_stable_arm(struct request *request)
{
    struct infer_call *call = &request->infer_call;
    const struct repository_version *canary = request->version;
    struct infer_request asked = call->request;
    request_arm_fall_back(request);
    infer_call_clear(call);
    request_prepare_call(request, call);
    asked.version = request->version->number_text;
    request->v2.route.version = request->version->number_text;
    asked.deadline_ns = call->request.deadline_ns;
    asked.trace = call->request.trace;
    call->request = asked;
    if (request->version != canary && request->preprocess_call.done != NULL) {
        infer_call_clear(&request->preprocess_call);
        request->phase_index = phase_find("preprocess");
    }
}

/* The way on for a request that waits for a service. */
static void on_done(struct infer_call *call)
{
    struct request *request = call->context;
    INVARIANT(request->state == REQUEST_WAITING && request->pending == call);
    request->state = REQUEST_RUNNING;
    request->pending = NULL;
    phase_ends(request, phase_of(request, call));
    if (call->status == GALEN_OK) {
        request->phase_index++;
    } else if (request_arm_falls_back(request, call)) {
        ask_stable_arm(request);
    } else {
        take_failure(request, call);
        request->phase_index = first_always(request->phase_index);
    }
    run(request);
}

enum phase_result request_wait(struct request *request, struct infer_service *service,
                               struct infer_call *call)
{
    request->state = REQUEST_WAITING;
    request->pending = call;
    phase_begins(request, phase_of(request, call));
    call->done = on_done;
    if (call == &request->infer_call && call->operation == INFER_RUN) {
        call->request.deadline_ns = request_arm_due_ns(request, call->request.deadline_ns);
    }
    infer_submit(service, call);
    return PHASE_WAIT;
}

/* Another way on for a request that waits. */
static void on_told(struct infer_management_call *call)
{
    struct request *request = call->context;
    INVARIANT(request->state == REQUEST_ASKING);
    request->state = REQUEST_RUNNING;
    if (call->status == GALEN_OK) {
        request->phase_index++;
    } else {
        request->status = call->status;
        request->error = call->error;
        request->phase_index = first_always(request->phase_index);
    }
    run(request);
}

enum phase_result request_ask(struct request *request)
{
    struct infer_management_call *call = &request->management_call;
    request->state = REQUEST_ASKING;
    call->deadline_ns = request->started_ns + request->view->rules->timeout_ns;
    call->arena = &request->arena;
    call->mailbox = request->gateway->mailbox;
    call->done = on_told;
    call->context = request;
    infer_manage(request->engine->management, call);
    return PHASE_WAIT;
}

void request_lack_record(struct request *request)
{
    request->status = error_set(&request->error, GALEN_AUDIT_UNAVAILABLE,
                                "the audit record of this request cannot be made durable");
    respond_render(request);
}

/* The other way on for a request that waits. */
static void on_recorded(struct audit_entry *entry)
{
    struct request *request = entry->context;
    INVARIANT(request->state == REQUEST_RECORDING);
    request->state = REQUEST_RUNNING;
    phase_ends(request, GATEWAY_AUDIT);
    if (entry->status != GALEN_OK) {
        request_lack_record(request);
    }
    request->phase_index++;
    run(request);
}

/* No body of his comes any more. */
static enum phase_result give_up(struct request *request)
{
    return request_fail(
        request, error_set(&request->error, GALEN_CANCELLED, "the client went away"));
}

static enum phase_result identified(struct request *request)
{
    const struct auth_visit *visit = &request->visit;
    if (visit->status == GALEN_OK) {
        return request->is_gone ? give_up(request) : PHASE_CONTINUE;
    }
    request->leaves_record = true; /* whatever it was that was asked for */
    return request_fail(request, error_set(&request->error, visit->status, "%s",
                                           refusal_text(visit->refusal)));
}

/* The other way on for a request that waits: as run() goes on after a phase. */
static void on_identified(struct auth_visit *visit)
{
    struct request *request = visit->context;
    INVARIANT(request->state == REQUEST_IDENTIFYING);
    request->state = REQUEST_RUNNING;
    request->phase_index = identified(request) == PHASE_CONTINUE
                               ? request->phase_index + 1
                               : first_always(request->phase_index);
    run(request);
}

enum phase_result request_identify(struct request *request)
{
    request->visit = (struct auth_visit){
        .gate = request->gateway->gate,
        .head = request->head,
        .peer = request->peer,
        .arena = &request->arena,
        .done = on_identified,
        .context = request,
    };
    if (auth_visit_begin(&request->visit) == AUTH_WAITS) {
        request->state = REQUEST_IDENTIFYING;
        return PHASE_WAIT;
    }
    return identified(request);
}

enum phase_result request_record(struct request *request)
{
    request->state = REQUEST_RECORDING;
    phase_begins(request, GATEWAY_AUDIT);
    request->audit_entry = (struct audit_entry){
        .fields = writer_bytes(&request->audit_fields),
        .mailbox = request->gateway->mailbox,
        .done = on_recorded,
        .context = request,
    };
    audit_lane_submit(request->gateway->audit, &request->audit_entry);
    return PHASE_WAIT;
}

enum galen_status request_check_ready(struct request *request)
{
    const struct gateway *gateway = request->gateway;
    if (atomic_load(gateway->draining)) {
        return error_set(&request->error, GALEN_UNAVAILABLE, "draining");
    }
    if (gateway->gate != NULL && auth_lacks_keys(gateway->gate->auth)) {
        return error_set(&request->error, GALEN_UNAVAILABLE,
                         "the keys of auth.issuer are not known");
    }
    return gateway->audit == NULL || audit_is_available(gateway->audit->audit)
               ? GALEN_OK
               : error_set(&request->error, GALEN_AUDIT_UNAVAILABLE,
                           "no audit record can be made durable");
}

bool request_header(const struct request *request, const char *name,
                    struct bytes *out_value)
{
    return http_header_get(request->head->headers, request->head->header_count, name,
                           out_value);
}

void request_prepare_call(struct request *request, struct infer_call *call)
{
    *call = (struct infer_call){
        .operation = INFER_RUN,
        .request = {.model = "",
                    .version = "",
                    .id = request->id,
                    .deadline_ns = request->started_ns + request->view->rules->timeout_ns,
                    .trace = request_trace_for(request, phase_of(request, call))},
        .arena = &request->arena,
        .mailbox = request->gateway->mailbox,
        .context = request,
    };
}
