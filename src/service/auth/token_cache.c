/* SPDX-License-Identifier: Apache-2.0 */
#include "service/auth/token_cache.h"

#include <stdlib.h>

#include "base/invariant.h"
#include "base/limits.h"
#include "base/list.h"

struct entry {
    uint8_t digest[SHA256_SIZE];
    struct token_cached cached; /* without a principal: free */
    struct entry *next;         /* in its bucket, or among the free ones */
    struct list_link link;      /* in the order of use */
};

struct token_cache {
    struct list used; /* longest ago first */
    struct entry *free;
    size_t size_bytes; /* of the principals */
    size_t bucket_mask;
    struct entry **buckets;
    struct entry *entries;
    struct sha256 *sha256;
};

void token_cache_destroy(struct token_cache *cache)
{
    if (cache == NULL) {
        return;
    }
    struct list_link *link = list_first(&cache->used);
    while (link != NULL) {
        principal_unref(LIST_ITEM(link, struct entry, link)->cached.principal);
        link = list_next(&cache->used, link);
    }
    sha256_destroy(cache->sha256);
    free(cache->buckets);
    free(cache->entries);
    free(cache);
}

enum galen_status token_cache_create(size_t count_max, struct token_cache **out_cache)
{
    scoped(token_cache) cache = calloc(1, sizeof(*cache));
    size_t bucket_count = 1;
    INVARIANT(count_max > 0 && count_max <= LIMIT_TOKEN_CACHE_COUNT_MAX);
    while (bucket_count < count_max) {
        bucket_count *= 2;
    }
    if (cache == NULL) {
        return GALEN_NO_MEMORY;
    }
    list_init(&cache->used);
    cache->bucket_mask = bucket_count - 1;
    cache->buckets = calloc(bucket_count, sizeof(struct entry *));
    cache->entries = calloc(count_max, sizeof(*cache->entries));
    if (cache->buckets == NULL || cache->entries == NULL) {
        return GALEN_NO_MEMORY;
    }
    TRY(sha256_create(&cache->sha256));
    for (size_t i = count_max; i-- > 0;) {
        cache->entries[i].next = cache->free;
        cache->free = &cache->entries[i];
    }
    *out_cache = take(&cache);
    return GALEN_OK;
}

enum galen_status token_cache_digest(struct token_cache *cache, struct bytes text,
                                     uint8_t *out_digest)
{
    TRY(sha256_update(cache->sha256, text));
    return sha256_finish(cache->sha256, out_digest);
}

size_t token_cache_count(const struct token_cache *cache)
{
    return cache->used.count;
}

/* The place that holds the entry, or where one would go: never NULL itself. */
static struct entry **place_of(struct token_cache *cache, const uint8_t *digest)
{
    size_t hash;
    memcpy(&hash, digest, sizeof(hash));
    struct entry **place = &cache->buckets[hash & cache->bucket_mask];
    while (*place != NULL && memcmp((*place)->digest, digest, SHA256_SIZE) != 0) {
        place = &(*place)->next;
    }
    return place;
}

static void drop(struct token_cache *cache, struct entry **place)
{
    struct entry *entry = *place;
    INVARIANT(entry != NULL);
    cache->size_bytes -= principal_size_bytes(entry->cached.principal);
    principal_unref(entry->cached.principal);
    list_remove(&cache->used, &entry->link);
    *place = entry->next;
    entry->next = cache->free;
    cache->free = entry;
}

const struct token_cached *token_cache_find(struct token_cache *cache,
                                            const uint8_t *digest, int64_t now_s)
{
    struct entry **place = place_of(cache, digest);
    if (*place == NULL) {
        return NULL;
    }
    if (now_s >= (*place)->cached.principal->expires_s) {
        drop(cache, place);
        return NULL;
    }
    list_remove(&cache->used, &(*place)->link);
    list_append(&cache->used, &(*place)->link);
    return &(*place)->cached;
}

static void drop_oldest(struct token_cache *cache)
{
    struct list_link *first = list_first(&cache->used);
    INVARIANT(first != NULL);
    struct entry *oldest = LIST_ITEM(first, struct entry, link);
    drop(cache, place_of(cache, oldest->digest));
}

static void make_room(struct token_cache *cache, size_t size_bytes)
{
    while (cache->free == NULL ||
           cache->size_bytes + size_bytes > LIMIT_TOKEN_CACHE_SIZE_BYTES_MAX) {
        drop_oldest(cache);
    }
}

void token_cache_put(struct token_cache *cache, const uint8_t *digest,
                     const struct token_cached *cached)
{
    const size_t size_bytes = principal_size_bytes(cached->principal);
    if (size_bytes > LIMIT_TOKEN_CACHE_SIZE_BYTES_MAX) {
        return;
    }
    token_cache_drop(cache, digest);
    make_room(cache, size_bytes);
    struct entry *entry = cache->free;
    cache->free = entry->next;
    memcpy(entry->digest, digest, SHA256_SIZE);
    entry->cached = *cached;
    entry->next = NULL;
    (void)principal_ref(entry->cached.principal);
    cache->size_bytes += size_bytes;
    list_append(&cache->used, &entry->link);
    *place_of(cache, digest) = entry;
}

void token_cache_drop(struct token_cache *cache, const uint8_t *digest)
{
    struct entry **place = place_of(cache, digest);
    if (*place != NULL) {
        drop(cache, place);
    }
}
