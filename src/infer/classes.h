/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An output as its largest elements: the classification extension
 * (extension_classification.md). A row of scores becomes BYTES, "value:index" or
 * "value:index:label", the largest first, written as Triton writes them (std::to_string:
 * six decimals for floating point).
 *
 * Pure but for the arena and the blob.
 */
#pragma once

#include "base/arena.h"
#include "base/blob.h"
#include "base/error.h"
#include "galen/tensor.h"

/* What the classes of one output are called; borrowed. */
struct infer_labels {
    const char *output;
    const char *const *texts; /* by index; "": this class has none */
    size_t count;
};

struct infer_classing {
    bool has_rows; /* the first dimension counts rows, and each has classes of its own; else
                    * the tensor is one row */
    const struct infer_labels *labels; /* of the model's outputs; an output may have none */
    size_t label_count;                /* outputs that have some */
};

/* Whether elements of this datatype can be classes: integers, FP32 and FP64. */
bool infer_has_classes(enum galen_datatype datatype);

/* The k largest elements of each row, k being class_count or what a row has. Equal ones
 * come by index, NaN last. The tensor is sound and of a datatype that has classes. Gives
 * the storage that out_classes points into; its name is the tensor's own. GALEN_TOO_LARGE:
 * beyond TENSOR_SIZE_BYTES_MAX; GALEN_NO_MEMORY. */
MUST_USE enum galen_status infer_classes_make(const struct galen_tensor *tensor,
                                              const struct infer_classing *classing,
                                              uint64_t class_count, struct arena *arena,
                                              struct galen_tensor *out_classes,
                                              struct blob **out_storage);
