/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A shared block of bytes: a body, or a model's output that several replies are cut from.
 *
 * Threads: ref and unref from any; the bytes are written by their maker before it shares
 * the blob and never after. Allocation: create only. The bytes are wiped with the last
 * unref.
 */
#pragma once

#include "base/bytes.h"
#include "base/cleanup.h"

#define BLOB_ALIGNMENT 64u

struct blob;

/* Gives one reference. `lead` bytes come before the place that is 64-byte aligned: a v2
 * body passes the size of its JSON header, and its first tensor is aligned. Not zeroed.
 * NULL: out of memory. */
struct blob *blob_create(size_t size, size_t lead);

struct blob *blob_ref(struct blob *blob); /* returns its argument */
void blob_unref(struct blob *blob);       /* NULL is allowed */
DEFINE_SCOPED(blob, blob_unref)

uint8_t *blob_data(struct blob *blob);
size_t blob_size(const struct blob *blob);

/* Makes the blob smaller: what a reader did not fill. The rest is still wiped. */
void blob_truncate(struct blob *blob, size_t size);

/* As blob_truncate, where nothing was ever written beyond size: that rest is not wiped. A
 * body that was announced and never came does not cost its size. */
void blob_truncate_unwritten(struct blob *blob, size_t size);
