/* SPDX-License-Identifier: Apache-2.0 */
/* model.yaml as its table reads it, before the checks that no row can say. */
#pragma once

#include "codec/yaml_table.h"
#include "model/contract.h"

enum contract_input_datatype {
    INPUT_FP32,
    INPUT_FP64,
    INPUT_INT32,
    INPUT_INT64,
    INPUT_UINT8,
    INPUT_FP16,
};

struct contract_metric {
    const char *name;
    double value;
};

struct contract_file_text {
    const char *name;
    const char *sha256;
};

struct contract_text {
    struct contract contract; /* what needs no second look lands here */
    enum contract_input_datatype datatype;
    struct contract_feature *features;
    struct contract_file_text *files;
    struct {
        const char *notice;
        const char *intended_use;
        const char *training_data;
        const char *limits;
        const struct contract_metric *metrics;
        size_t metric_count;
    } card;
};

struct contract_checker {
    struct yaml_document document;
    struct contract_text text;
    struct arena *scratch;
    struct arena *arena;
    struct error *error;
};

/* The member of that name at the top of the document; NULL: it is not there. */
const struct yaml_node *contract_member(const struct contract_checker *checker,
                                        const char *name);

/* What the table cannot say of `image`. GALEN_INVALID. */
MUST_USE enum galen_status contract_check_image(const struct contract_checker *checker);

/* By the enum of that name; each ends with NULL. */
extern const char *const contract_task_names[];
extern const char *const contract_longer_names[];
extern const char *const contract_merge_names[];
extern const char *const contract_channels_names[];
extern const char *const contract_layout_names[];
extern const char *const contract_fit_names[];
extern const char *const contract_filter_names[];
extern const char *const contract_scheme_names[];
extern const char *const contract_words_names[];
extern const char *const contract_activation_names[];

extern const struct yaml_key contract_keys[];
extern const size_t contract_key_count;
