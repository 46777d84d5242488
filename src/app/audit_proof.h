/* SPDX-License-Identifier: Apache-2.0 */
/* galen audit verify --proof: a proof, checked without the trail. */
#pragma once

#include "app/audit.h"
#include "app/audit_keys.h"

/* Says on standard output what is proved, or why nothing is. EXIT_USAGE: there is no such
 * file. */
enum exit_code audit_proof_verify(const char *path, const struct audit_keys *keys);
