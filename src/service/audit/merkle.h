/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Merkle tree of RFC 9162 section 2.1 over records in their order. Leaves come as leaf
 * hashes, SHA-256(0x00 ‖ leaf), which is what a record's `hash` is. Hashes have 32 bytes.
 *
 * I/O-free. Threads: one owner.
 */
#pragma once

#include "crypto/sha256.h"

#define MERKLE_LEVEL_COUNT 64u

/* The tree so far: the roots of its perfect subtrees, largest first. */
struct merkle {
    struct sha256 *sha256; /* borrowed; for inner nodes */
    uint64_t size;         /* leaves */
    uint8_t peaks[MERKLE_LEVEL_COUNT][SHA256_SIZE];
    size_t peak_count;
};

void merkle_init(struct merkle *merkle, struct sha256 *sha256);

/* GALEN_INTERNAL: SHA-256 failed. */
MUST_USE enum galen_status merkle_append(struct merkle *merkle, const uint8_t *leaf_hash);

/* MTH of RFC 9162 section 2.1.1; of no leaf, SHA-256(). */
MUST_USE enum galen_status merkle_root(const struct merkle *merkle, uint8_t *out_root);

/* A path of hashes: an inclusion proof (section 2.1.3) or a consistency proof (2.1.4). */
struct merkle_path {
    uint8_t hashes[MERKLE_LEVEL_COUNT + 1][SHA256_SIZE];
    size_t count;
};

/* leaf_hashes: size of them, one behind the other. index < size. */
MUST_USE enum galen_status merkle_prove_inclusion(struct sha256 *sha256,
                                                  const uint8_t *leaf_hashes, uint64_t size,
                                                  uint64_t index,
                                                  struct merkle_path *out_path);
/* 0 < old_size ≤ size. */
MUST_USE enum galen_status merkle_prove_consistency(struct sha256 *sha256,
                                                    const uint8_t *leaf_hashes,
                                                    uint64_t size, uint64_t old_size,
                                                    struct merkle_path *out_path);

/* GALEN_INVALID: the path does not lead from the leaf to the root. */
MUST_USE enum galen_status
merkle_check_inclusion(struct sha256 *sha256, const uint8_t *leaf_hash, uint64_t index,
                       uint64_t size, const struct merkle_path *path, const uint8_t *root);

/* GALEN_INVALID: the tree of new_size does not begin with the one of old_size. */
MUST_USE enum galen_status
merkle_check_consistency(struct sha256 *sha256, uint64_t old_size, const uint8_t *old_root,
                         uint64_t new_size, const uint8_t *new_root,
                         const struct merkle_path *path);
