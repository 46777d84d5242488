/* SPDX-License-Identifier: Apache-2.0 */
#include "service/auth/principal.h"

#include <stdlib.h>

#include "base/count.h"
#include "base/wipe.h"
#include "service/auth/scope.h"

struct block {
    struct principal principal; /* first: one pointer is the other */
    _Atomic size_t references;
    size_t size_bytes;
    struct bytes scopes[]; /* then their text */
};

static struct block *block_of(struct principal *principal)
{
    return (struct block *)(void *)principal;
}

struct principal *principal_ref(struct principal *principal)
{
    count_more(&block_of(principal)->references);
    return principal;
}

void principal_unref(struct principal *principal)
{
    if (principal != NULL && count_less(&block_of(principal)->references)) {
        struct block *block = block_of(principal);
        wipe(block, block->size_bytes);
        free(block);
    }
}

size_t principal_size_bytes(const struct principal *principal)
{
    return ((const struct block *)(const void *)principal)->size_bytes;
}

/* Copies the text to *at, which moves on. */
static struct bytes keep(struct bytes text, uint8_t **at)
{
    uint8_t *copy = *at;
    if (text.size > 0) {
        memcpy(copy, text.data, text.size);
        *at += text.size;
    }
    return bytes_of(copy, text.size);
}

static size_t text_size(const struct principal *about)
{
    size_t size = about->subject.size + about->client_id.size + about->issuer.size +
                  about->token_id.size + phi_reveal(about->patient).size;
    for (size_t i = 0; i < about->scope_count; i++) {
        size += about->scopes[i].size;
    }
    return size;
}

static void fill(struct block *block, const struct principal *about)
{
    struct principal *copy = &block->principal;
    uint8_t *at = (uint8_t *)&block->scopes[about->scope_count];
    *copy = *about;
    copy->subject = keep(about->subject, &at);
    copy->client_id = keep(about->client_id, &at);
    copy->issuer = keep(about->issuer, &at);
    copy->token_id = keep(about->token_id, &at);
    copy->patient = phi_hide(keep(phi_reveal(about->patient), &at));
    copy->scopes = block->scopes;
    for (size_t i = 0; i < about->scope_count; i++) {
        block->scopes[i] = keep(about->scopes[i], &at);
    }
}

enum galen_status principal_create(const struct principal *about,
                                   struct principal **out_principal)
{
    const size_t size_bytes =
        sizeof(struct block) + about->scope_count * sizeof(struct bytes) + text_size(about);
    struct block *block = malloc(size_bytes);
    if (block == NULL) {
        return GALEN_NO_MEMORY;
    }
    count_begin(&block->references);
    block->size_bytes = size_bytes;
    fill(block, about);
    *out_principal = &block->principal;
    return GALEN_OK;
}

static bool is_administration(struct bytes scope)
{
    return (bytes_starts_with(scope, BYTES("models:")) &&
            !bytes_equal_string(scope, "models:read")) ||
           bytes_starts_with(scope, BYTES("audit:")) ||
           bytes_equal_string(scope, "breakglass");
}

bool principal_may(const struct principal *principal, struct bytes scope)
{
    if (principal->kind == PRINCIPAL_ANONYMOUS) {
        return !is_administration(scope);
    }
    for (size_t i = 0; i < principal->scope_count; i++) {
        if (scope_covers(principal->scopes[i], scope)) {
            return true;
        }
    }
    return false;
}
