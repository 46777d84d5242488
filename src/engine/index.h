/* SPDX-License-Identifier: Apache-2.0 */
/* The repository's index, as Triton's model_repository extension has it: which version of
 * which model is in what state, and why. Pure but for the call's arena. */
#pragma once

#include "engine/catalog.h"
#include "infer/management.h"

struct index_loading {
    const char *model; /* NULL: nothing is being loaded */
    const char *version;
};

struct index_source {
    const struct repository *all;
    const struct catalog *catalog;
    const struct list *versions; /* struct loaded_version by its link: what is in memory */
    struct index_loading loading;
};

/* Answers a MANAGE_INDEX call. GALEN_NO_MEMORY. */
MUST_USE enum galen_status index_make(const struct index_source *source,
                                      struct infer_management_call *call);
