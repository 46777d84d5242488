/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A line that is read as a record has one text: what it says, written again, is the line,
 * but for a hash that is not its own. And what a start claims is of a chain or of none.
 */
#include "base/limits.h"
#include "fuzz.h"
#include "service/audit/claim.h"

enum { TEXT_SIZE_MAX = 1 << 20, EVENT_NAME_BEGIN = sizeof("\"event\":\"") - 1 };

static struct sha256 *the_sha256(void)
{
    static struct sha256 *sha256;
    if (sha256 == NULL) {
        INVARIANT(sha256_create(&sha256) == GALEN_OK);
    }
    return sha256;
}

/* From "event" to what stands before "prev", as one object. */
static void put_fields(const struct audit_record *record, struct writer *out)
{
    const size_t tail_size = sizeof(",\"prev\":\"\"") - 1 + SHA256_HEX_SIZE;
    const uint8_t *begin = record->event.data - EVENT_NAME_BEGIN;
    const uint8_t *end = record->sealed.data + record->sealed.size - tail_size;
    writer_put_byte(out, '{');
    writer_put(out, bytes_of(begin, (size_t)(end - begin)));
    writer_put_byte(out, '}');
}

static void expect_one_text(struct bytes line, const struct audit_record *record)
{
    uint8_t hash[SHA256_SIZE];
    uint8_t again[SHA256_SIZE];
    struct writer fields;
    struct writer out;
    writer_init(&fields, TEXT_SIZE_MAX);
    writer_init(&out, TEXT_SIZE_MAX);
    put_fields(record, &fields);
    INVARIANT(audit_record_write(&record->head, writer_bytes(&fields), record->prev,
                                 the_sha256(), &out, hash) == GALEN_OK);
    INVARIANT(out.size == line.size + 1);
    INVARIANT(bytes_starts_with(writer_bytes(&out), record->sealed));
    INVARIANT(audit_record_hash(record, the_sha256(), again) == GALEN_OK);
    INVARIANT(memcmp(hash, again, sizeof(hash)) == 0);
    const bool is_own = memcmp(hash, record->hash, sizeof(hash)) == 0;
    INVARIANT(is_own == bytes_starts_with(writer_bytes(&out), line));
    writer_deinit(&fields);
    writer_deinit(&out);
}

static void expect_claim(struct bytes line, const struct audit_record *record)
{
    struct arena arena;
    struct audit_claim claim;
    arena_init(&arena, (size_t)64 * LIMIT_AUDIT_RECORD_SIZE_BYTES_MAX);
    if (audit_claim_read(line, record, &arena, &claim) == GALEN_OK &&
        claim.chain[0] != '\0') {
        INVARIANT(audit_chain_name_is_valid(bytes_from_string(claim.chain)));
        INVARIANT(claim.record_count > 0);
    }
    arena_deinit(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct bytes line = bytes_of(data, size);
    struct audit_record record = {.prev = {0}};
    if (memchr(data, '\n', size) == NULL && audit_record_read(line, &record) == GALEN_OK) {
        expect_one_text(line, &record);
    }
    expect_claim(line, &record);
    return 0;
}
