/* SPDX-License-Identifier: Apache-2.0 */
/* A subject as records have it: its pseudonym under each key that was ever in use, so that
 * records of all of them are found. */
#pragma once

#include "app/audit.h"
#include "base/bytes.h"
#include "crypto/sha256.h"

#define AUDIT_SUBJECT_KEY_COUNT_MAX 256u

/* Zeroed: none was asked for. */
struct audit_subject {
    bool is_asked;
    char pseudonyms[AUDIT_SUBJECT_KEY_COUNT_MAX][SHA256_HEX_SIZE];
    size_t count;
};

/* file: what holds the subject, in one line; "-": standard input. On a command line it
 * would be there for all to see. keys: the folder. False: stderr has why. */
bool audit_subject_read(const char *file, const char *keys,
                        struct audit_subject *out_subject);

/* Whether a record with this text at subject_hmac is of the subject; NULL or none asked
 * for: every record is. */
bool audit_subject_is(const struct audit_subject *subject, struct bytes pseudonym);
