/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usage: schema_bench SCHEMA.json BODY.json [RUNS]
 *
 * CPU time (user and system, this process) of parsing one JSON body, and of checking it
 * against a JSON Schema, with an arena that is cleared each time, as a server does. One
 * JSON line on stdout. schema_peer.py makes both files and is what this is compared to.
 */
#include "codec/schema.h"
#include "base/limits.h"
#include "measure.h"

enum { RUNS_DEFAULT = 100000 };

static struct schema *compile(const char *path)
{
    scoped(blob) text = read_file(path, LIMIT_SCHEMA_SIZE_BYTES_MAX);
    const struct schema_source source = {"x.json",
                                         bytes_of(blob_data(text), blob_size(text))};
    struct schema *schema;
    struct error error;
    if (schema_compile(&source, 1, NULL, &schema, &error) != GALEN_OK) {
        die(error.pointer, error.text);
    }
    return schema;
}

static const struct json *parse(struct bytes body, struct arena *arena)
{
    const struct json *value;
    struct error error;
    if (json_parse(body, arena, &value, &error) != GALEN_OK) {
        die("body", error.text);
    }
    return value;
}

static void validate(const struct schema *schema, const struct json *value,
                     struct arena *arena)
{
    struct schema_errors errors;
    if (schema_validate(schema, value, arena, &errors) != GALEN_OK) {
        die(errors.items[0].detail.pointer, errors.items[0].detail.text);
    }
}

static double parse_us(struct bytes body, long run_count)
{
    struct arena arena;
    arena_init(&arena, LIMIT_ARENA_SIZE_BYTES_MAX);
    const double start_us = cpu_us();
    for (long i = 0; i < run_count; i++) {
        (void)parse(body, &arena);
        arena_clear(&arena);
    }
    const double run_us = (cpu_us() - start_us) / (double)run_count;
    arena_deinit(&arena);
    return run_us;
}

static double validate_us(const struct schema *schema, struct bytes body, long run_count)
{
    struct arena document;
    struct arena arena;
    arena_init(&document, LIMIT_ARENA_SIZE_BYTES_MAX);
    arena_init(&arena, LIMIT_ARENA_SIZE_BYTES_MAX);
    const struct json *value = parse(body, &document);
    const double start_us = cpu_us();
    for (long i = 0; i < run_count; i++) {
        validate(schema, value, &arena);
        arena_clear(&arena);
    }
    const double run_us = (cpu_us() - start_us) / (double)run_count;
    arena_deinit(&arena);
    arena_deinit(&document);
    return run_us;
}

int main(int argument_count, char **arguments)
{
    if (argument_count < 3) {
        die("usage", "schema_bench SCHEMA.json BODY.json [RUNS]");
    }
    const long run_count =
        argument_count > 3 ? strtol(arguments[3], NULL, 10) : (long)RUNS_DEFAULT;
    if (run_count < 1) {
        die("RUNS", "at least 1");
    }
    struct schema *schema = compile(arguments[1]);
    scoped(blob) body = read_file(arguments[2], LIMIT_BODY_SIZE_BYTES_MAX);
    const struct bytes bytes = bytes_of(blob_data(body), blob_size(body));
    (void)printf("{\"bench\": \"schema\", \"runs\": %ld, \"body_bytes\": %zu, "
                 "\"parse_us\": %.3f, \"validate_us\": %.3f}\n",
                 run_count, bytes.size, parse_us(bytes, run_count),
                 validate_us(schema, bytes, run_count));
    schema_unref(schema);
    return EXIT_SUCCESS;
}
