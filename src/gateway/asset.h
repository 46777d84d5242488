/* SPDX-License-Identifier: Apache-2.0 */
/* The pages of web/, which the build puts into the program (tools/embed.py). */
#pragma once

#include "base/bytes.h"

struct asset {
    const char *path;       /* "/docs", "/web/docs.js" */
    const char *media_type; /* with its charset */
    const char *etag;       /* quoted; of the content */
    struct bytes content;
    bool is_for_demo; /* is there in demo mode only */
};

extern const struct asset assets[];
extern const size_t asset_count;

const struct asset *asset_find(struct bytes path); /* NULL: none */
