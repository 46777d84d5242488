/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one version is run with: the configuration of its model (config.pbtxt, the text of a
 * load request, or nothing), completed with what its network says, and the files that it
 * names: labels of classes, data to warm up with.
 *
 * Threads: read and complete on one; then it never changes. Blocking: on the disk.
 */
#pragma once

#include "base/blob.h"
#include "engine/execution.h"
#include "infer/classes.h"
#include "model/config.h"

struct configuration_options {
    const char *model;                               /* its name */
    const char *version_path;                        /* of a folder in the model's */
    const struct galen_backend_ops *const *backends; /* ends with NULL */
    struct blob *override; /* JSON in the place of config.pbtxt; NULL: none. Borrowed */
};

/* Lies inside of struct model; zeroed, it is empty. */
struct configuration {
    struct arena arena;
    char *folder;               /* of the model */
    bool is_given;              /* there is a config.pbtxt, or something in its place */
    struct model_config read;   /* what it says */
    struct model_config config; /* completed */
    const struct infer_labels *labels;
    size_t label_count;
    struct warm_up_sample *warm_ups;
    size_t warm_up_count;
};

/* Sets read. Statuses of model_config_read, and of files that cannot be read. Needs
 * configuration_deinit on failure too. */
MUST_USE enum galen_status configuration_read(struct configuration *configuration,
                                              const struct configuration_options *options,
                                              struct error *out_error);

/* Sets the rest. Statuses of model_config_complete, and of files that cannot be read. */
MUST_USE enum galen_status
configuration_complete(struct configuration *configuration,
                       const struct model_config_network *network, struct error *out_error);

void configuration_deinit(struct configuration *configuration); /* zeroed is allowed */
