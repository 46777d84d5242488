/* SPDX-License-Identifier: Apache-2.0 */
#include "service/audit/claim.h"

#include "codec/json.h"

void audit_claim_put(const struct audit_claim *claim, struct audit_event *start)
{
    if (claim->chain[0] == '\0') {
        return;
    }
    start->previous_chain = bytes_from_string(claim->chain);
    start->previous_records = AUDIT_COUNT(claim->record_count);
    start->previous_unsure = claim->is_unsure ? "disk-failed" : NULL;
    start->previous_checkpoint_bytes = AUDIT_COUNT(claim->checkpoint_bytes);
    if (claim->torn_bytes > 0) {
        start->previous_torn_bytes = AUDIT_COUNT(claim->torn_bytes);
        start->previous_torn_sha256 = claim->torn_sha256;
    }
    if (claim->torn_checkpoint_bytes > 0) {
        start->previous_torn_checkpoint_bytes = AUDIT_COUNT(claim->torn_checkpoint_bytes);
        start->previous_torn_checkpoint_sha256 = claim->torn_checkpoint_sha256;
    }
}

static bool read_count(const struct json *value, uint64_t *out_count)
{
    return json_type(value) == JSON_NUMBER &&
           bytes_parse_u64(json_number(value), UINT64_MAX, out_count);
}

static bool read_digest(const struct json *value, uint8_t *out_digest)
{
    return json_type(value) == JSON_STRING &&
           sha256_from_hex(json_string(value), out_digest);
}

static bool read_chain(const struct json *value, char *out_chain)
{
    if (json_type(value) != JSON_STRING) {
        return false;
    }
    const struct bytes name = json_string(value);
    if (!audit_chain_name_is_valid(name) || name.size >= AUDIT_CHAIN_NAME_SIZE) {
        return false;
    }
    memcpy(out_chain, name.data, name.size);
    out_chain[name.size] = '\0';
    return true;
}

/* Whether what tears there is comes with its digest, and the other way round. */
static bool read_torn(const struct json *previous, const char *size_name,
                      const char *digest_name, uint64_t *out_size, uint8_t *out_digest)
{
    const struct json *size = json_member(previous, size_name);
    const struct json *digest = json_member(previous, digest_name);
    *out_size = 0;
    if (size == NULL || digest == NULL) {
        return size == digest;
    }
    return read_count(size, out_size) && *out_size > 0 && read_digest(digest, out_digest);
}

/* Absent, or the one word that there is. */
static bool read_unsure(const struct json *previous, bool *out_is_unsure)
{
    const struct json *unsure = json_member(previous, "unsure");
    *out_is_unsure = unsure != NULL;
    return unsure == NULL || (json_type(unsure) == JSON_STRING &&
                              bytes_equal_string(json_string(unsure), "disk-failed"));
}

static bool read_previous(const struct json *previous, struct audit_claim *claim)
{
    if (json_type(previous) != JSON_OBJECT) {
        return false;
    }
    const struct json *chain = json_member(previous, "chain");
    const struct json *records = json_member(previous, "records");
    const struct json *checkpoints = json_member(previous, "checkpoint_bytes");
    return chain != NULL && records != NULL && checkpoints != NULL &&
           read_chain(chain, claim->chain) && read_count(records, &claim->record_count) &&
           claim->record_count > 0 && read_count(checkpoints, &claim->checkpoint_bytes) &&
           read_unsure(previous, &claim->is_unsure) &&
           read_torn(previous, "torn_bytes", "torn_sha256", &claim->torn_bytes,
                     claim->torn_sha256) &&
           read_torn(previous, "torn_checkpoint_bytes", "torn_checkpoint_sha256",
                     &claim->torn_checkpoint_bytes, claim->torn_checkpoint_sha256);
}

enum galen_status audit_claim_read(struct bytes line, const struct audit_record *start,
                                   struct arena *arena, struct audit_claim *out_claim)
{
    struct audit_claim claim = {.chain = ""};
    const struct json *root = NULL;
    TRY(json_parse(line, arena, &root, NULL));
    const struct json *previous =
        json_type(root) == JSON_OBJECT ? json_member(root, "previous") : NULL;
    if (previous != NULL && !read_previous(previous, &claim)) {
        return GALEN_INVALID;
    }
    memcpy(claim.hash, start->prev, sizeof(claim.hash));
    *out_claim = claim;
    return GALEN_OK;
}

int audit_claim_compare(const void *a, const void *b)
{
    const struct audit_claim *left = a;
    const struct audit_claim *right = b;
    const int order = strcmp(left->chain, right->chain);
    return order != 0 ? order
                      : (left->record_count > right->record_count) -
                            (left->record_count < right->record_count);
}
