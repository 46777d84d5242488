/* SPDX-License-Identifier: Apache-2.0 */
/* What the rest of net takes from the loop. */
#pragma once

#include "net/loop.h"
#include "net/tls_session.h"

#define LOOP_READ_BUFFER_SIZE 65536u

/* Where sockets read to: one for the whole loop, since a read is dealt with before the next
 * begins. 10,000 idle connections hold no buffer. */
uint8_t *loop_read_buffer(struct loop *loop);

/* Where TLS works, for the time of a call: nothing of a connection stays in it. */
struct loop_scratch {
    uint8_t plain[LOOP_READ_BUFFER_SIZE];     /* what came, while the owner reads it */
    uint8_t gathered[TLS_RECORD_SIZE_MAX];    /* small pieces that leave as one record */
    uint8_t records[2 * TLS_OUTPUT_SIZE_MIN]; /* that leave */
};

struct loop_scratch *loop_scratch(struct loop *loop);

/* Whether a handshake may go on in this turn of the loop; counts it. */
bool loop_may_shake_hands(struct loop *loop);
