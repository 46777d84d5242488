/* SPDX-License-Identifier: Apache-2.0 */
/* galen infer FILE: one file to a running gateway, its answer to stdout. */
#include <stdio.h>

#include "app/command.h"
#include "app/errand.h"
#include "app/file.h"
#include "base/clock.h"
#include "base/limits.h"
#include "codec/url.h"
#include "service/settings.h"

struct wish {
    const char *file;
    const char *url;
    const char *model;
    const char *version;
    const char *token_file; /* NULL: none */
    struct tls_files tls;
    uint64_t timeout_s;
};

static const struct option options[] = {
    OPTION_TEXT("--url", struct wish, url),
    OPTION_TEXT("--model", struct wish, model),
    OPTION_TEXT("--version", struct wish, version),
    OPTION_READ("--timeout", struct wish, timeout_s, errand_take_timeout),
    ERRAND_TLS_OPTIONS(struct wish),
    OPTION_TEXT("--token-file", struct wish, token_file),
    OPERAND(struct wish, file),
    {.name = NULL},
};

static enum exit_code complain(const char *subject, const char *why)
{
    (void)fprintf(stderr, "galen: %s: %s\n", subject, why);
    return EXIT_USAGE;
}

static bool read_wish(int count, char **words, struct wish *out_wish)
{
    *out_wish = (struct wish){.url = "http://127.0.0.1:8000", .timeout_s = 60};
    if (!arguments_read(options, count, words, out_wish)) {
        return false;
    }
    if (out_wish->file == NULL) {
        (void)complain("infer", "needs a file, or - for standard input");
        return false;
    }
    return true;
}

static void put_parameter(struct writer *target, const char *name, const char *value)
{
    if (value != NULL) {
        writer_put_byte(target,
                        bytes_find(writer_bytes(target), '?') < target->size ? '&' : '?');
        writer_put_string(target, name);
        writer_put_byte(target, '=');
        url_encode(bytes_from_string(value), target);
    }
}

/* By the ending of the file's name; NULL: it says nothing, and the gateway looks itself. */
static const char *media_type_by_name(const char *path)
{
    static const struct {
        struct bytes ending;
        const char *type;
    } endings[] = {
        {BYTES_INIT(".json"), "application/json"}, {BYTES_INIT(".txt"), "text/plain"},
        {BYTES_INIT(".png"), "image/png"},         {BYTES_INIT(".jpg"), "image/jpeg"},
        {BYTES_INIT(".jpeg"), "image/jpeg"},
    };
    const struct bytes name = bytes_from_string(path);
    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
        const struct bytes ending = endings[i].ending;
        if (name.size > ending.size &&
            bytes_equal_ignoring_case(bytes_from(name, name.size - ending.size), ending)) {
            return endings[i].type;
        }
    }
    return NULL;
}

/* The answer on stdout, a refusal on stderr. */
static enum exit_code report(struct errand_answer *answer)
{
    const bool is_answer = answer->http_status >= 200 && answer->http_status <= 299;
    FILE *out = is_answer ? stdout : stderr;
    (void)fwrite(blob_data(answer->body), 1, blob_size(answer->body), out);
    (void)fputc('\n', out);
    blob_unref(answer->body);
    return is_answer ? EXIT_DONE : EXIT_FAILED;
}

static enum exit_code go(const struct errand *errand)
{
    struct errand_answer answer;
    struct error why = {.text = "out of memory"};
    const enum galen_status status = errand_run(errand, &answer, &why);
    if (status == GALEN_OK) {
        return report(&answer);
    }
    (void)fprintf(stderr, "galen: %s\n", why.text);
    return status == GALEN_INVALID ? EXIT_USAGE : EXIT_FAILED;
}

/* Takes the body. */
static enum exit_code send(const struct wish *wish, struct blob *token, struct blob *body)
{
    const char *type = media_type_by_name(wish->file);
    struct writer target;
    writer_init(&target, LIMIT_URL_SIZE_BYTES_MAX);
    writer_put_string(&target, "/infer");
    put_parameter(&target, "model", wish->model);
    put_parameter(&target, "version", wish->version);
    struct errand errand = {
        .url = wish->url,
        .tls = wish->tls,
        .method = HTTP_POST,
        .target = writer_bytes(&target),
        .body = body,
        .timeout_ns = wish->timeout_s * NS_PER_S,
    };
    if (token != NULL) {
        errand_add_header(&errand, BYTES("Authorization"),
                          bytes_of(blob_data(token), blob_size(token)));
    }
    if (type != NULL) {
        errand_add_header(&errand, BYTES("Content-Type"), bytes_from_string(type));
    }
    const enum exit_code code = go(&errand);
    writer_deinit(&target);
    return code;
}

static enum galen_status read_files(const struct wish *wish, struct blob **out_token,
                                    struct blob **out_body, struct error *out_error)
{
    scoped(blob) token = NULL;
    TRY(errand_read_token(wish->url, wish->token_file, &token, out_error));
    TRY(file_read_operand(wish->file, LIMIT_BODY_SIZE_BYTES_MAX, out_body, out_error));
    *out_token = take(&token);
    return GALEN_OK;
}

static enum exit_code run(int count, char **words)
{
    struct wish wish;
    struct settings_peer peer;
    scoped(blob) token = NULL;
    struct blob *body;
    struct error error = {.text = "out of memory"};
    if (!read_wish(count, words, &wish)) {
        return EXIT_USAGE;
    }
    if (settings_peer_parse(bytes_from_string(wish.url), &peer, &error) != GALEN_OK) {
        return complain(wish.url, error.text);
    }
    if (read_files(&wish, &token, &body, &error) != GALEN_OK) {
        (void)fprintf(stderr, "galen: %s\n", error.text);
        return EXIT_USAGE;
    }
    return send(&wish, token, body);
}

const struct command infer_command = {
    .name = "infer",
    .summary = "sends a file to a running gateway and prints the answer",
    .help = "Usage: galen infer [OPTION]... FILE\n\n"
            "Sends FILE (or standard input, for -) to POST /infer and prints the answer.\n"
            "A .txt file is a note, a .png or .jpg an image. A .json file is the body "
            "itself:\n"
            "{\"model\": …, \"input\": …}. Any other is what the gateway sees that it "
            "is.\n\n"
            "  --url URL        of the gateway; http://127.0.0.1:8000\n"
            "  --model NAME     where the file names none\n"
            "  --version V      a number or a tag such as current or previous\n"
            "  --timeout S      seconds to wait for the answer; 60\n" ERRAND_TLS_HELP
            "  --token-file FILE\n"
            "                   the access token to show; over https, or to this machine\n"
            "  --help           prints this, and ends\n\n"
            "Exit codes: 0 answered, 1 refused or unreachable, 2 wrong usage.\n",
    .run = run,
};
