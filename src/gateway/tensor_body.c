/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/tensor_body.h"

static const char header_name[] = "Inference-Header-Content-Length";

enum phase_result tensor_body_admit(struct request *request)
{
    struct bytes header;
    if (!request_header(request, header_name, &header)) {
        return PHASE_CONTINUE;
    }
    const uint64_t length = request->head->content_length;
    const size_t size_max =
        length == HTTP_LENGTH_UNKNOWN || request->coding != CONTENT_IDENTITY
            ? request->view->rules->body_size_bytes_max
            : (size_t)length;
    const enum galen_status status =
        v2_json_size(true, header, size_max, &request->json_size, &request->error);
    return status == GALEN_OK ? PHASE_CONTINUE : request_fail(request, status);
}

enum phase_result tensor_body_decode(struct request *request)
{
    struct bytes header = BYTES_NONE;
    struct v2_message message;
    const bool has_header = request_header(request, header_name, &header);
    enum galen_status status =
        v2_message_read(has_header, header, request->body, &message, &request->error);
    if (status == GALEN_OK) {
        message.special_numbers = request->gateway->special_numbers;
        status = v2_transaction_begin(&request->v2, &message, request->started_ns,
                                      &request->infer_call, &request->error);
        request->infer_call.request.id =
            request->id; /* the client's own is in v2.request */
    }
    return status == GALEN_OK ? PHASE_CONTINUE : request_fail(request, status);
}
