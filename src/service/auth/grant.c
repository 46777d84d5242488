/* SPDX-License-Identifier: Apache-2.0 */
#include "service/auth/grant.h"

#include "base/limits.h"
#include "base/writer.h"
#include "codec/base64.h"
#include "codec/media_type.h"
#include "codec/url.h"

static bool is_space(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r';
}

/* The next word, and what is behind it. */
static struct bytes take_word(struct bytes *text)
{
    size_t begin = 0;
    while (begin < text->size && is_space(text->data[begin])) {
        begin++;
    }
    size_t end = begin;
    while (end < text->size && !is_space(text->data[end])) {
        end++;
    }
    const struct bytes word = bytes_from(bytes_first(*text, end), begin);
    *text = bytes_from(*text, end);
    return word;
}

/* Clients */

static bool is_line_of_client(struct bytes line)
{
    const struct bytes word = take_word(&line);
    return word.size > 0 && word.data[0] != '#';
}

static size_t count_clients(struct bytes text)
{
    size_t count = 0;
    while (text.size > 0) {
        struct bytes line;
        text = bytes_split(text, '\n', &line);
        count += is_line_of_client(line);
    }
    return count;
}

static struct bytes trim(struct bytes text)
{
    while (text.size > 0 && is_space(text.data[text.size - 1])) {
        text.size--;
    }
    return bytes_trim(text);
}

static const struct grant_client *find_client(const struct grant_clients *clients,
                                              struct bytes id)
{
    for (size_t i = 0; i < clients->count; i++) {
        if (bytes_equal(clients->at[i].id, id)) {
            return &clients->at[i];
        }
    }
    return NULL;
}

static enum galen_status read_client(struct bytes line, size_t number,
                                     const struct grant_clients *before,
                                     struct grant_client *out_client,
                                     struct error *out_error)
{
    out_client->id = take_word(&line);
    const struct bytes secret = take_word(&line);
    out_client->scope = trim(line);
    if (secret.size == 0) {
        return error_set(out_error, GALEN_INVALID, "line %zu: there is no secret", number);
    }
    if (find_client(before, out_client->id) != NULL) {
        return error_set(out_error, GALEN_INVALID,
                         "line %zu: there is such a client already", number);
    }
    if (!bytes_are_utf8(line, NULL) || !bytes_are_utf8(out_client->id, NULL)) {
        return error_set(out_error, GALEN_INVALID, "line %zu: is no UTF-8", number);
    }
    return sha256_of(secret, out_client->secret);
}

enum galen_status grant_read_clients(struct bytes text, struct arena *arena,
                                     struct grant_clients *out_clients,
                                     struct error *out_error)
{
    const size_t count = count_clients(text);
    if (count > LIMIT_GRANT_CLIENT_COUNT_MAX) {
        return error_set(out_error, GALEN_TOO_LARGE, "there are more than %d clients",
                         LIMIT_GRANT_CLIENT_COUNT_MAX);
    }
    struct grant_client *at = arena_alloc_array(arena, count + 1, sizeof(*at));
    if (at == NULL) {
        return GALEN_NO_MEMORY;
    }
    struct grant_clients clients = {at, 0};
    for (size_t number = 1; text.size > 0; number++) {
        struct bytes line;
        text = bytes_split(text, '\n', &line);
        if (is_line_of_client(line)) {
            TRY(read_client(line, number, &clients, &at[clients.count], out_error));
            clients.count++;
        }
    }
    *out_clients = clients;
    return GALEN_OK;
}

/* Grants */

const char *grant_verdict_code(enum grant_verdict verdict)
{
    static const char *const codes[] = {
        [GRANT_GIVEN] = "",
        [GRANT_INVALID_REQUEST] = "invalid_request",
        [GRANT_INVALID_CLIENT] = "invalid_client",
        [GRANT_UNSUPPORTED_GRANT_TYPE] = "unsupported_grant_type",
        [GRANT_INVALID_SCOPE] = "invalid_scope",
    };
    return codes[verdict];
}

struct credentials {
    struct bytes id;
    struct bytes secret;
};

/* What a form or a header may be wrong in; GALEN_INVALID is the asker's fault, and becomes
 * the verdict. */
static enum galen_status get(const struct grant_question *question, const char *name,
                             struct arena *arena, struct bytes *out_value)
{
    const enum galen_status status = url_query_get(question->body, name, arena, out_value);
    if (status == GALEN_NOT_FOUND) {
        *out_value = BYTES_NONE;
        return GALEN_OK;
    }
    return status;
}

static bool has_scheme(struct bytes authorization, struct bytes scheme)
{
    return bytes_equal_ignoring_case(bytes_first(authorization, scheme.size), scheme);
}

/* Both are form-encoded inside, RFC 6749 section 2.3.1: "a" is a member of a query. */
static enum galen_status decode_form(struct bytes text, struct arena *arena,
                                     struct bytes *out_text)
{
    struct writer query;
    writer_init(&query, LIMIT_HEADER_SIZE_BYTES_MAX);
    writer_put_string(&query, "a=");
    writer_put(&query, text);
    const enum galen_status status =
        query.status == GALEN_OK ? url_query_get(writer_bytes(&query), "a", arena, out_text)
                                 : query.status;
    writer_deinit(&query);
    return status;
}

static enum galen_status read_basic(struct bytes authorization, struct arena *arena,
                                    struct credentials *out)
{
    const struct bytes scheme = BYTES("Basic ");
    struct bytes text = BYTES_NONE;
    struct bytes id;
    if (!has_scheme(authorization, scheme)) {
        return GALEN_INVALID;
    }
    TRY(base64_decode(bytes_trim(bytes_from(authorization, scheme.size)), arena, &text,
                      NULL));
    if (bytes_find(text, ':') == text.size || bytes_find(text, '&') < text.size) {
        return GALEN_INVALID;
    }
    const struct bytes secret = bytes_split(text, ':', &id);
    TRY(decode_form(id, arena, &out->id));
    return decode_form(secret, arena, &out->secret);
}

/* By the header or in the body, not both: two ways to say who asks are one too many. */
static enum galen_status read_credentials(const struct grant_question *question,
                                          struct arena *arena, struct credentials *out)
{
    struct credentials in_body;
    TRY(get(question, "client_id", arena, &in_body.id));
    TRY(get(question, "client_secret", arena, &in_body.secret));
    if (question->authorization.size == 0) {
        *out = in_body;
        return GALEN_OK;
    }
    TRY(read_basic(question->authorization, arena, out));
    const bool is_told_twice = in_body.secret.size > 0 ||
                               (in_body.id.size > 0 && !bytes_equal(in_body.id, out->id));
    return is_told_twice ? GALEN_INVALID : GALEN_OK;
}

/* By digests, whose comparison tells nothing of the secret. */
static enum galen_status check_secret(const struct grant_client *client,
                                      struct bytes secret, bool *out_is_right)
{
    uint8_t digest[SHA256_SIZE];
    TRY(sha256_of(secret, digest));
    *out_is_right = client != NULL && memcmp(digest, client->secret, sizeof(digest)) == 0;
    return GALEN_OK;
}

static bool has_word(struct bytes text, struct bytes word)
{
    struct bytes each = take_word(&text);
    while (each.size > 0 && !bytes_equal(each, word)) {
        each = take_word(&text);
    }
    return each.size > 0;
}

static bool covers(struct bytes allowed, struct bytes asked)
{
    struct bytes word = take_word(&asked);
    while (word.size > 0 && has_word(allowed, word)) {
        word = take_word(&asked);
    }
    return word.size == 0;
}

static enum grant_verdict judge_scope(const struct grant_client *client, struct bytes asked,
                                      struct grant *grant)
{
    if (!bytes_are_utf8(asked, NULL) || !covers(client->scope, asked)) {
        return GRANT_INVALID_SCOPE;
    }
    grant->client = client;
    grant->scope = asked.size > 0 ? asked : client->scope;
    return GRANT_GIVEN;
}

static bool is_form(struct bytes declared)
{
    struct media_type type;
    return media_type_parse(declared, &type) == GALEN_OK &&
           media_type_is(type, "application/x-www-form-urlencoded");
}

static enum galen_status judge(const struct grant_clients *clients,
                               const struct grant_question *question, struct arena *arena,
                               struct grant *grant)
{
    struct credentials credentials = {BYTES_NONE, BYTES_NONE};
    struct bytes type;
    struct bytes scope;
    bool is_right = false;
    TRY(get(question, "grant_type", arena, &type));
    TRY(get(question, "scope", arena, &scope));
    TRY(read_credentials(question, arena, &credentials));
    const struct grant_client *client = find_client(clients, credentials.id);
    TRY(check_secret(client, credentials.secret, &is_right));
    if (!is_right) {
        grant->verdict = GRANT_INVALID_CLIENT;
    } else if (type.size == 0) {
        grant->verdict = GRANT_INVALID_REQUEST;
    } else if (!bytes_equal_string(type, "client_credentials")) {
        grant->verdict = GRANT_UNSUPPORTED_GRANT_TYPE;
    } else {
        grant->verdict = judge_scope(client, scope, grant);
    }
    return GALEN_OK;
}

enum galen_status grant_decide(const struct grant_clients *clients,
                               const struct grant_question *question, struct arena *arena,
                               struct grant *out_grant)
{
    struct grant grant = {.verdict = GRANT_INVALID_REQUEST};
    const enum galen_status status = is_form(question->media_type)
                                         ? judge(clients, question, arena, &grant)
                                         : GALEN_INVALID;
    if (status != GALEN_OK && status != GALEN_INVALID) {
        return status;
    }
    *out_grant = grant;
    return GALEN_OK;
}
