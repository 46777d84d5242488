/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The errands of one flight: the discovery document, in one form and else in the other, and
 * the keys, over HTTP or from a file. Only for jwks_keeper.
 *
 * `arrived` runs once for each errand, later. Threads: the loop's.
 */
#pragma once

#include "base/arena.h"
#include "service/auth/discovery.h"
#include "service/auth/jwks_get.h"
#include "service/auth/jwks_keeper.h"

struct jwks_flight {
    const struct jwks_keeper_options *options; /* borrowed */
    void (*arrived)(struct jwks_flight *flight);

    /* From arrived on; not GALEN_OK: the errand failed, the error says why. */
    enum galen_status status;
    struct error error;
    bool was_refused;      /* by an HTTP status that is not 200 */
    bool has_discovered;   /* the errand was discovery; else document has the keys */
    struct bytes document; /* borrowed until jwks_flight_clear */
    uint64_t lifetime_ns;

    /* its own */
    bool is_under_way;
    bool is_cancelled;
    enum discovery_form form;
    struct web_url url;      /* of the issuer, or of the keys */
    struct arena discovered; /* holds the text of keys_url */
    struct web_url keys_url;
    struct jwks_get get;
    struct blob *file;
    struct task read; /* of the file */
    struct http_client_options client;
    struct http_client_options secure_client;
};

/* options: see the header of jwks_keeper; borrowed. GALEN_INVALID: the source cannot be
 * used. */
MUST_USE enum galen_status jwks_flight_init(struct jwks_flight *flight,
                                            const struct jwks_keeper_options *options,
                                            void (*arrived)(struct jwks_flight *flight),
                                            struct error *out_error);
void jwks_flight_deinit(struct jwks_flight *flight); /* not under way */

void jwks_flight_discover(struct jwks_flight *flight);
void jwks_flight_fetch(struct jwks_flight *flight);
bool jwks_flight_is_under_way(const struct jwks_flight *flight);
void jwks_flight_cancel(struct jwks_flight *flight); /* arrived runs all the same */
void jwks_flight_clear(struct jwks_flight *flight);  /* the document is not needed more */
