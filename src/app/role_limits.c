/* SPDX-License-Identifier: Apache-2.0 */
#include "app/role_limits.h"

#include "base/clock.h"

struct role_limits role_limits_of(const struct settings *settings)
{
    return (struct role_limits){
        .server =
            {
                .connection_count_max = settings->limits_connections,
                .header_timeout_ms = (uint32_t)settings->limits_header_timeout_ms,
                .body_timeout_ms = (uint32_t)settings->limits_body_timeout_ms,
                .idle_timeout_ms = (uint32_t)settings->limits_idle_timeout_ms,
                .write_timeout_ms = (uint32_t)settings->limits_write_timeout_ms,
                .bodies_size_bytes_max = settings->limits_bodies_size_bytes,
                .http2_stream_count_max =
                    settings->listen_http2 ? (uint32_t)settings->limits_http2_streams : 0,
            },
        .body_size_bytes_max = settings->limits_body_size_bytes,
        .timeout_ns = settings->request_timeout_ms * NS_PER_MS,
    };
}
