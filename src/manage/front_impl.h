/* SPDX-License-Identifier: Apache-2.0 */
/* One request from its head to its answer: front.c is what HTTP calls, front_answer.c how
 * it is answered and leaves its record. */
#pragma once

#include "manage/front.h"
#include "service/reply.h"

enum visit_state {
    VISIT_IDENTIFYING, /* newer keys of the issuer are looked for */
    VISIT_READING,
    VISIT_ASKING,    /* `call` is the owner's */
    VISIT_RECORDING, /* the reply waits for its record */
};

struct visit {
    struct manage_front *front;
    struct http_exchange *exchange;
    struct arena arena;
    enum visit_state state;
    struct manage_route route;
    bool has_route;
    struct auth_visit asker;    /* zeroed where nobody is asked who they are */
    struct bytes lacking_scope; /* with a refusal that is REFUSAL_SCOPE */
    bool is_gone;               /* the client went away while VISIT_IDENTIFYING */
    uint8_t token_hmac[SHA256_SIZE];
    struct manage_call call;
    uint64_t started_ns;
    struct audit_entry entry;
    struct writer record;
    struct reply reply; /* while VISIT_RECORDING */
};

struct manage_front {
    struct manage_front_options options;
    size_t open_count;
    struct task *idle; /* to be posted when nothing is open; NULL: nobody waits */
};

/* Ends a request that nobody waits for and that leaves nothing. */
void manage_visit_close(struct visit *visit);

/* Ends the visit: at once, or when its record is made. */
void manage_visit_refuse(struct visit *visit, enum galen_status status,
                         const struct error *error);

/* By what the owner said. */
void manage_visit_answer(struct visit *visit);
