/* SPDX-License-Identifier: Apache-2.0 */
/* For tests: chains of an audit trail, written line by line into a temporary folder.
 * Failures end the test. */
#pragma once

#include "base/clock.h"
#include "base/utc.h"
#include "service/audit/checkpoint.h"
#include "service/audit/merkle.h"
#include "service/audit/record.h"
#include "service/audit/trail.h"

#include "expect.h"
#include "temporary_folder.h"

#define SAMPLE_PATH_SIZE 256

struct sample_signer {
    struct ed25519 *pair;
    struct checkpoint_key key;
};

static inline void signer_create(struct sample_signer *signer)
{
    EXPECT_OK(ed25519_generate(&signer->pair));
    signer->key = (struct checkpoint_key){"checkpoint-000001", signer->pair};
}

static inline void signer_destroy(struct sample_signer *signer)
{
    ed25519_destroy(signer->pair);
}

struct sample_chain {
    const struct temporary_folder *folder; /* the trail */
    const struct sample_signer *signer;
    const char *witness; /* a folder of the trail's; NULL: none */
    char name[AUDIT_CHAIN_NAME_SIZE];
    struct sha256 *sha256;
    struct merkle merkle;
    uint8_t hash[SHA256_SIZE];
    unsigned segment;
    uint64_t checkpoint_bytes; /* whole notes */
};

static inline void sample_append_file(const struct temporary_folder *folder,
                                      const char *path, struct bytes text)
{
    const int file =
        openat(folder->descriptor, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    assert_true(file >= 0);
    assert_int_equal(write(file, text.data, text.size), text.size);
    assert_int_equal(close(file), 0);
}

static inline void sample_put(struct sample_chain *chain, const char *file,
                              struct bytes text)
{
    char path[SAMPLE_PATH_SIZE];
    (void)snprintf(path, sizeof(path), "%s/%s", chain->name, file);
    sample_append_file(chain->folder, path, text);
}

static inline void sample_put_in_segment(struct sample_chain *chain, struct bytes text)
{
    char file[AUDIT_FILE_NAME_SIZE];
    audit_segment_file(chain->segment, file);
    sample_put(chain, file, text);
}

/* fields: {"event":"infer",…} */
static inline void sample_record(struct sample_chain *chain, const char *fields)
{
    char ts[UTC_SIZE];
    struct writer line;
    struct bytes service;
    (void)bytes_split(bytes_from_string(chain->name), '-', &service);
    utc_write(UINT64_C(1764104116) * NS_PER_S + chain->merkle.size * NS_PER_MS, ts);
    const struct audit_record_head head = {
        .seq = chain->merkle.size,
        .ts = bytes_from_string(ts),
        .chain = bytes_from_string(chain->name),
        .service = service,
        .key_id = BYTES("audit-hmac-000001"),
    };
    writer_init(&line, 1 << 20);
    EXPECT_OK(audit_record_write(&head, bytes_from_string(fields), chain->hash,
                                 chain->sha256, &line, chain->hash));
    EXPECT_OK(merkle_append(&chain->merkle, chain->hash));
    sample_put_in_segment(chain, writer_bytes(&line));
    writer_deinit(&line);
}

static inline void sample_infer(struct sample_chain *chain)
{
    sample_record(chain, "{\"event\":\"infer\",\"request_id\":\"a\",\"outcome\":\"ok\"}");
}

/* Without a start. */
static inline void sample_open(struct sample_chain *chain,
                               const struct temporary_folder *folder,
                               const struct sample_signer *signer, const char *name)
{
    *chain = (struct sample_chain){.folder = folder, .signer = signer, .segment = 1};
    (void)snprintf(chain->name, sizeof(chain->name), "%s", name);
    folder_mkdir(folder, name);
    EXPECT_OK(sha256_create(&chain->sha256));
    merkle_init(&chain->merkle, chain->sha256);
}

static inline void sample_begin(struct sample_chain *chain,
                                const struct temporary_folder *folder,
                                const struct sample_signer *signer, const char *name)
{
    sample_open(chain, folder, signer, name);
    sample_record(chain, "{\"event\":\"start\",\"galen\":\"0.1.0\"}");
}

static inline void sample_put_torn(struct writer *out, const char *prefix,
                                   struct bytes torn)
{
    uint8_t digest[SHA256_SIZE];
    char hex[SHA256_HEX_SIZE];
    char text[256];
    if (torn.size > 0) {
        EXPECT_OK(sha256_of(torn, digest));
        sha256_to_hex(digest, hex);
        (void)snprintf(text, sizeof(text), ",\"%s_bytes\":%zu,\"%s_sha256\":\"%.64s\"",
                       prefix, torn.size, prefix, hex);
        writer_put_string(out, text);
    }
}

/* A start that tells of the chain before it, and of what was torn there. */
static inline void sample_follow(struct sample_chain *chain,
                                 const struct sample_chain *previous, const char *name,
                                 const char *torn, const char *torn_note)
{
    char text[256];
    struct writer fields;
    sample_open(chain, previous->folder, previous->signer, name);
    memcpy(chain->hash, previous->hash, sizeof(chain->hash));
    writer_init(&fields, 1 << 20);
    (void)snprintf(
        text, sizeof(text),
        "{\"event\":\"start\",\"galen\":\"0.1.0\",\"previous\":{\"chain\":\"%s\","
        "\"records\":%llu,\"checkpoint_bytes\":%llu",
        previous->name, (unsigned long long)previous->merkle.size,
        (unsigned long long)previous->checkpoint_bytes);
    writer_put_string(&fields, text);
    sample_put_torn(&fields, "torn", bytes_from_string(torn));
    sample_put_torn(&fields, "torn_checkpoint", bytes_from_string(torn_note));
    writer_put_string(&fields, "}}");
    writer_put_byte(&fields, '\0');
    sample_record(chain, (const char *)writer_bytes(&fields).data);
    writer_deinit(&fields);
}

static inline void sample_witness(struct sample_chain *chain, struct bytes note)
{
    struct audit_name copy = {.size = chain->merkle.size};
    char file[AUDIT_FILE_NAME_SIZE];
    char path[SAMPLE_PATH_SIZE];
    (void)snprintf(copy.text, sizeof(copy.text), "%s", chain->name);
    audit_witness_file(&copy, file);
    (void)snprintf(path, sizeof(path), "%s/%s", chain->witness, file);
    sample_append_file(chain->folder, path, note);
}

static inline void sample_checkpoint(struct sample_chain *chain)
{
    struct writer note;
    struct checkpoint checkpoint = {.chain = bytes_from_string(chain->name),
                                    .size = chain->merkle.size};
    EXPECT_OK(merkle_root(&chain->merkle, checkpoint.root));
    writer_init(&note, 1 << 20);
    EXPECT_OK(checkpoint_write(&checkpoint, &chain->signer->key, &note));
    if (chain->witness != NULL) {
        sample_witness(chain, writer_bytes(&note));
    }
    writer_put_byte(&note, '\n');
    sample_put(chain, "checkpoints", writer_bytes(&note));
    chain->checkpoint_bytes += note.size;
    writer_deinit(&note);
}

static inline void sample_stop(struct sample_chain *chain)
{
    sample_record(chain, "{\"event\":\"stop\"}");
    sample_checkpoint(chain);
}

static inline void sample_close(struct sample_chain *chain)
{
    sha256_destroy(chain->sha256);
}
