/* SPDX-License-Identifier: Apache-2.0 */
#include "service/audit/proof.h"

#include "codec/json.h"
#include "codec/json_writer.h"
#include "service/audit/record.h"

static void put_text(struct json_writer *json, const char *name, struct bytes text)
{
    json_put_name(json, name);
    json_put_string(json, text);
}

static void put_number(struct json_writer *json, const char *name, uint64_t number)
{
    json_put_name(json, name);
    json_put_u64(json, number);
}

static void put_path(struct json_writer *json, const struct merkle_path *path)
{
    json_put_name(json, "path");
    json_begin_array(json);
    for (size_t i = 0; i < path->count; i++) {
        char hex[SHA256_HEX_SIZE];
        sha256_to_hex(path->hashes[i], hex);
        json_put_string(json, bytes_of(hex, sizeof(hex)));
    }
    json_end_array(json);
}

static void put_inclusion(struct json_writer *json, const struct audit_proof *proof)
{
    put_text(json, "proof", BYTES("inclusion"));
    put_text(json, "chain", proof->chain);
    put_number(json, "seq", proof->seq);
    put_number(json, "size", proof->sizes[0]);
    put_text(json, "record", proof->record);
    put_path(json, &proof->path);
    put_text(json, "checkpoint", proof->notes[0]);
}

static void put_consistency(struct json_writer *json, const struct audit_proof *proof)
{
    put_text(json, "proof", BYTES("consistency"));
    put_text(json, "chain", proof->chain);
    put_number(json, "from", proof->sizes[0]);
    put_number(json, "to", proof->sizes[1]);
    put_path(json, &proof->path);
    put_text(json, "from_checkpoint", proof->notes[0]);
    put_text(json, "to_checkpoint", proof->notes[1]);
}

enum galen_status audit_proof_write(const struct audit_proof *proof, struct writer *out)
{
    struct json_writer json = json_writer_on(out);
    json_begin_object(&json);
    if (proof->kind == AUDIT_PROOF_INCLUSION) {
        put_inclusion(&json, proof);
    } else {
        put_consistency(&json, proof);
    }
    json_end_object(&json);
    writer_put_byte(out, '\n');
    return out->status;
}

/* Members as they are asked for; sticky failure names the first that is not there. */
struct members {
    const struct json *root;
    const char *missing;
};

static const struct json *member_of(struct members *members, const char *name,
                                    enum json_type type)
{
    const struct json *value = json_member(members->root, name);
    if (value == NULL || json_type(value) != type) {
        members->missing = members->missing == NULL ? name : members->missing;
        return NULL;
    }
    return value;
}

static struct bytes take_text(struct members *members, const char *name)
{
    const struct json *value = member_of(members, name, JSON_STRING);
    return value == NULL ? BYTES_NONE : json_string(value);
}

static uint64_t take_number(struct members *members, const char *name)
{
    const struct json *value = member_of(members, name, JSON_NUMBER);
    uint64_t number = 0;
    if (value != NULL && !bytes_parse_u64(json_number(value), UINT64_MAX, &number)) {
        members->missing = name;
    }
    return number;
}

static void take_path(struct members *members, struct merkle_path *out_path)
{
    const struct json *value = member_of(members, "path", JSON_ARRAY);
    const size_t count_max = sizeof(out_path->hashes) / sizeof(out_path->hashes[0]);
    out_path->count = 0;
    if (value == NULL) {
        return;
    }
    struct json_cursor at = json_walk(value);
    while (json_next(&at)) {
        if (out_path->count == count_max || json_type(at.value) != JSON_STRING ||
            !sha256_from_hex(json_string(at.value), out_path->hashes[out_path->count])) {
            members->missing = "path";
            return;
        }
        out_path->count++;
    }
}

static void take_inclusion(struct members *members, struct audit_proof *proof)
{
    proof->kind = AUDIT_PROOF_INCLUSION;
    proof->seq = take_number(members, "seq");
    proof->sizes[0] = take_number(members, "size");
    proof->record = take_text(members, "record");
    proof->notes[0] = take_text(members, "checkpoint");
}

static void take_consistency(struct members *members, struct audit_proof *proof)
{
    proof->kind = AUDIT_PROOF_CONSISTENCY;
    proof->sizes[0] = take_number(members, "from");
    proof->sizes[1] = take_number(members, "to");
    proof->notes[0] = take_text(members, "from_checkpoint");
    proof->notes[1] = take_text(members, "to_checkpoint");
}

enum galen_status audit_proof_read(struct bytes text, struct arena *arena,
                                   struct audit_proof *out_proof, struct error *out_error)
{
    struct members members = {.root = NULL};
    struct audit_proof proof = {.chain = BYTES_NONE};
    TRY(json_parse(text, arena, &members.root, out_error));
    if (json_type(members.root) != JSON_OBJECT) {
        return error_set(out_error, GALEN_INVALID, "it is no object");
    }
    const struct bytes kind = take_text(&members, "proof");
    proof.chain = take_text(&members, "chain");
    if (bytes_equal_string(kind, "inclusion")) {
        take_inclusion(&members, &proof);
    } else if (bytes_equal_string(kind, "consistency")) {
        take_consistency(&members, &proof);
    } else {
        return error_set(out_error, GALEN_INVALID,
                         "its \"proof\" is neither inclusion nor consistency");
    }
    take_path(&members, &proof.path);
    if (members.missing != NULL) {
        return error_set(out_error, GALEN_INVALID, "its \"%s\" is not what it has to be",
                         members.missing);
    }
    *out_proof = proof;
    return GALEN_OK;
}

/* Of the proof's chain and size, signed, and with nothing behind. */
static enum galen_status check_note(const struct audit_proof *proof, size_t index,
                                    const struct checkpoint_key *keys, size_t key_count,
                                    struct checkpoint *out_checkpoint,
                                    struct error *out_error)
{
    struct bytes rest;
    const enum galen_status status = checkpoint_read(proof->notes[index], keys, key_count,
                                                     out_checkpoint, &rest, out_error);
    if (status != GALEN_OK) {
        return status == GALEN_NO_MEMORY || status == GALEN_INTERNAL ? status
                                                                     : GALEN_INVALID;
    }
    return rest.size == 0 && bytes_equal(out_checkpoint->chain, proof->chain) &&
                   out_checkpoint->size == proof->sizes[index]
               ? GALEN_OK
               : error_set(out_error, GALEN_INVALID,
                           "its checkpoint is not of this chain and size");
}

static enum galen_status check_record(const struct audit_proof *proof,
                                      struct sha256 *sha256, uint8_t *out_hash,
                                      struct error *out_error)
{
    struct audit_record record;
    if (audit_record_read(proof->record, &record) != GALEN_OK) {
        return error_set(out_error, GALEN_INVALID, "its record is none");
    }
    if (!bytes_equal(record.head.chain, proof->chain) || record.head.seq != proof->seq) {
        return error_set(out_error, GALEN_INVALID,
                         "its record is not the one of this chain and seq");
    }
    TRY(audit_record_hash(&record, sha256, out_hash));
    return memcmp(out_hash, record.hash, SHA256_SIZE) == 0
               ? GALEN_OK
               : error_set(out_error, GALEN_INVALID,
                           "its record's hash is not that of its bytes");
}

static enum galen_status explain(enum galen_status status, const char *why,
                                 struct error *out_error)
{
    return status == GALEN_INVALID ? error_set(out_error, status, "%s", why) : status;
}

static enum galen_status check_inclusion(const struct audit_proof *proof,
                                         const struct checkpoint_key *keys,
                                         size_t key_count, struct sha256 *sha256,
                                         struct error *out_error)
{
    struct checkpoint checkpoint;
    uint8_t hash[SHA256_SIZE];
    TRY(check_note(proof, 0, keys, key_count, &checkpoint, out_error));
    TRY(check_record(proof, sha256, hash, out_error));
    if (proof->seq >= checkpoint.size) {
        return error_set(out_error, GALEN_INVALID,
                         "its checkpoint covers no record of this seq");
    }
    return explain(merkle_check_inclusion(sha256, hash, proof->seq, checkpoint.size,
                                          &proof->path, checkpoint.root),
                   "its path does not lead from the record to the checkpoint", out_error);
}

static enum galen_status check_consistency(const struct audit_proof *proof,
                                           const struct checkpoint_key *keys,
                                           size_t key_count, struct sha256 *sha256,
                                           struct error *out_error)
{
    struct checkpoint from;
    struct checkpoint to;
    TRY(check_note(proof, 0, keys, key_count, &from, out_error));
    TRY(check_note(proof, 1, keys, key_count, &to, out_error));
    if (from.size == 0 || from.size > to.size) {
        return error_set(out_error, GALEN_INVALID,
                         "its second checkpoint covers less than the first");
    }
    return explain(merkle_check_consistency(sha256, from.size, from.root, to.size, to.root,
                                            &proof->path),
                   "its path does not lead from one checkpoint to the other", out_error);
}

enum galen_status audit_proof_check(const struct audit_proof *proof,
                                    const struct checkpoint_key *keys, size_t key_count,
                                    struct error *out_error)
{
    scoped(sha256) sha256 = NULL;
    TRY(sha256_create(&sha256));
    return proof->kind == AUDIT_PROOF_INCLUSION
               ? check_inclusion(proof, keys, key_count, sha256, out_error)
               : check_consistency(proof, keys, key_count, sha256, out_error);
}
