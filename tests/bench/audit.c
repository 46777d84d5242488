/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit_bench FOLDER SECONDS: how many records a second become durable in a trail there,
 * with as many under way as a busy gateway has, and what the disk under it takes for a sync
 * alone.
 */
#include <stdatomic.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/invariant.h"
#include "measure.h"
#include "service/audit/posix_disk.h"
#include "service/audit/real_clock.h"
#include "service/audit/writer.h"

enum { UNDER_WAY = 1024, SYNC_COUNT = 200, PATH_SIZE = 1024, LINE_SIZE = 800 };

struct bench {
    struct mailbox mailbox; /* first; runs what is posted at once, on the writer's thread */
    struct audit *audit;
    struct writer fields;
    struct audit_entry entries[UNDER_WAY];
    uint64_t end_ns;
    atomic_size_t done_count;
    atomic_size_t ended_count;
};

static void run_at_once(struct mailbox *mailbox, struct task *task)
{
    (void)mailbox;
    task->run(task);
}

static void submit(struct bench *bench, struct audit_entry *entry)
{
    struct list one;
    INVARIANT(bench->audit != NULL);
    list_init(&one);
    list_append(&one, &entry->link);
    bench->audit->ops->submit(bench->audit, &one);
}

static void on_done(struct audit_entry *entry)
{
    struct bench *bench = entry->context;
    INVARIANT(entry->status == GALEN_OK);
    atomic_fetch_add(&bench->done_count, 1);
    if (clock_monotonic_ns() < bench->end_ns) {
        submit(bench, entry);
    } else {
        atomic_fetch_add(&bench->ended_count, 1);
    }
}

/* What a request of the sample model leaves. */
static void write_fields(struct bench *bench)
{
    static const uint8_t digest[32];
    writer_init(&bench->fields, 1 << 14);
    audit_event_write(
        &(struct audit_event){.kind = AUDIT_EVENT_infer,
                              .request_id = BYTES("03adc0c2dc440201e1d21c7ad0761a1d"),
                              .actor_client_id = BYTES("unidentified"),
                              .outcome = "ok",
                              .route = "infer",
                              .model_name = BYTES("clinical-ner"),
                              .model_version = AUDIT_COUNT(2),
                              .model_sha256 = digest,
                              .in_media_type = "text/plain",
                              .in_bytes = AUDIT_COUNT(812),
                              .in_hmac = digest,
                              .out_status = AUDIT_COUNT(200),
                              .out_bytes = AUDIT_COUNT(2044),
                              .dur_us = AUDIT_COUNT(678),
                              .before_us = AUDIT_COUNT(41),
                              .preprocess_us = AUDIT_COUNT(19),
                              .infer_us = AUDIT_COUNT(582),
                              .queue_us = AUDIT_COUNT(3),
                              .compute_us = AUDIT_COUNT(571),
                              .batch_rows = AUDIT_COUNT(1)},
        &bench->fields);
}

static struct audit_writer *open_writer(const char *folder, struct ed25519 **out_key)
{
    static struct checkpoint_key checkpoint_key = {.name = "checkpoint-000001"};
    static char trail[PATH_SIZE];
    static const char *const trails[] = {trail};
    struct audit_writer *writer = NULL;
    struct error error;
    (void)snprintf(trail, sizeof(trail), "%s/audit", folder);
    INVARIANT(ed25519_generate(out_key) == GALEN_OK);
    checkpoint_key.key = *out_key;
    const struct audit_log_options options = {
        .chain = {.disk = posix_disk(),
                  .clock = &audit_real_clock,
                  .service = "bench",
                  .instance = "bench",
                  .boot_id = "0123456789abcdef",
                  .key_id = "audit-hmac-000001",
                  .checkpoint_key = &checkpoint_key,
                  .segment_size_bytes_max = 64 << 20,
                  .checkpoint_records = 10000,
                  .checkpoint_ns = 60 * NS_PER_S},
        .trails = trails,
        .trail_count = 1,
        .retry_ns = NS_PER_S,
    };
    if (audit_writer_create(&options, &writer, &error) != GALEN_OK) {
        die(trail, error.text);
    }
    return writer;
}

/* A line, then a sync, as one client alone would have it. Mean. */
static double sync_us(const char *folder)
{
    char path[PATH_SIZE];
    static const uint8_t line[LINE_SIZE];
    struct audit_file *file;
    struct audit_disk *disk = posix_disk();
    struct error error;
    (void)snprintf(path, sizeof(path), "%s/alone", folder);
    if (disk->ops->create(disk, path, &file, &error) != GALEN_OK) {
        die(path, error.text);
    }
    const uint64_t begin_ns = clock_monotonic_ns();
    for (int i = 0; i < SYNC_COUNT; i++) {
        INVARIANT(disk->ops->append(file, bytes_of(line, sizeof(line)), &error) ==
                  GALEN_OK);
        INVARIANT(disk->ops->sync(file, &error) == GALEN_OK);
    }
    const uint64_t end_ns = clock_monotonic_ns();
    disk->ops->close(file);
    return (double)(end_ns - begin_ns) / 1e3 / SYNC_COUNT;
}

int main(int count, char **arguments)
{
    static const struct mailbox_ops mailbox_ops = {.post = run_at_once};
    static struct bench bench = {.mailbox = {&mailbox_ops}};
    struct ed25519 *key;
    if (count != 3) {
        die("audit_bench", "FOLDER SECONDS");
    }
    const double alone_us = sync_us(arguments[1]);
    struct audit_writer *writer = open_writer(arguments[1], &key);
    bench.audit = audit_writer_base(writer);
    write_fields(&bench);
    const uint64_t begin_ns = clock_monotonic_ns();
    const double begin_cpu_us = cpu_us();
    bench.end_ns = begin_ns + strtoull(arguments[2], NULL, 10) * NS_PER_S;
    for (size_t i = 0; i < UNDER_WAY; i++) {
        bench.entries[i] = (struct audit_entry){.fields = writer_bytes(&bench.fields),
                                                .mailbox = &bench.mailbox,
                                                .done = on_done,
                                                .context = &bench};
        submit(&bench, &bench.entries[i]);
    }
    while (atomic_load(&bench.ended_count) < UNDER_WAY) {
        (void)usleep(1000);
    }
    const double seconds = (double)(clock_monotonic_ns() - begin_ns) / 1e9;
    const double records = (double)atomic_load(&bench.done_count);
    struct audit_writer_statistics statistics;
    audit_writer_read(writer, &statistics);
    (void)printf("{\"records_per_s\":%.0f,\"cpu_us\":%.2f,\"records_per_sync\":%.1f,"
                 "\"sync_us\":%.0f}\n",
                 records / seconds, (cpu_us() - begin_cpu_us) / records,
                 records / (double)statistics.commit_count, alone_us);
    audit_writer_close(writer);
    ed25519_destroy(key);
    writer_deinit(&bench.fields);
    return 0;
}
