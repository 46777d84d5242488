/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The audit trail of a command that changes what is served: a chain of its own, of the
 * service `model`, with a record of what is intended before anything changes and one of
 * what came of it. The chain ends with a checkpoint.
 *
 * Blocking: on the disk.
 */
#pragma once

#include "app/audit_opening.h"
#include "service/audit/event.h"

struct model_trail; /* NULL wherever audit.enabled is false */

/* settings are borrowed until close. *out_trail NULL: audit.enabled is false. Statuses of
 * audit_opening_create and audit_log_create. */
MUST_USE enum galen_status model_trail_open(const struct settings *settings,
                                            struct model_trail **out_trail,
                                            struct error *out_error);
void model_trail_close(struct model_trail *trail); /* NULL is allowed */

/* GALEN_AUDIT_UNAVAILABLE: the record is not durable. */
MUST_USE enum galen_status model_trail_record(struct model_trail *trail,
                                              const struct audit_event *event,
                                              struct error *out_error);
