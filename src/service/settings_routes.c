/* SPDX-License-Identifier: Apache-2.0 */
#include "service/settings_routes.h"

#include <math.h>
#include <stdio.h>

#include "codec/yaml_table.h"
#include "service/auth/scope.h"
#include "service/settings_engines.h"
#include "service/settings_policies.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { ARENA_SIZE_BYTES_MAX = 262144, RATE_TEXT_SIZE = 32 };

/* What a request has to say. */
enum requirement { REQUIRES_SUBJECT, REQUIRES_PURPOSE, REQUIREMENT_COUNT };

static const char *const requirement_names[] = {"subject", "purpose", NULL};

/* A bucket that fills more slowly than in a day is a mistake. */
static const double requests_per_s_min = 0.001;

struct route_text {
    const char *content;
    const char *model;
    const char *scope;
    const char *schema;
    bool assert_formats;
    const char *engine;
    const char *policy;
    const int *require;
    size_t require_count;
    struct settings_limits limits;
};

static const struct yaml_key requirement_key[] = {
    {.type = YAML_TYPE_ENUM, .names = requirement_names},
};

static const char *const class_names[] = {
    [SETTINGS_CLASS_CLINIC] = "clinic", [SETTINGS_CLASS_BATCH] = "batch", NULL};

static const struct yaml_key limit_keys[] = {
    {.name = "requests_per_s",
     .type = YAML_TYPE_F64,
     .offset = offsetof(struct settings_limits, requests_per_s),
     .max = 1000000,
     .help = "Of one caller, 0.001 or more; then 429. 0: no limit. Otherwise "
             "`limits.requests_per_s`."},
    {.name = "burst",
     .type = YAML_TYPE_U64,
     .offset = offsetof(struct settings_limits, burst),
     .max = 1000000,
     .help = "How many of these may come at once, beside `requests_per_s`. 0: as many as "
             "in a second."},
    {.name = "concurrency",
     .type = YAML_TYPE_U64,
     .offset = offsetof(struct settings_limits, concurrency),
     .max = 1000000,
     .help = "Of all callers at once; then 503. 0: no limit but `limits.concurrency`."},
    {.name = "class",
     .type = YAML_TYPE_ENUM,
     .offset = offsetof(struct settings_limits, class),
     .otherwise = "clinic",
     .names = class_names,
     .help = "`clinic`, or `batch`, which gets what clinic leaves."},
};

static const struct yaml_key match_keys[] = {
    {.name = "content",
     .type = YAML_TYPE_STRING,
     .required = true,
     .offset = offsetof(struct route_text, content),
     .max = LIMIT_MEDIA_TYPE_SIZE_BYTES_MAX,
     .help = "The media type of the input, `type/subtype` or `type/*`."},
};

static const struct yaml_key route_keys[] = {
    {.name = "match",
     .type = YAML_TYPE_MAPPING,
     .required = true,
     .keys = match_keys,
     .key_count = COUNT(match_keys),
     .help = "What the route is for."},
    {.name = "model",
     .type = YAML_TYPE_STRING,
     .required = true,
     .offset = offsetof(struct route_text, model),
     .max = LIMIT_MODEL_NAME_SIZE_BYTES_MAX,
     .help = "The model that answers. It has to be in the repository."},
    {.name = "scope",
     .type = YAML_TYPE_STRING,
     .offset = offsetof(struct route_text, scope),
     .max = LIMIT_SCOPE_SIZE_BYTES_MAX,
     .help = "What a caller needs to be granted for this. Without it: `infer:` and the "
             "model's name."},
    {.name = "schema",
     .type = YAML_TYPE_STRING,
     .offset = offsetof(struct route_text, schema),
     .max = SETTINGS_TEXT_SIZE - 1,
     .help =
         "A JSON Schema that the JSON bodies with such an input meet, or are refused: a "
         "file, beside this one (docs/schema.md)."},
    {.name = "assert_formats",
     .type = YAML_TYPE_BOOL,
     .offset = offsetof(struct route_text, assert_formats),
     .otherwise = "false",
     .help = "Whether `format` is more than an annotation in that schema."},
    {.name = "engine",
     .type = YAML_TYPE_STRING,
     .offset = offsetof(struct route_text, engine),
     .max = LIMIT_ENGINE_NAME_SIZE_BYTES_MAX,
     .help = "Which of `engines` runs this model, however it is asked for; all routes of a "
             "model name the same. Otherwise `default`."},
    {.name = "policy",
     .type = YAML_TYPE_STRING,
     .offset = offsetof(struct route_text, policy),
     .max = LIMIT_POLICY_TEXT_SIZE_BYTES_MAX,
     .help = "The policy, one of `policies`, of all that this model answers to this media "
             "type, also where a request names the model."},
    {.name = "require",
     .type = YAML_TYPE_SEQUENCE,
     .offset = offsetof(struct route_text, require),
     .min = 1,
     .max = REQUIREMENT_COUNT,
     .keys = requirement_key,
     .key_count = 1,
     .count_offset = offsetof(struct route_text, require_count),
     .element_size = sizeof(int),
     .help = "What requests have to say, of `subject` and `purpose`; else 422."},
    {.name = "limits",
     .type = YAML_TYPE_MAPPING,
     .offset = offsetof(struct route_text, limits),
     .keys = limit_keys,
     .key_count = COUNT(limit_keys),
     .help = "How much of it there may be ([limits](limits.md))."},
};

static bool has_star(struct bytes text)
{
    return bytes_find(text, '*') < text.size;
}

static bool is_pattern(const char *text)
{
    struct media_type type;
    return media_type_parse(bytes_from_string(text), &type) == GALEN_OK &&
           strchr(text, ';') == NULL && !has_star(type.type) &&
           (!has_star(type.subtype) || type.subtype.size == 1);
}

/* As it is from where the program runs: what is relative is so to the file's folder. */
static enum galen_status write_path(const struct yaml_document *document,
                                    const struct yaml_node *node, const char *schema,
                                    struct settings_route *out_route,
                                    struct error *out_error)
{
    const char *slash = strrchr(document->file, '/');
    const int folder_size =
        schema[0] == '/' || slash == NULL ? 0 : (int)(slash - document->file) + 1;
    const int size = snprintf(out_route->schema, sizeof(out_route->schema), "%.*s%s",
                              folder_size, document->file, schema);
    return size >= 0 && (size_t)size < sizeof(out_route->schema)
               ? GALEN_OK
               : yaml_refuse(document, yaml_member(node, "schema"), out_error,
                             "is longer than %d bytes, with the folder of this file",
                             (int)SETTINGS_TEXT_SIZE - 1);
}

static enum galen_status check_limits(const struct yaml_document *document,
                                      const struct yaml_node *node,
                                      const struct settings_limits *limits,
                                      struct error *out_error)
{
    const struct yaml_node *given = yaml_member(node, "limits");
    if (limits->has_rate && limits->requests_per_s != 0 &&
        limits->requests_per_s < requests_per_s_min) {
        return yaml_refuse(document, yaml_member(given, "requests_per_s"), out_error,
                           "is neither 0 nor from 0.001 to 1000000");
    }
    if (!limits->has_rate && limits->burst != 0) {
        return yaml_refuse(document, yaml_member(given, "burst"), out_error,
                           "needs requests_per_s beside it");
    }
    return GALEN_OK;
}

/* What is absent has no number. */
static void settle_limits(struct settings_limits *limits)
{
    limits->has_rate = !isnan(limits->requests_per_s);
    limits->requests_per_s = limits->has_rate ? limits->requests_per_s : 0;
}

static enum galen_status read_route(const struct yaml_document *document,
                                    const struct yaml_node *node, struct arena *arena,
                                    struct settings_route *out_route,
                                    struct error *out_error)
{
    const struct yaml_document part = {.file = document->file, .root = node};
    struct route_text text = {.content = NULL};
    TRY(yaml_read(&part, route_keys, COUNT(route_keys), arena, &text, out_error));
    if (!is_pattern(text.content)) {
        return yaml_refuse(document, yaml_member(yaml_member(node, "match"), "content"),
                           out_error, "is not a media type or type/*");
    }
    if (text.scope != NULL && !scope_is_valid(bytes_from_string(text.scope))) {
        return yaml_refuse(document, yaml_member(node, "scope"), out_error,
                           "is not one scope");
    }
    *out_route = (struct settings_route){.policy = ""};
    settle_limits(&text.limits);
    TRY(check_limits(document, node, &text.limits, out_error));
    out_route->limits = text.limits;
    memcpy(out_route->content, text.content, strlen(text.content) + 1);
    memcpy(out_route->model, text.model, strlen(text.model) + 1);
    if (text.scope != NULL) {
        memcpy(out_route->scope, text.scope, strlen(text.scope) + 1);
    }
    if (text.engine != NULL && strcmp(text.engine, SETTINGS_ENGINE_DEFAULT) != 0) {
        memcpy(out_route->engine, text.engine, strlen(text.engine) + 1);
    }
    if (text.policy != NULL) {
        memcpy(out_route->policy, text.policy, strlen(text.policy) + 1);
    }
    for (size_t i = 0; i < text.require_count; i++) {
        out_route->requires_subject |= text.require[i] == REQUIRES_SUBJECT;
        out_route->requires_purpose |= text.require[i] == REQUIRES_PURPOSE;
    }
    out_route->asserts_formats = text.assert_formats;
    out_route->schema[0] = '\0';
    return text.schema == NULL
               ? GALEN_OK
               : write_path(document, node, text.schema, out_route, out_error);
}

static enum galen_status read_list(struct settings *settings,
                                   const struct yaml_document *document,
                                   const struct yaml_node *list, struct arena *arena,
                                   struct error *out_error)
{
    settings->route_count = 0;
    for (size_t i = 0; i < list->count; i++) {
        TRY(read_route(document, yaml_at(list, i), arena, &settings->routes[i], out_error));
        settings->route_count++;
    }
    return GALEN_OK;
}

enum galen_status settings_routes_read(struct settings *settings,
                                       const struct yaml_document *document,
                                       const struct yaml_node *node,
                                       struct error *out_error)
{
    struct arena arena;
    if (node->kind != YAML_KIND_SEQUENCE) {
        return yaml_refuse(document, node, out_error, "is not a list");
    }
    if (node->count > LIMIT_ROUTE_COUNT_MAX) {
        return yaml_refuse(document, node, out_error, "has more than %d routes",
                           (int)LIMIT_ROUTE_COUNT_MAX);
    }
    arena_init(&arena, ARENA_SIZE_BYTES_MAX);
    const enum galen_status status = read_list(settings, document, node, &arena, out_error);
    arena_deinit(&arena);
    return status;
}

static void write_demands(const struct settings_route *route, struct writer *out)
{
    if (route->engine[0] != '\0') {
        writer_put_string(out, ", engine: ");
        writer_put_string(out, route->engine);
    }
    if (route->policy[0] != '\0') {
        writer_put_string(out, ", policy: ");
        writer_put_string(out, route->policy);
    }
    if (route->requires_subject || route->requires_purpose) {
        writer_put_string(out, ", require: [");
        writer_put_string(out, route->requires_subject ? "subject" : "");
        writer_put_string(out,
                          route->requires_subject && route->requires_purpose ? ", " : "");
        writer_put_string(out, route->requires_purpose ? "purpose" : "");
        writer_put_byte(out, ']');
    }
}

static bool says_limits(const struct settings_limits *limits)
{
    return limits->has_rate || limits->concurrency > 0 ||
           limits->class != SETTINGS_CLASS_CLINIC;
}

static void write_limits(const struct settings_limits *limits, struct writer *out)
{
    char rate[RATE_TEXT_SIZE];
    writer_put_string(out, ", limits: {");
    if (limits->has_rate) {
        (void)snprintf(rate, sizeof(rate), "%.15g", limits->requests_per_s);
        writer_put_string(out, "requests_per_s: ");
        writer_put_string(out, rate);
        writer_put_string(out, ", burst: ");
        writer_put_u64(out, limits->burst);
        writer_put_string(out, ", ");
    }
    writer_put_string(out, "concurrency: ");
    writer_put_u64(out, limits->concurrency);
    writer_put_string(out, ", class: ");
    writer_put_string(out, class_names[limits->class]);
    writer_put_byte(out, '}');
}

static void write_route(const struct settings_route *route, struct writer *out)
{
    writer_put_string(out, "{match: {content: ");
    writer_put_string(out, route->content);
    writer_put_string(out, "}, model: ");
    writer_put_string(out, route->model);
    if (route->scope[0] != '\0') {
        writer_put_string(out, ", scope: ");
        writer_put_string(out, route->scope);
    }
    if (route->schema[0] != '\0') {
        writer_put_string(out, ", schema: ");
        writer_put_string(out, route->schema);
    }
    writer_put_string(out, route->asserts_formats ? ", assert_formats: true" : "");
    write_demands(route, out);
    if (says_limits(&route->limits)) {
        write_limits(&route->limits, out);
    }
    writer_put_string(out, "}\n");
}

void settings_routes_write(const struct settings *settings, struct writer *out)
{
    for (size_t i = 0; i < settings->route_count; i++) {
        writer_put_string(out, "routes[");
        writer_put_u64(out, i);
        writer_put_string(out, "]: ");
        write_route(&settings->routes[i], out);
    }
}

/* Readiness, canaries and shadows are a model's: so is where it runs. */
static bool differs_from_others(const struct settings *settings, size_t index)
{
    const struct settings_route *route = &settings->routes[index];
    for (size_t i = 0; i < index; i++) {
        if (strcmp(settings->routes[i].model, route->model) == 0) {
            return strcmp(settings->routes[i].engine, route->engine) != 0;
        }
    }
    return false;
}

static enum galen_status check_engine(const struct settings *settings, size_t index,
                                      const struct yaml_document *document,
                                      const struct yaml_node *node, struct error *out_error)
{
    const char *engine = settings->routes[index].engine;
    const struct yaml_node *given = yaml_member(node, "engine");
    if (engine[0] != '\0' && settings_engine_find(settings, engine) == NULL) {
        return yaml_refuse(document, given, out_error, "there are no such engines");
    }
    return differs_from_others(settings, index)
               ? yaml_refuse(document, given == NULL ? node : given, out_error,
                             "another route of '%s' says otherwise where that runs",
                             settings->routes[index].model)
               : GALEN_OK;
}

enum galen_status settings_routes_check(const struct settings *settings,
                                        const struct yaml_document *document,
                                        struct error *out_error)
{
    const struct yaml_node *list = yaml_member(document->root, "routes");
    for (size_t i = 0; list != NULL && i < settings->route_count; i++) {
        const char *policy = settings->routes[i].policy;
        if (policy[0] != '\0' && settings_policy_find(settings, policy) == NULL) {
            return yaml_refuse(document, yaml_member(yaml_at(list, i), "policy"), out_error,
                               "there is no such policy");
        }
        TRY(check_engine(settings, i, document, yaml_at(list, i), out_error));
    }
    return GALEN_OK;
}

void settings_routes_write_markdown(struct writer *out)
{
    writer_put_string(
        out,
        "\n## routes\n\nA list, in the file only: which model answers where a request "
        "names none, and what a caller\nneeds for it. The first row that matches counts: "
        "of "
        "those with its model, where a request names one. Without one\nit is the only "
        "model that takes what was sent.\n\n"
        "```yaml\nroutes:\n  - {match: {content: text/*}, model: clinical-ner, schema: "
        "schemas/note.json}\n```\n\n");
    yaml_write_markdown(route_keys, COUNT(route_keys), out);
}
