/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The audit log on disks that fail: machines and processes stop in the middle of anything,
 * disks get full, syncs fail. Whatever happens: a record whose commit was told to be good
 * is on enough disks, in a chain whose hashes hold; and `galen audit verify` finds nothing
 * wrong. A failing seed is printed; run it alone with `audit SEED`.
 */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/invariant.h"
#include "seeds.h"
#include "service/audit/log.h"
#include "service/audit/record.h"
#include "service/audit/trail_check.h"
#include "virtual_disk.h"

enum {
    TRAIL_COUNT = 2,
    EVENT_COUNT_MAX = 400,
    VERIFIED_SEEDS = 20, /* one of so many is written to real files and verified */
    PATH_SIZE = 512,
};

static const char *const trails[TRAIL_COUNT] = {"a/audit", "b/audit"};

/* The two trails lie on disks of their own. */
struct two_disks {
    struct audit_disk base; /* first: the one that the log sees */
    struct virtual_disk disks[TRAIL_COUNT];
};

struct world {
    struct virtual time;
    struct two_disks disk;
    struct audit_clock clock;
    struct ed25519 *key;
    struct checkpoint_key checkpoint_key;
    struct sha256 *sha256;
    struct audit_log *log;
    size_t trail_count;
    bool requires_all;
    size_t event_count;
    bool is_answered[EVENT_COUNT_MAX];
    bool is_found[TRAIL_COUNT][EVENT_COUNT_MAX];
};

static struct virtual_disk *disk_of(struct audit_disk *base, const char *path)
{
    return &((struct two_disks *)base)->disks[path[0] - 'a'];
}

static enum galen_status make_folder(struct audit_disk *base, const char *path,
                                     struct error *out_error)
{
    struct virtual_disk *disk = disk_of(base, path);
    return disk->base.ops->make_folder(&disk->base, path, out_error);
}

static enum galen_status create(struct audit_disk *base, const char *path,
                                struct audit_file **out_file, struct error *out_error)
{
    struct virtual_disk *disk = disk_of(base, path);
    return disk->base.ops->create(&disk->base, path, out_file, out_error);
}

static enum galen_status append(struct audit_file *file, struct bytes bytes,
                                struct error *out_error)
{
    return file->ops->append(file, bytes, out_error);
}

static enum galen_status sync_file(struct audit_file *file, struct error *out_error)
{
    return file->ops->sync(file, out_error);
}

static void close_file(struct audit_file *file)
{
    file->ops->close(file);
}

static enum galen_status sync_path(struct audit_disk *base, const char *path,
                                   struct error *out_error)
{
    struct virtual_disk *disk = disk_of(base, path);
    return disk->base.ops->sync_path(&disk->base, path, out_error);
}

static enum galen_status put(struct audit_disk *base, const char *path, struct bytes bytes,
                             struct error *out_error)
{
    struct virtual_disk *disk = disk_of(base, path);
    return disk->base.ops->put(&disk->base, path, bytes, out_error);
}

static enum galen_status list(struct audit_disk *base, const char *path,
                              void (*visit)(void *context, const char *name), void *context,
                              struct error *out_error)
{
    struct virtual_disk *disk = disk_of(base, path);
    return disk->base.ops->list(&disk->base, path, visit, context, out_error);
}

static enum galen_status read_file(struct audit_disk *base, const char *path,
                                   size_t size_bytes_max, struct blob **out_blob,
                                   struct error *out_error)
{
    struct virtual_disk *disk = disk_of(base, path);
    return disk->base.ops->read(&disk->base, path, size_bytes_max, out_blob, out_error);
}

static void remove_entry(struct audit_disk *base, const char *path)
{
    struct virtual_disk *disk = disk_of(base, path);
    disk->base.ops->remove(&disk->base, path);
}

static const struct audit_disk_ops ops = {
    .make_folder = make_folder,
    .create = create,
    .append = append,
    .sync = sync_file,
    .close = close_file,
    .sync_path = sync_path,
    .put = put,
    .remove = remove_entry,
    .list = list,
    .read = read_file,
};

static uint64_t virtual_now(void *context)
{
    return ((const struct virtual *)context)->now_ns;
}

static uint64_t virtual_wall(void *context)
{
    return UINT64_C(1795640116000000000) + virtual_now(context);
}

static void fill_random(void *context, uint8_t *out_bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        out_bytes[i] = (uint8_t)virtual_random(context);
    }
}

static bool open_log(struct world *world)
{
    struct error error;
    error_clear(&error);
    const struct audit_log_options options = {
        .chain = {.disk = &world->disk.base,
                  .clock = &world->clock,
                  .service = "gateway",
                  .instance = "simulation",
                  .boot_id = "0123456789abcdef",
                  .key_id = "audit-hmac-000001",
                  .checkpoint_key = &world->checkpoint_key,
                  .segment_size_bytes_max = 4096,
                  .checkpoint_records = 8,
                  .checkpoint_ns = NS_PER_S},
        .trails = trails,
        .trail_count = world->trail_count,
        .requires_all = world->requires_all,
        .retry_ns = 5 * NS_PER_MS,
    };
    return audit_log_create(&options, &world->log, &error) == GALEN_OK;
}

/* A batch of records, each with a number of its own. */
static void write_batch(struct world *world)
{
    struct writer texts[8];
    const size_t count = (size_t)virtual_between(&world->time, 0, 8);
    const size_t first = world->event_count;
    for (size_t i = 0; i < count && world->event_count < EVENT_COUNT_MAX; i++) {
        char id[16];
        struct writer *text = &texts[i];
        (void)snprintf(id, sizeof(id), "r%zu", world->event_count);
        writer_init(text, 1 << 16);
        audit_event_write(&(struct audit_event){.kind = AUDIT_EVENT_infer,
                                                .request_id = bytes_from_string(id)},
                          text);
        audit_log_append(world->log, writer_bytes(text));
        world->event_count++;
    }
    const bool is_good = audit_log_commit(world->log) == GALEN_OK;
    for (size_t i = first; i < world->event_count; i++) {
        world->is_answered[i] = is_good;
        writer_deinit(&texts[i - first]);
    }
}

/* A log whose process is gone: nothing of it is written any more. */
static void drop_log(struct world *world, uint64_t operations_left)
{
    for (size_t i = 0; i < TRAIL_COUNT; i++) {
        world->disk.disks[i].operations_left = operations_left;
    }
    audit_log_close(world->log);
    world->log = NULL;
    for (size_t i = 0; i < TRAIL_COUNT; i++) {
        world->disk.disks[i].operations_left = UINT64_MAX;
    }
}

static void stop_machine(struct world *world)
{
    drop_log(world, 0);
    for (size_t i = 0; i < TRAIL_COUNT; i++) {
        virtual_disk_restart(&world->disk.disks[i]);
    }
}

static void set_faults(struct world *world, bool has_faults)
{
    for (size_t i = 0; i < TRAIL_COUNT; i++) {
        struct virtual_disk *disk = &world->disk.disks[i];
        const bool is_full = has_faults && virtual_chance(&world->time, 300);
        disk->size_bytes_max =
            is_full ? disk->size_bytes + virtual_between(&world->time, 0, 3000)
                    : UINT64_MAX / 2;
        disk->sync_fails = has_faults ? (uint32_t)virtual_between(&world->time, 0, 60) : 0;
        disk->append_fails =
            has_faults ? (uint32_t)virtual_between(&world->time, 0, 60) : 0;
    }
}

static void take_step(struct world *world)
{
    struct virtual *time = &world->time;
    time->now_ns += virtual_between(time, 0, 10 * NS_PER_MS);
    if (world->log == NULL && !open_log(world)) {
        set_faults(world, false); /* somebody mends it before the next start */
        return;
    }
    if (virtual_chance(time, 40)) {
        stop_machine(world);
    } else if (virtual_chance(time, 30)) {
        drop_log(world, virtual_between(time, 0, 3)); /* killed, perhaps while it stopped */
    } else if (virtual_chance(time, 20)) {
        drop_log(world, UINT64_MAX); /* stopped */
    } else if (virtual_chance(time, 100)) {
        set_faults(world, virtual_chance(time, 600));
    } else {
        write_batch(world);
    }
}

/* What must hold. */

struct reading {
    struct world *world;
    size_t trail;
};

static void find_record(struct world *world, size_t trail, struct bytes line)
{
    static const struct bytes name = BYTES_INIT("\"request_id\":\"r");
    const uint8_t *at = memmem(line.data, line.size, name.data, name.size);
    uint64_t number;
    if (at == NULL) {
        return;
    }
    const struct bytes rest = bytes_from(line, (size_t)(at - line.data) + name.size);
    INVARIANT(bytes_parse_u64(bytes_first(rest, bytes_find(rest, '"')), EVENT_COUNT_MAX,
                              &number));
    world->is_found[trail][number] = true;
}

/* Goes over the records of a segment to the first that is none, or not what was sealed. */
static void read_segment(void *context, const char *path, struct bytes text)
{
    struct reading *reading = context;
    const char *end = strrchr(path, '.');
    while (end != NULL && strcmp(end, ".ndjson") == 0 && text.size > 0) {
        const struct bytes line = bytes_first(text, bytes_find(text, '\n'));
        struct audit_record record;
        uint8_t hash[SHA256_SIZE];
        if (line.size == text.size || audit_record_read(line, &record) != GALEN_OK) {
            return;
        }
        INVARIANT(audit_record_hash(&record, reading->world->sha256, hash) == GALEN_OK);
        if (memcmp(hash, record.hash, sizeof(hash)) != 0) {
            return;
        }
        find_record(reading->world, reading->trail, line);
        text = bytes_from(text, line.size + 1);
    }
}

static void check_answered(struct world *world)
{
    for (size_t i = 0; i < world->trail_count; i++) {
        struct reading reading = {world, i};
        virtual_disk_visit(&world->disk.disks[i], read_segment, &reading);
    }
    for (size_t i = 0; i < world->event_count; i++) {
        const size_t copies = (size_t)world->is_found[0][i] + (size_t)world->is_found[1][i];
        const size_t needed = world->requires_all ? world->trail_count : 1;
        if (world->is_answered[i] && copies < needed) {
            (void)fprintf(stderr, "audit: record %zu was answered and is lost\n", i);
        }
        INVARIANT(!world->is_answered[i] || copies >= needed);
    }
}

/* Real files of what the disk has, for who reads only such. */
static void write_file(void *context, const char *path, struct bytes content)
{
    char real[PATH_SIZE];
    (void)snprintf(real, sizeof(real), "%s/%s", (const char *)context, path);
    for (char *slash = real + strlen(context) + 1; (slash = strchr(slash, '/')) != NULL;
         slash++) {
        *slash = '\0';
        (void)mkdir(real, 0700);
        *slash = '/';
    }
    FILE *file = fopen(real, "we");
    INVARIANT(file != NULL && fwrite(content.data, 1, content.size, file) == content.size);
    INVARIANT(fclose(file) == 0);
}

static void on_chain(void *context, const struct audit_chain_report *report)
{
    (void)context;
    if (report->fault.kind != AUDIT_FAULT_NONE) {
        (void)fprintf(stderr, "audit: %s: record %llu: %s\n", report->chain,
                      (unsigned long long)report->fault.seq,
                      audit_fault_text(report->fault.kind));
    }
    INVARIANT(report->fault.kind == AUDIT_FAULT_NONE);
}

static void on_stranger(void *context, const char *folder, const char *name)
{
    (void)context, (void)folder, (void)name;
    INVARIANT(false);
}

static int remove_one(const char *path, const struct stat *status, int type,
                      struct FTW *walk)
{
    (void)status, (void)type, (void)walk;
    return remove(path);
}

static void verify(const struct world *world)
{
    char folder[] = "/tmp/galen-audit-XXXXXX";
    INVARIANT(mkdtemp(folder) != NULL && world->trail_count <= TRAIL_COUNT);
    for (size_t i = 0; i < world->trail_count; i++) {
        char trail[PATH_SIZE];
        struct error error;
        virtual_disk_visit(&world->disk.disks[i], write_file, folder);
        (void)snprintf(trail, sizeof(trail), "%s/%c/audit", folder, (char)('a' + i));
        const struct audit_trail_check check = {
            .trail = trail,
            .keys = &world->checkpoint_key,
            .key_count = 1,
            .on_chain = on_chain,
            .on_stranger = on_stranger,
        };
        const enum galen_status status = audit_trail_check_run(&check, &error);
        INVARIANT(status == GALEN_OK ||
                  status == GALEN_NOT_FOUND); /* nothing was written */
    }
    INVARIANT(nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS) == 0);
}

static void open_world(struct world *world, uint64_t seed, struct ed25519 *key)
{
    *world = (struct world){.key = key};
    virtual_init(&world->time, seed);
    world->clock =
        (struct audit_clock){virtual_wall, virtual_now, fill_random, &world->time};
    world->checkpoint_key = (struct checkpoint_key){"checkpoint-000001", key};
    world->disk.base.ops = &ops;
    for (size_t i = 0; i < TRAIL_COUNT; i++) {
        virtual_disk_init(&world->disk.disks[i], &world->time);
    }
    world->trail_count = (size_t)virtual_between(&world->time, 1, TRAIL_COUNT);
    world->requires_all = virtual_chance(&world->time, 500);
    INVARIANT(sha256_create(&world->sha256) == GALEN_OK);
}

static size_t run_seed(uint64_t seed, struct ed25519 *key)
{
    static struct world world;
    size_t answered_count = 0;
    open_world(&world, seed, key);
    const size_t step_count = (size_t)virtual_between(&world.time, 10, 80);
    for (size_t i = 0; i < step_count; i++) {
        take_step(&world);
    }
    stop_machine(&world);
    check_answered(&world);
    if (seed % VERIFIED_SEEDS == 0) {
        set_faults(&world, false);
        INVARIANT(open_log(&world)); /* which tells of what the last one left */
        drop_log(&world, UINT64_MAX);
        verify(&world);
    }
    for (size_t i = 0; i < world.event_count; i++) {
        answered_count += world.is_answered[i];
    }
    for (size_t i = 0; i < TRAIL_COUNT; i++) {
        virtual_disk_deinit(&world.disk.disks[i]);
    }
    sha256_destroy(world.sha256);
    virtual_deinit(&world.time);
    return answered_count;
}

int main(int count, char **arguments)
{
    const struct seeds seeds = {"audit", "records answered for", run_seed};
    return seeds_run(&seeds, count, arguments);
}
