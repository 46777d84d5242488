/* SPDX-License-Identifier: Apache-2.0 */
#include "service/settings_engines.h"

#include "base/engine_name.h"
#include "codec/yaml_table.h"
#include "service/settings_impl.h"

/* settings->engine_set_count: there is no such set beside the default. */
static size_t find_set(const struct settings *settings, const char *name)
{
    size_t at = 0;
    while (at < settings->engine_set_count &&
           strcmp(settings->engine_sets[at].name, name) != 0) {
        at++;
    }
    return at;
}

const struct settings_peers *settings_engine_find(const struct settings *settings,
                                                  const char *name)
{
    const size_t at = find_set(settings, name);
    if (strcmp(name, SETTINGS_ENGINE_DEFAULT) == 0) {
        return &settings->engine;
    }
    return at == settings->engine_set_count ? NULL : &settings->engine_sets[at].peers;
}

static bool are_same(const struct settings *one, const struct settings *other)
{
    bool are_all_same = one->engine_set_count == other->engine_set_count;
    for (size_t i = 0; are_all_same && i < one->engine_set_count; i++) {
        const struct settings_engine_set *set = &one->engine_sets[i];
        are_all_same = strcmp(set->name, other->engine_sets[i].name) == 0 &&
                       settings_peers_are_same(&set->peers, &other->engine_sets[i].peers);
    }
    return are_all_same;
}

enum galen_status settings_engines_check_live(const struct settings *before,
                                              const struct settings *after,
                                              struct error *out_error)
{
    return are_same(before, after)
               ? GALEN_OK
               : error_set(out_error, GALEN_INVALID,
                           "engines: cannot change while the program runs: start it anew");
}

/* Written `green: http://…` or `green: {url: http://…}`. */
static enum galen_status find_urls(const struct yaml_document *document,
                                   const struct yaml_node *node,
                                   const struct yaml_node **out_urls,
                                   struct error *out_error)
{
    const struct yaml_node *urls = node;
    if (node->kind == YAML_KIND_MAPPING) {
        urls = yaml_member(node, "url");
        if (urls == NULL || node->count != 1) {
            return yaml_refuse(document, node, out_error, "needs url, and nothing else");
        }
    }
    const char *why = yaml_why_no_scalar(urls, YAML_TYPE_STRING);
    if (why != NULL) {
        return yaml_refuse(document, urls, out_error, "%s", why);
    }
    *out_urls = urls;
    return GALEN_OK;
}

/* Only the default can be this very process. */
static enum galen_status read_peers(const struct yaml_document *document,
                                    const struct yaml_node *node, bool is_default,
                                    struct settings_peers *out_peers,
                                    struct error *out_error)
{
    const struct yaml_node *urls = node;
    struct error why;
    TRY(find_urls(document, node, &urls, out_error));
    const struct bytes text = bytes_from_string(urls->text);
    const enum galen_status status = is_default && urls == node
                                         ? settings_peers_read(text, out_peers, &why)
                                         : settings_peers_read_urls(text, out_peers, &why);
    return status == GALEN_OK ? GALEN_OK
                              : yaml_refuse(document, urls, out_error, "%s", why.text);
}

static enum galen_status name_set(struct bytes name, struct settings_engine_set *out_set,
                                  struct error *out_error)
{
    *out_set = (struct settings_engine_set){0};
    if (name.size > 0 && name.size < sizeof(out_set->name)) {
        memcpy(out_set->name, name.data, name.size);
    }
    return strlen(out_set->name) == name.size && engine_name_is_valid(out_set->name)
               ? GALEN_OK
               : error_set(out_error, GALEN_INVALID,
                           "a name has letters, digits, '-' and '_', at most %d",
                           LIMIT_ENGINE_NAME_SIZE_BYTES_MAX);
}

/* In the place of the one of its name, or behind the others. */
static enum galen_status put_set(struct settings *settings,
                                 const struct settings_engine_set *set,
                                 struct error *out_error)
{
    const size_t at = find_set(settings, set->name);
    if (at == LIMIT_ENGINE_SET_COUNT_MAX - 1) {
        return error_set(out_error, GALEN_INVALID, "there are more than %d sets of engines",
                         LIMIT_ENGINE_SET_COUNT_MAX);
    }
    settings->engine_sets[at] = *set;
    settings->engine_set_count += at == settings->engine_set_count;
    return GALEN_OK;
}

enum galen_status settings_engines_set(struct settings *settings, struct bytes name,
                                       struct bytes urls, struct error *out_error)
{
    struct settings_engine_set set;
    TRY(name_set(name, &set, out_error));
    TRY(settings_peers_read_urls(urls, &set.peers, out_error));
    return put_set(settings, &set, out_error);
}

static enum galen_status read_set(struct settings *settings,
                                  const struct yaml_document *document,
                                  const struct yaml_node *node, struct error *out_error)
{
    if (strcmp(node->name, SETTINGS_ENGINE_DEFAULT) == 0) {
        return read_peers(document, node, true, &settings->engine, out_error);
    }
    struct settings_engine_set set;
    struct error why;
    if (name_set(bytes_from_string(node->name), &set, &why) != GALEN_OK) {
        return yaml_refuse_name(document, node, out_error, "%s", why.text);
    }
    TRY(read_peers(document, node, false, &set.peers, out_error));
    return put_set(settings, &set, &why) == GALEN_OK
               ? GALEN_OK
               : yaml_refuse_name(document, node, out_error, "%s", why.text);
}

enum galen_status settings_engines_read(struct settings *settings,
                                        const struct yaml_document *document,
                                        const struct yaml_node *node,
                                        struct error *out_error)
{
    if (node->kind != YAML_KIND_MAPPING) {
        return yaml_refuse(document, node, out_error, "is not a mapping of names to URLs");
    }
    if (node->first == NULL) {
        return yaml_refuse(document, node, out_error, "is empty");
    }
    settings->engine_set_count = 0;
    memset(settings->engine_sets, 0, sizeof(settings->engine_sets));
    for (const struct yaml_node *at = node->first; at != NULL; at = at->next) {
        TRY(read_set(settings, document, at, out_error));
    }
    return GALEN_OK;
}

void settings_engines_write(const struct settings *settings, struct writer *out)
{
    for (size_t i = 0; i < settings->engine_set_count; i++) {
        writer_put_string(out, "engines.");
        writer_put_string(out, settings->engine_sets[i].name);
        writer_put_string(out, ": ");
        settings_peers_write(&settings->engine_sets[i].peers, out);
        writer_put_byte(out, '\n');
    }
}

void settings_engines_write_markdown(struct writer *out)
{
    writer_put_string(
        out,
        "\n## engines\n\nBeside `engines.default`, in the file or by "
        "`--set engines.NAME=URL`: other sets of engines, by names of letters, digits, "
        "`-`\n"
        "and `_`. A route names the one that runs its model, and a [release](rollout.md) "
        "can move a model from one to another, or\npart of its requests. Read at the "
        "start.\n\n"
        "```yaml\nengines:\n  default: http://blue:8012\n  green: "
        "http://green-1:8012,http://green-2:8012\n```\n");
}
