/* SPDX-License-Identifier: Apache-2.0 */
/* The record that a request leaves (docs/audit.md), and what it says. Pure but for the
 * request's clock. */
#pragma once

#include "gateway/request.h"

/* The phase: waits until the record is durable. Where it cannot be, the reply becomes 503
 * audit-unavailable. */
enum phase_result audit_phase(struct request *request);
