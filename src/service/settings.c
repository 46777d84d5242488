/* SPDX-License-Identifier: Apache-2.0 */
#include "service/settings.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "codec/yaml_table.h"
#include "service/settings_clients.h"
#include "service/settings_engines.h"
#include "service/settings_impl.h"
#include "service/settings_policies.h"
#include "service/settings_routes.h"

enum { VARIABLE_SIZE = 64, PORT_DEFAULT_HTTP = 80, PORT_DEFAULT_HTTPS = 443 };

const struct setting_row setting_rows[] = {
#define ROW(key, member, type, otherwise, min, max, help, is_live)                         \
    {key,  offsetof(struct settings, member),         SETTING_##type, otherwise, min, max, \
     help, sizeof(((struct settings *)NULL)->member), is_live},
#define SETTING(key, member, type, otherwise, min, max, help) \
    ROW(key, member, type, otherwise, min, max, help, false)
#define LIVE(key, member, type, otherwise, min, max, help) \
    ROW(key, member, type, otherwise, min, max, help, true)
#include "service/settings.def"
};

const size_t setting_row_count = sizeof(setting_rows) / sizeof(setting_rows[0]);

static const struct setting_row *find_row(struct bytes key)
{
    for (size_t i = 0; i < setting_row_count; i++) {
        if (bytes_equal_string(key, setting_rows[i].key)) {
            return &setting_rows[i];
        }
    }
    return NULL;
}

/* "host", "host:port", "[v6]" or "[v6]:port". */
struct endpoint {
    struct bytes host; /* without its brackets */
    bool is_v6;
    bool has_port;
    uint16_t port;
};

static bool read_endpoint(struct bytes text, struct endpoint *out_endpoint)
{
    struct endpoint endpoint = {.is_v6 = bytes_starts_with(text, BYTES("["))};
    const struct bytes inner = bytes_from(text, endpoint.is_v6);
    const size_t end = bytes_find(inner, endpoint.is_v6 ? ']' : ':');
    const struct bytes rest = bytes_from(inner, end + endpoint.is_v6);
    uint64_t port = 0;
    if ((endpoint.is_v6 && end == inner.size) ||
        (rest.size > 0 && (rest.data[0] != ':' ||
                           !bytes_parse_u64(bytes_from(rest, 1), UINT16_MAX, &port)))) {
        return false;
    }
    endpoint.host = bytes_first(inner, end);
    endpoint.has_port = rest.size > 0;
    endpoint.port = (uint16_t)port;
    *out_endpoint = endpoint;
    return true;
}

static bool copy_text(struct bytes text, char *out_text, size_t size)
{
    if (text.size == 0 || text.size >= size || bytes_find(text, '\0') < text.size) {
        return false;
    }
    memcpy(out_text, text.data, text.size);
    out_text[text.size] = '\0';
    return true;
}

static bool is_numeric(const char *host, bool is_v6)
{
    uint8_t address[sizeof(struct in6_addr)];
    return inet_pton(is_v6 ? AF_INET6 : AF_INET, host, address) == 1;
}

/* What names of machines are made of; Compose allows '_'. */
static bool is_name(const char *host)
{
    return host[strspn(host, "abcdefghijklmnopqrstuvwxyz"
                             "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                             "0123456789.-_")] == '\0';
}

static enum galen_status read_address(struct bytes text,
                                      struct settings_address *out_address,
                                      struct error *out_error)
{
    struct settings_address address;
    struct endpoint endpoint;
    if (!read_endpoint(text, &endpoint) || !endpoint.has_port ||
        !copy_text(endpoint.host, address.host, sizeof(address.host)) ||
        !is_numeric(address.host, endpoint.is_v6)) {
        return error_set(out_error, GALEN_INVALID,
                         "is not a numeric address with a port, such as 127.0.0.1:8000");
    }
    address.port = endpoint.port;
    *out_address = address;
    return GALEN_OK;
}

enum galen_status settings_peer_parse(struct bytes text, struct settings_peer *out_peer,
                                      struct error *out_error)
{
    struct settings_peer peer = {.is_secure = bytes_starts_with(text, BYTES("https://"))};
    const struct bytes scheme = peer.is_secure ? BYTES("https://") : BYTES("http://");
    struct endpoint endpoint;
    struct bytes rest = bytes_from(text, scheme.size);
    if (rest.size > 0 && rest.data[rest.size - 1] == '/') {
        rest.size--;
    }
    if (!bytes_starts_with(text, scheme) || !read_endpoint(rest, &endpoint) ||
        !copy_text(endpoint.host, peer.host, sizeof(peer.host)) ||
        (endpoint.is_v6 ? !is_numeric(peer.host, true) : !is_name(peer.host)) ||
        (endpoint.has_port && endpoint.port == 0)) {
        return error_set(out_error, GALEN_INVALID,
                         "is not a URL such as http://127.0.0.1:8000");
    }
    peer.port = endpoint.has_port ? endpoint.port
                : peer.is_secure  ? PORT_DEFAULT_HTTPS
                                  : PORT_DEFAULT_HTTP;
    *out_peer = peer;
    return GALEN_OK;
}

/* Of what a request line can hold as it is. */
static bool is_path(struct bytes text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] <= ' ' || text.data[i] > '~' || text.data[i] == '#') {
            return false;
        }
    }
    return text.size > 0;
}

static enum galen_status read_url(struct bytes text, struct settings_url *out_url,
                                  struct error *out_error)
{
    static const struct bytes scheme = BYTES_INIT("http://");
    struct settings_url url = {.is_set = text.size > 0};
    const size_t host_size = bytes_find(bytes_from(text, scheme.size), '/');
    const struct bytes path = bytes_from(text, scheme.size + host_size);
    if (url.is_set && (settings_peer_parse(bytes_first(text, scheme.size + host_size),
                                           &url.peer, NULL) != GALEN_OK ||
                       !is_path(path) || !copy_text(path, url.path, sizeof(url.path)))) {
        return error_set(out_error, GALEN_INVALID,
                         "is not a URL such as http://127.0.0.1:4318/v1/traces");
    }
    *out_url = url;
    return GALEN_OK;
}

/* "0", "1", "0.05": digits, and a point between them. */
static bool is_decimal(struct bytes text)
{
    const size_t point = bytes_find(text, '.');
    for (size_t i = 0; i < text.size; i++) {
        if (i != point && (text.data[i] < '0' || text.data[i] > '9')) {
            return false;
        }
    }
    return point > 0 && point + 1 != text.size;
}

static enum galen_status read_share(struct bytes text, double *out_share,
                                    struct error *out_error)
{
    char digits[VARIABLE_SIZE];
    double share = 2;
    if (is_decimal(text) && copy_text(text, digits, sizeof(digits))) {
        share = strtod(digits, NULL);
    }
    if (share > 1) {
        return error_set(out_error, GALEN_INVALID, "is not a number from 0 to 1");
    }
    *out_share = share;
    return GALEN_OK;
}

static enum galen_status read_count(const struct setting_row *row, struct bytes text,
                                    uint64_t *out_value, struct error *out_error)
{
    uint64_t value;
    if (!bytes_parse_u64(text, row->max, &value) || value < row->min) {
        return error_set(out_error, GALEN_INVALID,
                         "is not a whole number from %llu to %llu",
                         (unsigned long long)row->min, (unsigned long long)row->max);
    }
    *out_value = value;
    return GALEN_OK;
}

static enum galen_status read_mode(struct bytes text, enum settings_mode *out_mode,
                                   struct error *out_error)
{
    if (bytes_equal_string(text, "standard")) {
        *out_mode = SETTINGS_MODE_STANDARD;
    } else if (bytes_equal_string(text, "demo")) {
        *out_mode = SETTINGS_MODE_DEMO;
    } else {
        return error_set(out_error, GALEN_INVALID, "is neither standard nor demo");
    }
    return GALEN_OK;
}

static enum galen_status read_switch(struct bytes text, bool *out_switch,
                                     struct error *out_error)
{
    const bool is_on = bytes_equal_string(text, "true");
    if (!is_on && !bytes_equal_string(text, "false")) {
        return error_set(out_error, GALEN_INVALID, "is neither true nor false");
    }
    *out_switch = is_on;
    return GALEN_OK;
}

static enum galen_status read_require(struct bytes text, enum settings_require *out_require,
                                      struct error *out_error)
{
    const bool is_all = bytes_equal_string(text, "all");
    if (!is_all && !bytes_equal_string(text, "any")) {
        return error_set(out_error, GALEN_INVALID, "is neither any nor all");
    }
    *out_require = is_all ? SETTINGS_REQUIRE_ALL : SETTINGS_REQUIRE_ANY;
    return GALEN_OK;
}

static enum galen_status read_control(struct bytes text, enum settings_control *out_control,
                                      struct error *out_error)
{
    if (bytes_equal_string(text, "none")) {
        *out_control = SETTINGS_CONTROL_NONE;
    } else if (bytes_equal_string(text, "poll")) {
        *out_control = SETTINGS_CONTROL_POLL;
    } else if (bytes_equal_string(text, "explicit")) {
        *out_control = SETTINGS_CONTROL_EXPLICIT;
    } else {
        return error_set(out_error, GALEN_INVALID, "is neither none nor poll nor explicit");
    }
    return GALEN_OK;
}

static enum galen_status read_demand(struct bytes text, enum settings_demand *out_demand,
                                     struct error *out_error)
{
    if (bytes_equal_string(text, "none")) {
        *out_demand = SETTINGS_DEMAND_NONE;
    } else if (bytes_equal_string(text, "ask")) {
        *out_demand = SETTINGS_DEMAND_ASK;
    } else if (bytes_equal_string(text, "require")) {
        *out_demand = SETTINGS_DEMAND_REQUIRE;
    } else {
        return error_set(out_error, GALEN_INVALID, "is neither none nor ask nor require");
    }
    return GALEN_OK;
}

static enum galen_status read_option(struct bytes text, char *out_text,
                                     struct error *out_error)
{
    if (text.size == 0) {
        out_text[0] = '\0';
        return GALEN_OK;
    }
    return copy_text(text, out_text, SETTINGS_TEXT_SIZE)
               ? GALEN_OK
               : error_set(out_error, GALEN_INVALID, "is too long");
}

/* Empty only where that is the default: another setting says it then. */
static enum galen_status read_peers(const struct setting_row *row, struct bytes text,
                                    struct settings_peers *out_peers,
                                    struct error *out_error)
{
    if (text.size == 0 && row->otherwise[0] == '\0') {
        *out_peers = (struct settings_peers){.count = 0};
        return GALEN_OK;
    }
    return settings_peers_read(text, out_peers, out_error);
}

static enum galen_status read_value(const struct setting_row *row, struct bytes text,
                                    struct settings *settings, struct error *out_error)
{
    void *member = (char *)settings + row->offset;
    switch (row->type) {
    case SETTING_ADDRESS:
        return read_address(text, member, out_error);
    case SETTING_PEERS:
        return read_peers(row, text, member, out_error);
    case SETTING_COUNT:
        return read_count(row, text, member, out_error);
    case SETTING_MODE:
        return read_mode(text, member, out_error);
    case SETTING_SWITCH:
        return read_switch(text, member, out_error);
    case SETTING_REQUIRE:
        return read_require(text, member, out_error);
    case SETTING_CONTROL:
        return read_control(text, member, out_error);
    case SETTING_DEMAND:
        return read_demand(text, member, out_error);
    case SETTING_OPTION:
        return read_option(text, member, out_error);
    case SETTING_URL:
        return read_url(text, member, out_error);
    case SETTING_SHARE:
        return read_share(text, member, out_error);
    case SETTING_TEXT:
        break;
    }
    return copy_text(text, member, SETTINGS_TEXT_SIZE)
               ? GALEN_OK
               : error_set(out_error, GALEN_INVALID, "is empty or too long");
}

void settings_init(struct settings *out_settings)
{
    memset(out_settings, 0, offsetof(struct settings, routes));
    for (size_t i = 0; i < setting_row_count; i++) {
        (void)read_value(&setting_rows[i], bytes_from_string(setting_rows[i].otherwise),
                         out_settings, NULL);
    }
}

/* Puts "key: " in front of what was said of its value. */
static void prefix_key(struct error *out_error, struct bytes key)
{
    char text[ERROR_TEXT_SIZE];
    if (out_error != NULL) {
        memcpy(text, out_error->text, sizeof(text));
        error_write(out_error, "%.*s: %s", BYTES_PRINT(key), text);
    }
}

/* The key that was probably meant; NULL: none is near. */
static const char *nearest_key(struct bytes key)
{
    static const struct yaml_key keys[] = {
#define SETTING(key, member, type, otherwise, min, max, help) {.name = (key)},
#include "service/settings.def"
    };
    char text[VARIABLE_SIZE];
    return copy_text(key, text, sizeof(text))
               ? yaml_nearest_name(text, keys, setting_row_count)
               : NULL;
}

static enum galen_status refuse_key(struct bytes key, struct error *out_error)
{
    const char *nearest = nearest_key(key);
    return nearest == NULL
               ? error_set(out_error, GALEN_NOT_FOUND,
                           "there is no such setting; see galen serve --settings")
               : error_set(out_error, GALEN_NOT_FOUND,
                           "there is no such setting; did you mean '%s'?", nearest);
}

enum galen_status settings_set(struct settings *settings, struct bytes key,
                               struct bytes value, struct error *out_error)
{
    struct bytes first;
    enum galen_status status;
    const struct setting_row *row = find_row(key);
    const struct bytes rest = bytes_split(key, '.', &first);
    if (row != NULL) {
        status = read_value(row, value, settings, out_error);
    } else if (bytes_equal(first, BYTES("engines"))) {
        status = settings_engines_set(settings, rest, value, out_error);
    } else {
        status = refuse_key(key, out_error);
    }
    if (status != GALEN_OK) {
        prefix_key(out_error, key);
    }
    return status;
}

/* "listen.http" of a node; false when it is too deep or long to be a key, or has a dot of
 * its own, which would be a second way to write it. */
static bool path_of(const struct yaml_node *node, char *out_path, size_t size)
{
    out_path[0] = '\0';
    for (; node->parent != NULL; node = node->parent) {
        char longer[VARIABLE_SIZE];
        if (node->name == NULL || strchr(node->name, '.') != NULL ||
            snprintf(longer, sizeof(longer), "%s%s%s", node->name,
                     out_path[0] == '\0' ? "" : ".", out_path) >= (int)sizeof(longer)) {
            return false;
        }
        (void)snprintf(out_path, size, "%s", longer);
    }
    return true;
}

/* A peer is written `preprocess: http://…` or `preprocess: {url: http://…}`. */
static const struct setting_row *row_of_url(const struct yaml_node *node)
{
    char path[VARIABLE_SIZE];
    if (node->name == NULL || strcmp(node->name, "url") != 0 ||
        !path_of(node->parent, path, sizeof(path))) {
        return NULL;
    }
    const struct setting_row *row = find_row(bytes_from_string(path));
    return row != NULL && row->type == SETTING_PEERS ? row : NULL;
}

static enum galen_status refuse_unknown(const struct yaml_document *document,
                                        const struct yaml_node *node, const char *path,
                                        struct error *out_error)
{
    const char *nearest = nearest_key(bytes_from_string(path));
    return nearest == NULL
               ? yaml_refuse_name(document, node, out_error, "there is no such setting")
               : yaml_refuse_name(document, node, out_error,
                                  "there is no such setting; did you mean '%s'?", nearest);
}

/* A switch is one of two words, which may be quoted. */
static enum yaml_type form_of(enum setting_type type)
{
    if (type == SETTING_COUNT || type == SETTING_SHARE) {
        return YAML_TYPE_U64;
    }
    return type == SETTING_SWITCH ? YAML_TYPE_ENUM : YAML_TYPE_STRING;
}

static enum galen_status read_scalar(const struct yaml_document *document,
                                     const struct yaml_node *node,
                                     struct settings *settings, struct error *out_error)
{
    struct error why;
    char path[VARIABLE_SIZE] = "";
    const struct setting_row *row_by_url = row_of_url(node);
    const struct setting_row *row = row_by_url;
    if (row == NULL && path_of(node, path, sizeof(path))) {
        row = find_row(bytes_from_string(path));
    }
    if (row == NULL) {
        return refuse_unknown(document, node, path, out_error);
    }
    const char *why_no_scalar = yaml_why_no_scalar(node, form_of(row->type));
    if (why_no_scalar != NULL) {
        return yaml_refuse(document, node, out_error, "%s", why_no_scalar);
    }
    const struct bytes text = bytes_from_string(node->text);
    void *member = (char *)settings + row->offset;
    const enum galen_status status = row_by_url != NULL
                                         ? settings_peers_read_urls(text, member, &why)
                                         : read_value(row, text, settings, &why);
    return status == GALEN_OK ? GALEN_OK
                              : yaml_refuse(document, node, out_error, "%s", why.text);
}

/* In the order of the text, without what is inside this one. */
static const struct yaml_node *node_behind(const struct yaml_node *node)
{
    while (node != NULL && node->next == NULL) {
        node = node->parent;
    }
    return node == NULL ? NULL : node->next;
}

/* In the order of the text, without recursion. */
static const struct yaml_node *node_after(const struct yaml_node *node)
{
    return node->first != NULL ? node->first : node_behind(node);
}

/* Settings that are no single value. */
static const struct structure {
    const char *name;
    enum galen_status (*read)(struct settings *settings,
                              const struct yaml_document *document,
                              const struct yaml_node *node, struct error *out_error);
} structures[] = {
    {"clients", settings_clients_read},
    {"engines", settings_engines_read},
    {"policies", settings_policies_read},
    {"routes", settings_routes_read},
};

/* NULL: it is none. */
static const struct structure *structure_of(const struct yaml_node *node)
{
    const bool is_at_top =
        node->parent != NULL && node->parent->parent == NULL && node->name != NULL;
    for (size_t i = 0; is_at_top && i < sizeof(structures) / sizeof(structures[0]); i++) {
        if (strcmp(node->name, structures[i].name) == 0) {
            return &structures[i];
        }
    }
    return NULL;
}

static enum galen_status read_node(const struct yaml_document *document,
                                   const struct yaml_node *node, struct settings *settings,
                                   struct error *out_error)
{
    const struct structure *structure = structure_of(node);
    if (structure != NULL) {
        return structure->read(settings, document, node, out_error);
    }
    if (node->kind == YAML_KIND_SEQUENCE) {
        return yaml_refuse(document, node, out_error, "this setting is no list");
    }
    if (node->kind == YAML_KIND_SCALAR) {
        return read_scalar(document, node, settings, out_error);
    }
    return node->first == NULL && node->parent != NULL
               ? yaml_refuse(document, node, out_error, "is empty")
               : GALEN_OK;
}

static enum galen_status read_nodes(const struct yaml_document *document,
                                    struct settings *settings, struct error *out_error)
{
    const struct yaml_node *node = document->root;
    if (node->kind == YAML_KIND_SCALAR) {
        return yaml_refuse(document, node, out_error, "is not a mapping of settings");
    }
    while (node != NULL) {
        TRY(read_node(document, node, settings, out_error));
        node = structure_of(node) != NULL ? node_behind(node) : node_after(node);
    }
    return settings_routes_check(settings, document, out_error);
}

enum galen_status settings_read(struct settings *settings, struct bytes text,
                                const char *file, struct error *out_error)
{
    struct arena arena;
    struct yaml_document document;
    arena_init(&arena, yaml_arena_size_bytes_max(text.size));
    enum galen_status status = yaml_parse(text, file, &arena, &document, out_error);
    if (status == GALEN_OK) {
        status = read_nodes(&document, settings, out_error);
    }
    arena_deinit(&arena);
    return status;
}

enum galen_status settings_read_file(struct settings *settings, const char *path,
                                     struct error *out_error)
{
    static char text[LIMIT_SETTINGS_SIZE_BYTES_MAX + 1];
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return error_set(out_error, GALEN_NOT_FOUND, "%s: %s", path, strerror(errno));
    }
    const size_t size = fread(text, 1, sizeof(text), file);
    const bool is_bad = ferror(file) != 0;
    (void)fclose(file);
    if (is_bad) {
        return error_set(out_error, GALEN_INVALID, "%s: cannot be read", path);
    }
    if (size == sizeof(text)) {
        return error_set(out_error, GALEN_TOO_LARGE, "%s: is larger than %d bytes", path,
                         LIMIT_SETTINGS_SIZE_BYTES_MAX);
    }
    return settings_read(settings, bytes_of(text, size), path, out_error);
}

static uint8_t variable_byte(char key_byte)
{
    const uint8_t byte = (uint8_t)key_byte;
    if (byte == '.') {
        return '_';
    }
    return byte >= 'a' && byte <= 'z' ? byte & 0xDF : byte;
}

/* GALEN_LISTEN_HTTP for listen.http. */
static bool is_variable_of(struct bytes name, const char *key)
{
    size_t i = 0;
    for (; key[i] != '\0'; i++) {
        if (i >= name.size || name.data[i] != variable_byte(key[i])) {
            return false;
        }
    }
    return i == name.size;
}

static enum galen_status read_variable(struct settings *settings, const char *variable,
                                       struct error *out_error)
{
    struct bytes name;
    const struct bytes value = bytes_split(bytes_from_string(variable), '=', &name);
    const struct bytes key = bytes_from(name, sizeof("GALEN_") - 1);
    for (size_t i = 0; i < setting_row_count; i++) {
        if (is_variable_of(key, setting_rows[i].key)) {
            const enum galen_status status =
                read_value(&setting_rows[i], value, settings, out_error);
            if (status != GALEN_OK) {
                prefix_key(out_error, name);
            }
            return status;
        }
    }
    return GALEN_OK;
}

enum galen_status settings_read_environment(struct settings *settings,
                                            char *const *environment,
                                            struct error *out_error)
{
    for (; *environment != NULL; environment++) {
        if (bytes_starts_with(bytes_from_string(*environment), BYTES("GALEN_"))) {
            TRY(read_variable(settings, *environment, out_error));
        }
    }
    return GALEN_OK;
}

static bool is_same_address(const struct settings_address *one,
                            const struct settings_address *other)
{
    return one->port == other->port && strcmp(one->host, other->host) == 0;
}

static bool is_same_url(const struct settings_url *one, const struct settings_url *other)
{
    return one->is_set == other->is_set &&
           settings_peer_is_same(&one->peer, &other->peer) &&
           strcmp(one->path, other->path) == 0;
}

static bool is_same(const struct setting_row *row, const struct settings *before,
                    const struct settings *after)
{
    const void *one = (const char *)before + row->offset;
    const void *other = (const char *)after + row->offset;
    switch (row->type) {
    case SETTING_ADDRESS:
        return is_same_address(one, other);
    case SETTING_PEERS:
        return settings_peers_are_same(one, other);
    case SETTING_URL:
        return is_same_url(one, other);
    case SETTING_TEXT:
    case SETTING_OPTION:
        return strcmp(one, other) == 0;
    case SETTING_SHARE:
    case SETTING_COUNT:
    case SETTING_MODE:
    case SETTING_SWITCH:
    case SETTING_REQUIRE:
    case SETTING_CONTROL:
    case SETTING_DEMAND:
        break;
    }
    return memcmp(one, other, row->size) == 0;
}

enum galen_status settings_check_live(const struct settings *before,
                                      const struct settings *after, struct error *out_error)
{
    for (size_t i = 0; i < setting_row_count; i++) {
        const struct setting_row *row = &setting_rows[i];
        if (!row->is_live && !is_same(row, before, after)) {
            return error_set(out_error, GALEN_INVALID,
                             "%s: cannot change while the program runs: start it anew",
                             row->key);
        }
    }
    return settings_engines_check_live(before, after, out_error);
}

static void copy_routes(struct settings *to, const struct settings *from)
{
    memcpy(to->routes, from->routes, from->route_count * sizeof(from->routes[0]));
    to->route_count = from->route_count;
}

void settings_copy(struct settings *out_settings, const struct settings *from)
{
    memcpy(out_settings, from, offsetof(struct settings, routes));
    copy_routes(out_settings, from);
}

void settings_take_live(struct settings *to, const struct settings *from)
{
    for (size_t i = 0; i < setting_row_count; i++) {
        if (setting_rows[i].is_live) {
            memcpy((char *)to + setting_rows[i].offset,
                   (const char *)from + setting_rows[i].offset, setting_rows[i].size);
        }
    }
    copy_routes(to, from);
    memcpy(to->clients, from->clients, sizeof(to->clients));
    to->client_count = from->client_count;
    memcpy(to->policies, from->policies, sizeof(to->policies));
    to->policy_count = from->policy_count;
}
