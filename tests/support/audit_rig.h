/* SPDX-License-Identifier: Apache-2.0 */
/* For tests: a folder for trails, keys, a clock that is set by hand, and a disk that fails
 * when it is told to. */
#pragma once

#include <stdatomic.h>

#include "base/clock.h"
#include "service/audit/chain.h"
#include "service/audit/posix_disk.h"

#include "scratch.h"

/* The real disk behind a switch. */
struct switched_disk {
    struct audit_disk base;   /* first */
    atomic_bool fails;        /* everything that writes */
    atomic_bool append_fails; /* that alone */
};

struct audit_rig {
    struct scratch scratch;
    char trail[80];
    struct switched_disk disk;
    struct audit_clock clock;
    uint64_t now_ns;
    struct ed25519 *key;
    struct checkpoint_key checkpoint_key;
    struct audit_chain_options options;
};

static struct audit_rig audit_rig;

static inline enum galen_status switched_append(struct audit_file *file, struct bytes bytes,
                                                struct error *out_error)
{
    return atomic_load(&audit_rig.disk.fails) || atomic_load(&audit_rig.disk.append_fails)
               ? error_set(out_error, GALEN_UNAVAILABLE, "the switch is off")
               : file->ops->append(file, bytes, out_error);
}

static inline enum galen_status
switched_make_folder(struct audit_disk *disk, const char *path, struct error *out_error)
{
    (void)disk;
    return atomic_load(&audit_rig.disk.fails)
               ? error_set(out_error, GALEN_UNAVAILABLE, "the switch is off")
               : posix_disk()->ops->make_folder(posix_disk(), path, out_error);
}

static inline uint64_t rig_wall_ns(void *context)
{
    (void)context;
    return UINT64_C(1795640116000000000) + audit_rig.now_ns;
}

static inline uint64_t rig_now_ns(void *context)
{
    (void)context;
    return audit_rig.now_ns;
}

static inline void rig_random(void *context, uint8_t *out_bytes, size_t size)
{
    static uint8_t next;
    (void)context;
    memset(out_bytes, ++next, size);
}

static inline int audit_rig_set_up(void **state)
{
    static struct audit_disk_ops ops;
    (void)state;
    audit_rig = (struct audit_rig){.now_ns = NS_PER_S};
    scratch_create(&audit_rig.scratch);
    (void)snprintf(audit_rig.trail, sizeof(audit_rig.trail), "%s/audit",
                   audit_rig.scratch.path);
    ops = *posix_disk()->ops;
    ops.append = switched_append;
    ops.make_folder = switched_make_folder;
    audit_rig.disk.base.ops = &ops;
    audit_rig.clock = (struct audit_clock){rig_wall_ns, rig_now_ns, rig_random, NULL};
    assert_int_equal(ed25519_generate(&audit_rig.key), GALEN_OK);
    audit_rig.checkpoint_key = (struct checkpoint_key){"checkpoint-000001", audit_rig.key};
    audit_rig.options = (struct audit_chain_options){
        .disk = &audit_rig.disk.base,
        .clock = &audit_rig.clock,
        .service = "gateway",
        .instance = "here",
        .boot_id = "0123456789abcdef",
        .key_id = "audit-hmac-000001",
        .checkpoint_key = &audit_rig.checkpoint_key,
        .segment_size_bytes_max = 1 << 20,
        .checkpoint_records = 1000,
        .checkpoint_ns = NS_PER_S,
    };
    return 0;
}

static inline int audit_rig_tear_down(void **state)
{
    (void)state;
    ed25519_destroy(audit_rig.key);
    scratch_remove(&audit_rig.scratch);
    return 0;
}

#define AUDIT_RIG_TEST(test) \
    cmocka_unit_test_setup_teardown(test, audit_rig_set_up, audit_rig_tear_down)
