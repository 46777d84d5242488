/* SPDX-License-Identifier: Apache-2.0 */
/* One run that the engine was asked for, on its way through queue and backend. Lies in the
 * arena of its call, which keeps a pointer to it (service_data) until done. */
#pragma once

#include "engine/scheduler.h"
#include "infer/infer.h"
#include "infer/validate.h"

struct instances;

struct inference {
    struct scheduler_entry entry;
    struct infer_call *call;
    struct infer_plan plan;
    bool is_quick; /* not larger than what the model was measured with, and found quick */
    struct instances *instances; /* that have it */
};

static inline struct inference *inference_of(struct scheduler_entry *entry)
{
    return LIST_ITEM(entry, struct inference, entry);
}

static inline struct inference *inference_of_link(struct list_link *link)
{
    return inference_of(LIST_ITEM(link, struct scheduler_entry, waiting.link));
}
