/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages that manage models, in Triton's member order: the extensions model_repository,
 * statistics, logging and trace (triton-inference-server/server: docs/protocol). What a
 * request holds that is not understood is refused, not passed over: who manages has to know
 * what was done.
 *
 * Threads and allocation: as the arena and the writer. Errors as in v2.h.
 */
#pragma once

#include "codec/v2.h"

/* -- model_repository --------------------------------------------------------------------
 */

struct v2_index {
    const struct v2_index_entry *entries;
    size_t count;
};

void v2_index_encode(const struct v2_index *index, struct writer *out);

/* GALEN_INVALID, GALEN_TOO_LARGE, GALEN_NO_MEMORY. */
MUST_USE enum galen_status v2_index_decode(struct bytes body, struct arena *arena,
                                           struct v2_index *out_index,
                                           struct error *out_error);

/* An empty body asks for all. As v2_index_decode. */
MUST_USE enum galen_status v2_index_request_decode(struct bytes body, struct arena *arena,
                                                   bool *out_ready_only,
                                                   struct error *out_error);

/* The body of a load, which may be empty. *out_config: the parameter `config`, a JSON
 * object as text; empty: none. As v2_index_decode; GALEN_FORBIDDEN: it brings files along,
 * and what runs is what the repository has. */
MUST_USE enum galen_status v2_load_request_decode(struct bytes body, struct arena *arena,
                                                  struct bytes *out_config,
                                                  struct error *out_error);

/* The body of an unload, which may be empty; there are no dependents, so that nothing of it
 * matters. As v2_index_decode. */
MUST_USE enum galen_status v2_unload_request_decode(struct bytes body, struct arena *arena,
                                                    struct error *out_error);

/* -- statistics --------------------------------------------------------------------------
 */

struct v2_statistics_list {
    const struct v2_statistics *models; /* versions of models */
    size_t count;
};

/* There is no cache and nothing is streamed: these are zero and empty. */
void v2_statistics_encode(const struct v2_statistics_list *list, struct writer *out);

/* Members that are not there are zero. As v2_index_decode. */
MUST_USE enum galen_status v2_statistics_decode(struct bytes body, struct arena *arena,
                                                struct v2_statistics_list *out_list,
                                                struct error *out_error);

/* -- logging, trace ----------------------------------------------------------------------
 */

/* What is logged is what is at least so grave: each that is set has those behind it set. */
struct v2_log_settings {
    bool verbose;
    bool info;
    bool warning;
    bool error;
};

void v2_log_settings_encode(const struct v2_log_settings *settings, struct writer *out);

/* Changes those that the body names. GALEN_INVALID: a setting that cannot be so, by its
 * name; the rest as v2_index_decode. On failure the settings are as they were. */
MUST_USE enum galen_status v2_log_settings_update(struct bytes body, struct arena *arena,
                                                  struct v2_log_settings *settings,
                                                  struct error *out_error);

/* That nothing is traced. */
void v2_trace_settings_encode(struct writer *out);

/* Accepts what leaves it so. GALEN_NOT_IMPLEMENTED: it would be switched on; GALEN_INVALID:
 * another setting that cannot be so, by its name; the rest as v2_index_decode. */
MUST_USE enum galen_status v2_trace_settings_check(struct bytes body, struct arena *arena,
                                                   struct error *out_error);
