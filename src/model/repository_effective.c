/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "model/repository_impl.h"

/* A model while it is put together. */
struct merge {
    const struct repository_model *desired;
    const struct repository_model *before; /* NULL: it did not serve */
    const struct repository_readiness *readiness;
    struct arena *arena;
    struct repository_version **versions;
    bool *ready; /* of each that is kept */
    size_t version_count;
    bool holds_engines; /* those that are desired are not ready for what is chosen */
    struct error why;
};

static struct repository_version *find(const struct repository_model *model,
                                       uint64_t number)
{
    for (size_t i = 0; model != NULL && i < model->version_count; i++) {
        if (model->versions[i]->number == number) {
            return model->versions[i];
        }
    }
    return NULL;
}

static bool is_kept(const struct repository_model *model, uint64_t number)
{
    return model != NULL && repository_is_kept(model, number);
}

static const char *engine_before(const struct merge *merge, uint64_t number)
{
    return merge->before == NULL || merge->readiness->distrusts_engines
               ? ""
               : repository_engine(merge->before, number);
}

static const char *engine_of(const struct merge *merge, uint64_t number)
{
    return merge->holds_engines ? engine_before(merge, number)
                                : repository_engine(merge->desired, number);
}

static bool ask(struct merge *merge, const struct repository_version *version,
                const char *engine)
{
    struct error why = {0};
    const struct repository_readiness *readiness = merge->readiness;
    if (version == NULL) {
        return false;
    }
    const bool ready =
        readiness->is_ready(readiness->context, merge->desired, version, engine, &why);
    if (!ready && merge->why.text[0] == '\0') {
        merge->why = why;
    }
    return ready;
}

static void add(struct merge *merge, struct repository_version *version, bool ready)
{
    merge->versions[merge->version_count] = repository_version_ref(version);
    merge->ready[merge->version_count] = ready;
    merge->version_count++;
}

/* The version as it is desired if that is ready, else as it served. */
static void merge_version(struct merge *merge, uint64_t number)
{
    struct repository_version *desired = find(merge->desired, number);
    struct repository_version *before = find(merge->before, number);
    if (!is_kept(merge->desired, number) && !is_kept(merge->before, number)) {
        if (desired != NULL) {
            add(merge, desired, false);
        }
    } else if (ask(merge, desired, engine_of(merge, number))) {
        add(merge, desired, true);
    } else if (before != desired && ask(merge, before, engine_before(merge, number))) {
        add(merge, before, true);
    } else if (desired != NULL) {
        add(merge, desired, false);
    }
}

/* All numbers of both, ascending. */
static void merge_versions(struct merge *merge)
{
    const struct repository_model *a = merge->desired;
    const struct repository_model *b = merge->before;
    const size_t b_count = b == NULL ? 0 : b->version_count;
    size_t i = 0;
    size_t k = 0;
    while (i < a->version_count || k < b_count) {
        const uint64_t left = i < a->version_count ? a->versions[i]->number : UINT64_MAX;
        const uint64_t right = k < b_count ? b->versions[k]->number : UINT64_MAX;
        i += left <= right;
        k += right <= left;
        merge_version(merge, left < right ? left : right);
    }
}

/* NULL: that version does not serve. */
static const struct repository_version *serving(const struct merge *merge, uint64_t number)
{
    for (size_t i = 0; i < merge->version_count; i++) {
        if (merge->versions[i]->number == number && merge->ready[i]) {
            return merge->versions[i];
        }
    }
    return NULL;
}

static uint64_t tag_before(const struct merge *merge, const char *name)
{
    for (size_t i = 0; merge->before != NULL && i < merge->before->tag_count; i++) {
        if (strcmp(merge->before->tags[i].name, name) == 0) {
            return merge->before->tags[i].version;
        }
    }
    return 0;
}

static uint64_t merge_tag(const struct merge *merge, const struct repository_tag *tag)
{
    const uint64_t before = tag_before(merge, tag->name);
    const bool moves =
        serving(merge, tag->version) != NULL || serving(merge, before) == NULL;
    return moves ? tag->version : before;
}

/* A folder that cannot be read any more says nothing of its tags. */
static const struct repository_model *source_of_tags(const struct merge *merge)
{
    const struct repository_model *desired = merge->desired;
    const bool is_blank =
        !desired->usable && desired->version_count == 0 && desired->tag_count == 0;
    return is_blank && merge->before != NULL ? merge->before : desired;
}

/* A version that is tried is promised to nobody: what serves does so without it. */
static bool is_promised(const struct repository_tag *tag)
{
    return strcmp(tag->name, RELEASE_CANARY_TAG) != 0;
}

static enum galen_status merge_tags(const struct merge *merge, struct repository_tag *tags,
                                    struct repository_model *model)
{
    const struct repository_model *source = source_of_tags(merge);
    for (size_t i = 0; i < source->tag_count; i++) {
        if (source->tags[i].name[0] == '\0') {
            continue;
        }
        struct repository_tag *tag = &tags[model->tag_count++];
        tag->name =
            arena_copy_string(merge->arena, bytes_from_string(source->tags[i].name));
        tag->version = merge_tag(merge, &source->tags[i]);
        if (tag->name == NULL) {
            return GALEN_NO_MEMORY;
        }
        model->usable &= serving(merge, tag->version) != NULL || !is_promised(tag);
    }
    return GALEN_OK;
}

/* How long a version that served stays without a tag. */
static uint64_t lingers_until(const struct merge *merge, uint64_t number)
{
    const struct repository_readiness *readiness = merge->readiness;
    for (size_t i = 0; i < merge->before->tag_count; i++) {
        const struct repository_tag *tag = &merge->before->tags[i];
        if (tag->name[0] == '\0' && tag->version == number) {
            return tag->until_ns;
        }
    }
    return readiness->now_ns + readiness->linger_ns;
}

static void add_lingering(const struct merge *merge, struct repository_tag *tags,
                          struct repository_model *model)
{
    const struct repository_model *before = merge->before;
    for (size_t i = 0; before != NULL && i < before->version_count; i++) {
        const uint64_t number = before->versions[i]->number;
        if (!repository_is_kept(before, number) || repository_is_kept(model, number) ||
            serving(merge, number) != before->versions[i]) {
            continue;
        }
        const uint64_t until_ns = lingers_until(merge, number);
        if (until_ns > merge->readiness->now_ns) {
            tags[model->tag_count++] = (struct repository_tag){
                .name = "", .version = number, .until_ns = until_ns};
        }
    }
}

static const struct repository_version *merge_choice(const struct merge *merge,
                                                     const struct repository_model *model)
{
    const struct repository_version *desired = merge->desired->choice;
    const struct repository_version *before =
        merge->before == NULL ? NULL : merge->before->choice;
    if (tag_before(merge, "current") == 0 && model->tag_count > 0) {
        before = NULL;
    }
    const bool serves = desired != NULL && serving(merge, desired->number) != NULL;
    if (!serves && before != NULL && serving(merge, before->number) != NULL) {
        return serving(merge, before->number);
    }
    return desired == NULL ? NULL : repository_model_version(model, desired->number);
}

static enum galen_status copy_configured(const struct merge *merge,
                                         struct repository_model *model)
{
    const struct repository_model *source = source_of_tags(merge);
    uint64_t *configured =
        arena_alloc_array(merge->arena, source->configured_count, sizeof(*configured));
    if (configured == NULL) {
        return GALEN_NO_MEMORY;
    }
    if (source->configured_count > 0) {
        memcpy(configured, source->configured,
               source->configured_count * sizeof(*configured));
    }
    model->configured = configured;
    model->configured_count = source->configured_count;
    return GALEN_OK;
}

/* Whether a request that names no version has an answer; without a choice nobody has one.
 */
static bool is_served(const struct merge *merge, const struct repository_model *model)
{
    if (model->choice == NULL) {
        return model->is_disabled || model->tag_count > 0;
    }
    return serving(merge, model->choice->number) != NULL;
}

static uint64_t choice_before(const struct merge *merge)
{
    const struct repository_version *choice = merge->before->choice;
    return choice == NULL ? 0 : choice->number;
}

/* Whether engines that are new have what is chosen; who was there before goes on else. */
static bool are_engines_ready(struct merge *merge)
{
    const struct repository_version *choice = merge->desired->choice;
    const char *engine = merge->desired->engines.current;
    const bool is_first = merge->before == NULL || (merge->before->choice == NULL &&
                                                    !merge->readiness->distrusts_engines);
    return is_first || choice == NULL ||
           strcmp(engine, engine_before(merge, choice_before(merge))) == 0 ||
           ask(merge, choice, engine);
}

static void merge_engines(struct merge *merge, struct repository_model *model)
{
    merge->holds_engines = !are_engines_ready(merge);
    if (!merge->holds_engines) {
        model->engines = source_of_tags(merge)->engines;
    } else if (!merge->readiness->distrusts_engines) {
        model->engines = merge->before->engines;
    }
    model->awaits_engines = merge->holds_engines;
}

/* A version that is tried where another is, or the same one does, is asked for there. */
static bool is_tried_at_ready_engines(struct merge *merge,
                                      const struct release_rollout *rollout)
{
    return rollout->engine[0] == '\0' ||
           ask(merge, serving(merge, rollout->version), rollout->engine);
}

/* It is held against what is `current`, and not against what was. */
static struct release_rollout merge_rollout(struct merge *merge,
                                            struct repository_model *model)
{
    const struct release_rollout rollout = source_of_tags(merge)->rollout;
    const struct repository_version *desired = merge->desired->choice;
    const bool is_ready = rollout.version != 0 && !merge->holds_engines &&
                          serving(merge, rollout.version) != NULL &&
                          model->choice != NULL &&
                          (desired == NULL || desired->number == model->choice->number) &&
                          serving(merge, model->choice->number) != NULL &&
                          is_tried_at_ready_engines(merge, &rollout);
    model->awaits_engines |= rollout.version != 0 && rollout.engine[0] != '\0' && !is_ready;
    return is_ready ? rollout : (struct release_rollout){.version = 0};
}

static enum galen_status merge_model(struct merge *merge, struct repository_model *model)
{
    const struct repository_model *desired = merge->desired;
    const size_t before_count = merge->before == NULL ? 0 : merge->before->version_count;
    const size_t count_max = desired->version_count + before_count;
    merge->versions =
        arena_alloc_array(merge->arena, count_max, sizeof(struct repository_version *));
    merge->ready = arena_alloc_array(merge->arena, count_max, sizeof(*merge->ready));
    struct repository_tag *tags = arena_alloc_array(
        merge->arena, source_of_tags(merge)->tag_count + before_count, sizeof(*tags));
    model->name = arena_copy_string(merge->arena, bytes_from_string(desired->name));
    if (merge->versions == NULL || merge->ready == NULL || tags == NULL ||
        model->name == NULL) {
        return GALEN_NO_MEMORY;
    }
    merge_engines(merge, model);
    merge_versions(merge);
    model->versions = merge->versions;
    model->version_count = merge->version_count;
    model->usable = true;
    model->is_disabled = desired->is_disabled;
    TRY(copy_configured(merge, model));
    model->tags = tags;
    TRY(merge_tags(merge, tags, model));
    model->choice = merge_choice(merge, model);
    model->usable &= is_served(merge, model);
    model->rollout = merge_rollout(merge, model);
    add_lingering(merge, tags, model);
    model->why_not = desired->why_not.text[0] != '\0' ? desired->why_not : merge->why;
    return GALEN_OK;
}

static enum galen_status merge_all(const struct repository *desired,
                                   const struct repository *before,
                                   const struct repository_readiness *readiness,
                                   struct repository *effective)
{
    struct arena *arena = &effective->arena_;
    struct repository_model *models =
        arena_alloc_array(arena, desired->model_count, sizeof(*models));
    effective->path = arena_copy_string(arena, bytes_from_string(desired->path));
    if (models == NULL || effective->path == NULL) {
        return GALEN_NO_MEMORY;
    }
    effective->models = models;
    for (size_t i = 0; i < desired->model_count; i++) {
        const struct repository_model *model = &desired->models[i];
        const struct bytes name = bytes_from_string(model->name);
        struct merge merge = {
            .desired = model,
            .before =
                before == NULL || model->is_disabled ? NULL : repository_find(before, name),
            .readiness = readiness,
            .arena = arena,
        };
        effective->model_count++;
        TRY(merge_model(&merge, &models[i]));
    }
    return GALEN_OK;
}

enum galen_status repository_effective(const struct repository *desired,
                                       const struct repository *before,
                                       const struct repository_readiness *readiness,
                                       struct repository **out_repository)
{
    scoped(repository) effective = repository_new();
    if (effective == NULL) {
        return GALEN_NO_MEMORY;
    }
    effective->verify_ = desired->verify_;
    TRY(merge_all(desired, before, readiness, effective));
    *out_repository = take(&effective);
    return GALEN_OK;
}
