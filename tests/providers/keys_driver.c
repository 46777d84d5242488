/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keeper of an issuer's keys, alone, for tests against real issuers: keys_driver
 * ISSUER [CA]: the file CA has who certifies an issuer of https. Prints the keys that come,
 * `keys ID=ALGORITHM ...`, or `failed`; then reads lines from standard input: a line is the
 * id of a key that is wanted, and what became of the wish is printed: `again` (and keys,
 * when new ones came), `refused` or `failed`.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "net/tls_source.h"
#include "service/auth/jwks_keeper.h"
#include "service/auth/key_set.h"

enum { LINE_SIZE = 512, CA_SIZE = 65536 };

struct driver {
    struct loop *loop;
    struct jwks_keeper *keeper;
    struct key_set *keys;
    struct jwks_waiter waiter;
    struct task closed;
    struct http_client_options client;
    struct http_client_options secure_client;
    struct tls_source tls;
};

static enum galen_status publish(void *owner, struct bytes document, size_t *out_key_count,
                                 struct error *out_error)
{
    struct driver *driver = owner;
    struct key_set *next;
    TRY(key_set_parse(document, JWK_ALGORITHMS_ALL, &next, out_error));
    key_set_unref(driver->keys);
    driver->keys = next;
    *out_key_count = key_set_count(next);
    (void)printf("keys");
    for (size_t i = 0; i < key_set_count(next); i++) {
        const struct jwk *key = key_set_at(next, i);
        (void)printf(" %.*s=%s", BYTES_PRINT(key->id),
                     signature_algorithm_name(key->algorithm));
    }
    (void)printf("\n");
    return GALEN_OK;
}

static bool holds(void *owner, struct bytes kid)
{
    const struct driver *driver = owner;
    return driver->keys != NULL && key_set_find(driver->keys, kid) != NULL;
}

static void drop(void *owner)
{
    struct driver *driver = owner;
    key_set_unref(take(&driver->keys));
    (void)printf("gone\n");
}

static const struct jwks_owner_ops ops = {publish, holds, drop};

static void on_told(struct jwks_waiter *waiter)
{
    static const char *const outcomes[] = {
        [JWKS_LOOK_AGAIN] = "again",
        [JWKS_REFUSED] = "refused",
        [JWKS_FAILED] = "failed",
        [JWKS_CLOSED] = "closed",
    };
    struct driver *driver = LIST_ITEM(waiter, struct driver, waiter);
    (void)printf("%s\n", outcomes[waiter->outcome]);
    loop_stop(driver->loop);
}

static void want(struct driver *driver, const char *kid)
{
    driver->waiter = (struct jwks_waiter){.mailbox = loop_mailbox(driver->loop),
                                          .kid = bytes_from_string(kid),
                                          .told = on_told};
    if (jwks_keeper_want(driver->keeper, &driver->waiter, clock_monotonic_ns())) {
        loop_run(driver->loop);
    } else {
        (void)printf("refused\n");
    }
}

/* The first flight: over when something was counted. */
static void await_first(struct driver *driver)
{
    struct jwks_counts counts = {.refused = 0};
    uint64_t flight_count = 0;
    while (flight_count == 0) {
        loop_poll(driver->loop);
        jwks_keeper_count(driver->keeper, &counts);
        for (size_t i = 0; i < JWKS_RESULT_COUNT; i++) {
            flight_count += counts.flights[i];
        }
    }
    if (!counts.has_keys) {
        (void)printf("failed\n");
    }
}

static void on_closed(struct task *task)
{
    loop_stop(LIST_ITEM(task, struct driver, closed)->loop);
}

/* NULL: https cannot be fetched. */
static enum galen_status open_tls(struct driver *driver, const char *path,
                                  struct error *out_error)
{
    static uint8_t text[CA_SIZE];
    struct tls_context *context = NULL;
    FILE *file = path == NULL ? NULL : fopen(path, "rbe");
    if (file != NULL) {
        const size_t size = fread(text, 1, sizeof(text), file);
        const struct tls_context_options options = {
            .authorities = {path, bytes_of(text, size)}};
        (void)fclose(file);
        TRY(tls_context_create(&options, &context, out_error));
    }
    tls_source_init(&driver->tls, context);
    driver->secure_client = driver->client;
    driver->secure_client.tls.source = &driver->tls;
    return GALEN_OK;
}

static enum galen_status open_keeper(struct driver *driver, const char *issuer,
                                     const char *ca, struct error *out_error)
{
    struct jwks_keeper_options options = jwks_keeper_defaults();
    TRY(open_tls(driver, ca, out_error));
    options.loop = driver->loop;
    options.source.issuer = issuer;
    options.refresh.interval_ns = NS_PER_MS;
    options.client = &driver->client;
    options.secure_client = ca == NULL ? NULL : &driver->secure_client;
    options.ops = &ops;
    options.owner = driver;
    return jwks_keeper_create(&options, &driver->keeper, out_error);
}

int main(int count, char **arguments)
{
    struct driver driver = {.closed.run = on_closed,
                            .client = {.connection_count_max = 1,
                                       .waiting_count_max = 1,
                                       .connect_timeout_ms = 5000,
                                       .idle_timeout_ms = 1000}};
    struct error error = {"", ""};
    char line[LINE_SIZE];
    if (count < 2 || count > 3 || loop_create(&driver.loop) != GALEN_OK) {
        return 2;
    }
    if (open_keeper(&driver, arguments[1], arguments[2], &error) != GALEN_OK) {
        (void)fprintf(stderr, "%s\n", error.text);
        return 2;
    }
    await_first(&driver);
    while (fflush(stdout) == 0 && fgets(line, sizeof(line), stdin) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        want(&driver, line);
    }
    jwks_keeper_close(driver.keeper, &driver.closed);
    loop_run(driver.loop);
    loop_destroy(driver.loop);
    tls_source_deinit(&driver.tls);
    key_set_unref(driver.keys);
    return 0;
}
