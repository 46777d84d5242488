/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "crypto/sha256.h"
#include "service/settings_clients.h"
#include "service/settings_engines.h"
#include "service/settings_impl.h"
#include "service/settings_policies.h"
#include "service/settings_routes.h"

enum { TEXT_SIZE_BYTES_MAX = 1 << 20, SHARE_SIZE = 32 };

static void write_host(const char *host, uint16_t port, struct writer *out)
{
    const bool is_v6 = strchr(host, ':') != NULL;
    writer_put_string(out, is_v6 ? "[" : "");
    writer_put_string(out, host);
    writer_put_string(out, is_v6 ? "]:" : ":");
    writer_put_u64(out, port);
}

static void write_peer(const struct settings_peer *peer, struct writer *out)
{
    writer_put_string(out, peer->is_secure ? "https://" : "http://");
    write_host(peer->host, peer->port, out);
}

void settings_peers_write(const struct settings_peers *peers, struct writer *out)
{
    if (peers->is_local) {
        writer_put_string(out, "local");
    }
    for (size_t i = 0; i < peers->count; i++) {
        writer_put_string(out, i == 0 ? "" : ",");
        write_peer(&peers->peers[i], out);
    }
}

static void write_url(const struct settings_url *url, struct writer *out)
{
    if (url->is_set) {
        write_peer(&url->peer, out);
        writer_put_string(out, url->path);
    }
}

/* As it is read: without an exponent, and without zeros at its end. */
static void write_share(double share, struct writer *out)
{
    char text[SHARE_SIZE];
    size_t size = (size_t)snprintf(text, sizeof(text), "%.12f", share);
    while (text[size - 1] == '0') {
        size--;
    }
    writer_put(out, bytes_of(text, text[size - 1] == '.' ? size - 1 : size));
}

static const char *control_name(enum settings_control control)
{
    static const char *const names[] = {[SETTINGS_CONTROL_NONE] = "none",
                                        [SETTINGS_CONTROL_POLL] = "poll",
                                        [SETTINGS_CONTROL_EXPLICIT] = "explicit"};
    return names[control];
}

static const char *demand_name(enum settings_demand demand)
{
    static const char *const names[] = {[SETTINGS_DEMAND_NONE] = "none",
                                        [SETTINGS_DEMAND_ASK] = "ask",
                                        [SETTINGS_DEMAND_REQUIRE] = "require"};
    return names[demand];
}

static void write_value(const struct setting_row *row, const void *member,
                        struct writer *out)
{
    const struct settings_address *address = member;
    switch (row->type) {
    case SETTING_ADDRESS:
        write_host(address->host, address->port, out);
        break;
    case SETTING_PEERS:
        settings_peers_write(member, out);
        break;
    case SETTING_TEXT:
    case SETTING_OPTION:
        writer_put_string(out, member);
        break;
    case SETTING_COUNT:
        writer_put_u64(out, *(const uint64_t *)member);
        break;
    case SETTING_MODE:
        writer_put_string(out, *(const enum settings_mode *)member == SETTINGS_MODE_DEMO
                                   ? "demo"
                                   : "standard");
        break;
    case SETTING_SWITCH:
        writer_put_string(out, *(const bool *)member ? "true" : "false");
        break;
    case SETTING_REQUIRE:
        writer_put_string(
            out,
            *(const enum settings_require *)member == SETTINGS_REQUIRE_ALL ? "all" : "any");
        break;
    case SETTING_CONTROL:
        writer_put_string(out, control_name(*(const enum settings_control *)member));
        break;
    case SETTING_DEMAND:
        writer_put_string(out, demand_name(*(const enum settings_demand *)member));
        break;
    case SETTING_URL:
        write_url(member, out);
        break;
    case SETTING_SHARE:
        write_share(*(const double *)member, out);
        break;
    }
}

void settings_write(const struct settings *settings, struct writer *out)
{
    for (size_t i = 0; i < setting_row_count; i++) {
        writer_put_string(out, setting_rows[i].key);
        writer_put_string(out, ": ");
        write_value(&setting_rows[i], (const char *)settings + setting_rows[i].offset, out);
        writer_put_byte(out, '\n');
    }
    settings_engines_write(settings, out);
    settings_routes_write(settings, out);
    settings_clients_write(settings, out);
    settings_policies_write(settings, out);
}

static void write_row(const struct setting_row *row, struct writer *out)
{
    writer_put_string(out, "| `");
    writer_put_string(out, row->key);
    writer_put_string(out, "` | `");
    writer_put_string(out, row->otherwise);
    writer_put_string(out, "` | ");
    writer_put_string(out, row->help);
    if (row->type == SETTING_COUNT) {
        writer_put_string(out, " (");
        writer_put_u64(out, row->min);
        writer_put_string(out, " to ");
        writer_put_u64(out, row->max);
        writer_put_string(out, ")");
    }
    writer_put_string(out, row->is_live ? " | yes |\n" : " | |\n");
}

enum galen_status settings_digest(const struct settings *settings, uint8_t *out_sha256)
{
    struct writer text;
    writer_init(&text, TEXT_SIZE_BYTES_MAX);
    settings_write(settings, &text);
    const enum galen_status status =
        text.status == GALEN_OK ? sha256_of(writer_bytes(&text), out_sha256) : text.status;
    writer_deinit(&text);
    return status;
}

void settings_write_markdown(struct writer *out)
{
    writer_put_string(
        out,
        "# Settings\n\nFrom these defaults, then the file that `--config` names (YAML, "
        "nested at the "
        "dots), then the environment\n(`GALEN_LISTEN_HTTP` for `listen.http`), then `--set "
        "KEY=VALUE`. What is not here is refused. `galen serve --settings`\nprints this "
        "page, `galen config check` says whether a configuration can be started with.\n\n"
        "`SIGHUP` has a running program read it all again, whole or not at all: where "
        "anything is wrong, or one that has no\n`yes` under SIGHUP has changed, all stays "
        "as "
        "it is and the log says why (`config.refused`). Requests under way keep\nwhat they "
        "began with.\n\n"
        "| setting | default | meaning | SIGHUP |\n|---|---|---|---|\n");
    for (size_t i = 0; i < setting_row_count; i++) {
        write_row(&setting_rows[i], out);
    }
    settings_engines_write_markdown(out);
    settings_routes_write_markdown(out);
    settings_clients_write_markdown(out);
    settings_policies_write_markdown(out);
}
