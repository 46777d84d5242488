/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever is asked, and however: nobody gets a token without a secret, nor a scope that is
 * not theirs. Input: the header Authorization, a line feed, the body. */
#include "service/auth/grant.h"

#include "fuzz.h"

enum { SIZE_BYTES_MAX = 1 << 26 };

static const char clients_text[] =
    "ward s3cret infer:text infer:image\nlab x infer:image\n";

static void expect_right(const struct grant_clients *clients, const struct grant *grant,
                         struct bytes authorization, struct bytes body)
{
    INVARIANT(grant->client == &clients->at[0] || grant->client == &clients->at[1]);
    INVARIANT(memmem(body.data, body.size, "grant_type", strlen("grant_type")) != NULL ||
              bytes_find(body, '%') < body.size);
    INVARIANT(authorization.size > 0 || bytes_find(body, '=') < body.size);
    if (grant->client == &clients->at[1]) {
        INVARIANT(memmem(grant->scope.data, grant->scope.size, "text", 4) == NULL);
    }
}

static void expect_no_grant_unasked(struct bytes authorization, struct bytes body,
                                    struct arena *arena)
{
    struct grant_clients clients;
    struct grant_clients nobody = {NULL, 0};
    struct grant grant;
    const struct grant_question question = {BYTES("application/x-www-form-urlencoded"),
                                            authorization, body};
    INVARIANT(grant_read_clients(bytes_from_string(clients_text), arena, &clients, NULL) ==
              GALEN_OK);
    if (grant_decide(&clients, &question, arena, &grant) == GALEN_OK &&
        grant.verdict == GRANT_GIVEN) {
        expect_right(&clients, &grant, authorization, body);
    }
    if (grant_decide(&nobody, &question, arena, &grant) == GALEN_OK) {
        INVARIANT(grant.verdict != GRANT_GIVEN);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct bytes authorization;
    struct grant_clients clients;
    const struct bytes body = bytes_split(bytes_of(data, size), '\n', &authorization);
    arena_init(&arena, SIZE_BYTES_MAX);
    expect_no_grant_unasked(authorization, body, &arena);
    (void)!grant_read_clients(bytes_of(data, size), &arena, &clients, NULL);
    arena_deinit(&arena);
    return 0;
}
