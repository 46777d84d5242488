/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/asset.h"

const struct asset *asset_find(struct bytes path)
{
    for (size_t i = 0; i < asset_count; i++) {
        if (bytes_equal_string(path, assets[i].path)) {
            return &assets[i];
        }
    }
    return NULL;
}
