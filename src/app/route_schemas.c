/* SPDX-License-Identifier: Apache-2.0 */
#include "app/route_schemas.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* A file and those beside it; the first is the schema. */
struct folder {
    struct arena arena;
    struct schema_source sources[LIMIT_SCHEMA_FILE_COUNT_MAX];
    size_t count;
};

/* -1: it cannot be found out. */
static long size_of(FILE *file)
{
    const bool is_there = fseek(file, 0, SEEK_END) == 0;
    const long size = is_there ? ftell(file) : -1;
    return is_there && fseek(file, 0, SEEK_SET) == 0 ? size : -1;
}

static enum galen_status read_open(FILE *file, const char *path, struct arena *arena,
                                   struct bytes *out_text, struct error *out_error)
{
    const long size = size_of(file);
    if (size > LIMIT_SCHEMA_SIZE_BYTES_MAX) {
        return error_set(out_error, GALEN_TOO_LARGE, "%s: is larger than %d bytes", path,
                         (int)LIMIT_SCHEMA_SIZE_BYTES_MAX);
    }
    uint8_t *text = size < 0 ? NULL : arena_alloc(arena, (size_t)size + 1);
    if (text == NULL || fread(text, 1, (size_t)size, file) != (size_t)size) {
        return error_set(out_error, GALEN_INVALID, "%s: cannot be read", path);
    }
    *out_text = bytes_of(text, (size_t)size);
    return GALEN_OK;
}

static enum galen_status read_file(const char *path, struct arena *arena,
                                   struct bytes *out_text, struct error *out_error)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return error_set(out_error, GALEN_NOT_FOUND, "%s: %s", path, strerror(errno));
    }
    const enum galen_status status = read_open(file, path, arena, out_text, out_error);
    (void)fclose(file);
    return status;
}

static enum galen_status add_file(struct folder *folder, const char *path,
                                  struct error *out_error)
{
    if (folder->count == LIMIT_SCHEMA_FILE_COUNT_MAX) {
        return error_set(out_error, GALEN_TOO_LARGE,
                         "%s: more than %d files are beside the schema", path,
                         (int)LIMIT_SCHEMA_FILE_COUNT_MAX);
    }
    struct schema_source *source = &folder->sources[folder->count];
    source->uri = arena_copy_string(&folder->arena, bytes_from_string(path));
    if (source->uri == NULL) {
        return GALEN_NO_MEMORY;
    }
    TRY(read_file(path, &folder->arena, &source->text, out_error));
    folder->count++;
    return GALEN_OK;
}

static bool is_json(const char *name)
{
    const size_t size = strlen(name);
    return name[0] != '.' && size > 5 && strcmp(name + size - 5, ".json") == 0;
}

static enum galen_status add_others(struct folder *folder, DIR *listing, const char *schema,
                                    struct error *out_error)
{
    char path[2 * SETTINGS_TEXT_SIZE];
    const char *slash = strrchr(schema, '/');
    const int folder_size = slash == NULL ? 0 : (int)(slash - schema) + 1;
    for (struct dirent *entry = readdir(listing); entry != NULL; entry = readdir(listing)) {
        (void)snprintf(path, sizeof(path), "%.*s%s", folder_size, schema, entry->d_name);
        if (is_json(entry->d_name) && strcmp(path, schema) != 0) {
            TRY(add_file(folder, path, out_error));
        }
    }
    return GALEN_OK;
}

static enum galen_status read_folder(struct folder *folder, const char *schema,
                                     struct error *out_error)
{
    char path[SETTINGS_TEXT_SIZE];
    const char *slash = strrchr(schema, '/');
    const int size = slash == NULL ? 0 : (int)(slash - schema) + 1;
    (void)snprintf(path, sizeof(path), "%.*s", size == 0 ? 1 : size,
                   size == 0 ? "." : schema);
    TRY(add_file(folder, schema, out_error));
    DIR *listing = opendir(path);
    if (listing == NULL) {
        return error_set(out_error, GALEN_NOT_FOUND, "%s: %s", path, strerror(errno));
    }
    const enum galen_status status = add_others(folder, listing, schema, out_error);
    (void)closedir(listing);
    return status;
}

static enum galen_status compile(const struct folder *folder,
                                 const struct settings_route *route,
                                 struct schema **out_schema, struct error *out_error)
{
    const struct schema_options options = {.asserts_formats = route->asserts_formats};
    struct error why = {.text = ""};
    const enum galen_status status =
        schema_compile(folder->sources, folder->count, &options, out_schema, &why);
    return status == GALEN_OK
               ? GALEN_OK
               : error_set(out_error, status, "%s: %s%s%s", route->schema, why.pointer,
                           why.pointer[0] == '\0' ? "" : ": ",
                           why.text[0] == '\0' ? galen_status_text(status) : why.text);
}

static enum galen_status load(const struct settings_route *route,
                              struct schema **out_schema, struct error *out_error)
{
    struct folder folder = {.count = 0};
    arena_init(&folder.arena,
               (size_t)(LIMIT_SCHEMA_SIZE_BYTES_MAX + 4096) * LIMIT_SCHEMA_FILE_COUNT_MAX);
    enum galen_status status = read_folder(&folder, route->schema, out_error);
    if (status == GALEN_OK) {
        status = compile(&folder, route, out_schema, out_error);
    }
    arena_deinit(&folder.arena);
    return status;
}

enum galen_status route_schemas_load(struct route_schemas *schemas,
                                     const struct settings *settings,
                                     struct error *out_error)
{
    *schemas = (struct route_schemas){{NULL}};
    for (size_t i = 0; i < settings->route_count; i++) {
        struct error why = {.text = ""};
        const struct settings_route *route = &settings->routes[i];
        const enum galen_status status =
            route->schema[0] == '\0' ? GALEN_OK : load(route, &schemas->schemas[i], &why);
        if (status != GALEN_OK) {
            route_schemas_unload(schemas);
            return error_set(out_error, status, "routes[%zu].schema: %s", i, why.text);
        }
    }
    return GALEN_OK;
}

void route_schemas_unload(struct route_schemas *schemas)
{
    for (size_t i = 0; i < LIMIT_ROUTE_COUNT_MAX; i++) {
        schema_unref(schemas->schemas[i]);
        schemas->schemas[i] = NULL;
    }
}
