/* SPDX-License-Identifier: Apache-2.0 */
/* What trails say of a request, read and checked. Blocking. Nothing is written. */
#pragma once

#include "app/audit_keys.h"
#include "app/audit_read.h"
#include "app/explanation.h"

/* Fills an explanation that was inited and has nothing yet. filter: its request is set.
 * EXIT_USAGE: a trail cannot be read, which stderr has. What is not as it was written is in
 * the explanation. */
enum exit_code explain_read(const struct audit_trails *trails,
                            const struct audit_filter *filter,
                            const struct audit_keys *keys, struct explanation *explanation);
