/* SPDX-License-Identifier: Apache-2.0 */
#include "service/audit/checkpoint.h"

#include "base/arena.h"
#include "base/invariant.h"
#include "codec/base64.h"
#include "service/audit/record.h"

#define SIGNATURE_MARK "\xe2\x80\x94 " /* U+2014 and a space, UTF-8 */

enum {
    ED25519_TYPE = 0x01, /* signed-note's */
    ID_SIZE = 4,
    TYPED_KEY_SIZE = 1 + ED25519_PUBLIC_KEY_SIZE,
    SIGNED_SIZE = ID_SIZE + ED25519_SIGNATURE_SIZE,
    DECODED_SIZE_MAX = 256,
    KEY_TEXT_SIZE_MAX = 256,
};

/* ASCII that is seen, without the plus that ends a name in a verifier key. */
static bool is_key_name(struct bytes name)
{
    for (size_t i = 0; i < name.size; i++) {
        if (name.data[i] <= ' ' || name.data[i] > '~' || name.data[i] == '+') {
            return false;
        }
    }
    return name.size > 0 && name.size < CHECKPOINT_KEY_NAME_SIZE;
}

static struct bytes name_of(const struct checkpoint_key *key)
{
    const struct bytes name = bytes_from_string(key->name);
    INVARIANT(is_key_name(name));
    return name;
}

static void put_typed_key(const struct ed25519 *key, uint8_t *out_typed_key)
{
    out_typed_key[0] = ED25519_TYPE;
    ed25519_public(key, out_typed_key + 1);
}

/* SHA-256(name ‖ 0x0A ‖ 0x01 ‖ public key), its beginning. */
static enum galen_status key_id_of(const struct checkpoint_key *key, uint8_t *out_id)
{
    uint8_t text[CHECKPOINT_KEY_NAME_SIZE + TYPED_KEY_SIZE];
    uint8_t digest[SHA256_SIZE];
    const struct bytes name = name_of(key);
    memcpy(text, name.data, name.size);
    text[name.size] = '\n';
    put_typed_key(key->key, text + name.size + 1);
    TRY(sha256_of(bytes_of(text, name.size + 1 + TYPED_KEY_SIZE), digest));
    memcpy(out_id, digest, ID_SIZE);
    return GALEN_OK;
}

static void put_signed_text(const struct checkpoint *checkpoint, struct writer *out)
{
    writer_put(out, BYTES(CHECKPOINT_ORIGIN_PREFIX));
    writer_put(out, checkpoint->chain);
    writer_put_byte(out, '\n');
    writer_put_u64(out, checkpoint->size);
    writer_put_byte(out, '\n');
    base64_encode(bytes_of(checkpoint->root, sizeof(checkpoint->root)), out);
    writer_put_byte(out, '\n');
}

enum galen_status checkpoint_write(const struct checkpoint *checkpoint,
                                   const struct checkpoint_key *key, struct writer *out)
{
    const size_t begin = out->size;
    uint8_t signature[SIGNED_SIZE];
    INVARIANT(audit_chain_name_is_valid(checkpoint->chain));
    TRY(key_id_of(key, signature));
    put_signed_text(checkpoint, out);
    TRY(out->status);
    TRY(ed25519_sign(key->key, bytes_from(writer_bytes(out), begin), signature + ID_SIZE));
    writer_put(out, BYTES("\n" SIGNATURE_MARK));
    writer_put(out, name_of(key));
    writer_put_byte(out, ' ');
    base64_encode(bytes_of(signature, sizeof(signature)), out);
    writer_put_byte(out, '\n');
    return out->status;
}

/* Exactly size bytes. */
static enum galen_status decode(struct bytes text, uint8_t *out_data, size_t size)
{
    struct arena arena;
    struct bytes data;
    arena_init(&arena, DECODED_SIZE_MAX);
    enum galen_status status = text.size > DECODED_SIZE_MAX
                                   ? GALEN_INVALID
                                   : base64_decode(text, &arena, &data, NULL);
    if (status == GALEN_OK && data.size != size) {
        status = GALEN_INVALID;
    }
    if (status == GALEN_OK) {
        memcpy(out_data, data.data, size);
    }
    arena_deinit(&arena);
    return status;
}

/* What a note says, before anybody believes it. */
struct note {
    struct bytes signed_text;
    struct checkpoint checkpoint;
    struct bytes key_name;
    uint8_t key_id_and_signature[SIGNED_SIZE];
};

/* Without its line feed, which has to be there. */
static bool take_line(struct bytes *text, struct bytes *out_line)
{
    const size_t size = bytes_find(*text, '\n');
    if (size == text->size) {
        return false;
    }
    *out_line = bytes_first(*text, size);
    *text = bytes_from(*text, size + 1);
    return true;
}

static bool take_prefix(struct bytes *text, struct bytes prefix)
{
    if (!bytes_starts_with(*text, prefix)) {
        return false;
    }
    *text = bytes_from(*text, prefix.size);
    return true;
}

static enum galen_status read_origin(struct bytes line, struct note *note)
{
    if (!take_prefix(&line, BYTES(CHECKPOINT_ORIGIN_PREFIX)) ||
        !audit_chain_name_is_valid(line)) {
        return GALEN_INVALID;
    }
    note->checkpoint.chain = line;
    return GALEN_OK;
}

static enum galen_status read_size(struct bytes line, struct note *note)
{
    return bytes_parse_u64(line, UINT64_MAX, &note->checkpoint.size) ? GALEN_OK
                                                                     : GALEN_INVALID;
}

static enum galen_status read_root(struct bytes line, struct note *note)
{
    return decode(line, note->checkpoint.root, sizeof(note->checkpoint.root));
}

static enum galen_status read_empty(struct bytes line, struct note *note)
{
    (void)note;
    return line.size == 0 ? GALEN_OK : GALEN_INVALID;
}

static enum galen_status read_signature(struct bytes line, struct note *note)
{
    if (!take_prefix(&line, BYTES(SIGNATURE_MARK))) {
        return GALEN_INVALID;
    }
    const struct bytes base64 = bytes_split(line, ' ', &note->key_name);
    return is_key_name(note->key_name)
               ? decode(base64, note->key_id_and_signature, SIGNED_SIZE)
               : GALEN_INVALID;
}

static const struct {
    const char *name;
    enum galen_status (*read)(struct bytes line, struct note *note);
} lines[] = {
    {"the origin", read_origin},     {"a number of records", read_size},
    {"a root in base64", read_root}, {"empty", read_empty},
    {"a signature", read_signature},
};

enum { LINE_COUNT = sizeof(lines) / sizeof(lines[0]), SIGNED_LINE_COUNT = 3 };

static enum galen_status read_note(struct bytes *text, struct note *note,
                                   struct error *out_error)
{
    const struct bytes whole = *text;
    for (size_t i = 0; i < LINE_COUNT; i++) {
        struct bytes line;
        if (i == SIGNED_LINE_COUNT) {
            note->signed_text = bytes_first(whole, whole.size - text->size);
        }
        const enum galen_status status =
            take_line(text, &line) ? lines[i].read(line, note) : GALEN_INVALID;
        if (status != GALEN_OK) {
            return error_set(out_error, status, "line %zu of a checkpoint is not %s", i + 1,
                             lines[i].name);
        }
    }
    return GALEN_OK;
}

static enum galen_status find_key(const struct note *note,
                                  const struct checkpoint_key *keys, size_t key_count,
                                  const struct ed25519 **out_key, struct error *out_error)
{
    for (size_t i = 0; i < key_count; i++) {
        uint8_t id[ID_SIZE];
        TRY(key_id_of(&keys[i], id));
        if (bytes_equal_string(note->key_name, keys[i].name) &&
            memcmp(id, note->key_id_and_signature, sizeof(id)) == 0) {
            *out_key = keys[i].key;
            return GALEN_OK;
        }
    }
    return error_set(
        out_error, GALEN_NOT_FOUND,
        "a checkpoint is signed by %.*s, and no key of that name and id is here",
        BYTES_PRINT(note->key_name));
}

enum galen_status checkpoint_read(struct bytes text, const struct checkpoint_key *keys,
                                  size_t key_count, struct checkpoint *out_checkpoint,
                                  struct bytes *out_rest, struct error *out_error)
{
    const struct bytes whole = bytes_first(text, CHECKPOINT_SIZE_BYTES_MAX);
    struct bytes left = whole;
    struct note note;
    const struct ed25519 *key = NULL;
    TRY(read_note(&left, &note, out_error));
    const struct bytes rest = bytes_from(text, whole.size - left.size);
    if (bytes_starts_with(rest, BYTES(SIGNATURE_MARK))) {
        return error_set(out_error, GALEN_INVALID, "a checkpoint has a second signature");
    }
    TRY(find_key(&note, keys, key_count, &key, out_error));
    if (!ed25519_verify(key, note.signed_text, note.key_id_and_signature + ID_SIZE)) {
        return error_set(out_error, GALEN_FORBIDDEN,
                         "the signature of a checkpoint by %.*s is wrong",
                         BYTES_PRINT(note.key_name));
    }
    *out_checkpoint = note.checkpoint;
    *out_rest = rest;
    return GALEN_OK;
}

static void put_hex(struct bytes data, struct writer *out)
{
    for (size_t i = 0; i < data.size; i++) {
        writer_put_byte(out, (uint8_t) "0123456789abcdef"[data.data[i] >> 4]);
        writer_put_byte(out, (uint8_t) "0123456789abcdef"[data.data[i] & 15]);
    }
}

enum galen_status checkpoint_key_write(const struct checkpoint_key *key, struct writer *out)
{
    uint8_t id[ID_SIZE];
    uint8_t typed_key[TYPED_KEY_SIZE];
    TRY(key_id_of(key, id));
    put_typed_key(key->key, typed_key);
    writer_put(out, name_of(key));
    writer_put_byte(out, '+');
    put_hex(bytes_of(id, sizeof(id)), out);
    writer_put_byte(out, '+');
    base64_encode(bytes_of(typed_key, sizeof(typed_key)), out);
    return out->status;
}

/* Its id is right, and there is no other text for it. */
static enum galen_status check_key_text(struct bytes text, const struct checkpoint_key *key)
{
    struct writer again;
    writer_init(&again, KEY_TEXT_SIZE_MAX);
    enum galen_status status = checkpoint_key_write(key, &again);
    if (status == GALEN_OK && !bytes_equal(writer_bytes(&again), text)) {
        status = GALEN_INVALID;
    }
    writer_deinit(&again);
    return status;
}

enum galen_status checkpoint_key_read(struct bytes text, char *out_name,
                                      struct ed25519 **out_key)
{
    scoped(ed25519) ed25519 = NULL;
    struct checkpoint_key key = {.name = ""};
    struct bytes name;
    struct bytes id;
    uint8_t typed_key[TYPED_KEY_SIZE];
    const struct bytes base64 = bytes_split(bytes_split(text, '+', &name), '+', &id);
    if (!is_key_name(name)) {
        return GALEN_INVALID;
    }
    TRY(decode(base64, typed_key, sizeof(typed_key)));
    TRY(ed25519_from_public(typed_key + 1, &ed25519));
    memcpy(key.name, name.data, name.size);
    key.key = ed25519;
    TRY(check_key_text(text, &key));
    memcpy(out_name, key.name, sizeof(key.name));
    *out_key = take(&ed25519);
    return GALEN_OK;
}
