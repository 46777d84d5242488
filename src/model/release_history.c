/* SPDX-License-Identifier: Apache-2.0 */
#include "model/release_history.h"

#include "base/limits.h"
#include "model/release_folder.h"

enum { ARENA_SIZE_BYTES_MAX = 64 * LIMIT_RELEASE_RECORD_SIZE_BYTES_MAX };

struct walk {
    const struct release_folder *folder;
    struct arena arenas[2]; /* of a record and of the one before it */
    struct release_record records[2];
    uint8_t sha256[2][SHA256_SIZE];
    bool is_hashed[2]; /* the file is there */
    bool is_read[2];
};

static enum galen_status walk_read(struct walk *walk, uint64_t number, size_t here,
                                   struct error *out_fault)
{
    static const uint8_t none[SHA256_SIZE];
    arena_clear(&walk->arenas[here]);
    memset(walk->sha256[here], 0, SHA256_SIZE);
    const enum galen_status status =
        release_folder_record(walk->folder, number, &walk->arenas[here],
                              &walk->records[here], walk->sha256[here], out_fault);
    walk->is_read[here] = status == GALEN_OK;
    walk->is_hashed[here] = memcmp(walk->sha256[here], none, sizeof(none)) != 0;
    return status == GALEN_NO_MEMORY ? status : GALEN_OK;
}

static void check_chain(const struct walk *walk, uint64_t number, size_t here,
                        struct error *out_fault)
{
    const size_t before = 1 - here;
    const bool is_known = number == 1 || walk->is_hashed[before];
    if (walk->is_read[here] && is_known &&
        memcmp(walk->records[here].previous_sha256, walk->sha256[before], SHA256_SIZE) !=
            0) {
        (void)error_set(out_fault, GALEN_INVALID,
                        "%s/releases/%06llu.json: does not follow the record before it: "
                        "one of the two was changed",
                        walk->folder->path, (unsigned long long)number);
    }
}

static struct release_entry make_entry(const struct walk *walk, uint64_t number,
                                       size_t here, const struct error *fault)
{
    const size_t before = 1 - here;
    return (struct release_entry){
        .number = number,
        .record = walk->is_read[here] ? &walk->records[here] : NULL,
        .sha256 = walk->sha256[here],
        .fault = fault->text,
        .was_moved_by_hand =
            walk->is_read[here] && walk->is_read[before] &&
            !release_state_equal(&walk->records[before].after, &walk->records[here].before),
    };
}

static enum galen_status
walk_all(struct walk *walk, uint64_t newest,
         enum galen_status (*visit)(void *context, const struct release_entry *entry),
         void *context)
{
    for (uint64_t number = 1; number <= newest; number++) {
        const size_t here = number % 2;
        struct error fault = {"", ""};
        TRY(walk_read(walk, number, here, &fault));
        check_chain(walk, number, here, &fault);
        const struct release_entry entry = make_entry(walk, number, here, &fault);
        TRY(visit(context, &entry));
    }
    return GALEN_OK;
}

enum galen_status
release_walk(const char *repository, const char *model,
             enum galen_status (*visit)(void *context, const struct release_entry *entry),
             void *context, struct error *out_error)
{
    scoped(release_folder) folder = NULL;
    struct walk walk = {.is_read = {false, false}};
    uint64_t newest;
    uint64_t done;
    TRY(release_folder_open(repository, model, &folder, out_error));
    TRY(release_folder_newest(folder, &newest, &done, out_error));
    walk.folder = folder;
    arena_init(&walk.arenas[0], ARENA_SIZE_BYTES_MAX);
    arena_init(&walk.arenas[1], ARENA_SIZE_BYTES_MAX);
    const enum galen_status status =
        walk_all(&walk, done > newest ? done : newest, visit, context);
    arena_deinit(&walk.arenas[0]);
    arena_deinit(&walk.arenas[1]);
    return status;
}
