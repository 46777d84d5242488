/* SPDX-License-Identifier: Apache-2.0 */
/* The rules that a complete head must meet beyond llhttp's grammar. No status in a refusal
 * means that there is none. */
#pragma once

#include "codec/http1.h"

struct http1_framing {
    size_t host_count;
    struct bytes host;
    size_t coding_count; /* of Transfer-Encoding */
    struct bytes coding;
    bool expects_other; /* than 100-continue */
};

/* Also sets head->expects_continue. */
struct http1_framing http1_framing_of(struct http1_head *head);

struct http1_refusal http1_check_framing(const struct http1_head *head,
                                         const struct http1_framing *framing,
                                         bool has_length);

/* Also sets head->path and head->query from the target. */
struct http1_refusal http1_check_request(struct http1_head *head,
                                         const struct http1_framing *framing,
                                         struct bytes target);
