/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the body of a change says: one JSON object, or nothing, with members that are all
 * optional. Others are refused, and so is what another change takes.
 *
 *     version   promote, canary, rollback   the one that is to serve, or to be tried
 *     percent, shadow, auto, stop           of a canary
 *     engine    promote, canary             the set of engines that runs it
 *     tag       promote                     another one than current
 *     expect    all                         the version that the tag has to name now; 0:
 * none reason    all                         why, for the record
 *
 * Pure but for the arena.
 */
#pragma once

#include "manage/operation.h"

struct manage_order {
    uint64_t version; /* 0: none is named */
    bool has_share;
    uint32_t share; /* of RELEASE_WHOLE, as shadow */
    bool has_shadow;
    uint32_t shadow;
    bool has_promotes;
    bool promotes;
    bool stops;
    const char *engine; /* in the arena, as the next two; "": none is named */
    const char *tag;    /* "": none is named */
    bool expects;
    uint64_t expected;
    const char *reason; /* "": none */
};

/* GALEN_INVALID: the error has the member's pointer, where one is at fault, and none of
 * what the body says; GALEN_TOO_LARGE; GALEN_NO_MEMORY. */
MUST_USE enum galen_status manage_order_read(enum manage_operation operation,
                                             struct bytes body, struct arena *arena,
                                             struct manage_order *out_order,
                                             struct error *out_error);
