/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whatever a settings file says, every setting keeps to its row: counts to their range,
 * texts not empty; and what passes the check listens on loopback, or in demo mode. What is
 * refused has a place. The same text is also a URL, and one that is accepted is accepted
 * again when written from its parts.
 */
#include "service/settings_policies.h"

#include <stdio.h>

#include "yaml_text.h"

enum { TEXT_SIZE_BYTES_MAX = 1 << 14 };

static void check_ADDRESS(const struct settings_address *address, uint64_t min,
                          uint64_t max)
{
    (void)min, (void)max;
    INVARIANT(address->host[0] != '\0');
}

static void check_PEERS(const struct settings_peers *peers, uint64_t min, uint64_t max)
{
    (void)min, (void)max;
    INVARIANT(!peers->is_local || peers->count == 0); /* neither: it was not said */
    INVARIANT(peers->count <= LIMIT_PEER_COUNT_MAX);
    for (size_t i = 0; i < peers->count; i++) {
        INVARIANT(peers->peers[i].host[0] != '\0' && peers->peers[i].port != 0);
    }
}

static void check_TEXT(const char (*text)[SETTINGS_TEXT_SIZE], uint64_t min, uint64_t max)
{
    (void)min, (void)max;
    INVARIANT((*text)[0] != '\0' && memchr(*text, '\0', sizeof(*text)) != NULL);
}

static void check_COUNT(const uint64_t *count, uint64_t min, uint64_t max)
{
    INVARIANT(*count >= min && *count <= max);
}

static void check_OPTION(const char (*text)[SETTINGS_TEXT_SIZE], uint64_t min, uint64_t max)
{
    (void)min, (void)max;
    INVARIANT(memchr(*text, '\0', sizeof(*text)) != NULL);
}

static void check_SWITCH(const bool *is_on, uint64_t min, uint64_t max)
{
    (void)is_on, (void)min, (void)max;
}

static void check_REQUIRE(const enum settings_require *require, uint64_t min, uint64_t max)
{
    (void)min, (void)max;
    INVARIANT(*require == SETTINGS_REQUIRE_ANY || *require == SETTINGS_REQUIRE_ALL);
}

static void check_CONTROL(const enum settings_control *control, uint64_t min, uint64_t max)
{
    (void)min, (void)max;
    INVARIANT(*control == SETTINGS_CONTROL_NONE || *control == SETTINGS_CONTROL_POLL ||
              *control == SETTINGS_CONTROL_EXPLICIT);
}

static void check_DEMAND(const enum settings_demand *demand, uint64_t min, uint64_t max)
{
    (void)min, (void)max;
    INVARIANT(*demand == SETTINGS_DEMAND_NONE || *demand == SETTINGS_DEMAND_ASK ||
              *demand == SETTINGS_DEMAND_REQUIRE);
}

static void check_URL(const struct settings_url *url, uint64_t min, uint64_t max)
{
    (void)min, (void)max;
    INVARIANT(!url->is_set || url->peer.port != 0);
    INVARIANT(memchr(url->path, '\0', sizeof(url->path)) != NULL);
}

static void check_SHARE(const double *share, uint64_t min, uint64_t max)
{
    (void)min, (void)max;
    INVARIANT(*share >= 0 && *share <= 1);
}

static void check_MODE(const enum settings_mode *mode, uint64_t min, uint64_t max)
{
    (void)min, (void)max;
    INVARIANT(*mode == SETTINGS_MODE_STANDARD || *mode == SETTINGS_MODE_DEMO);
}

static void check_said(const struct settings_peers *peers)
{
    INVARIANT(peers->is_local == (peers->count == 0));
}

static void check_whole(const struct settings *settings)
{
    check_said(&settings->engine);
    check_said(settings_preprocess_of_images(settings));
    check_said(settings_preprocess_of_others(settings));
    const char *host = settings->listen_http.host;
    if (settings_check(settings, NULL) == GALEN_OK &&
        settings->mode != SETTINGS_MODE_DEMO && settings->auth_issuer[0] == '\0' &&
        settings->listen_tls_client_certificate != SETTINGS_DEMAND_REQUIRE) {
        INVARIANT(strncmp(host, "127.", 4) == 0 || strcmp(host, "::1") == 0 ||
                  strchr(host, ':') != NULL);
    }
}

static void check_settings(const struct settings *settings)
{
#define SETTING(key, member, type, otherwise, min, max, help) \
    check_##type(&settings->member, min, max);
#include "service/settings.def"
    check_whole(settings);
}

static void check_routes(const struct settings *settings)
{
    INVARIANT(settings->route_count <= LIMIT_ROUTE_COUNT_MAX);
    for (size_t i = 0; i < settings->route_count; i++) {
        INVARIANT(strchr(settings->routes[i].content, '/') != NULL);
        INVARIANT(settings->routes[i].model[0] != '\0');
    }
}

/* Each member of an answer has one rule at most. */
static void check_policy(const struct settings_policy *policy)
{
    INVARIANT(policy->name[0] != '\0' && policy->rule_count <= LIMIT_POLICY_RULE_COUNT_MAX);
    INVARIANT(policy->threshold >= 0 && policy->threshold <= 1);
    for (size_t i = 0; i < policy->rule_count; i++) {
        INVARIANT(policy->rules[i].pattern.members != 0);
        for (size_t k = 0; k < i; k++) {
            INVARIANT(!answer_patterns_meet(&policy->rules[i].pattern,
                                            &policy->rules[k].pattern));
        }
    }
}

static void check_policies(const struct settings *settings, bool is_whole)
{
    INVARIANT(settings->policy_count <= LIMIT_POLICY_COUNT_MAX);
    for (size_t i = 0; i < settings->policy_count; i++) {
        check_policy(&settings->policies[i]);
    }
    for (size_t i = 0; is_whole && i < settings->route_count; i++) {
        INVARIANT(settings->routes[i].policy[0] == '\0' ||
                  settings_policy_find(settings, settings->routes[i].policy) != NULL);
    }
}

static void read_as_url(struct bytes text)
{
    struct settings_peer peer;
    struct settings_peer again;
    char url[SETTINGS_HOST_SIZE + 32];
    if (settings_peer_parse(text, &peer, NULL) != GALEN_OK) {
        return;
    }
    const bool is_v6 = strchr(peer.host, ':') != NULL;
    (void)snprintf(url, sizeof(url), "http://%s%s%s:%u", is_v6 ? "[" : "", peer.host,
                   is_v6 ? "]" : "", peer.port);
    INVARIANT(settings_peer_parse(bytes_from_string(url), &again, NULL) == GALEN_OK);
    INVARIANT(strcmp(peer.host, again.host) == 0 && peer.port == again.port);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct settings settings;
    struct error error;
    if (size > TEXT_SIZE_BYTES_MAX) {
        return 0;
    }
    settings_init(&settings);
    const enum galen_status status =
        settings_read(&settings, bytes_of(data, size), "fuzz", &error);
    INVARIANT(status == GALEN_OK || status == GALEN_INVALID);
    if (status != GALEN_OK) {
        expect_place(&error, "fuzz", size);
    }
    check_settings(&settings);
    check_routes(&settings);
    check_policies(&settings, status == GALEN_OK);
    read_as_url(bytes_of(data, size));
    return 0;
}
