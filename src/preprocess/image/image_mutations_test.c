/* SPDX-License-Identifier: Apache-2.0 */
/* Small files, broken in 20,000 ways that are the same in each run: none crashes, and each
 * is made a tensor of, or is refused with a status that says why. */
#include <dirent.h>
#include <stdio.h>

#include "expect.h"
#include "image_fuzz.h"
#include "image_samples.h"

enum { MUTATION_COUNT = 10000, SEED_COUNT_MAX = 64, CHANGE_COUNT_MAX = 3 };

struct seeds {
    struct sample files[SEED_COUNT_MAX];
    size_t count;
};

static struct seeds seeds;
static uint64_t random_state;

static uint64_t random_below(uint64_t limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state % limit;
}

static void read_seed(const char *folder, const char *name)
{
    char path[512];
    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_true(seeds.count < SEED_COUNT_MAX);
    struct sample *seed = &seeds.files[seeds.count++];
    seed->size = fread(seed->data, 1, sizeof(seed->data), file);
    (void)fclose(file);
}

static void read_seeds(const char *folder)
{
    struct dirent **entries;
    const int count = scandir(folder, &entries, NULL, alphasort);
    assert_true(count > 2);
    seeds.count = 0;
    for (int i = 0; i < count; i++) {
        if (entries[i]->d_name[0] != '.') {
            read_seed(folder, entries[i]->d_name);
        }
        free(entries[i]);
    }
    free(entries);
}

static void flip_bit(struct sample *sample)
{
    sample->data[random_below(sample->size)] ^= (uint8_t)(1U << random_below(8));
}

static void set_byte(struct sample *sample)
{
    static const uint8_t odd[] = {0x00, 0x01, 0x7F, 0x80, 0xFE, 0xFF};
    sample->data[random_below(sample->size)] = odd[random_below(sizeof(odd))];
}

/* Lengths of both formats are of two or four bytes, the most significant first. */
static void set_length(struct sample *sample)
{
    const size_t at = random_below(sample->size);
    const size_t width = random_below(2) == 0 ? 2 : 4;
    const uint64_t value = random_below(UINT64_C(1) << random_below(33));
    for (size_t i = 0; i < width && at + i < sample->size; i++) {
        sample->data[at + i] = (uint8_t)(value >> (8 * (width - 1 - i)));
    }
}

static void cut_off(struct sample *sample)
{
    sample->size = 1 + random_below(sample->size);
}

static void cut_out(struct sample *sample)
{
    const size_t at = random_below(sample->size);
    const size_t size = random_below(sample->size - at);
    memmove(sample->data + at, sample->data + at + size, sample->size - at - size);
    sample->size -= size;
}

static void splice(struct sample *sample)
{
    const struct sample *other = &seeds.files[random_below(seeds.count)];
    const size_t from = random_below(other->size);
    const size_t size = 1 + random_below(other->size - from);
    if (sample->size + size <= sizeof(sample->data)) {
        sample_insert(sample, random_below(sample->size), other->data + from, size);
    }
}

static void (*const changes[])(struct sample *sample) = {
    flip_bit, flip_bit, flip_bit, set_byte, set_byte, set_length, cut_off, cut_out, splice,
};

static void mutate(struct sample *sample)
{
    const uint64_t count = 1 + random_below(CHANGE_COUNT_MAX);
    for (uint64_t i = 0; i < count; i++) {
        changes[random_below(sizeof(changes) / sizeof(changes[0]))](sample);
    }
}

/* Half of the PNGs with checksums that are right, so that what is behind them is reached.
 */
static void run_mutations(enum image_format format)
{
    static struct sample sample;
    random_state = 0x9E3779B97F4A7C15U;
    size_t made_count = 0;
    INVARIANT(seeds.count > 0);
    for (size_t i = 0; i < MUTATION_COUNT; i++) {
        const struct sample *seed = &seeds.files[i % seeds.count];
        sample_set(&sample, seed->data, seed->size);
        mutate(&sample);
        if (format == IMAGE_PNG && i / seeds.count % 2 == 0) {
            png_repair(sample.data, sample.size);
        }
        uint8_t *exact = malloc(sample.size); /* a read beyond it is seen */
        memcpy(exact, sample.data, sample.size);
        made_count += image_fuzz_run(format, bytes_of(exact, sample.size)) == GALEN_OK;
        free(exact);
    }
    assert_in_range(made_count, MUTATION_COUNT / 50, MUTATION_COUNT - 1);
}

static void broken_jpegs_are_refused_or_made_tensors(void **state)
{
    (void)state;
    read_seeds("tests/fuzz/corpus/image_jpeg");
    run_mutations(IMAGE_JPEG);
}

static void broken_pngs_are_refused_or_made_tensors(void **state)
{
    (void)state;
    read_seeds("tests/fuzz/corpus/image_png");
    run_mutations(IMAGE_PNG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(broken_jpegs_are_refused_or_made_tensors),
        cmocka_unit_test(broken_pngs_are_refused_or_made_tensors),
    };
    return cmocka_run_group_tests_name("image_mutations", tests, NULL, NULL);
}
