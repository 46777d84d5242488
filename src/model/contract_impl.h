/* SPDX-License-Identifier: Apache-2.0 */
/* model.yaml as its table reads it, before the checks that no row can say. */
#pragma once

#include "codec/yaml_table.h"
#include "model/contract.h"

enum contract_input_datatype { INPUT_FP32, INPUT_FP64, INPUT_INT32, INPUT_INT64 };

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

extern const char *const contract_task_names[]; /* by enum contract_task */
extern const struct yaml_key contract_keys[];
extern const size_t contract_key_count;
