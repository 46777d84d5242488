/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The folder of keys as files: names, permissions, what is there. For keys*.c. Everything
 * blocks on the disk; an error names the folder or the file in it.
 */
#pragma once

#include "service/keys.h"

#define KEYS_NUMBER_MAX 999999u /* six digits */
#define KEYS_FILE_NAME_SIZE (KEY_ID_SIZE + sizeof(".key"))

enum keys_kind { KEYS_ED25519, KEYS_HMAC };
enum keys_kind keys_kind_of(enum key_purpose purpose);

/* A file: a secret, or the verifier key beside it. */
struct keys_file {
    enum key_purpose purpose;
    uint64_t number;
    bool is_public;
};

void keys_put_id(const struct keys_file *file, char *out_id); /* KEY_ID_SIZE */
void keys_put_file_name(const struct keys_file *file, char *out_name);

struct keys_folder {
    const char *path; /* borrowed */
    int descriptor;
    struct error *error; /* may be NULL */
};

/* Closed on every way out: struct keys_folder folder KEYS_FOLDER_CLOSED = {…, -1, …}. */
#define KEYS_FOLDER_CLOSED __attribute__((cleanup(keys_folder_close_)))
void keys_folder_close_(const struct keys_folder *folder);

/* Statuses as keys_read. */
MUST_USE enum galen_status keys_folder_open(struct keys_folder *folder);

/* Its files, by purpose, number, secret before public; the caller frees them.
 * GALEN_INVALID: one ends as a key does and has no name of a key; GALEN_TOO_LARGE;
 * GALEN_UNAVAILABLE; GALEN_NO_MEMORY. */
MUST_USE enum galen_status keys_folder_list(const struct keys_folder *folder,
                                            struct keys_file **out_files,
                                            size_t *out_count);

/* Sets the error `FOLDER/NAME: why` and gives status back. name may be NULL. */
enum galen_status keys_refuse(const struct keys_folder *folder, const char *name,
                              enum galen_status status, const char *why);

/* GALEN_UNAVAILABLE and what errno says; GALEN_NO_MEMORY. */
enum galen_status keys_refuse_errno(const struct keys_folder *folder, const char *name);
