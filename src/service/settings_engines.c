/* SPDX-License-Identifier: Apache-2.0 */
#include "service/settings_engines.h"

#include "base/engine_name.h"
#include "codec/yaml_table.h"
#include "service/settings_impl.h"

const struct settings_peers *settings_engine_find(const struct settings *settings,
                                                  const char *name)
{
    if (strcmp(name, SETTINGS_ENGINE_DEFAULT) == 0) {
        return &settings->engine;
    }
    for (size_t i = 0; i < settings->engine_set_count; i++) {
        if (strcmp(settings->engine_sets[i].name, name) == 0) {
            return &settings->engine_sets[i].peers;
        }
    }
    return NULL;
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

static enum galen_status read_set(struct settings *settings,
                                  const struct yaml_document *document,
                                  const struct yaml_node *node, struct error *out_error)
{
    if (strcmp(node->name, SETTINGS_ENGINE_DEFAULT) == 0) {
        return read_peers(document, node, true, &settings->engine, out_error);
    }
    if (!engine_name_is_valid(node->name)) {
        return yaml_refuse_name(document, node, out_error,
                                "a name has letters, digits, '-' and '_', at most %d",
                                LIMIT_ENGINE_NAME_SIZE_BYTES_MAX);
    }
    if (settings->engine_set_count == LIMIT_ENGINE_SET_COUNT_MAX - 1) {
        return yaml_refuse_name(document, node, out_error,
                                "there are more than %d sets of engines",
                                LIMIT_ENGINE_SET_COUNT_MAX);
    }
    struct settings_engine_set *set = &settings->engine_sets[settings->engine_set_count];
    memcpy(set->name, node->name, strlen(node->name) + 1);
    TRY(read_peers(document, node, false, &set->peers, out_error));
    settings->engine_set_count++;
    return GALEN_OK;
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
        "\n## engines\n\nBeside `engines.default`, in the file only: other sets of "
        "engines, "
        "by names of letters, digits, `-` and `_`. A route\nnames the one that runs its "
        "model, and a [release](rollout.md) can move a model from one to another, or part "
        "of\nits requests. Read at the start.\n\n"
        "```yaml\nengines:\n  default: http://blue:8012\n  green: "
        "http://green-1:8012,http://green-2:8012\n```\n");
}
