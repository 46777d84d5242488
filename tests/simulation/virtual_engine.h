/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An engine on virtual time: the real scheduler and the real checks, instances that take a
 * random time, and a network that is arithmetic, so that every answer can be checked.
 *
 * Model "m" takes features FP32 [-1, 2] = (x, marker) and gives scores FP32 [-1, 2]:
 * version 1 (x/64, 1 - x/64), version 2 the other way round. The marker says which version
 * preprocess worked for: another one than the engine's breaks the run.
 */
#pragma once

#include "engine/scheduler.h"
#include "infer/infer.h"
#include "virtual.h"

enum { VIRTUAL_VERSION_COUNT = 2 };

struct virtual_engine;

struct virtual_engine_options {
    size_t instance_count;
    size_t batch_rows_max;
    size_t queue_count_max;
    uint64_t wait_ns_max;
    uint64_t run_ns_max;
};

struct virtual_engine *virtual_engine_create(struct virtual *world,
                                             const struct virtual_engine_options *options);
struct infer_service *virtual_engine_service(struct virtual_engine *engine);

/* From now on it refuses; what waits is still answered. */
void virtual_engine_drain(struct virtual_engine *engine);

/* All schedulers idle is an invariant here. */
void virtual_engine_destroy(struct virtual_engine *engine);
