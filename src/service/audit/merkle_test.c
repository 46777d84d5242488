/* SPDX-License-Identifier: Apache-2.0 */
/* Against the test vectors of Certificate Transparency, and against the definitions of RFC
 * 9162 section 2.1 as they stand there: recursive. */
#include "service/audit/merkle.h"

#include "expect.h"
#include "random.h"

enum {
    SIZE_MAX_TESTED = 130,
    SIZE_MAX_DAMAGED = 17,
    SIZE_MAX_MISPLACED = 33,
    BYTE_BITS = 8
};

static struct sha256 *sha256;
static uint8_t leaves[SIZE_MAX_TESTED + 1][SHA256_SIZE];
static uint8_t roots[SIZE_MAX_TESTED + 1][SHA256_SIZE];

static void leaf_hash_of(struct bytes leaf, uint8_t *out_hash)
{
    EXPECT_OK(sha256_update(sha256, BYTES("\0")));
    EXPECT_OK(sha256_update(sha256, leaf));
    EXPECT_OK(sha256_finish(sha256, out_hash));
}

/* Largest power of two smaller than size. */
static size_t plain_split(size_t size)
{
    size_t left = 1;
    while (2 * left < size) {
        left *= 2;
    }
    return left;
}

/* MTH of section 2.1.1. */
static void plain_root(uint8_t (*hashes)[SHA256_SIZE], size_t size, uint8_t *out_root)
{
    if (size <= 1) {
        memcpy(out_root, hashes[0], SHA256_SIZE);
        return;
    }
    uint8_t halves[2][SHA256_SIZE];
    const size_t left = plain_split(size);
    plain_root(hashes, left, halves[0]);
    plain_root(hashes + left, size - left, halves[1]);
    EXPECT_OK(sha256_update(sha256, BYTES("\1")));
    EXPECT_OK(sha256_update(sha256, bytes_of(halves, sizeof(halves))));
    EXPECT_OK(sha256_finish(sha256, out_root));
}

static void put_plain_root(uint8_t (*hashes)[SHA256_SIZE], size_t size,
                           struct merkle_path *path)
{
    plain_root(hashes, size, path->hashes[path->count++]);
}

/* PATH of section 2.1.3.1. */
static void plain_inclusion(uint8_t (*hashes)[SHA256_SIZE], size_t size, size_t index,
                            struct merkle_path *path)
{
    if (size == 1) {
        return;
    }
    const size_t left = plain_split(size);
    if (index < left) {
        plain_inclusion(hashes, left, index, path);
        put_plain_root(hashes + left, size - left, path);
    } else {
        plain_inclusion(hashes + left, size - left, index - left, path);
        put_plain_root(hashes, left, path);
    }
}

/* SUBPROOF of section 2.1.4.1. */
static void plain_consistency(uint8_t (*hashes)[SHA256_SIZE], size_t size, size_t old,
                              bool is_old_root, struct merkle_path *path)
{
    if (old == size) {
        if (!is_old_root) {
            put_plain_root(hashes, size, path);
        }
        return;
    }
    const size_t left = plain_split(size);
    if (old <= left) {
        plain_consistency(hashes, left, old, is_old_root, path);
        put_plain_root(hashes + left, size - left, path);
    } else {
        plain_consistency(hashes + left, size - left, old - left, false, path);
        put_plain_root(hashes, left, path);
    }
}

static int make_leaves(void **state)
{
    (void)state;
    EXPECT_OK(sha256_create(&sha256));
    EXPECT_OK(sha256_of(BYTES_NONE, roots[0]));
    for (size_t i = 0; i <= SIZE_MAX_TESTED; i++) {
        leaf_hash_of(bytes_of(&i, sizeof(i)), leaves[i]);
    }
    for (size_t size = 1; size <= SIZE_MAX_TESTED; size++) {
        plain_root(leaves, size, roots[size]);
    }
    return 0;
}

static int drop_leaves(void **state)
{
    (void)state;
    sha256_destroy(sha256);
    return 0;
}

static struct merkle_path inclusion_of(size_t size, size_t index)
{
    struct merkle_path path = {.count = 0};
    EXPECT_OK(merkle_prove_inclusion(sha256, leaves[0], size, index, &path));
    return path;
}

static struct merkle_path consistency_of(size_t size, size_t old_size)
{
    struct merkle_path path = {.count = 0};
    EXPECT_OK(merkle_prove_consistency(sha256, leaves[0], size, old_size, &path));
    return path;
}

static enum galen_status check_inclusion(size_t size, size_t index,
                                         const struct merkle_path *path)
{
    return merkle_check_inclusion(sha256, leaves[index], index, size, path, roots[size]);
}

static enum galen_status check_consistency(size_t size, size_t old_size,
                                           const struct merkle_path *path)
{
    return merkle_check_consistency(sha256, old_size, roots[old_size], size, roots[size],
                                    path);
}

static void expect_path(const struct merkle_path *expected, const struct merkle_path *path)
{
    assert_int_equal(expected->count, path->count);
    if (path->count > 0) {
        assert_memory_equal(expected->hashes, path->hashes, path->count * SHA256_SIZE);
    }
}

/* The reference tree of github.com/google/certificate-transparency, merkletree tests. */
static const struct bytes reference_leaves[] = {
    BYTES_INIT(""),
    BYTES_INIT("\x00"),
    BYTES_INIT("\x10"),
    BYTES_INIT("\x20\x21"),
    BYTES_INIT("\x30\x31"),
    BYTES_INIT("\x40\x41\x42\x43"),
    BYTES_INIT("\x50\x51\x52\x53\x54\x55\x56\x57"),
    BYTES_INIT("\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f"),
};

static const char *const reference_roots[] = {
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
};

static void expect_root(const char *hex, const struct merkle *merkle)
{
    uint8_t root[SHA256_SIZE];
    char text[SHA256_HEX_SIZE + 1] = "";
    EXPECT_OK(merkle_root(merkle, root));
    sha256_to_hex(root, text);
    assert_string_equal(hex, text);
}

static void the_reference_tree_has_its_roots(void **state)
{
    (void)state;
    struct merkle merkle;
    uint8_t leaf_hash[SHA256_SIZE];
    merkle_init(&merkle, sha256);

    expect_root(reference_roots[0], &merkle);
    for (size_t i = 0; i < sizeof(reference_leaves) / sizeof(reference_leaves[0]); i++) {
        leaf_hash_of(reference_leaves[i], leaf_hash);
        EXPECT_OK(merkle_append(&merkle, leaf_hash));
        expect_root(reference_roots[i + 1], &merkle);
    }
}

static void roots_are_as_defined(void **state)
{
    (void)state;
    struct merkle merkle;
    merkle_init(&merkle, sha256);
    for (size_t size = 0; size <= SIZE_MAX_TESTED; size++) {
        uint8_t root[SHA256_SIZE];

        EXPECT_OK(merkle_root(&merkle, root));

        assert_int_equal(size, merkle.size);
        assert_int_equal(__builtin_popcountll(size), merkle.peak_count);
        assert_memory_equal(roots[size], root, sizeof(root));
        EXPECT_OK(merkle_append(&merkle, leaves[size]));
    }
}

static void inclusion_proofs_are_as_defined_and_hold(void **state)
{
    (void)state;
    for (size_t size = 1; size <= SIZE_MAX_TESTED; size++) {
        for (size_t index = 0; index < size; index++) {
            struct merkle_path expected = {.count = 0};
            plain_inclusion(leaves, size, index, &expected);

            const struct merkle_path path = inclusion_of(size, index);

            expect_path(&expected, &path);
            EXPECT_OK(check_inclusion(size, index, &path));
        }
    }
}

static void consistency_proofs_are_as_defined_and_hold(void **state)
{
    (void)state;
    for (size_t size = 1; size <= SIZE_MAX_TESTED; size++) {
        for (size_t old_size = 1; old_size <= size; old_size++) {
            struct merkle_path expected = {.count = 0};
            plain_consistency(leaves, size, old_size, true, &expected);

            const struct merkle_path path = consistency_of(size, old_size);

            expect_path(&expected, &path);
            EXPECT_OK(check_consistency(size, old_size, &path));
        }
    }
}

static void flip(struct merkle_path *path, size_t bit)
{
    const size_t byte = bit / BYTE_BITS;
    path->hashes[byte / SHA256_SIZE][byte % SHA256_SIZE] ^=
        (uint8_t)(1U << bit % BYTE_BITS);
}

static void expect_damage_is_refused(enum galen_status (*check)(size_t, size_t,
                                                                const struct merkle_path *),
                                     size_t size, size_t part, struct merkle_path path)
{
    const size_t bit_count = path.count * SHA256_SIZE * BYTE_BITS;
    for (size_t bit = 0; bit < bit_count; bit++) {
        flip(&path, bit);
        EXPECT_STATUS(GALEN_INVALID, check(size, part, &path));
        flip(&path, bit);
    }
    EXPECT_OK(check(size, part, &path));
    path.count++;
    EXPECT_STATUS(GALEN_INVALID, check(size, part, &path));
    path.count -= path.count > 1 ? 2 : 0;
    EXPECT_STATUS(GALEN_INVALID, check(size, part, &path));
}

static void a_changed_bit_of_an_inclusion_proof_is_refused(void **state)
{
    (void)state;
    for (size_t size = 1; size <= SIZE_MAX_DAMAGED; size++) {
        for (size_t index = 0; index < size; index++) {
            expect_damage_is_refused(check_inclusion, size, index,
                                     inclusion_of(size, index));
        }
    }
}

static void a_changed_bit_of_a_consistency_proof_is_refused(void **state)
{
    (void)state;
    for (size_t size = 1; size <= SIZE_MAX_DAMAGED; size++) {
        for (size_t old_size = 1; old_size <= size; old_size++) {
            expect_damage_is_refused(check_consistency, size, old_size,
                                     consistency_of(size, old_size));
        }
    }
}

static void a_changed_bit_of_large_proofs_is_refused(void **state)
{
    (void)state;
    struct random random = {.state = 1};
    for (size_t size = SIZE_MAX_DAMAGED; size <= SIZE_MAX_TESTED; size++) {
        for (size_t part = 1; part < size; part++) {
            struct merkle_path inclusion = inclusion_of(size, part);
            struct merkle_path consistency = consistency_of(size, part);
            flip(&inclusion, random_below(&random, inclusion.count * SHA256_SIZE * 8));
            flip(&consistency, random_below(&random, consistency.count * SHA256_SIZE * 8));

            EXPECT_STATUS(GALEN_INVALID, check_inclusion(size, part, &inclusion));
            EXPECT_STATUS(GALEN_INVALID, check_consistency(size, part, &consistency));
        }
    }
}

static void another_leaf_or_root_is_refused(void **state)
{
    (void)state;
    for (size_t size = 2; size <= SIZE_MAX_TESTED; size++) {
        const struct merkle_path path = inclusion_of(size, size / 2);

        EXPECT_STATUS(GALEN_INVALID,
                      merkle_check_inclusion(sha256, leaves[size / 2 - 1], size / 2, size,
                                             &path, roots[size]));
        EXPECT_STATUS(GALEN_INVALID,
                      merkle_check_inclusion(sha256, leaves[size / 2], size / 2, size,
                                             &path, roots[size - 1]));
    }
}

static void another_index_is_refused(void **state)
{
    (void)state;
    for (size_t size = 1; size <= SIZE_MAX_MISPLACED; size++) {
        for (size_t index = 0; index < size; index++) {
            const struct merkle_path path = inclusion_of(size, index);
            for (size_t other = 0; other <= size + 1; other++) {
                EXPECT_STATUS(other == index ? GALEN_OK : GALEN_INVALID,
                              merkle_check_inclusion(sha256, leaves[index], other, size,
                                                     &path, roots[size]));
            }
        }
    }
}

/* With the root of that size: what a proof leads to is a root, and only with the size that
 * was signed beside it does it say where in a tree. */
static void an_inclusion_proof_of_another_size_is_refused(void **state)
{
    (void)state;
    for (size_t size = 1; size <= SIZE_MAX_MISPLACED; size++) {
        for (size_t index = 0; index < size; index++) {
            const struct merkle_path path = inclusion_of(size, index);
            for (size_t other = 0; other <= SIZE_MAX_MISPLACED; other++) {
                EXPECT_STATUS(other == size ? GALEN_OK : GALEN_INVALID,
                              check_inclusion(other, index, &path));
            }
        }
    }
}

static void a_consistency_proof_of_other_sizes_is_refused(void **state)
{
    (void)state;
    for (size_t size = 2; size <= SIZE_MAX_MISPLACED; size++) {
        for (size_t old_size = 1; old_size < size; old_size++) {
            const struct merkle_path path = consistency_of(size, old_size);
            for (size_t other = 0; other <= SIZE_MAX_MISPLACED; other++) {
                EXPECT_STATUS(other == size ? GALEN_OK : GALEN_INVALID,
                              check_consistency(other, old_size, &path));
                EXPECT_STATUS(other == old_size ? GALEN_OK : GALEN_INVALID,
                              check_consistency(size, other, &path));
            }
        }
    }
}

static void a_tree_that_was_rewritten_is_refused(void **state)
{
    (void)state;
    for (size_t size = 2; size <= SIZE_MAX_TESTED; size++) {
        const struct merkle_path path = consistency_of(size, size / 2);

        EXPECT_STATUS(GALEN_INVALID,
                      merkle_check_consistency(sha256, size / 2, leaves[SIZE_MAX_TESTED],
                                               size, roots[size], &path));
        EXPECT_STATUS(GALEN_INVALID,
                      merkle_check_consistency(sha256, size / 2, roots[size / 2], size,
                                               leaves[SIZE_MAX_TESTED], &path));
    }
}

static void nothing_is_consistent_with_an_empty_tree(void **state)
{
    (void)state;
    const struct merkle_path none = {.count = 0};

    EXPECT_STATUS(GALEN_INVALID, check_consistency(0, 0, &none));
    EXPECT_STATUS(GALEN_INVALID, check_consistency(1, 0, &none));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_reference_tree_has_its_roots),
        cmocka_unit_test(roots_are_as_defined),
        cmocka_unit_test(inclusion_proofs_are_as_defined_and_hold),
        cmocka_unit_test(consistency_proofs_are_as_defined_and_hold),
        cmocka_unit_test(a_changed_bit_of_an_inclusion_proof_is_refused),
        cmocka_unit_test(a_changed_bit_of_a_consistency_proof_is_refused),
        cmocka_unit_test(a_changed_bit_of_large_proofs_is_refused),
        cmocka_unit_test(another_leaf_or_root_is_refused),
        cmocka_unit_test(another_index_is_refused),
        cmocka_unit_test(an_inclusion_proof_of_another_size_is_refused),
        cmocka_unit_test(a_consistency_proof_of_other_sizes_is_refused),
        cmocka_unit_test(a_tree_that_was_rewritten_is_refused),
        cmocka_unit_test(nothing_is_consistent_with_an_empty_tree),
    };
    return cmocka_run_group_tests_name("merkle", tests, make_leaves, drop_leaves);
}
