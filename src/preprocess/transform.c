/* SPDX-License-Identifier: Apache-2.0 */
#include "preprocess/transform.h"

static const struct transform *const transforms[] = {
    &vector_transform,
};

const struct transform *transform_for(enum contract_task task)
{
    for (size_t i = 0; i < sizeof(transforms) / sizeof(transforms[0]); i++) {
        if (transforms[i]->task == task) {
            return transforms[i];
        }
    }
    return NULL;
}
