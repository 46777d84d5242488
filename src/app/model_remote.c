/* SPDX-License-Identifier: Apache-2.0 */
#include "app/model_remote.h"

#include <stdio.h>

#include "app/errand.h"
#include "app/model.h"
#include "base/clock.h"
#include "base/limits.h"
#include "codec/json.h"
#include "codec/json_writer.h"
#include "codec/url.h"
#include "manage/operation.h"

/* What Tritons may take to load, one after another. */
enum { TIMEOUT_S = 3600 };

#define NOTE "galen: "

/* --- what is asked --- */

static void put_number(struct json_writer *json, const char *name, uint64_t number)
{
    json_put_name(json, name);
    json_put_u64(json, number);
}

static void put_share(struct json_writer *json, const char *name, uint32_t share)
{
    char text[RELEASE_PERCENT_SIZE];
    release_percent_write(share, text);
    json_put_name(json, name);
    json_put_raw(json, bytes_from_string(text));
}

static void put_text(struct json_writer *json, const char *name, const char *text)
{
    json_put_name(json, name);
    json_put_cstring(json, text);
}

static void put_flag(struct json_writer *json, const char *name)
{
    json_put_name(json, name);
    json_put_bool(json, true);
}

static void put_order(const struct model_wish *wish, struct json_writer *json)
{
    const uint64_t version = wish->to != 0 ? wish->to : wish->version;
    if (version != 0) {
        put_number(json, "version", version);
    }
    if (wish->has_share) {
        put_share(json, "percent", wish->share);
    }
    if (wish->has_shadow) {
        put_share(json, "shadow", wish->shadow);
    }
    if (wish->promotes) {
        put_flag(json, "auto");
    }
    if (wish->stops) {
        put_flag(json, "stop");
    }
    if (wish->engine != NULL) {
        put_text(json, "engine", wish->engine);
    }
    if (strcmp(wish->tag, RELEASE_CURRENT) != 0) {
        put_text(json, "tag", wish->tag);
    }
    if (wish->expects) {
        put_number(json, "expect", wish->expected);
    }
    if (wish->reason[0] != '\0') {
        put_text(json, "reason", wish->reason);
    }
}

/* NULL: no memory. */
static struct blob *body_of(const struct model_wish *wish)
{
    struct writer text;
    struct blob *body = NULL;
    writer_init(&text, LIMIT_MANAGE_BODY_SIZE_BYTES_MAX);
    struct json_writer json = json_writer_on(&text);
    json_begin_object(&json);
    put_order(wish, &json);
    json_end_object(&json);
    const enum galen_status status = writer_finish(&text, &body);
    writer_deinit(&text);
    return status == GALEN_OK ? body : NULL;
}

static void put_target(const struct model_wish *wish, const char *word, struct writer *out)
{
    writer_put_string(out, MANAGE_PATH);
    if (wish->words[0] != NULL) {
        writer_put_byte(out, '/');
        url_encode(bytes_from_string(wish->words[0]), out);
    }
    writer_put_string(out, word[0] == '\0' ? "" : "/");
    writer_put_string(out, word);
}

/* --- what is said --- */

static bool put_lines(struct bytes text)
{
    bool has_notes = false;
    while (text.size > 0) {
        struct bytes line;
        text = bytes_split(text, '\n', &line);
        const bool is_note = bytes_starts_with(line, BYTES(NOTE));
        (void)fprintf(is_note ? stderr : stdout, "%.*s\n", BYTES_PRINT(line));
        has_notes |= is_note;
    }
    return has_notes;
}

/* False: a history is not whole. */
static bool put_answer(const struct model_wish *wish, const char *word, struct bytes text)
{
    const struct bytes broken = BYTES("\"is_whole\":false}\n");
    const bool is_history = strcmp(word, "history") == 0;
    if (!wish->is_json) {
        return !put_lines(text) || !is_history;
    }
    (void)fwrite(text.data, 1, text.size, stdout);
    return !is_history || text.size < broken.size ||
           !bytes_equal(bytes_from(text, text.size - broken.size), broken);
}

/* The problem's detail, where it is one. */
static void put_detail(struct bytes text, struct error *out_error)
{
    struct arena arena;
    const struct json *root = NULL;
    struct error ignored;
    arena_init(&arena, LIMIT_ARENA_SIZE_BYTES_MAX);
    if (json_parse(text, &arena, &root, &ignored) == GALEN_OK &&
        json_type(root) == JSON_OBJECT) {
        const struct json *detail = json_member(root, "detail");
        if (detail != NULL && json_type(detail) == JSON_STRING) {
            error_write(out_error, "%.*s", BYTES_PRINT(json_string(detail)));
        }
    }
    arena_deinit(&arena);
}

static enum exit_code complain(const struct model_wish *wish,
                               const struct errand_answer *answer)
{
    struct error error = {"", ""};
    put_detail(bytes_of(blob_data(answer->body), blob_size(answer->body)), &error);
    if (error.text[0] == '\0') {
        error_write(&error, "%s: answers with %d", wish->admin, answer->http_status);
    }
    return model_fail(status_from_http(answer->http_status), &error);
}

static enum exit_code report(const struct model_wish *wish, const char *word,
                             const struct errand_answer *answer)
{
    const struct bytes text = bytes_of(blob_data(answer->body), blob_size(answer->body));
    if (answer->http_status != 200) {
        return complain(wish, answer);
    }
    return model_finish(put_answer(wish, word, text) ? EXIT_DONE : EXIT_FAILED);
}

/* --- on its way --- */

/* Takes the body. */
static enum galen_status travel(const struct model_wish *wish, struct bytes target,
                                struct blob *body, struct errand_answer *out_answer,
                                struct error *out_error)
{
    scoped(blob) own = body;
    scoped(blob) token = NULL;
    struct errand errand = {.url = wish->admin,
                            .tls = wish->tls,
                            .method = body == NULL ? HTTP_GET : HTTP_POST,
                            .target = target,
                            .timeout_ns = TIMEOUT_S * NS_PER_S};
    TRY(errand_read_token(wish->admin, wish->token_file, &token, out_error));
    errand_add_header(&errand, BYTES("Accept"),
                      wish->is_json ? BYTES("application/json") : BYTES("text/plain"));
    if (token != NULL) {
        errand_add_header(&errand, BYTES("Authorization"),
                          bytes_of(blob_data(token), blob_size(token)));
    }
    if (body != NULL) {
        errand_add_header(&errand, BYTES("Content-Type"), BYTES("application/json"));
    }
    errand.body = take(&own);
    return errand_run(&errand, out_answer, out_error);
}

/* Takes the body. */
static enum exit_code go(const struct model_wish *wish, const char *word, struct blob *body)
{
    struct writer target;
    struct errand_answer answer = {0, NULL};
    struct error error = {.text = "out of memory"};
    writer_init(&target, LIMIT_URL_SIZE_BYTES_MAX);
    put_target(wish, word, &target);
    const enum galen_status status =
        travel(wish, writer_bytes(&target), body, &answer, &error);
    writer_deinit(&target);
    const enum exit_code code =
        status == GALEN_OK ? report(wish, word, &answer) : model_fail(status, &error);
    blob_unref(answer.body);
    return code;
}

enum exit_code model_remote_read(const struct model_wish *wish, const char *word)
{
    return go(wish, word, NULL);
}

enum exit_code model_remote_release(const struct model_wish *wish,
                                    enum release_action action)
{
    struct blob *body = body_of(wish);
    const struct error error = {.text = "out of memory"};
    const char *word =
        wish->stops ? release_action_name(RELEASE_CANARY) : release_action_name(action);
    return body == NULL ? model_fail(GALEN_NO_MEMORY, &error) : go(wish, word, body);
}
