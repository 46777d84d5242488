/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether galen's engine runs a model of a Triton repository, as its folder stands there.
 * Reads the folder; never changes it.
 */
#pragma once

#include "base/arena.h"
#include "base/error.h"

enum model_verdict {
    MODEL_RUNS_HERE,
    MODEL_NEEDS_TRITON, /* it asks for what galen does not do */
    MODEL_NEEDS_CHANGE, /* it is wrong, for Triton as well, or a file is missing */
};

struct model_judgement {
    enum model_verdict verdict;
    struct error why;         /* names file, line and field; empty when it runs */
    const char *const *notes; /* of what is ignored, with their places */
    size_t note_count;
};

struct model_judge {
    const char *repository; /* its path, for messages */
    int folder;             /* the repository, open */
    bool opens_networks;    /* and checks the configuration against them */
    struct arena *arena;    /* of the judgement */
};

/* name is that of a folder in the repository. GALEN_NO_MEMORY: there is no judgement. */
MUST_USE enum galen_status model_judge(const struct model_judge *judge, const char *name,
                                       struct model_judgement *out_judgement);
