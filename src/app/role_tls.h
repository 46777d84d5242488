/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The certificates of a role: read at its start, and again when a file of theirs changes,
 * when that is asked for (SIGHUP), and twice a day, so that the keys of tickets do not grow
 * old. Whole or not at all: what cannot be read leaves what serves in its place and is
 * logged, once for each change.
 *
 * Threads: open and close on the main one while no loop runs; reload and the watch on the
 * first worker's loop; refused and the counts on any.
 */
#pragma once

#include <stdatomic.h>

#include <uv.h>

#include "net/http_client.h"
#include "net/http_server.h"
#include "net/tls_files.h"
#include "net/tls_source.h"
#include "service/settings.h"

/* What we show to whom, and whom we believe. */
enum role_tls_side_index {
    ROLE_TLS_LISTEN,   /* clients */
    ROLE_TLS_UPSTREAM, /* peers */
    ROLE_TLS_ISSUER,   /* who says whose tokens count: nothing is shown to it */
    ROLE_TLS_SIDE_COUNT,
};

struct role_tls_side {
    const char *name; /* in logs and metrics */
    struct tls_files files;
    struct tls_context_options options;
    bool is_used;
    struct tls_source source;
    uint64_t stamp; /* of the files when they were last read */
    uint64_t read_ns;
    _Atomic int64_t expires_s; /* 0: no certificate */
    _Atomic uint64_t refused_count;
    _Atomic uint64_t next_log_ns;
};

struct role_tls {
    const struct settings *settings;
    struct role_tls_side sides[ROLE_TLS_SIDE_COUNT];
    uv_timer_t timer;
};

/* settings: borrowed until close. GALEN_INVALID: the error names setting, file and reason;
 * GALEN_NO_MEMORY. */
MUST_USE enum galen_status role_tls_open(struct role_tls *tls,
                                         const struct settings *settings,
                                         struct error *out_error);
void role_tls_close(struct role_tls *tls); /* zeroed: allowed */

/* Reads all again, changed or not. For SIGHUP. */
void role_tls_reload(struct role_tls *tls);

/* Whether there are certificates at all. */
bool role_tls_is_used(const struct role_tls *tls);

/* Looks whether files have changed, every second. The loop does not run yet, or any more.
 */
void role_tls_watch(struct role_tls *tls, uv_loop_t *uv);
void role_tls_unwatch(struct role_tls *tls);

/* For listeners: plaintext where no certificate is set. */
struct http_server_tls role_tls_of_server(struct role_tls *tls);

/* For https URLs of the issuer: the authorities of auth.issuer_ca. */
struct http_client_tls role_tls_of_issuer(struct role_tls *tls);

/* For a peer: authorities and certificate of upstream.tls; plaintext where its URL is http.
 */
struct http_client_tls role_tls_of_client(struct role_tls *tls,
                                          const struct settings_peer *peer);
