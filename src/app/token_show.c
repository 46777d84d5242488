/* SPDX-License-Identifier: Apache-2.0 */
/* galen token show: what a token says, and with a key set whether its signature is right.
 */
#include <stdio.h>
#include <string.h>

#include "app/file.h"
#include "app/token.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/utc.h"
#include "base/writer.h"
#include "codec/base64url.h"
#include "codec/json_value.h"
#include "service/auth/key_set.h"

enum { MEMORY_SIZE_BYTES_MAX = 8 << 20, PART_COUNT = 3 };

struct wish {
    const char *token; /* "-": standard input */
    const char *jwks;  /* NULL: nothing is verified */
    bool is_json;
};

static const struct option options[] = {
    OPTION_TEXT("--jwks", struct wish, jwks),
    OPTION_FLAG("--json", struct wish, is_json),
    OPERAND(struct wish, token),
    {.name = NULL},
};

struct shown {
    struct arena arena;
    struct blob *text; /* where it was read from */
    struct bytes token;
    struct bytes signed_part;
    struct bytes signature;
    const struct json *header;
    const struct json *payload;
    bool is_verified;
};

static bool read_wish(int count, char **words, struct wish *out_wish)
{
    *out_wish = (struct wish){NULL, NULL, false};
    if (!arguments_read(options, count, words, out_wish)) {
        return false;
    }
    if (out_wish->token == NULL) {
        (void)token_complain("show", "needs a token, or - for standard input");
        return false;
    }
    return true;
}

static enum galen_status read_token(const struct wish *wish, struct shown *shown,
                                    struct error *out_error)
{
    if (strcmp(wish->token, "-") != 0) {
        shown->token = bytes_from_string(wish->token);
        return GALEN_OK;
    }
    TRY(file_read_operand("-", 2 * (size_t)LIMIT_TOKEN_SIZE_BYTES_MAX, &shown->text,
                          out_error));
    shown->token = bytes_of(blob_data(shown->text), blob_size(shown->text));
    while (shown->token.size > 0 && shown->token.data[shown->token.size - 1] <= ' ') {
        shown->token.size--;
    }
    return GALEN_OK;
}

/* The parts, still encoded. */
static bool split(struct shown *shown, struct bytes *parts)
{
    struct bytes left = shown->token;
    for (size_t i = 0; i < PART_COUNT; i++) {
        const bool has_dot = bytes_find(left, '.') < left.size;
        left = bytes_split(left, '.', &parts[i]);
        if (has_dot != (i < PART_COUNT - 1)) {
            return false;
        }
    }
    shown->signed_part = bytes_first(shown->token, parts[0].size + 1 + parts[1].size);
    return true;
}

static enum galen_status read_part(struct shown *shown, struct bytes part, const char *name,
                                   const struct json **out_json, struct error *out_error)
{
    struct bytes text = BYTES_NONE;
    struct error why = {"", ""};
    enum galen_status status = base64url_decode(part, &shown->arena, &text);
    if (status != GALEN_OK) {
        return error_set(out_error, status, "the %s is no base64url", name);
    }
    status = json_parse(text, &shown->arena, out_json, &why);
    if (status != GALEN_OK) {
        return error_set(out_error, status, "the %s is no JSON: %s", name, why.text);
    }
    return json_type(*out_json) == JSON_OBJECT
               ? GALEN_OK
               : error_set(out_error, GALEN_INVALID, "the %s is no object", name);
}

static enum galen_status decode(const struct wish *wish, struct shown *shown,
                                struct error *out_error)
{
    struct bytes parts[PART_COUNT];
    TRY(read_token(wish, shown, out_error));
    if (!split(shown, parts)) {
        return error_set(out_error, GALEN_INVALID,
                         "that is no signed token: three parts with dots between them");
    }
    TRY(read_part(shown, parts[0], "header", &shown->header, out_error));
    TRY(read_part(shown, parts[1], "payload", &shown->payload, out_error));
    return base64url_decode(parts[2], &shown->arena, &shown->signature) == GALEN_OK
               ? GALEN_OK
               : error_set(out_error, GALEN_INVALID, "the signature is no base64url");
}

static struct bytes text_of(const struct json *object, const char *name)
{
    const struct json *member = json_member(object, name);
    return member != NULL && json_type(member) == JSON_STRING ? json_string(member)
                                                              : BYTES_NONE;
}

/* The key by its id, and by the algorithm that the key is for: what the header says has to
 * be the same. */
static bool verify_with(const struct shown *shown, const struct key_set *set)
{
    const struct jwk *key = key_set_find(set, text_of(shown->header, "kid"));
    return key != NULL &&
           bytes_equal_string(text_of(shown->header, "alg"),
                              signature_algorithm_name(key->algorithm)) &&
           public_key_verify(key->key, key->algorithm, shown->signed_part,
                             shown->signature);
}

static enum galen_status verify(const struct wish *wish, struct shown *shown,
                                struct error *out_error)
{
    scoped(blob) text = NULL;
    scoped(key_set) set = NULL;
    struct error why = {"", ""};
    if (wish->jwks == NULL) {
        return GALEN_OK;
    }
    TRY(file_read_operand(wish->jwks, LIMIT_KEY_SET_SIZE_BYTES_MAX, &text, out_error));
    const enum galen_status status = key_set_parse(
        bytes_of(blob_data(text), blob_size(text)), JWK_ALGORITHMS_ALL, &set, &why);
    if (status != GALEN_OK) {
        return error_set(out_error, status, "%s: %s", wish->jwks, why.text);
    }
    shown->is_verified = verify_with(shown, set);
    return GALEN_OK;
}

/* What nobody may overlook. */
static void warn(const struct wish *wish, const struct shown *shown)
{
    if (wish->jwks == NULL) {
        (void)fprintf(stderr, "galen: token: NOT VERIFIED: anybody can write such a token; "
                              "--jwks FILE looks at its signature\n");
    } else if (shown->is_verified) {
        (void)fprintf(stderr,
                      "galen: token: the signature is by a key of %s; issuer, "
                      "audience and times were NOT looked at\n",
                      wish->jwks);
    } else {
        (void)fprintf(stderr, "galen: token: WRONG SIGNATURE: no key of %s has made it\n",
                      wish->jwks);
    }
}

static enum galen_status print_value(const char *name, const struct json *value)
{
    struct writer text;
    writer_init(&text, MEMORY_SIZE_BYTES_MAX);
    struct json_writer json = json_writer_on(&text);
    json_put_value(&json, value);
    if (text.status == GALEN_OK) {
        (void)printf("%-9s%.*s\n", name, BYTES_PRINT(writer_bytes(&text)));
    }
    const enum galen_status status = text.status;
    writer_deinit(&text);
    return status;
}

static void print_time(const struct json *payload, const char *claim, const char *name)
{
    const struct json *member = json_member(payload, claim);
    uint64_t seconds;
    char text[UTC_SIZE];
    if (member == NULL || json_type(member) != JSON_NUMBER ||
        !bytes_parse_u64(json_number(member), UINT64_MAX / NS_PER_S, &seconds)) {
        return;
    }
    utc_write(seconds * NS_PER_S, text);
    const bool is_past = seconds <= clock_wall_ns() / NS_PER_S;
    (void)printf("%-9s%s%s\n", name, text,
                 strcmp(claim, "exp") != 0 ? ""
                 : is_past                 ? " (has expired)"
                                           : "");
}

static enum galen_status print_text(const struct shown *shown)
{
    TRY(print_value("header", shown->header));
    TRY(print_value("payload", shown->payload));
    print_time(shown->payload, "iat", "issued");
    print_time(shown->payload, "exp", "expires");
    return GALEN_OK;
}

static enum galen_status print_json(const struct shown *shown)
{
    struct writer text;
    writer_init(&text, MEMORY_SIZE_BYTES_MAX);
    struct json_writer json = json_writer_on(&text);
    json_begin_object(&json);
    json_put_name(&json, "header");
    json_put_value(&json, shown->header);
    json_put_name(&json, "payload");
    json_put_value(&json, shown->payload);
    json_put_name(&json, "signature_verified");
    json_put_bool(&json, shown->is_verified);
    json_end_object(&json);
    if (text.status == GALEN_OK) {
        (void)printf("%.*s\n", BYTES_PRINT(writer_bytes(&text)));
    }
    const enum galen_status status = text.status;
    writer_deinit(&text);
    return status;
}

static enum galen_status show(const struct wish *wish, struct shown *shown,
                              struct error *out_error)
{
    TRY(decode(wish, shown, out_error));
    TRY(verify(wish, shown, out_error));
    warn(wish, shown);
    return wish->is_json ? print_json(shown) : print_text(shown);
}

static enum exit_code run(int count, char **words)
{
    struct wish wish;
    struct error error = {"", ""};
    struct shown shown = {.text = NULL};
    if (!read_wish(count, words, &wish)) {
        return EXIT_USAGE;
    }
    arena_init(&shown.arena, MEMORY_SIZE_BYTES_MAX);
    const enum galen_status status = show(&wish, &shown, &error);
    const bool is_wrong = wish.jwks != NULL && !shown.is_verified;
    blob_unref(shown.text);
    arena_deinit(&shown.arena);
    if (status != GALEN_OK) {
        return token_fail(status, &error);
    }
    return fflush(stdout) == 0 && !is_wrong ? EXIT_DONE : EXIT_FAILED;
}

const struct token_command token_show_command = {
    .name = "show",
    .help =
        "Usage: galen token show TOKEN|- [--jwks FILE] [--json]\n\n"
        "Prints what a token says: TOKEN, or what standard input has. That it says so\n"
        "proves nothing: anybody can write a token. A token on a command line is seen\n"
        "by other users of the machine; - is not.\n\n"
        "  --jwks FILE   looks whether a key of this set has signed it. Issuer, audience\n"
        "                and times are not looked at: that is what galen does as a\n"
        "                server\n"
        "  --json        one JSON object: {\"header\", \"payload\",\n"
        "                \"signature_verified\"}\n\n"
        "Exit codes: 0 done, 1 the signature is wrong, 2 wrong usage, or no token.\n",
    .run = run,
};
