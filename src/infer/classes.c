/* SPDX-License-Identifier: Apache-2.0 */
#include "infer/classes.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/writer.h"

enum {
    LENGTH_SIZE = sizeof(uint32_t),
    NUMBER_SIZE_MAX = 352 /* of DBL_MAX, ":" and index */
};

/* An element by its value: what is larger has the larger key, whatever the datatype. */
struct ranked {
    uint64_t key;
    uint64_t index;
};

/* The best of a row until now: a heap, the worst of them first. */
struct heap {
    struct ranked *items;
    size_t count;
    size_t count_max;
};

struct maker {
    const struct galen_tensor *tensor;
    const struct infer_labels *labels; /* NULL: none */
    size_t row_size;                   /* elements */
    struct heap heap;
    struct writer out;
};

bool infer_has_classes(enum galen_datatype datatype)
{
    const enum galen_datatype_kind kind = galen_datatype_kind(datatype);
    return kind == GALEN_KIND_SIGNED || kind == GALEN_KIND_UNSIGNED ||
           datatype == GALEN_FP32 || datatype == GALEN_FP64;
}

/* -- values ------------------------------------------------------------------------------
 */

static double read_float(const uint8_t *element, size_t size)
{
    float narrow;
    double value;
    if (size == sizeof(narrow)) {
        memcpy(&narrow, element, sizeof(narrow));
        return (double)narrow;
    }
    memcpy(&value, element, sizeof(value));
    return value;
}

static uint64_t read_unsigned(const uint8_t *element, size_t size)
{
    uint64_t value = 0;
    memcpy(&value, element, size);
    return value;
}

static int64_t read_signed(const uint8_t *element, size_t size)
{
    const unsigned spare = (unsigned)(8 * (sizeof(uint64_t) - size));
    return (int64_t)(read_unsigned(element, size) << spare) >> spare;
}

/* Zero is NaN, and nothing else. Both zeros are one value. */
static uint64_t key_of_float(double value)
{
    const uint64_t sign = UINT64_C(1) << 63;
    uint64_t bits;
    if (value != value) {
        return 0;
    }
    value = value == 0 ? 0.0 : value;
    memcpy(&bits, &value, sizeof(bits));
    return (bits & sign) != 0 ? ~bits : bits | sign;
}

static uint64_t key_of(const struct maker *maker, const uint8_t *element)
{
    const size_t size = galen_datatype_size(maker->tensor->datatype);
    switch (galen_datatype_kind(maker->tensor->datatype)) {
    case GALEN_KIND_UNSIGNED:
        return read_unsigned(element, size);
    case GALEN_KIND_SIGNED:
        return (uint64_t)read_signed(element, size) ^ (UINT64_C(1) << 63);
    case GALEN_KIND_FLOATING:
        return key_of_float(read_float(element, size));
    case GALEN_KIND_BOOLEAN:
    case GALEN_KIND_VARIABLE:
        break;
    }
    return 0;
}

static int value_write(const struct maker *maker, const uint8_t *element, char *out)
{
    const size_t size = galen_datatype_size(maker->tensor->datatype);
    switch (galen_datatype_kind(maker->tensor->datatype)) {
    case GALEN_KIND_UNSIGNED:
        return snprintf(out, NUMBER_SIZE_MAX, "%llu",
                        (unsigned long long)read_unsigned(element, size));
    case GALEN_KIND_SIGNED:
        return snprintf(out, NUMBER_SIZE_MAX, "%lld",
                        (long long)read_signed(element, size));
    case GALEN_KIND_FLOATING:
        return snprintf(out, NUMBER_SIZE_MAX, "%f", read_float(element, size));
    case GALEN_KIND_BOOLEAN:
    case GALEN_KIND_VARIABLE:
        break;
    }
    return 0;
}

/* -- the largest of a row ----------------------------------------------------------------
 */

static bool is_better(struct ranked a, struct ranked b)
{
    return a.key != b.key ? a.key > b.key : a.index < b.index;
}

static int best_first(const void *a, const void *b)
{
    return is_better(*(const struct ranked *)a, *(const struct ranked *)b) ? -1 : 1;
}

static void sift_up(struct heap *heap, size_t at)
{
    while (at > 0 && is_better(heap->items[(at - 1) / 2], heap->items[at])) {
        const struct ranked above = heap->items[(at - 1) / 2];
        heap->items[(at - 1) / 2] = heap->items[at];
        heap->items[at] = above;
        at = (at - 1) / 2;
    }
}

static void sift_down(struct heap *heap)
{
    size_t at = 0;
    for (;;) {
        size_t worst = at;
        for (size_t below = 2 * at + 1; below <= 2 * at + 2 && below < heap->count;
             below++) {
            worst = is_better(heap->items[worst], heap->items[below]) ? below : worst;
        }
        if (worst == at) {
            return;
        }
        const struct ranked moved = heap->items[at];
        heap->items[at] = heap->items[worst];
        heap->items[worst] = moved;
        at = worst;
    }
}

static void heap_offer(struct heap *heap, struct ranked item)
{
    if (heap->count < heap->count_max) {
        heap->items[heap->count] = item;
        sift_up(heap, heap->count++);
    } else if (heap->count > 0 && is_better(item, heap->items[0])) {
        heap->items[0] = item;
        sift_down(heap);
    }
}

static void rank_row(struct maker *maker, const uint8_t *row)
{
    const size_t size = galen_datatype_size(maker->tensor->datatype);
    maker->heap.count = 0;
    for (size_t i = 0; i < maker->row_size; i++) {
        heap_offer(&maker->heap, (struct ranked){key_of(maker, row + i * size), i});
    }
    if (maker->heap.count > 0) {
        qsort(maker->heap.items, maker->heap.count, sizeof(struct ranked), best_first);
    }
}

/* -- text --------------------------------------------------------------------------------
 */

static struct bytes label_of(const struct maker *maker, uint64_t index)
{
    return maker->labels == NULL || index >= maker->labels->count
               ? BYTES_NONE
               : bytes_from_string(maker->labels->texts[index]);
}

static void put_class(struct maker *maker, const uint8_t *row, uint64_t index)
{
    char number[NUMBER_SIZE_MAX];
    const size_t element_size = galen_datatype_size(maker->tensor->datatype);
    const struct bytes label = label_of(maker, index);
    int size = value_write(maker, row + index * element_size, number);
    size += snprintf(number + size, sizeof(number) - (size_t)size, ":%llu%s",
                     (unsigned long long)index, label.size == 0 ? "" : ":");
    const uint32_t length = (uint32_t)((size_t)size + label.size);
    writer_put(&maker->out, bytes_of(&length, sizeof(length)));
    writer_put(&maker->out, bytes_of(number, (size_t)size));
    writer_put(&maker->out, label);
}

static void put_rows(struct maker *maker, size_t row_count)
{
    const size_t size = maker->row_size * galen_datatype_size(maker->tensor->datatype);
    for (size_t i = 0; i < row_count && maker->out.status == GALEN_OK; i++) {
        const uint8_t *row = (const uint8_t *)maker->tensor->bytes + i * size;
        rank_row(maker, row);
        for (size_t k = 0; k < maker->heap.count; k++) {
            put_class(maker, row, maker->heap.items[k].index);
        }
    }
}

/* -- the whole ---------------------------------------------------------------------------
 */

static const struct infer_labels *find_labels(const struct infer_classing *classing,
                                              const char *output)
{
    for (size_t i = 0; i < classing->label_count; i++) {
        if (strcmp(classing->labels[i].output, output) == 0) {
            return &classing->labels[i];
        }
    }
    return NULL;
}

enum galen_status infer_classes_make(const struct galen_tensor *tensor,
                                     const struct infer_classing *classing,
                                     uint64_t class_count, struct arena *arena,
                                     struct galen_tensor *out_classes,
                                     struct blob **out_storage)
{
    const bool has_rows = classing->has_rows && tensor->rank > 0;
    const size_t row_count = has_rows ? (size_t)tensor->shape[0] : 1;
    struct maker maker = {.tensor = tensor, .labels = find_labels(classing, tensor->name)};
    uint64_t row_size;
    TRY(galen_shape_element_count(tensor->shape + has_rows, tensor->rank - has_rows,
                                  &row_size));
    maker.row_size = row_size;
    maker.heap.count_max = class_count < row_size ? class_count : row_size;
    maker.heap.items =
        arena_alloc_array(arena, maker.heap.count_max, sizeof(struct ranked));
    if (maker.heap.items == NULL) {
        return GALEN_NO_MEMORY;
    }
    writer_init(&maker.out, LIMIT_TENSOR_SIZE_BYTES_MAX);
    put_rows(&maker, row_count);
    struct galen_tensor classes = {.name = tensor->name,
                                   .datatype = GALEN_BYTES,
                                   .rank = has_rows ? 2 : 1,
                                   .shape = {(int64_t)row_count},
                                   .size_bytes = maker.out.size};
    classes.shape[classes.rank - 1] = (int64_t)maker.heap.count_max;
    const enum galen_status status = writer_finish(&maker.out, out_storage);
    writer_deinit(&maker.out);
    TRY(status);
    classes.bytes = blob_data(*out_storage);
    *out_classes = classes;
    return GALEN_OK;
}
