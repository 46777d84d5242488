/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a server of the v2 protocol on another host tells of its models: statistics and
 * configurations. Nothing is managed over a hop: GALEN_FORBIDDEN.
 *
 * Threads: the client's loop.
 */
#pragma once

#include "infer/management.h"
#include "net/http_client.h"

struct remote_management {
    struct infer_management base;
    struct http_client *client_;
};

/* The client is borrowed. Calls end when it is closed, with CANCELLED. */
void remote_management_init(struct remote_management *management,
                            struct http_client *client);
