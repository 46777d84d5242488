/* SPDX-License-Identifier: Apache-2.0 */
/* Completing a configuration, part by part; each part needs those before it. */
#pragma once

#include "model/config_impl.h"

struct config_completion {
    struct config_reader reader; /* its config is the one that is made */
    const struct model_config *given;
    const struct model_config_network *network;
    ProtobufCMessage *root; /* an Inference__ModelConfig: a copy of the given one, with
                             * parts of it until they are replaced */
    bool has_rows;          /* the network's first dimensions are all open */
};

/* A message of its own in the arena, all zero but for what its descriptor says; NULL: no
 * memory. */
void *config_new_message(struct config_completion *completion,
                         const ProtobufCMessageDescriptor *descriptor);

/* A text of its own in the arena. GALEN_NO_MEMORY. */
MUST_USE enum galen_status config_copy_text(struct config_completion *completion,
                                            const char *text, char **out_copy);

/* Whether a dimension that the file has fits one of the network's. */
bool config_dimension_fits(int64_t declared, int64_t own);

/* Each fills its part of reader.config and of its message. Statuses as
 * model_config_complete. */
MUST_USE enum galen_status config_complete_inputs(struct config_completion *completion);
MUST_USE enum galen_status config_complete_outputs(struct config_completion *completion);
MUST_USE enum galen_status config_complete_batching(struct config_completion *completion);
MUST_USE enum galen_status config_complete_instances(struct config_completion *completion);
MUST_USE enum galen_status config_complete_warmups(struct config_completion *completion);
