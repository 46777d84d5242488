/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The formats of JSON Schema Validation, section 7, that can be asserted: those whose part
 * of the official suite passes whole. Pure.
 */
#pragma once

#include "base/bytes.h"

typedef bool (*schema_format_fn)(struct bytes text);

/* NULL: there is no such format, or it is an annotation only. */
schema_format_fn schema_format_find(struct bytes name);
