/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policies as the gateway applies them: those of the configuration, each with the digest
 * that records name it by. Immutable once made, so that all loops share them. Pure.
 */
#pragma once

#include "crypto/sha256.h"
#include "service/settings_policies.h"

struct policy {
    const struct settings_policy *settings; /* borrowed */
    uint64_t members;                       /* that any of its rules names */
    bool makes_pseudonyms;                  /* for which there has to be a key */
    uint8_t sha256[SHA256_SIZE];            /* of what settings_policy_write writes */
};

struct policies {
    struct policy items[LIMIT_POLICY_COUNT_MAX];
    size_t count;
};

/* settings are borrowed for as long as the policies are there. GALEN_NO_MEMORY,
 * GALEN_INTERNAL. */
MUST_USE enum galen_status policies_init(struct policies *out_policies,
                                         const struct settings_policy *settings,
                                         size_t count);

/* NULL: there is none of that name; policies NULL: there are none at all. */
const struct policy *policies_find(const struct policies *policies, const char *name);
