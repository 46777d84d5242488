/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one method of one path does, as /openapi.json tells it. A route has its operation in
 * its row (routes.c, v2_operations.c), so that nothing is routed that is not described.
 */
#pragma once

#include "base/bytes.h"
#include "base/status.h"
#include "net/http.h"

enum operation_body {
    OPERATION_NO_BODY,
    OPERATION_INFER_BODY, /* what POST /infer takes */
    OPERATION_V2_BODY,    /* a v2 request */
    OPERATION_JSON_BODY,  /* JSON of a schema that is always the same */
};

struct operation {
    const char *id; /* operationId */
    const char *tag;
    const char *summary;
    const char *description;
    const char *answer;       /* what a success is */
    const char *answer_type;  /* its media type; NULL: a file has its own; "": none */
    const char *schema;       /* its schema; NULL: it is not JSON */
    const char *example;      /* its JSON, where that is always the same; NULL */
    uint64_t refusals;        /* of OPERATION_REFUSAL */
    enum operation_body body; /* what is sent */
    const char *body_schema;  /* of OPERATION_JSON_BODY */
    bool body_is_optional;    /* likewise */
    bool has_text;            /* the answer is also had as text/plain */
    bool speaks_v2;           /* refusals have the protocol's own shape */
    bool has_tag;             /* an ETag comes with it: 304 where the client has it */
    bool is_of_model;         /* Galen-Model comes with it */
    bool is_for_demo;         /* is there in demo mode only */
    const char *scope;        /* that a caller needs, for people; NULL: it is open */
};

#define OPERATION_REFUSAL(status) (UINT64_C(1) << GALEN_##status)

/* What keeps a service from answering. */
#define OPERATION_UPSTREAM_REFUSALS                                  \
    (OPERATION_REFUSAL(INTERNAL) | OPERATION_REFUSAL(BAD_UPSTREAM) | \
     OPERATION_REFUSAL(BUSY) | OPERATION_REFUSAL(UNAVAILABLE) |      \
     OPERATION_REFUSAL(NO_MEMORY) | OPERATION_REFUSAL(TIMEOUT))

/* What keeps a caller from it. */
#define OPERATION_ACCESS_REFUSALS                                      \
    (OPERATION_REFUSAL(INVALID) | OPERATION_REFUSAL(UNAUTHENTICATED) | \
     OPERATION_REFUSAL(FORBIDDEN) | OPERATION_REFUSAL(UNAVAILABLE) |   \
     OPERATION_REFUSAL(NO_MEMORY) | OPERATION_REFUSAL(INTERNAL) |      \
     OPERATION_REFUSAL(AUDIT_UNAVAILABLE))

/* Whether the operation, or the server before it is reached, may refuse with this HTTP
 * status. */
bool operation_refuses(const struct operation *operation, int http_status);

/* Whether that status may be of this kind: one row of status.def. */
bool operation_status_means(int http_status, enum galen_status status);
