/* SPDX-License-Identifier: Apache-2.0 */
/* The pages of `galen token serve`: discovery (OpenID Connect Discovery 1.0, RFC 8414), the
 * key set (RFC 7517), and grants of client_credentials (RFC 6749). */
#include <stdio.h>

#include "app/file.h"
#include "app/token.h"
#include "app/token_serve.h"
#include "base/clock.h"
#include "base/invariant.h"
#include "base/limits.h"
#include "codec/json_writer.h"
#include "crypto/random.h"
#include "service/auth/discovery.h"
#include "service/auth/token_write.h"

enum {
    BODY_SIZE_BYTES_MAX = 65536,
    MEMORY_SIZE_BYTES_MAX = 1 << 20,
    MAX_AGE_SIZE = 64,
    HEADER_COUNT = 4,
    CLIENTS_SIZE_BYTES_MAX = 1 << 20,
};

static const struct bytes media_type = BYTES_INIT("application/json");
static const struct bytes no_store = BYTES_INIT("no-store");

/* What is read from files */

static enum galen_status read_clients(struct token_issuer *next, struct error *out_error)
{
    struct error why = {"", ""};
    arena_init(&next->clients_arena, MEMORY_SIZE_BYTES_MAX);
    if (next->clients_file == NULL) {
        next->clients = (struct grant_clients){NULL, 0};
        return GALEN_OK;
    }
    TRY(file_read_operand(next->clients_file, CLIENTS_SIZE_BYTES_MAX, &next->clients_text,
                          out_error));
    const enum galen_status status = grant_read_clients(
        bytes_of(blob_data(next->clients_text), blob_size(next->clients_text)),
        &next->clients_arena, &next->clients, &why);
    return status == GALEN_OK
               ? GALEN_OK
               : error_set(out_error, status, "%s: %s", next->clients_file, why.text);
}

void token_issuer_deinit(struct token_issuer *issuer)
{
    token_keys_destroy(take(&issuer->keys));
    blob_unref(take(&issuer->clients_text));
    arena_deinit(&issuer->clients_arena);
}

enum galen_status token_issuer_read(struct token_issuer *issuer, struct error *out_error)
{
    struct token_issuer next = *issuer;
    next.keys = NULL;
    next.clients_text = NULL;
    enum galen_status status = read_clients(&next, out_error);
    if (status == GALEN_OK) {
        status = token_keys_read(next.folder, &next.keys, out_error);
    }
    if (status != GALEN_OK) {
        token_issuer_deinit(&next);
        return status;
    }
    token_issuer_deinit(issuer);
    *issuer = next;
    return GALEN_OK;
}

/* Answers */

static void answer(struct http_exchange *exchange, int status, struct bytes cache,
                   struct writer *body)
{
    const struct http_header headers[HEADER_COUNT] = {
        {BYTES("Content-Type"), media_type},
        {BYTES("Cache-Control"), cache},
        {BYTES("WWW-Authenticate"), BYTES("Basic realm=\"galen token serve\"")},
    };
    struct http_response response = {
        .status = status, .headers = headers, .header_count = status == 401 ? 3 : 2};
    struct blob *blob = NULL;
    if (writer_finish(body, &blob) == GALEN_OK) {
        response.parts[0] =
            (struct http_part){bytes_of(blob_data(blob), blob_size(blob)), blob};
        response.part_count = 1;
    } else {
        response.status = 500;
    }
    writer_deinit(body);
    http_exchange_respond(exchange, &response);
}

static void put_text(struct json_writer *json, const char *name, struct bytes text)
{
    json_put_name(json, name);
    json_put_string(json, text);
}

static void refuse(struct http_exchange *exchange, int status, const char *code)
{
    struct writer body;
    writer_init(&body, BODY_SIZE_BYTES_MAX);
    struct json_writer json = json_writer_on(&body);
    json_begin_object(&json);
    put_text(&json, "error", bytes_from_string(code));
    json_end_object(&json);
    answer(exchange, status, no_store, &body);
}

/* Without one: an array of nothing. */
static void put_list(struct json_writer *json, const char *name, const char *first,
                     const char *second)
{
    json_put_name(json, name);
    json_begin_array(json);
    if (first != NULL) {
        json_put_cstring(json, first);
    }
    if (second != NULL) {
        json_put_cstring(json, second);
    }
    json_end_array(json);
}

static void put_url(struct json_writer *json, const char *name, const char *base,
                    const char *path)
{
    struct writer url;
    writer_init(&url, LIMIT_URL_SIZE_BYTES_MAX);
    writer_put_string(&url, base);
    writer_put_string(&url, path);
    put_text(json, name, writer_bytes(&url));
    writer_deinit(&url);
}

static void answer_discovery(const struct token_issuer *issuer,
                             struct http_exchange *exchange)
{
    const enum signature_algorithm algorithm =
        signing_key_algorithm(token_keys_newest(issuer->keys));
    struct writer body;
    writer_init(&body, BODY_SIZE_BYTES_MAX);
    struct json_writer json = json_writer_on(&body);
    json_begin_object(&json);
    put_text(&json, "issuer", bytes_from_string(issuer->issuer));
    put_url(&json, "token_endpoint", issuer->base, "/token");
    put_url(&json, "jwks_uri", issuer->base, "/jwks");
    put_list(&json, "grant_types_supported", "client_credentials", NULL);
    put_list(&json, "token_endpoint_auth_methods_supported", "client_secret_basic",
             "client_secret_post");
    put_list(&json, "response_types_supported", NULL, NULL);
    put_list(&json, "subject_types_supported", "public", NULL);
    put_list(&json, "id_token_signing_alg_values_supported",
             signature_algorithm_name(algorithm), NULL);
    json_end_object(&json);
    answer(exchange, 200, no_store, &body);
}

static void answer_keys(const struct token_issuer *issuer, struct http_exchange *exchange)
{
    char max_age[MAX_AGE_SIZE];
    struct writer body;
    (void)snprintf(max_age, sizeof(max_age), "public, max-age=%llu",
                   (unsigned long long)issuer->max_age_s);
    writer_init(&body, LIMIT_KEY_SET_SIZE_BYTES_MAX);
    if (token_keys_put_set(issuer->keys, &body) == GALEN_OK) {
        answer(exchange, 200, bytes_from_string(max_age), &body);
    } else {
        writer_deinit(&body);
        refuse(exchange, 500, "server_error");
    }
}

/* Tokens */

static enum galen_status write_token(const struct token_issuer *issuer,
                                     const struct grant *grant, struct writer *out)
{
    char id[RANDOM_UUID_SIZE];
    TRY(random_uuid(id));
    const struct token_order order = {
        .issuer = bytes_from_string(issuer->issuer),
        .audience = bytes_from_string(issuer->audience),
        .subject = grant->client->id,
        .client_id = grant->client->id,
        .scope = grant->scope,
        .id = bytes_from_string(id),
        .now_s = clock_wall_ns() / NS_PER_S,
        .lifetime_s = issuer->lifetime_s,
    };
    return token_write(&order, token_keys_newest(issuer->keys), out, NULL);
}

static enum galen_status put_token(const struct token_issuer *issuer,
                                   const struct grant *grant, struct writer *body)
{
    struct writer token;
    struct json_writer json = json_writer_on(body);
    writer_init(&token, BODY_SIZE_BYTES_MAX);
    const enum galen_status status = write_token(issuer, grant, &token);
    if (status == GALEN_OK) {
        json_begin_object(&json);
        put_text(&json, "access_token", writer_bytes(&token));
        put_text(&json, "token_type", BYTES("Bearer"));
        json_put_name(&json, "expires_in");
        json_put_u64(&json, issuer->lifetime_s);
        put_text(&json, "scope", grant->scope);
        json_end_object(&json);
    }
    writer_deinit(&token);
    return status == GALEN_OK ? body->status : status;
}

static void give_token(const struct token_issuer *issuer, const struct grant *grant,
                       struct http_exchange *exchange)
{
    struct writer body;
    writer_init(&body, BODY_SIZE_BYTES_MAX);
    if (put_token(issuer, grant, &body) == GALEN_OK) {
        answer(exchange, 200, no_store, &body);
    } else {
        writer_deinit(&body);
        refuse(exchange, 500, "server_error");
    }
}

static void answer_grant(const struct token_issuer *issuer, struct http_exchange *exchange,
                         struct arena *arena)
{
    struct blob *body = http_exchange_body(exchange);
    struct grant_question question = {.body = bytes_of(blob_data(body), blob_size(body))};
    struct grant grant;
    (void)http_exchange_header(exchange, "Content-Type", &question.media_type);
    (void)http_exchange_header(exchange, "Authorization", &question.authorization);
    if (grant_decide(&issuer->clients, &question, arena, &grant) != GALEN_OK) {
        refuse(exchange, 500, "server_error");
    } else if (grant.verdict == GRANT_GIVEN) {
        give_token(issuer, &grant, exchange);
    } else {
        refuse(exchange, grant.verdict == GRANT_INVALID_CLIENT ? 401 : 400,
               grant_verdict_code(grant.verdict));
    }
}

static void on_body(void *context, struct http_exchange *exchange)
{
    struct arena arena;
    arena_init(&arena, MEMORY_SIZE_BYTES_MAX);
    answer_grant(context, exchange, &arena);
    arena_deinit(&arena);
}

/* Routes */

static bool is_discovery(const struct token_issuer *issuer, struct bytes path,
                         enum discovery_form form)
{
    struct web_url url;
    struct writer target;
    writer_init(&target, LIMIT_URL_SIZE_BYTES_MAX);
    INVARIANT(web_url_parse(bytes_from_string(issuer->issuer), &url, NULL) == GALEN_OK);
    discovery_write_target(&url, form, &target);
    const bool is_so = bytes_equal(writer_bytes(&target), path);
    writer_deinit(&target);
    return is_so;
}

static void answer_get(const struct token_issuer *issuer, struct http_exchange *exchange,
                       struct bytes path)
{
    if (bytes_equal_string(path, "/jwks")) {
        answer_keys(issuer, exchange);
    } else if (is_discovery(issuer, path, DISCOVERY_OPENID) ||
               is_discovery(issuer, path, DISCOVERY_OAUTH)) {
        answer_discovery(issuer, exchange);
    } else {
        refuse(exchange, 404, "not_found");
    }
}

static void on_headers(void *context, struct http_exchange *exchange)
{
    const struct http_body_options options = {.size_bytes_max = BODY_SIZE_BYTES_MAX};
    const struct http_request_head *head = http_exchange_head(exchange);
    const bool is_token = bytes_equal_string(head->path, "/token");
    if (is_token && head->method == HTTP_POST) {
        http_exchange_read_body(exchange, &options);
    } else if (is_token || head->method != HTTP_GET) {
        refuse(exchange, 405, "method_not_allowed");
    } else {
        answer_get(context, exchange, head->path);
    }
}

static void on_refuse(void *context, int status, struct bytes path,
                      const struct error *error, struct http_response *out_response)
{
    (void)context, (void)path, (void)error;
    *out_response = (struct http_response){.status = status, .close = true};
}

struct http_handler token_issuer_handler(struct token_issuer *issuer)
{
    return (struct http_handler){
        .context = issuer, .headers = on_headers, .body = on_body, .refuse = on_refuse};
}
