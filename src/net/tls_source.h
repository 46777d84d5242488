/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where new connections take their TLS context from: the one at hand, which is swapped when
 * certificates are renewed. Connections keep what they began with.
 *
 * Threads: any. A zeroed source is none.
 */
#pragma once

#include <pthread.h>

#include "net/tls_context.h"

struct tls_source {
    pthread_mutex_t lock;
    struct tls_context *current; /* a reference; NULL: plaintext */
};

/* Takes the reference; NULL: plaintext, for good. */
void tls_source_init(struct tls_source *source, struct tls_context *context);
void tls_source_deinit(struct tls_source *source);

/* Takes the reference; connections from now on begin with it. */
void tls_source_swap(struct tls_source *source, struct tls_context *context);

/* A reference to what is at hand; NULL: plaintext. */
struct tls_context *tls_source_ref(struct tls_source *source);
