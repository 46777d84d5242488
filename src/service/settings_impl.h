/* SPDX-License-Identifier: Apache-2.0 */
/* The table of settings.def, for who reads values (settings.c) and who writes them
 * (settings_write.c). */
#pragma once

#include "service/settings.h"

enum setting_type {
    SETTING_ADDRESS,
    SETTING_PEERS,
    SETTING_TEXT,
    SETTING_OPTION,
    SETTING_COUNT,
    SETTING_MODE,
    SETTING_SWITCH,
    SETTING_REQUIRE,
    SETTING_CONTROL,
    SETTING_DEMAND,
    SETTING_URL,
    SETTING_SHARE,
};

struct setting_row {
    const char *key;
    size_t offset;
    enum setting_type type;
    const char *otherwise;
    uint64_t min;
    uint64_t max;
    const char *help;
    size_t size;
    bool is_live;
};

extern const struct setting_row setting_rows[];
extern const size_t setting_row_count;

/* settings_peers.c: `local`, or URLs with commas between them; URLs only. GALEN_INVALID. */
MUST_USE enum galen_status settings_peers_read(struct bytes text,
                                               struct settings_peers *out_peers,
                                               struct error *out_error);
MUST_USE enum galen_status settings_peers_read_urls(struct bytes text,
                                                    struct settings_peers *out_peers,
                                                    struct error *out_error);
void settings_peers_write(const struct settings_peers *peers, struct writer *out);
bool settings_peer_is_same(const struct settings_peer *one,
                           const struct settings_peer *other);
bool settings_peers_are_same(const struct settings_peers *one,
                             const struct settings_peers *other);
