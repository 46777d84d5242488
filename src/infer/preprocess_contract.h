/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every preprocess takes and gives, whoever it is: two inputs in; out come the model's
 * own inputs by name, and outputs whose names are reserved. The gateway keeps those and
 * passes the others on.
 */
#pragma once

#include "infer/infer.h"

#define PREPROCESS_INPUT "input"               /* BYTES [1]: what the client sent */
#define PREPROCESS_CONTENT_TYPE "content_type" /* BYTES [1]: "text/plain" */

#define PREPROCESS_RESERVED "galen." /* how reserved names begin */

#define PREPROCESS_WARNINGS "galen.warnings" /* BYTES [n]: codes of warnings.def */

/* Of text, beside its W windows of L tokens: where a token stands in code points (INT32
 * [W, L, 2]), the index of its word or -1 (INT32 [W, L]), and 1 for what is no token of the
 * text (UINT8 [W, L]). A window begins contract.text.stride tokens before its predecessor
 * ends. */
#define PREPROCESS_OFFSETS "galen.offsets"
#define PREPROCESS_WORDS "galen.words"
#define PREPROCESS_SPECIAL "galen.special"

/* Makes what preprocess made, without its reserved outputs, the inputs of a request; the
 * array lies in the arena, the tensors stay where they are. GALEN_NO_MEMORY. */
MUST_USE enum galen_status preprocess_pass_on(const struct infer_response *made,
                                              struct arena *arena,
                                              struct infer_request *request);
