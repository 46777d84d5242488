/* SPDX-License-Identifier: Apache-2.0 */
/* A proof that is read, written and read again is the same, and one that nobody signed
 * proves nothing. */
#include "fuzz.h"
#include "service/audit/proof.h"

enum { TEXT_SIZE_MAX = 1 << 20, MEMORY_SIZE_MAX = 32 << 20 };

static void expect_same(const struct audit_proof *a, const struct audit_proof *b)
{
    INVARIANT(a->kind == b->kind);
    INVARIANT(bytes_equal(a->chain, b->chain));
    INVARIANT(a->seq == b->seq);
    INVARIANT(bytes_equal(a->record, b->record));
    for (size_t i = 0; i < 2; i++) {
        INVARIANT(bytes_equal(a->notes[i], b->notes[i]));
        INVARIANT(a->sizes[i] == b->sizes[i]);
    }
    INVARIANT(a->path.count == b->path.count);
    INVARIANT(memcmp(a->path.hashes, b->path.hashes, a->path.count * SHA256_SIZE) == 0);
}

static void expect_round_trip(const struct audit_proof *proof)
{
    struct arena arena;
    struct audit_proof again;
    struct writer text;
    arena_init(&arena, MEMORY_SIZE_MAX);
    writer_init(&text, TEXT_SIZE_MAX);
    INVARIANT(audit_proof_write(proof, &text) == GALEN_OK);
    INVARIANT(audit_proof_read(writer_bytes(&text), &arena, &again, NULL) == GALEN_OK);
    expect_same(proof, &again);
    writer_deinit(&text);
    arena_deinit(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct audit_proof proof;
    struct error error = {"", ""};
    if (size > TEXT_SIZE_MAX / 8) {
        return 0; /* no command reads that far */
    }
    arena_init(&arena, MEMORY_SIZE_MAX);
    if (audit_proof_read(bytes_of(data, size), &arena, &proof, &error) == GALEN_OK) {
        expect_round_trip(&proof);
        INVARIANT(audit_proof_check(&proof, NULL, 0, &error) == GALEN_INVALID);
    }
    INVARIANT(size == 0 || error.text[0] != '\0');
    arena_deinit(&arena);
    return 0;
}
