/* SPDX-License-Identifier: Apache-2.0 */
#include "seeds.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/invariant.h"

enum { SEED_COUNT_DEFAULT = 10000 };

/* Written before each seed, since a signal handler may only write. */
static char last_words[64];

static void on_abort(int signal)
{
    (void)signal;
    (void)!write(STDERR_FILENO, last_words, strlen(last_words));
    _exit(1);
}

int seeds_run(const struct seeds *seeds, int count, char **arguments)
{
    const uint64_t first = count > 1 ? strtoull(arguments[1], NULL, 10) : 1;
    const uint64_t last = count > 2   ? strtoull(arguments[2], NULL, 10)
                          : count > 1 ? first
                                      : SEED_COUNT_DEFAULT;
    size_t found_count = 0;
    struct ed25519 *key;
    (void)signal(SIGABRT, on_abort);
    INVARIANT(ed25519_generate(&key) == GALEN_OK);
    for (uint64_t seed = first; seed <= last; seed++) {
        (void)snprintf(last_words, sizeof(last_words), "%s: seed %llu was running\n",
                       seeds->name, (unsigned long long)seed);
        found_count += seeds->run_seed(seed, key);
    }
    ed25519_destroy(key);
    (void)printf("%s: seeds %llu to %llu, %zu %s\n", seeds->name, (unsigned long long)first,
                 (unsigned long long)last, found_count, seeds->found);
    return found_count > 0 || first == last ? 0 : 1;
}
