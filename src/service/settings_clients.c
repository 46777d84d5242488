/* SPDX-License-Identifier: Apache-2.0 */
#include "service/settings_clients.h"

#include "codec/yaml_table.h"
#include "service/auth/scope.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { ARENA_SIZE_BYTES_MAX = 262144, NAME_TYPE_COUNT = 3 };

struct client_text {
    const char *names[NAME_TYPE_COUNT]; /* by enum tls_name_type */
    const char *client_id;
    const char *const *scopes;
    size_t scope_count;
};

static const struct yaml_key certificate_keys[] = {
    {.name = "dns",
     .type = YAML_TYPE_STRING,
     .offset = offsetof(struct client_text, names[TLS_NAME_DNS]),
     .max = SETTINGS_NAME_SIZE - 1,
     .help = "A DNS name, without regard to case."},
    {.name = "uri",
     .type = YAML_TYPE_STRING,
     .offset = offsetof(struct client_text, names[TLS_NAME_URI]),
     .max = SETTINGS_NAME_SIZE - 1,
     .help = "A URI, exactly: `spiffe://ward/ct`."},
    {.name = "email",
     .type = YAML_TYPE_STRING,
     .offset = offsetof(struct client_text, names[TLS_NAME_EMAIL]),
     .max = SETTINGS_NAME_SIZE - 1,
     .help = "An e-mail address, exactly."},
};

static const struct yaml_key scope_key[] = {
    {.type = YAML_TYPE_STRING, .max = SETTINGS_NAME_SIZE - 1},
};

static const struct yaml_key client_keys[] = {
    {.name = "certificate",
     .type = YAML_TYPE_MAPPING,
     .required = true,
     .keys = certificate_keys,
     .key_count = COUNT(certificate_keys),
     .help = "A name that its certificate has: one of these."},
    {.name = "client_id",
     .type = YAML_TYPE_STRING,
     .required = true,
     .offset = offsetof(struct client_text, client_id),
     .max = SETTINGS_NAME_SIZE - 1,
     .help = "What it is called in records, and in the deny-list."},
    {.name = "scopes",
     .type = YAML_TYPE_SEQUENCE,
     .required = true,
     .offset = offsetof(struct client_text, scopes),
     .count_offset = offsetof(struct client_text, scope_count),
     .element_size = sizeof(const char *),
     .min = 1,
     .max = LIMIT_SCOPE_COUNT_MAX,
     .keys = scope_key,
     .key_count = 1,
     .help = "What it may do, as the scopes of a token."},
};

static enum galen_status take_name(const struct client_text *text,
                                   struct settings_client *out_client)
{
    size_t count = 0;
    for (size_t i = 0; i < NAME_TYPE_COUNT; i++) {
        if (text->names[i] != NULL) {
            out_client->type = (enum tls_name_type)i;
            memcpy(out_client->name, text->names[i], strlen(text->names[i]) + 1);
            count++;
        }
    }
    return count == 1 ? GALEN_OK : GALEN_INVALID;
}

static enum galen_status take_scopes(const struct client_text *text,
                                     struct settings_client *out_client)
{
    size_t size = 0;
    for (size_t i = 0; i < text->scope_count; i++) {
        const struct bytes scope = bytes_from_string(text->scopes[i]);
        if (!scope_is_valid(scope) || size + scope.size + 2 > sizeof(out_client->scopes)) {
            return GALEN_INVALID;
        }
        size += size > 0;
        memcpy(out_client->scopes + size, scope.data, scope.size);
        size += scope.size;
        out_client->scopes[size] = i + 1 < text->scope_count ? ' ' : '\0';
    }
    return GALEN_OK;
}

static enum galen_status read_client(const struct yaml_document *document,
                                     const struct yaml_node *node, struct arena *arena,
                                     struct settings_client *out_client,
                                     struct error *out_error)
{
    const struct yaml_document part = {.file = document->file, .root = node};
    struct client_text text = {.client_id = NULL};
    TRY(yaml_read(&part, client_keys, COUNT(client_keys), arena, &text, out_error));
    if (take_name(&text, out_client) != GALEN_OK) {
        return yaml_refuse(document, yaml_member(node, "certificate"), out_error,
                           "is not one of dns, uri, email");
    }
    if (take_scopes(&text, out_client) != GALEN_OK) {
        return yaml_refuse(document, yaml_member(node, "scopes"), out_error,
                           "has what is no scope (RFC 6749 section 3.3), or is too long");
    }
    memcpy(out_client->client_id, text.client_id, strlen(text.client_id) + 1);
    return GALEN_OK;
}

static enum galen_status read_list(struct settings *settings,
                                   const struct yaml_document *document,
                                   const struct yaml_node *list, struct arena *arena,
                                   struct error *out_error)
{
    settings->client_count = 0;
    memset(settings->clients, 0, sizeof(settings->clients));
    for (size_t i = 0; i < list->count; i++) {
        TRY(read_client(document, yaml_at(list, i), arena, &settings->clients[i],
                        out_error));
        settings->client_count++;
    }
    return GALEN_OK;
}

enum galen_status settings_clients_read(struct settings *settings,
                                        const struct yaml_document *document,
                                        const struct yaml_node *node,
                                        struct error *out_error)
{
    struct arena arena;
    if (node->kind != YAML_KIND_SEQUENCE) {
        return yaml_refuse(document, node, out_error, "is not a list");
    }
    if (node->count > LIMIT_CERTIFICATE_RULE_COUNT_MAX) {
        return yaml_refuse(document, node, out_error, "has more than %d clients",
                           (int)LIMIT_CERTIFICATE_RULE_COUNT_MAX);
    }
    arena_init(&arena, ARENA_SIZE_BYTES_MAX);
    const enum galen_status status = read_list(settings, document, node, &arena, out_error);
    arena_deinit(&arena);
    return status;
}

void settings_clients_write(const struct settings *settings, struct writer *out)
{
    static const char *const types[] = {"dns", "uri", "email"};
    for (size_t i = 0; i < settings->client_count; i++) {
        const struct settings_client *client = &settings->clients[i];
        const char *const texts[] = {
            "]: {certificate: {", types[client->type], ": ",
            client->name,         "}, client_id: ",    client->client_id,
            ", scopes: [",        client->scopes,      "]}\n",
        };
        writer_put_string(out, "clients[");
        writer_put_u64(out, i);
        for (size_t j = 0; j < COUNT(texts); j++) {
            writer_put_string(out, texts[j]);
        }
    }
}

void settings_clients_write_markdown(struct writer *out)
{
    writer_put_string(
        out, "\n## clients\n\nA list, in the file only: who needs no token, since its TLS "
             "certificate says who it is. The first row that matches counts.\n"
             "[auth.md](auth.md#clients-without-tokens) says more.\n\n"
             "```yaml\nclients:\n  - {certificate: {dns: ct.ward.example}, client_id: ct, "
             "scopes: [infer:image]}\n```\n\n");
    yaml_write_markdown(client_keys, COUNT(client_keys), out);
}
