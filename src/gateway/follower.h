/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes the gateway's tags follow the repository: a tag moves in effect when preprocess and
 * engine have both said that they are ready for the version that it names, so that nobody
 * is sent to a version that is still being loaded, or is broken. Until then it stays where
 * it was.
 *
 * I/O-free: it asks the two services as a request would, and hands over what serves.
 * Threads: the loop's of the mailbox. Allocation: on the heap, a few blocks a change.
 */
#pragma once

#include "infer/infer.h"
#include "model/repository.h"

struct follower;

struct follower_options {
    struct infer_service *preprocess; /* borrowed */

    /* Who runs a model, by a name of engines that a release gave ("": none); borrowed.
     * NULL: there is no such set here. */
    struct infer_service *(*engine_of)(void *context, const char *model,
                                       const char *engine);
    struct mailbox *mailbox;
    uint64_t (*now_ns)(void *context);
    uint64_t timeout_ns; /* of one question */

    /* What serves from now on; borrowed until it returns. */
    void (*publish)(void *context, struct repository *effective);
    void *context;
};

/* Serving what the repository says at the beginning: there is nothing before to serve, and
 * the services have an answer of their own for what is not ready. Takes a reference.
 * GALEN_NO_MEMORY. */
MUST_USE enum galen_status follower_create(const struct follower_options *options,
                                           struct repository *repository,
                                           struct follower **out_follower);

/* Posts `idle` once no question is under way any more; nothing is asked from now on. */
void follower_finish(struct follower *follower, struct task *idle);

/* Finished, or never told to follow. NULL is allowed. */
void follower_destroy(struct follower *follower);

/* From now on this is what is desired. Takes a reference. */
void follower_follow(struct follower *follower, struct repository *desired);

/* Asks again for what was not ready: now and then, and when a service has something new. */
void follower_retry(struct follower *follower);

/* Whether all is as desired. */
bool follower_is_settled(const struct follower *follower);
