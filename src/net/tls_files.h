/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A TLS context out of files, whole or not at all. A private key that everybody on the
 * machine may read or write is refused: it is nobody's secret.
 *
 * Threads: any. Blocking: on the disk.
 */
#pragma once

#include "net/tls_context.h"

/* Paths; NULL or "": there is none. */
struct tls_files {
    const char *certificate;
    const char *key;
    const char *authorities;
    const char *revoked;
};

/* options: what is in no file; those of the files are filled in. GALEN_INVALID: the error
 * names the file and what is wrong with it; GALEN_NO_MEMORY. */
MUST_USE enum galen_status tls_files_load(const struct tls_files *files,
                                          const struct tls_context_options *options,
                                          struct tls_context **out_context,
                                          struct error *out_error);

/* Another one when any of them was replaced or written to since. */
uint64_t tls_files_stamp(const struct tls_files *files);
