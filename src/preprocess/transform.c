/* SPDX-License-Identifier: Apache-2.0 */
#include "preprocess/transform.h"

static const struct {
    enum contract_task task;
    const struct transform *transform;
} rows[] = {
    {TASK_TABULAR_CLASSIFICATION, &vector_transform},
    {TASK_TEXT_CLASSIFICATION, &text_transform},
    {TASK_TOKEN_CLASSIFICATION, &text_transform},
    {TASK_IMAGE_CLASSIFICATION, &image_transform},
};

const struct transform *transform_for(enum contract_task task)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (rows[i].task == task) {
            return rows[i].transform;
        }
    }
    return NULL;
}
