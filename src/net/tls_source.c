/* SPDX-License-Identifier: Apache-2.0 */
#include "net/tls_source.h"

#include "base/invariant.h"

void tls_source_init(struct tls_source *source, struct tls_context *context)
{
    INVARIANT(pthread_mutex_init(&source->lock, NULL) == 0);
    source->current = context;
}

void tls_source_deinit(struct tls_source *source)
{
    tls_context_unref(source->current);
    source->current = NULL;
    (void)pthread_mutex_destroy(&source->lock);
}

void tls_source_swap(struct tls_source *source, struct tls_context *context)
{
    INVARIANT(pthread_mutex_lock(&source->lock) == 0);
    struct tls_context *before = source->current;
    source->current = context;
    INVARIANT(pthread_mutex_unlock(&source->lock) == 0);
    tls_context_unref(before);
}

struct tls_context *tls_source_ref(struct tls_source *source)
{
    INVARIANT(pthread_mutex_lock(&source->lock) == 0);
    struct tls_context *current =
        source->current == NULL ? NULL : tls_context_ref(source->current);
    INVARIANT(pthread_mutex_unlock(&source->lock) == 0);
    return current;
}
