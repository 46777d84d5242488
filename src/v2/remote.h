/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An infer_service on another host: galen's engine or preprocess role, NVIDIA Triton, or
 * any server of the v2 protocol over HTTP. Tensors travel as raw bytes both ways.
 *
 * Threads: one loop's; make one a loop.
 */
#pragma once

#include "infer/infer.h"
#include "net/http_client.h"

/* The client is taken, and closed with the service. `closed`, unless NULL, runs as a task
 * of the client's loop when both are freed. */
MUST_USE enum galen_status remote_create(struct http_client *client, struct task *closed,
                                         struct infer_service **out_service);
