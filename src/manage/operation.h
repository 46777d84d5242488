/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is asked of models where they are managed, by path:
 *
 *     GET  /galen/models                  all of them, and how each stands
 *     GET  /galen/models/MODEL            one
 *     GET  /galen/models/MODEL/history    its releases
 *     POST /galen/models/MODEL/canary     a release is made; promote, rollback, disable and
 *                                         enable likewise
 *     GET  /openapi.json                  what the listener answers
 *
 * To read needs `models:read` or `models:admin`, to change `models:promote` (docs/auth.md);
 * what the listener answers is told to everybody.
 * Pure but for the arena.
 */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "net/http.h"
#include "service/audit/event.h"
#include "service/auth/principal.h"

#define MANAGE_PATH "/galen/models"
#define MANAGE_DOCUMENT_PATH "/openapi.json"

enum manage_operation {
    MANAGE_LIST,
    MANAGE_HISTORY,
    MANAGE_DOCUMENT,
    /* from here on something changes */
    MANAGE_CANARY,
    MANAGE_PROMOTE,
    MANAGE_ROLLBACK,
    MANAGE_DISABLE,
    MANAGE_ENABLE,
    MANAGE_OPERATION_COUNT,
};

struct manage_route {
    enum manage_operation operation;
    const char *model; /* looks like one; in the arena; "": all */
};

/* A path that there is, with {model} for a model's name. */
struct manage_form {
    enum manage_operation operation;
    const char *path;
};

extern const struct manage_form manage_forms[];
extern const size_t manage_form_count;

/* Whether it is ours at all: MANAGE_PATH or below, or that of the document. */
bool manage_path_is_ours(struct bytes path);

/* GALEN_NOT_FOUND: no such path, or what it names cannot be a model; GALEN_WRONG_METHOD;
 * GALEN_NO_MEMORY. */
MUST_USE enum galen_status manage_route_parse(enum http_method method, struct bytes path,
                                              struct arena *arena,
                                              struct manage_route *out_route,
                                              struct error *out_error);

/* For Allow, where the method was wrong. */
struct bytes manage_route_allow(struct bytes path);

/* What it is called in records: "models_promote". */
const char *manage_operation_id(enum manage_operation operation);

enum http_method manage_operation_method(enum manage_operation operation);
bool manage_operation_changes(enum manage_operation operation);

/* Which scope is enough, for people ("`models:promote`"); NULL: nobody is asked who they
 * are. */
const char *manage_operation_scope(enum manage_operation operation);

/* Of one that changes something: its event in the trail. */
enum audit_event_kind manage_operation_event(enum manage_operation operation);

/* Whoever is anonymous may do everything: there is neither issuer nor client. False:
 * out_lacking is a scope that would be enough. */
bool manage_may(enum manage_operation operation, const struct principal *principal,
                struct bytes *out_lacking);
