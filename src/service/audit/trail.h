/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What lies in a trail (docs/audit.md, "What lies where"): its chains, the files of one,
 * and the copies of checkpoints that a witness keeps. Only names are looked at here.
 *
 * Threads: one owner; what was read is immutable. Blocking: the calls that read. Memory: of
 * names, never of records. Nothing is written, and no link inside a trail is followed.
 * Statuses: GALEN_NOT_FOUND, GALEN_UNAVAILABLE: the system's refusal, which the error
 * names; GALEN_TOO_LARGE: more names than LIMIT_AUDIT_NAME_COUNT_MAX; GALEN_NO_MEMORY.
 */
#pragma once

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "service/audit/record.h"

/* A descriptor that is closed on every way out: int folder AUDIT_CLOSED_LATER = -1. */
#define AUDIT_CLOSED_LATER __attribute__((cleanup(audit_descriptor_close_)))
void audit_descriptor_close_(const int *descriptor);

struct audit_name {
    char text[AUDIT_CHAIN_NAME_SIZE];
    uint64_t size; /* of a witness's copy: the records that it covers */
};

/* Names in their order: of chains, or of a witness's copies, by chain and size. */
struct audit_names {
    int folder; /* a descriptor */
    struct audit_name *names;
    size_t count;
    size_t capacity_;
};

/* What else a folder holds is told, an entry at a time. */
typedef void audit_stranger_fn(void *context, const char *name);

/* The chains of a trail. */
MUST_USE enum galen_status audit_trail_read(const char *path,
                                            audit_stranger_fn *on_stranger, void *context,
                                            struct audit_names **out_names,
                                            struct error *out_error);

/* The copies in a witness, `<chain>.<size, 20 digits>.checkpoint`. */
MUST_USE enum galen_status audit_witness_read(const char *path,
                                              audit_stranger_fn *on_stranger, void *context,
                                              struct audit_names **out_names,
                                              struct error *out_error);
void audit_names_destroy(struct audit_names *names); /* NULL is allowed */
DEFINE_SCOPED(audit_names, audit_names_destroy)

/* Those of one chain; *out_count of them. Never NULL where there are any. */
const struct audit_name *audit_names_of(const struct audit_names *names, const char *chain,
                                        size_t *out_count);

/* The file of a witness's copy. out_file: AUDIT_FILE_NAME_SIZE. */
#define AUDIT_FILE_NAME_SIZE 128u
void audit_witness_file(const struct audit_name *name, char *out_file);

/* The files of a chain, its folder's descriptor not among them. */
struct audit_files {
    uint64_t
        segment_count; /* the highest number; whether the others are there shows later */
    bool has_checkpoints;
    char stranger[AUDIT_FILE_NAME_SIZE]; /* an entry that has no place there; "": none */
};

MUST_USE enum galen_status audit_chain_folder(const struct audit_names *trail,
                                              const char *chain, int *out_folder,
                                              struct error *out_error);
MUST_USE enum galen_status audit_files_read(int folder, struct audit_files *out_files,
                                            struct error *out_error);

#define AUDIT_CHECKPOINTS_FILE "checkpoints"

/* The file of segment 1, 2, … out_file: AUDIT_FILE_NAME_SIZE. */
void audit_segment_file(uint64_t number, char *out_file);

/* The number of such a file; false: it is called otherwise. */
bool audit_segment_read(struct bytes file, uint64_t *out_number);
