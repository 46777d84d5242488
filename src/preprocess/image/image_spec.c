/* SPDX-License-Identifier: Apache-2.0 */
#include "preprocess/image/image_spec.h"

uint32_t image_channel_count(const struct image_spec *spec)
{
    return spec->channels == IMAGE_GRAY ? 1 : 3;
}

size_t image_tensor_size(const struct image_spec *spec)
{
    return galen_datatype_size(spec->datatype) * image_channel_count(spec) * spec->width *
           spec->height;
}
