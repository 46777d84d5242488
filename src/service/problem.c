/* SPDX-License-Identifier: Apache-2.0 */
#include "service/problem.h"

#include "codec/json_writer.h"

static void put_error(struct json_writer *json, const struct error *error,
                      const char *keyword)
{
    json_begin_object(json);
    json_put_name(json, "pointer");
    json_put_cstring(json, error->pointer);
    if (keyword[0] != '\0') {
        json_put_name(json, "keyword");
        json_put_cstring(json, keyword);
    }
    json_put_name(json, "message");
    json_put_cstring(json, error->text);
    json_end_object(json);
}

static size_t schema_error_count(const struct problem *problem)
{
    return problem->of_schema == NULL ? 0 : problem->of_schema->count;
}

static void put_errors(struct json_writer *json, const struct problem *problem)
{
    const size_t count = schema_error_count(problem);
    json_put_name(json, "errors");
    json_begin_array(json);
    for (size_t i = 0; i < count; i++) {
        put_error(json, &problem->of_schema->items[i].detail,
                  problem->of_schema->items[i].keyword);
    }
    if (count == 0) {
        put_error(json, problem->error, "");
    }
    json_end_array(json);
}

static void put_type(struct json_writer *json, enum galen_status status)
{
    char type[64] = "/problems/";
    const char *slug = galen_status_slug(status);
    memcpy(type + sizeof("/problems/") - 1, slug, strlen(slug) + 1);
    json_put_name(json, "type");
    json_put_cstring(json, type);
    json_put_name(json, "title");
    json_put_cstring(json, galen_status_text(status));
}

void problem_write(const struct problem *problem, struct writer *out)
{
    struct json_writer json = json_writer_on(out);
    json_begin_object(&json);
    put_type(&json, problem->status);
    json_put_name(&json, "status");
    json_put_i64(&json, problem->http_status);
    if (problem->error->text[0] != '\0') {
        json_put_name(&json, "detail");
        json_put_cstring(&json, problem->error->text);
    }
    if (problem->request_id[0] != '\0') {
        json_put_name(&json, "request_id");
        json_put_cstring(&json, problem->request_id);
    }
    if (problem->error->pointer[0] != '\0' || schema_error_count(problem) > 0) {
        put_errors(&json, problem);
    }
    json_end_object(&json);
}
