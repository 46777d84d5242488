/* SPDX-License-Identifier: Apache-2.0 */
/* The files of a version as a release has them. Blocks on the disk for as long as it takes
 * to read them all. */
#pragma once

#include "model/release_record.h"
#include "model/repository.h"

/* Hashes the network and model.yaml, and of a version with a contract every file that the
 * contract names. network_names, which ends with NULL, are those that a network without a
 * contract may have. GALEN_INVALID: a file is not the one that model.yaml states, or the
 * version is not usable; GALEN_NOT_FOUND: there is no such file; GALEN_TOO_LARGE,
 * GALEN_UNAVAILABLE, GALEN_NO_MEMORY. The error names the file. */
MUST_USE enum galen_status release_version_read(const struct repository_version *version,
                                                const char *const *network_names,
                                                struct release_version *out_version,
                                                struct error *out_error);
