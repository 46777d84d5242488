/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The network of the simulation: it implements net/loop.h, net/http_server.h and
 * net/http_client.h on virtual time, so that gateway, v2 front end and remote client run as
 * they are. Messages take a random time, so they overtake one another; connections break at
 * random in each direction.
 */
#pragma once

#include "net/http_client.h"
#include "net/http_server.h"
#include "virtual.h"

struct wire_faults {
    uint32_t request_lost_per_thousand;  /* reset before the request arrived */
    uint32_t broken_body_per_thousand;   /* reset between head and body */
    uint32_t response_lost_per_thousand; /* reset before the answer arrived */
    uint64_t delay_ns_max;
};

/* Of all clients and servers made from here on. One world at a time. */
void wire_begin(struct virtual *world, const struct wire_faults *faults);

/* Exchanges that still exist: 0 when everything was given back. */
size_t wire_exchange_count(void);
