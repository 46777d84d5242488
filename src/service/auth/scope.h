/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a caller may do, as words (RFC 6749 section 3.3): `infer:text`, `models:promote`. A
 * scope that is granted covers one that is required when
 *
 * - both are the same;
 * - it ends in `:*`, and the other goes on in its place: `infer:tensor:*` covers
 *   `infer:tensor:ecg`, and `infer:*` that and `infer:text`;
 * - both are of SMART App Launch 2 (section 3.0.2), in one context, the granted one names
 *   the same resource or `*`, and has each of the interactions, in the order of `cruds`:
 *   `system/Observation.cruds` covers `system/Observation.rs`, and so does the one that has
 *   a star for Observation. One with a
 *   query (`?category=…`) is for a part of the resources, which cannot be told apart here:
 *   it covers nothing but itself. The words of version 1 (`system/Observation.read`) are
 *   plain words.
 *
 * Pure.
 */
#pragma once

#include "base/bytes.h"

/* One scope-token: printable ASCII without space, quote and backslash; not empty. */
bool scope_is_valid(struct bytes scope);

bool scope_covers(struct bytes granted, struct bytes required);
