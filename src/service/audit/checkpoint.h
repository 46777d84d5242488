/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signed checkpoints of a chain: C2SP tlog-checkpoint, a signed note (C2SP signed-note).
 *
 *     galen.audit/gateway-20261125T205516Z-1a2b3c4d5e6f7081
 *     1024
 *     CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
 *
 *     — checkpoint-000001 Zxlk…
 *
 * The lines: the origin; how many records, seq 0 to 1023; their root in base64 (RFC 4648
 * section 4); nothing; the key's name, and base64 of its id and the signature.
 *
 * The key id is the first 4 bytes of SHA-256(name ‖ 0x0A ‖ 0x01 ‖ public key), what is
 * signed the text up to the empty line, its last line feed included. There is exactly one
 * text for a checkpoint and one signature line, so that no byte of it can change unseen.
 *
 * I/O-free. Reading allocates what it decodes, and frees it before it returns.
 */
#pragma once

#include "base/bytes.h"
#include "base/error.h"
#include "base/writer.h"
#include "crypto/ed25519.h"
#include "crypto/sha256.h"

#define CHECKPOINT_ORIGIN_PREFIX "galen.audit/"
#define CHECKPOINT_KEY_NAME_SIZE 64u
#define CHECKPOINT_SIZE_BYTES_MAX 1024u

/* Who signs, or whose signature counts. Its name is ASCII, without spaces and plus. */
struct checkpoint_key {
    char name[CHECKPOINT_KEY_NAME_SIZE]; /* "checkpoint-000001" */
    const struct ed25519 *key;           /* borrowed */
};

struct checkpoint {
    struct bytes chain; /* borrowed; a valid name (record.h) */
    uint64_t size;
    uint8_t root[SHA256_SIZE];
};

/* Puts the note, its signature line last. GALEN_INVALID: the key has no private half;
 * GALEN_INTERNAL; the writer's. */
MUST_USE enum galen_status checkpoint_write(const struct checkpoint *checkpoint,
                                            const struct checkpoint_key *key,
                                            struct writer *out);

/* Takes the note that begins text and is signed by one of these keys; *out_rest is what
 * comes behind it. The chain is borrowed from text. GALEN_INVALID: it is not exactly a
 * checkpoint; GALEN_NOT_FOUND: its key is none of these; GALEN_FORBIDDEN: its signature is
 * wrong; GALEN_NO_MEMORY; GALEN_INTERNAL. */
MUST_USE enum galen_status checkpoint_read(struct bytes text,
                                           const struct checkpoint_key *keys,
                                           size_t key_count,
                                           struct checkpoint *out_checkpoint,
                                           struct bytes *out_rest, struct error *out_error);

/* The verifier key as signed-note has it, `name+key id in hex+base64(0x01 ‖ public key)`,
 * without a line feed. GALEN_INTERNAL; the writer's. */
MUST_USE enum galen_status checkpoint_key_write(const struct checkpoint_key *key,
                                                struct writer *out);

/* Gives a key; its name goes to out_name, of CHECKPOINT_KEY_NAME_SIZE. GALEN_INVALID;
 * GALEN_NO_MEMORY; GALEN_INTERNAL. */
MUST_USE enum galen_status checkpoint_key_read(struct bytes text, char *out_name,
                                               struct ed25519 **out_key);
