/* SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "engine/batcher_impl.h"

static bool levels_are_valid(const struct batcher_settings *settings)
{
    size_t count = settings->level_count == 0 ? settings->queue_count_max : 0;
    for (size_t i = 0; i < settings->level_count; i++) {
        const size_t own = settings->levels[i].queue_count_max;
        count += own == 0 ? settings->queue_count_max : own;
        if (count > LIMIT_QUEUE_COUNT_LIMIT) {
            return false;
        }
    }
    return count <= LIMIT_QUEUE_COUNT_LIMIT &&
           (settings->level_count <= 1 || settings->default_priority >= 1) &&
           settings->default_priority <= settings->level_count;
}

static bool settings_are_valid(const struct batcher_settings *settings)
{
    for (size_t i = 0; i < settings->preferred_count; i++) {
        if (settings->preferred_sizes[i] < 1 ||
            settings->preferred_sizes[i] > settings->row_count_max) {
            return false;
        }
    }
    return settings->row_count_max >= 1 &&
           settings->row_count_max <= LIMIT_BATCH_COUNT_LIMIT &&
           settings->queue_count_max >= 1 &&
           settings->queue_count_max <= LIMIT_QUEUE_COUNT_LIMIT &&
           settings->preferred_count <= LIMIT_PREFERRED_SIZE_COUNT_MAX &&
           settings->level_count <= LIMIT_PRIORITY_LEVEL_COUNT_MAX &&
           levels_are_valid(settings);
}

static void sort(size_t *sizes, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        const size_t size = sizes[i];
        size_t at = i;
        for (; at > 0 && sizes[at - 1] > size; at--) {
            sizes[at] = sizes[at - 1];
        }
        sizes[at] = size;
    }
}

static enum galen_status copy_preferred(struct batcher_settings *settings,
                                        struct arena *arena)
{
    const size_t given = settings->preferred_count;
    const size_t count = given == 0 ? 1 : given;
    size_t *sizes = arena_alloc_array(arena, count, sizeof(*sizes));
    if (sizes == NULL) {
        return GALEN_NO_MEMORY;
    }
    sizes[0] = settings->row_count_max;
    for (size_t i = 0; i < given; i++) {
        sizes[i] = settings->preferred_sizes[i];
    }
    sort(sizes, count);
    settings->preferred_sizes = sizes;
    settings->preferred_count = count;
    return GALEN_OK;
}

static enum galen_status copy_levels(struct batcher_settings *settings, struct arena *arena)
{
    const size_t given = settings->level_count;
    const size_t count = given == 0 ? 1 : given;
    struct batcher_level *levels = arena_alloc_array(arena, count, sizeof(*levels));
    if (levels == NULL) {
        return GALEN_NO_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        levels[i] = i < given ? settings->levels[i] : (struct batcher_level){0};
        if (levels[i].queue_count_max == 0) {
            levels[i].queue_count_max = settings->queue_count_max;
        }
    }
    settings->levels = levels;
    settings->level_count = count;
    settings->default_priority += settings->default_priority == 0;
    return GALEN_OK;
}

enum galen_status batcher_settings_complete(struct batcher_settings *settings,
                                            struct arena *arena)
{
    if (!settings_are_valid(settings)) {
        return GALEN_INVALID;
    }
    TRY(copy_preferred(settings, arena));
    return copy_levels(settings, arena);
}
