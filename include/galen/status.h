/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one result type. Every way a call can fail has one row in status.def, and the row
 * says what the client sees, so no protocol front end keeps a mapping of its own.
 */
#pragma once

enum galen_status {
#define GALEN_STATUS(name, http, grpc, slug, text) GALEN_##name,
#include "galen/status.def"
};

#define MUST_USE __attribute__((warn_unused_result))

/* Returns a failure to the caller: the only macro here that hides a return. */
#define TRY(call)                               \
    do {                                        \
        enum galen_status try_status_ = (call); \
        if (try_status_ != GALEN_OK) {          \
            return try_status_;                 \
        }                                       \
    } while (0)

int galen_status_http(enum galen_status status);
int galen_status_grpc(enum galen_status status);
const char *galen_status_slug(enum galen_status status);
const char *galen_status_text(enum galen_status status);
