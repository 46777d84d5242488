/* SPDX-License-Identifier: Apache-2.0 */
#include "service/audit/record.h"

#include "base/limits.h"

enum {
    TIME_SIZE = sizeof("2026-11-25T20:55:16.123456Z") - 1,
    COMPACT_TIME_SIZE = sizeof("20261125T205516Z") - 1,
    RANDOM_DIGIT_COUNT = 16,
};

static const struct bytes lower_case = BYTES_INIT("abcdefghijklmnopqrstuvwxyz");

static enum galen_status hash_sealed(struct sha256 *sha256, const uint8_t *prev,
                                     struct bytes sealed, uint8_t *out_hash)
{
    uint8_t first[1 + SHA256_SIZE] = {0};
    memcpy(first + 1, prev, SHA256_SIZE);
    TRY(sha256_update(sha256, bytes_of(first, sizeof(first))));
    TRY(sha256_update(sha256, sealed));
    TRY(sha256_update(sha256, BYTES("}")));
    return sha256_finish(sha256, out_hash);
}

enum galen_status audit_record_hash(const struct audit_record *record,
                                    struct sha256 *sha256, uint8_t *out_hash)
{
    return hash_sealed(sha256, record->prev, record->sealed, out_hash);
}

static void put_member(struct writer *out, struct bytes before, struct bytes value)
{
    writer_put(out, before);
    writer_put(out, value);
}

static void put_hex(struct writer *out, struct bytes before, const uint8_t *digest)
{
    writer_put(out, before);
    uint8_t *at = writer_extend(out, SHA256_HEX_SIZE);
    if (at != NULL) {
        sha256_to_hex(digest, (char *)at);
    }
}

static void put_head(struct writer *out, const struct audit_record_head *head)
{
    writer_put(out, BYTES("{\"v\":1,\"seq\":"));
    writer_put_u64(out, head->seq);
    put_member(out, BYTES(",\"ts\":\""), head->ts);
    put_member(out, BYTES("\",\"chain\":\""), head->chain);
    put_member(out, BYTES("\",\"service\":\""), head->service);
    put_member(out, BYTES("\",\"key_id\":\""), head->key_id);
    writer_put(out, BYTES("\","));
}

enum galen_status audit_record_write(const struct audit_record_head *head,
                                     struct bytes fields, const uint8_t *prev,
                                     struct sha256 *sha256, struct writer *out,
                                     uint8_t *out_hash)
{
    const size_t begin = out->size;
    put_head(out, head);
    writer_put(out, bytes_from(bytes_first(fields, fields.size - 1), 1));
    put_hex(out, BYTES(",\"prev\":\""), prev);
    writer_put_byte(out, '"');
    TRY(out->status);
    TRY(hash_sealed(sha256, prev, bytes_from(writer_bytes(out), begin), out_hash));
    put_hex(out, BYTES(",\"hash\":\""), out_hash);
    writer_put(out, BYTES("\"}\n"));
    return out->status;
}

/* Takes prefix away from the front. */
static bool skip(struct bytes *at, struct bytes prefix)
{
    const bool there = bytes_starts_with(*at, prefix);
    *at = there ? bytes_from(*at, prefix.size) : *at;
    return there;
}

/* The value of a member up to its quote: no text of ours needs an escape. */
static bool read_member(struct bytes *at, struct bytes before, struct bytes *out_value)
{
    if (!skip(at, before)) {
        return false;
    }
    *out_value = bytes_first(*at, bytes_find(*at, '"'));
    *at = bytes_from(*at, out_value->size);
    return out_value->size > 0 && bytes_find(*out_value, '\\') == out_value->size;
}

static bool read_seq(struct bytes *at, uint64_t *out_seq)
{
    if (!skip(at, BYTES("{\"v\":1,\"seq\":"))) {
        return false;
    }
    const struct bytes digits = bytes_first(*at, bytes_find(*at, ','));
    *at = bytes_from(*at, digits.size);
    return bytes_parse_u64(digits, UINT64_MAX, out_seq);
}

static bool read_head(struct bytes *at, struct audit_record *record)
{
    struct audit_record_head *head = &record->head;
    return read_seq(at, &head->seq) && read_member(at, BYTES(",\"ts\":\""), &head->ts) &&
           head->ts.size == TIME_SIZE &&
           read_member(at, BYTES("\",\"chain\":\""), &head->chain) &&
           read_member(at, BYTES("\",\"service\":\""), &head->service) &&
           read_member(at, BYTES("\",\"key_id\":\""), &head->key_id) &&
           read_member(at, BYTES("\",\"event\":\""), &record->event);
}

/* Digits in lower case only: so there is one text for a digest. */
static bool read_digest(struct bytes hex, uint8_t *out_digest)
{
    for (size_t i = 0; i < hex.size; i++) {
        if (hex.data[i] >= 'A' && hex.data[i] <= 'F') {
            return false;
        }
    }
    return sha256_from_hex(hex, out_digest);
}

/* Takes `before`, 64 digits and `behind` away from the end. */
static bool read_tail(struct bytes *at, struct bytes before, struct bytes behind,
                      uint8_t *out_digest)
{
    const size_t size = before.size + SHA256_HEX_SIZE + behind.size;
    if (at->size < size) {
        return false;
    }
    struct bytes tail = bytes_from(*at, at->size - size);
    const struct bytes hex = bytes_first(bytes_from(tail, before.size), SHA256_HEX_SIZE);
    *at = bytes_first(*at, at->size - size);
    return skip(&tail, before) && bytes_equal(bytes_from(tail, hex.size), behind) &&
           read_digest(hex, out_digest);
}

enum galen_status audit_record_read(struct bytes line, struct audit_record *out_record)
{
    struct audit_record record;
    struct bytes at = line;
    if (line.size >= LIMIT_AUDIT_RECORD_SIZE_BYTES_MAX ||
        !read_tail(&at, BYTES(",\"hash\":\""), BYTES("\"}"), record.hash)) {
        return GALEN_INVALID;
    }
    record.sealed = at;
    if (!read_tail(&at, BYTES(",\"prev\":\""), BYTES("\""), record.prev) ||
        !read_head(&at, &record)) {
        return GALEN_INVALID;
    }
    *out_record = record;
    return GALEN_OK;
}

static bool are_all(struct bytes text, struct bytes allowed)
{
    for (size_t i = 0; i < text.size; i++) {
        if (bytes_find(allowed, text.data[i]) == allowed.size) {
            return false;
        }
    }
    return text.size > 0;
}

static bool is_compact_time(struct bytes text)
{
    static const struct bytes digits = BYTES_INIT("0123456789");
    return text.size == COMPACT_TIME_SIZE && text.data[8] == 'T' && text.data[15] == 'Z' &&
           are_all(bytes_first(text, 8), digits) &&
           are_all(bytes_first(bytes_from(text, 9), 6), digits);
}

bool audit_chain_name_is_valid(struct bytes name)
{
    struct bytes service;
    struct bytes time;
    const struct bytes digits = bytes_split(bytes_split(name, '-', &service), '-', &time);
    return are_all(service, lower_case) && is_compact_time(time) &&
           digits.size == RANDOM_DIGIT_COUNT && are_all(digits, BYTES("0123456789abcdef"));
}

struct bytes audit_chain_service(struct bytes name)
{
    struct bytes service;
    (void)bytes_split(name, '-', &service);
    return service;
}
