/* SPDX-License-Identifier: Apache-2.0 */
/* For tests: a repository with a model of three versions, and releases of it. Failures end
 * the test. */
#pragma once

#include "base/limits.h"
#include "model/release.h"
#include "model/repository.h"

#include "temporary_folder.h"

#define RIG_MODEL "tagger"

static const uint64_t rig_wall_ns = UINT64_C(1795640116000000000);

static const char rig_contract_form[] =
    "{task: tabular-classification, title: x, media_types: [application/json], "
    "input: {tensor: x}, features: [{name: x}], output: {tensor: y}, labels: [a, b], "
    "files: {model.onnx: %.64s}, card: {intended_use: x}}";

/* A version's folder with a network and a contract that states its hash. */
static inline void rig_version(const struct temporary_folder *folder, const char *version)
{
    char name[128];
    char text[1024];
    char hex[SHA256_HEX_SIZE];
    uint8_t digest[SHA256_SIZE];
    const struct bytes network = bytes_from_string(version);
    folder_mkdir(folder, version);
    (void)snprintf(name, sizeof(name), "%s/model.onnx", version);
    folder_write(folder, name, network);
    EXPECT_OK(sha256_of(network, digest));
    sha256_to_hex(digest, hex);
    (void)snprintf(text, sizeof(text), rig_contract_form, hex);
    (void)snprintf(name, sizeof(name), "%s/model.yaml", version);
    folder_write(folder, name, bytes_from_string(text));
}

/* tagger/1, 2, 3 and current -> 1. */
static inline void rig_make(const struct temporary_folder *folder)
{
    folder_mkdir(folder, RIG_MODEL);
    rig_version(folder, RIG_MODEL "/1");
    rig_version(folder, RIG_MODEL "/2");
    rig_version(folder, RIG_MODEL "/3");
    folder_link(folder, RIG_MODEL "/current", "1");
}

static inline int rig_create(void **state)
{
    if (folder_create(state) != 0) {
        return -1;
    }
    rig_make(*state);
    return 0;
}

static inline struct release_order rig_order(enum release_action action, uint64_t version)
{
    return (struct release_order){.action = action,
                                  .tag = RELEASE_CURRENT,
                                  .version = version,
                                  .actor = "alice@here",
                                  .reason = "because",
                                  .wall_ns = rig_wall_ns};
}

static inline enum galen_status rig_look(const struct temporary_folder *folder,
                                         struct arena *arena,
                                         struct release_standing *out_standing,
                                         struct error *out_error)
{
    return release_look(folder->path, RIG_MODEL, arena, out_standing, out_error);
}

/* A release from its look to its end. */
static inline enum galen_status rig_try(const struct temporary_folder *folder,
                                        const struct release_order *order,
                                        bool *out_changes, struct error *out_error)
{
    struct arena arena;
    struct release_standing standing = {.newest = 0};
    scoped(release) release = NULL;
    error_clear(out_error);
    arena_init(&arena, LIMIT_ARENA_SIZE_BYTES_MAX);
    const enum galen_status status = rig_look(folder, &arena, &standing, out_error);
    const uint64_t seen = standing.newest;
    arena_deinit(&arena);
    TRY(status);
    TRY(release_open(folder->path, RIG_MODEL, seen, &release, out_error));
    TRY(release_finish(release, out_error));
    TRY(release_plan(release, order, out_changes, out_error));
    return *out_changes ? release_commit(release, out_error) : GALEN_OK;
}

static inline void rig_release(const struct temporary_folder *folder,
                               const struct release_order *order)
{
    bool changes = false;
    struct error error;
    EXPECT_OK(rig_try(folder, order, &changes, &error));
    assert_true(changes);
}

static inline void rig_promote(const struct temporary_folder *folder, uint64_t version)
{
    const struct release_order order = rig_order(RELEASE_PROMOTE, version);
    rig_release(folder, &order);
}

/* 0: there is no such tag. */
static inline uint64_t rig_tag(const struct temporary_folder *folder, const char *tag)
{
    struct arena arena;
    struct error error;
    struct release_standing standing;
    arena_init(&arena, LIMIT_ARENA_SIZE_BYTES_MAX);
    EXPECT_OK(rig_look(folder, &arena, &standing, &error));
    const uint64_t version = release_state_version(&standing.state, tag);
    arena_deinit(&arena);
    return version;
}

/* The same without a look, which a broken record prevents. */
static inline uint64_t rig_tag_of_link(const struct temporary_folder *folder,
                                       const char *path)
{
    char target[32] = "";
    const ssize_t size = readlinkat(folder->descriptor, path, target, sizeof(target) - 1);
    assert_true(size > 0);
    return strtoull(target, NULL, 10);
}

/* The standing, its arena left to the test. */
static inline struct release_standing rig_stand(const struct temporary_folder *folder,
                                                struct arena *arena)
{
    struct release_standing standing;
    struct error error;
    arena_init(arena, LIMIT_ARENA_SIZE_BYTES_MAX);
    EXPECT_OK(rig_look(folder, arena, &standing, &error));
    return standing;
}

static inline enum release_standing_kind rig_kind(const struct temporary_folder *folder)
{
    struct arena arena;
    const enum release_standing_kind kind = rig_stand(folder, &arena).kind;
    arena_deinit(&arena);
    return kind;
}

static inline struct release_rollout rig_rollout(const struct temporary_folder *folder)
{
    struct arena arena;
    const struct release_rollout rollout = rig_stand(folder, &arena).state.rollout;
    arena_deinit(&arena);
    return rollout;
}

static inline struct release_order rig_canary_order(uint64_t version, uint32_t share)
{
    struct release_order order = rig_order(RELEASE_CANARY, version);
    order.rollout = (struct release_rollout){.share = share, .shadow = 5000};
    return order;
}

static inline void rig_begin_canary(const struct temporary_folder *folder, uint64_t version,
                                    uint32_t share)
{
    const struct release_order order = rig_canary_order(version, share);
    rig_release(folder, &order);
}

/* A model's version on these engines; NULL: as before. */
static inline void rig_promote_to(const struct temporary_folder *folder, uint64_t version,
                                  const char *engine)
{
    struct release_order order = rig_order(RELEASE_PROMOTE, version);
    order.engine = engine;
    rig_release(folder, &order);
}

static inline struct release_engines rig_engines(const struct temporary_folder *folder)
{
    struct arena arena;
    const struct release_engines engines = rig_stand(folder, &arena).state.engines;
    arena_deinit(&arena);
    return engines;
}

#define RIG_TEST(test) cmocka_unit_test_setup_teardown(test, rig_create, folder_destroy)
