/* SPDX-License-Identifier: Apache-2.0 */
/* The limits of a role that may change while it runs, as those take them who have them: one
 * reading of the settings for all its listeners. Pure. */
#pragma once

#include "net/http_server.h"
#include "service/settings.h"

struct role_limits {
    struct http_server_options server; /* limits only */
    size_t body_size_bytes_max;        /* of v2_front_options */
    uint64_t timeout_ns;               /* likewise */
};

struct role_limits role_limits_of(const struct settings *settings);
