/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An absolute URL of http or https (RFC 9110 section 4.2, RFC 3986), as one that galen is
 * to fetch: without user information, without a fragment, its host a name or an address as
 * it stands. Pure; everything points into the text.
 */
#pragma once

#include "base/error.h"

struct web_url {
    bool is_https;
    struct bytes host;  /* an IPv6 address without its brackets */
    uint16_t port;      /* the scheme's where none is written */
    struct bytes path;  /* begins with '/', or is empty: "/" is meant */
    struct bytes query; /* with its '?', or empty */
};

/* GALEN_INVALID: the error says what is wrong, not where it came from. */
MUST_USE enum galen_status web_url_parse(struct bytes text, struct web_url *out_url,
                                         struct error *out_error);

/* Whether its host is this machine as far as the text tells: "localhost", 127.x.x.x or ::1.
 */
bool web_url_is_loopback(const struct web_url *url);

/* Secrets and keys may come from there: https, or this machine. */
bool web_url_is_safe(const struct web_url *url);
