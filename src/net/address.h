/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numeric addresses, and whether one is free to listen on. Several listeners of one process
 * share their port (SO_REUSEPORT), and the kernel lets another process of the same user
 * share it too: a program started twice by mistake would get every other request and nobody
 * would be told.
 *
 * Threads: any. Blocking: never.
 */
#pragma once

#include <sys/socket.h>

#include "base/error.h"

/* "127.0.0.1" or "::1", with this port; false: it is not numeric, and nothing is written
 * that means anything. */
MUST_USE bool address_parse(const char *text, uint16_t port,
                            struct sockaddr_storage *out_address);

/* address: numeric, "127.0.0.1" or "::1". Port 0 is always free. GALEN_UNAVAILABLE: someone
 * listens there, or the address is not ours; GALEN_INVALID: not numeric. The error says
 * which. Who binds a moment later may still come second. */
MUST_USE enum galen_status address_check_free(const char *address, uint16_t port,
                                              struct error *out_error);
