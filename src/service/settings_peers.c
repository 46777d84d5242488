/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "service/settings_impl.h"

bool settings_peer_is_same(const struct settings_peer *one,
                           const struct settings_peer *other)
{
    return one->is_secure == other->is_secure && one->port == other->port &&
           strcmp(one->host, other->host) == 0;
}

static enum galen_status add_peer(struct settings_peers *peers, struct bytes text,
                                  struct error *out_error)
{
    struct settings_peer peer;
    if (peers->count == LIMIT_PEER_COUNT_MAX) {
        return error_set(out_error, GALEN_INVALID, "has more than %d URLs",
                         LIMIT_PEER_COUNT_MAX);
    }
    TRY(settings_peer_parse(text, &peer, out_error));
    for (size_t i = 0; i < peers->count; i++) {
        if (settings_peer_is_same(&peers->peers[i], &peer)) {
            return error_set(out_error, GALEN_INVALID, "has the same URL twice");
        }
    }
    peers->peers[peers->count++] = peer;
    return GALEN_OK;
}

enum galen_status settings_peers_read_urls(struct bytes text,
                                           struct settings_peers *out_peers,
                                           struct error *out_error)
{
    struct settings_peers peers = {.count = 0};
    bool is_last = false;
    while (!is_last) {
        const size_t size = bytes_find(text, ',');
        is_last = size == text.size;
        TRY(add_peer(&peers, bytes_trim(bytes_first(text, size)), out_error));
        text = is_last ? text : bytes_from(text, size + 1);
    }
    *out_peers = peers;
    return GALEN_OK;
}

enum galen_status settings_peers_read(struct bytes text, struct settings_peers *out_peers,
                                      struct error *out_error)
{
    if (bytes_equal_string(text, "local")) {
        *out_peers = (struct settings_peers){.is_local = true};
        return GALEN_OK;
    }
    return settings_peers_read_urls(text, out_peers, out_error);
}

bool settings_peers_are_same(const struct settings_peers *one,
                             const struct settings_peers *other)
{
    bool are_same = one->is_local == other->is_local && one->count == other->count;
    for (size_t i = 0; are_same && i < one->count; i++) {
        are_same = settings_peer_is_same(&one->peers[i], &other->peers[i]);
    }
    return are_same;
}
