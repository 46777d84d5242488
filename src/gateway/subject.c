/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/subject.h"

#include "base/limits.h"

static const char *const purposes[] = {
#define PURPOSE(code) #code,
#include "gateway/purposes.def"
};

enum { PURPOSE_COUNT = sizeof(purposes) / sizeof(purposes[0]) };

static enum galen_status refuse(struct request *request, const char *name, const char *why)
{
    error_write(&request->error, "%s: %s", name, why);
    error_prefix_name(&request->error, bytes_from_string(name));
    return GALEN_UNPROCESSABLE;
}

static bool has_control(struct bytes text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] < ' ' || text.data[i] == 0x7F) {
            return true;
        }
    }
    return false;
}

static bool is_subject(struct bytes text)
{
    return text.size > 0 && !has_control(text) && bytes_are_utf8(text, NULL) &&
           bytes_count_code_points(text) <= LIMIT_SUBJECT_CODE_POINT_COUNT_MAX;
}

enum galen_status subject_take_subject(struct request *request, const struct bytes *subject)
{
    struct hmac *hmac = request->gateway->subject_hmac;
    uint8_t pseudonym[SHA256_SIZE];
    if (subject == NULL) {
        return GALEN_OK;
    }
    if (!is_subject(*subject)) {
        return refuse(request, "subject", "is empty, too long or no plain text");
    }
    if (hmac == NULL) {
        return error_set(&request->error, GALEN_UNAVAILABLE,
                         "there is no key for subjects here");
    }
    TRY(hmac_of(hmac, *subject, pseudonym));
    if (request->has_subject &&
        memcmp(request->subject, pseudonym, sizeof(pseudonym)) != 0) {
        return refuse(request, "subject",
                      "differs from what else of the request names one");
    }
    memcpy(request->subject, pseudonym, sizeof(pseudonym));
    request->has_subject = true;
    return GALEN_OK;
}

enum galen_status subject_take_purpose(struct request *request, const struct bytes *purpose)
{
    const char *code = NULL;
    if (purpose == NULL) {
        return GALEN_OK;
    }
    for (size_t i = 0; i < PURPOSE_COUNT && code == NULL; i++) {
        code = bytes_equal_string(*purpose, purposes[i]) ? purposes[i] : NULL;
    }
    if (code == NULL) {
        return refuse(request, "purpose", "is no code of HL7's PurposeOfUse");
    }
    if (request->purpose != NULL && request->purpose != code) {
        return refuse(request, "purpose",
                      "differs from what else of the request names one");
    }
    request->purpose = code;
    return GALEN_OK;
}

/* A header has no place in the body. */
static enum galen_status take_header(struct request *request,
                                     const struct http_header *header)
{
    enum galen_status status = GALEN_OK;
    if (bytes_equal_ignoring_case(header->name, BYTES("Galen-Subject"))) {
        status = subject_take_subject(request, &header->value);
    } else if (bytes_equal_ignoring_case(header->name, BYTES("Galen-Purpose"))) {
        status = subject_take_purpose(request, &header->value);
    }
    if (status != GALEN_OK) {
        request->error.pointer[0] = '\0';
    }
    return status;
}

enum galen_status subject_read_headers(struct request *request)
{
    for (size_t i = 0; i < request->head->header_count; i++) {
        TRY(take_header(request, &request->head->headers[i]));
    }
    return GALEN_OK;
}

enum galen_status subject_take_patient(struct request *request)
{
    const struct bytes patient = phi_reveal(request->patient);
    return patient.size == 0 ? GALEN_OK : subject_take_subject(request, &patient);
}

enum galen_status subject_check(struct request *request)
{
    if (request->demands.requires_subject && !request->has_subject) {
        return refuse(request, "subject", "is required here, in the body or a header");
    }
    if (request->demands.requires_purpose && request->purpose == NULL) {
        return refuse(request, "purpose", "is required here, in the body or a header");
    }
    return GALEN_OK;
}
