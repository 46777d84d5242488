/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whom an operator keeps out before their tokens expire. A text file, one thing a line:
 *
 *     # lost laptop, 2026-11-25
 *     sub:alice
 *     client_id:ward-7
 *     jti:6f1c4b1e-9a3b-4a57-8a0e-2a4d1f6f2f10
 *
 * The rest of the line is the text that the token has, exactly. Empty lines and lines that
 * begin with # say nothing; any other line refuses the list, since a revocation with a
 * slip of the pen in it would be none.
 *
 * Threads: any; a list is immutable and counted.
 */
#pragma once

#include "base/cleanup.h"
#include "base/error.h"

enum deny_kind { DENY_TOKEN_ID, DENY_SUBJECT, DENY_CLIENT };

struct deny_list;

/* Copies the text. Gives one reference. GALEN_INVALID: the error has the line, as
 * "line 17: …", and nothing of its content; GALEN_TOO_LARGE; GALEN_NO_MEMORY. */
MUST_USE enum galen_status deny_list_parse(struct bytes text, struct deny_list **out_list,
                                           struct error *out_error);
struct deny_list *deny_list_ref(struct deny_list *list); /* returns its argument */
void deny_list_unref(struct deny_list *list);            /* NULL is allowed */
DEFINE_SCOPED(deny_list, deny_list_unref)

size_t deny_list_count(const struct deny_list *list);

/* list: NULL names nobody. */
bool deny_list_names(const struct deny_list *list, enum deny_kind kind, struct bytes text);
