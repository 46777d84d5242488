/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One HTTP request of a command that waits for the answer, on a loop of its own.
 *
 * Blocking: until the answer is there, or the time is over. Threads: any.
 */
#pragma once

#include "app/arguments.h"
#include "net/http.h"
#include "net/tls_files.h"

enum { ERRAND_HEADER_COUNT_MAX = 3 };

struct errand {
    const char *url; /* of the peer: http://host:port or https://host:port */
    struct tls_files tls;
    bool trusts_anybody; /* of tls_context_options: only for what anybody may hear */
    enum http_method method;
    struct bytes target;
    struct http_header headers[ERRAND_HEADER_COUNT_MAX];
    size_t header_count;
    struct blob *body; /* taken, whatever becomes of it; NULL: none */
    uint64_t timeout_ns;
};

struct errand_answer {
    int http_status;
    struct blob *body; /* one reference */
};

/* "Bearer TOKEN" of the file, for that server; *out_token NULL: token_file is. Gives one
 * reference. GALEN_INVALID: a token goes over https, or to this machine; the rest as
 * bearer_read. */
MUST_USE enum galen_status errand_read_token(const char *url, const char *token_file,
                                             struct blob **out_token,
                                             struct error *out_error);

/* Rows of how a command reaches a server, into `tls` (struct tls_files) of what it is told,
 * and their help; errand_take_timeout takes uint64_t seconds, from 1 to a day. */
#define ERRAND_TLS_OPTIONS(type)                             \
    OPTION_TEXT("--ca", type, tls.authorities),              \
        OPTION_TEXT("--certificate", type, tls.certificate), \
        OPTION_TEXT("--key", type, tls.key)
option_take_fn errand_take_timeout;
#define ERRAND_TLS_HELP                                                               \
    "  --ca FILE        who certifies an https URL; those that this machine trusts\n" \
    "  --certificate FILE, --key FILE\n"                                              \
    "                   whom to be, where it asks\n"

/* The headers' end has room. */
void errand_add_header(struct errand *errand, struct bytes name, struct bytes value);

/* GALEN_OK whatever the HTTP status. GALEN_INVALID: the URL, or a file of tls; others: as
 * struct http_call has them, and GALEN_NO_MEMORY. Errors begin with the URL, or the file.
 */
MUST_USE enum galen_status errand_run(const struct errand *errand,
                                      struct errand_answer *out_answer,
                                      struct error *out_error);
