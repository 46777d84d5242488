/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a request, in order. Reading phases.c is reading the product. */
#pragma once

#include "gateway/request.h"

enum phase_at {
    AT_HEADERS, /* before a byte of the body is read */
    AT_BODY,
};

struct phase {
    const char *name;
    enum phase_result (*run)(struct request *request);
    enum phase_at at;
    bool always; /* also after a failure */
};

extern const struct phase phases[];
extern const size_t phase_count;

size_t phase_find(const char *name); /* the index of one that is there */

/* Who may: access.h. */
enum endpoint_access {
    ACCESS_OPEN, /* everybody, and nobody is asked who they are */
    ACCESS_INFER,
    ACCESS_V2,
};

/* What a path is for: the phases that differ between paths. NULL members: nothing to do. */
struct endpoint {
    const char *name;
    bool leaves_record; /* in the audit trail */
    enum endpoint_access access;
    bool does_work; /* goes through admission */
    bool speaks_v2; /* failures are {"error": …} instead of a problem document */
    enum phase_result (*admit)(struct request *request);
    enum phase_result (*route)(struct request *request);
    enum phase_result (*validate)(struct request *request);
    enum phase_result (*preprocess)(struct request *request);
    enum phase_result (*infer)(struct request *request);
    enum phase_result (*map)(struct request *request);
    enum phase_result (*redact)(struct request *request);
};
