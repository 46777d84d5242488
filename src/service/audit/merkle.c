/* SPDX-License-Identifier: Apache-2.0 */
#include "service/audit/merkle.h"

#include "base/invariant.h"

void merkle_init(struct merkle *merkle, struct sha256 *sha256)
{
    *merkle = (struct merkle){.sha256 = sha256};
}

/* out_node may be one of both. */
static enum galen_status join(struct sha256 *sha256, const uint8_t *left,
                              const uint8_t *right, uint8_t *out_node)
{
    uint8_t node[1 + 2 * SHA256_SIZE] = {0x01};
    memcpy(node + 1, left, SHA256_SIZE);
    memcpy(node + 1 + SHA256_SIZE, right, SHA256_SIZE);
    TRY(sha256_update(sha256, bytes_of(node, sizeof(node))));
    return sha256_finish(sha256, out_node);
}

/* A set bit of size is a peak: adding one carries over the low ones that are set. */
enum galen_status merkle_append(struct merkle *merkle, const uint8_t *leaf_hash)
{
    uint8_t node[SHA256_SIZE];
    size_t count = merkle->peak_count;
    memcpy(node, leaf_hash, sizeof(node));
    for (uint64_t carry = merkle->size; (carry & 1) != 0; carry >>= 1) {
        TRY(join(merkle->sha256, merkle->peaks[--count], node, node));
    }
    INVARIANT(count < MERKLE_LEVEL_COUNT);
    memcpy(merkle->peaks[count], node, sizeof(node));
    merkle->peak_count = count + 1;
    merkle->size++;
    return GALEN_OK;
}

enum galen_status merkle_root(const struct merkle *merkle, uint8_t *out_root)
{
    uint8_t root[SHA256_SIZE];
    size_t index = merkle->peak_count;
    if (index == 0) {
        return sha256_finish(merkle->sha256, out_root);
    }
    memcpy(root, merkle->peaks[--index], sizeof(root));
    while (index > 0) {
        TRY(join(merkle->sha256, merkle->peaks[--index], root, root));
    }
    memcpy(out_root, root, sizeof(root));
    return GALEN_OK;
}

/* Some leaves in a row, and the path that is built above them, its end first. */
struct subtree {
    struct sha256 *sha256;
    const uint8_t *leaf_hashes;
    uint64_t size;
    struct merkle_path path;
};

static enum galen_status put_root(struct subtree *tree, uint64_t begin, uint64_t end)
{
    struct merkle part;
    merkle_init(&part, tree->sha256);
    for (uint64_t i = begin; i < end; i++) {
        TRY(merkle_append(&part, tree->leaf_hashes + i * SHA256_SIZE));
    }
    INVARIANT(tree->path.count <= MERKLE_LEVEL_COUNT);
    return merkle_root(&part, tree->path.hashes[tree->path.count++]);
}

/* The largest power of two that is smaller. size > 1. */
static uint64_t size_of_left(uint64_t size)
{
    return UINT64_C(1) << (63 - __builtin_clzll(size - 1));
}

/* Goes into one half and puts the other one's root. */
static enum galen_status enter_left(struct subtree *tree)
{
    const uint64_t left = size_of_left(tree->size);
    TRY(put_root(tree, left, tree->size));
    tree->size = left;
    return GALEN_OK;
}

static enum galen_status enter_right(struct subtree *tree)
{
    const uint64_t left = size_of_left(tree->size);
    TRY(put_root(tree, 0, left));
    tree->leaf_hashes += left * SHA256_SIZE;
    tree->size -= left;
    return GALEN_OK;
}

static void give_path(const struct subtree *tree, struct merkle_path *out_path)
{
    const size_t count = tree->path.count;
    for (size_t i = 0; i < count; i++) {
        memcpy(out_path->hashes[i], tree->path.hashes[count - 1 - i], SHA256_SIZE);
    }
    out_path->count = count;
}

enum galen_status merkle_prove_inclusion(struct sha256 *sha256, const uint8_t *leaf_hashes,
                                         uint64_t size, uint64_t index,
                                         struct merkle_path *out_path)
{
    struct subtree tree = {.sha256 = sha256, .leaf_hashes = leaf_hashes, .size = size};
    INVARIANT(index < size);
    while (tree.size > 1) {
        const uint64_t left = size_of_left(tree.size);
        TRY(index < left ? enter_left(&tree) : enter_right(&tree));
        index -= index < left ? 0 : left;
    }
    give_path(&tree, out_path);
    return GALEN_OK;
}

enum galen_status merkle_prove_consistency(struct sha256 *sha256,
                                           const uint8_t *leaf_hashes, uint64_t size,
                                           uint64_t old_size, struct merkle_path *out_path)
{
    struct subtree tree = {.sha256 = sha256, .leaf_hashes = leaf_hashes, .size = size};
    bool is_old_root = true; /* the verifier has it already */
    INVARIANT(old_size > 0 && old_size <= size);
    while (old_size < tree.size) {
        const uint64_t left = size_of_left(tree.size);
        TRY(old_size <= left ? enter_left(&tree) : enter_right(&tree));
        is_old_root = is_old_root && old_size <= left;
        old_size -= old_size <= left ? 0 : left;
    }
    if (!is_old_root) {
        TRY(put_root(&tree, 0, tree.size));
    }
    give_path(&tree, out_path);
    return GALEN_OK;
}

/* A node's place in its level and that of the level's last node: fn and sn of RFC 9162. */
struct place {
    uint64_t index;
    uint64_t last;
};

static bool is_right(struct place place)
{
    return (place.index & 1) != 0 || place.index == place.last;
}

/* To the parent; a last node that has no left sibling is the parent of itself. */
static struct place parent_of(struct place place)
{
    if (is_right(place)) {
        while ((place.index & 1) == 0 && place.index != 0) {
            place = (struct place){place.index >> 1, place.last >> 1};
        }
    }
    return (struct place){place.index >> 1, place.last >> 1};
}

static enum galen_status valid_if(bool is_valid)
{
    return is_valid ? GALEN_OK : GALEN_INVALID;
}

static bool is_hash(const uint8_t *a, const uint8_t *b)
{
    return memcmp(a, b, SHA256_SIZE) == 0;
}

/* RFC 9162 section 2.1.3.2. */
enum galen_status merkle_check_inclusion(struct sha256 *sha256, const uint8_t *leaf_hash,
                                         uint64_t index, uint64_t size,
                                         const struct merkle_path *path,
                                         const uint8_t *root)
{
    uint8_t node[SHA256_SIZE];
    TRY(valid_if(index < size));
    struct place place = {index, size - 1};
    memcpy(node, leaf_hash, sizeof(node));
    for (size_t i = 0; i < path->count; i++, place = parent_of(place)) {
        TRY(valid_if(place.last != 0));
        const uint8_t *sibling = path->hashes[i];
        TRY(is_right(place) ? join(sha256, sibling, node, node)
                            : join(sha256, node, sibling, node));
    }
    return valid_if(place.last == 0 && is_hash(node, root));
}

/* What both trees have at one place, and what is above it in each. */
struct both {
    struct place place;
    uint8_t old_node[SHA256_SIZE];
    uint8_t new_node[SHA256_SIZE];
};

/* The largest subtree at the end of the old tree is whole in the new one too. It is the old
 * tree itself, or the first of the path. Returns how many of the path it took. */
static size_t begin_both(struct both *both, uint64_t old_size, const uint8_t *old_root,
                         const struct merkle_path *path)
{
    const bool is_old_tree = (old_size & (old_size - 1)) == 0;
    const uint8_t *node = is_old_tree ? old_root : path->hashes[0];
    while ((both->place.index & 1) != 0) {
        both->place = parent_of(both->place);
    }
    memcpy(both->old_node, node, SHA256_SIZE);
    memcpy(both->new_node, node, SHA256_SIZE);
    return is_old_tree ? 0 : 1;
}

static enum galen_status join_both(struct both *both, struct sha256 *sha256,
                                   const uint8_t *sibling)
{
    if (!is_right(both->place)) {
        return join(sha256, both->new_node, sibling, both->new_node);
    }
    TRY(join(sha256, sibling, both->old_node, both->old_node));
    return join(sha256, sibling, both->new_node, both->new_node);
}

/* RFC 9162 section 2.1.4.2. */
enum galen_status merkle_check_consistency(struct sha256 *sha256, uint64_t old_size,
                                           const uint8_t *old_root, uint64_t new_size,
                                           const uint8_t *new_root,
                                           const struct merkle_path *path)
{
    if (old_size == new_size) {
        return valid_if(old_size > 0 && path->count == 0 && is_hash(old_root, new_root));
    }
    TRY(valid_if(old_size > 0 && old_size < new_size && path->count > 0));
    struct both both = {.place = {old_size - 1, new_size - 1}};
    size_t taken = begin_both(&both, old_size, old_root, path);
    for (; taken < path->count; taken++, both.place = parent_of(both.place)) {
        TRY(valid_if(both.place.last != 0));
        TRY(join_both(&both, sha256, path->hashes[taken]));
    }
    return valid_if(both.place.last == 0 && is_hash(both.old_node, old_root) &&
                    is_hash(both.new_node, new_root));
}
