/* SPDX-License-Identifier: Apache-2.0 */
/* What the rest of net takes from the loop. */
#pragma once

#include "net/loop.h"

#define LOOP_READ_BUFFER_SIZE 65536u

/* Where sockets read to: one for the whole loop, since a read is dealt with before the next
 * begins. 10,000 idle connections hold no buffer. */
uint8_t *loop_read_buffer(struct loop *loop);
