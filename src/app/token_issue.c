/* SPDX-License-Identifier: Apache-2.0 */
/* galen token issue: one access token to stdout. */
#include <stdio.h>
#include <string.h>

#include "app/file.h"
#include "app/token.h"
#include "app/token_keys.h"
#include "base/clock.h"
#include "base/limits.h"
#include "crypto/certificate.h"
#include "crypto/random.h"
#include "service/auth/token_write.h"

enum { CLAIM_COUNT_MAX = 32, CERTIFICATE_SIZE_BYTES_MAX = 1 << 20 };

struct wish {
    const char *folder;
    const char *certificate;
    struct token_order order;
    struct token_claim claims[CLAIM_COUNT_MAX];
    uint8_t digest[SHA256_SIZE];
    char id[RANDOM_UUID_SIZE];
};

/* name=text or name:=JSON. */
static bool take_claim(void *context, const char *value)
{
    struct wish *wish = context;
    struct bytes name;
    const struct bytes text = bytes_split(bytes_from_string(value), '=', &name);
    const bool is_json = name.size > 0 && name.data[name.size - 1] == ':';
    name.size -= is_json;
    if (strchr(value, '=') == NULL || name.size == 0) {
        (void)token_complain(value, "is no claim: name=text or name:=JSON");
        return false;
    }
    if (wish->order.claim_count == CLAIM_COUNT_MAX) {
        (void)token_complain(value, "is one claim too many");
        return false;
    }
    wish->claims[wish->order.claim_count++] = (struct token_claim){name, text, is_json};
    return true;
}

static const struct option options[] = {
    OPTION_TEXT("--key", struct wish, folder),
    OPTION_BYTES("--issuer", struct wish, order.issuer),
    OPTION_BYTES("--audience", struct wish, order.audience),
    OPTION_BYTES("--subject", struct wish, order.subject),
    OPTION_BYTES("--client", struct wish, order.client_id),
    OPTION_BYTES("--scope", struct wish, order.scope),
    OPTION_READ("--lifetime", struct wish, order.lifetime_s, token_take_duration),
    {"--claim", true, take_claim, 0},
    OPTION_TEXT("--certificate", struct wish, certificate),
    {.name = NULL},
};

static bool has_all(const struct wish *wish)
{
    const struct {
        const char *option;
        bool is_there;
    } needed[] = {
        {"--key", wish->folder != NULL},
        {"--issuer", wish->order.issuer.size > 0},
        {"--audience", wish->order.audience.size > 0},
        {"--subject", wish->order.subject.size > 0},
    };
    for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
        if (!needed[i].is_there) {
            (void)token_complain(needed[i].option, "is needed");
            return false;
        }
    }
    return true;
}

static enum galen_status read_certificate(struct wish *wish, struct error *out_error)
{
    scoped(blob) pem = NULL;
    TRY(file_read_operand(wish->certificate, CERTIFICATE_SIZE_BYTES_MAX, &pem, out_error));
    const enum galen_status status =
        certificate_sha256(bytes_of(blob_data(pem), blob_size(pem)), wish->digest);
    wish->order.certificate = wish->digest;
    return status == GALEN_OK ? GALEN_OK
                              : error_set(out_error, status, "%s: is no certificate in PEM",
                                          wish->certificate);
}

static enum galen_status complete(struct wish *wish, struct error *out_error)
{
    struct token_order *order = &wish->order;
    if (order->client_id.size == 0) {
        order->client_id = order->subject;
    }
    order->claims = wish->claims;
    order->now_s = clock_wall_ns() / NS_PER_S;
    TRY(random_uuid(wish->id));
    order->id = bytes_from_string(wish->id);
    return wish->certificate == NULL ? GALEN_OK : read_certificate(wish, out_error);
}

static enum galen_status issue(struct wish *wish, struct writer *out,
                               struct error *out_error)
{
    scoped(token_keys) keys = NULL;
    TRY(complete(wish, out_error));
    TRY(token_keys_read(wish->folder, &keys, out_error));
    return token_write(&wish->order, token_keys_newest(keys), out, out_error);
}

static enum exit_code run(int count, char **words)
{
    struct wish wish = {.order = {.lifetime_s = TOKEN_LIFETIME_S_DEFAULT}};
    struct error error = {"", ""};
    struct writer token;
    if (!arguments_read(options, count, words, &wish) || !has_all(&wish)) {
        return EXIT_USAGE;
    }
    writer_init(&token, 2 * (size_t)LIMIT_TOKEN_SIZE_BYTES_MAX);
    const enum galen_status status = issue(&wish, &token, &error);
    if (status == GALEN_OK) {
        (void)printf("%.*s\n", BYTES_PRINT(writer_bytes(&token)));
    }
    writer_deinit(&token);
    if (status != GALEN_OK) {
        return token_fail(status, &error);
    }
    return fflush(stdout) == 0 ? EXIT_DONE : EXIT_FAILED;
}

const struct token_command token_issue_command = {
    .name = "issue",
    .help =
        "Usage: galen token issue --key FOLDER --issuer URL --audience NAME\n"
        "                         --subject NAME [OPTION]...\n\n"
        "Prints an access token (RFC 9068) that the newest key of FOLDER signs.\n\n"
        "  --key FOLDER         of galen token keygen\n"
        "  --issuer URL         iss: exactly as galen is told\n"
        "  --audience NAME      aud: likewise\n"
        "  --subject NAME       sub: who asks\n"
        "  --client NAME        client_id: the program that asks; as the subject where\n"
        "                       it is not named\n"
        "  --scope WORDS        scope: \"infer:text infer:image\"\n"
        "  --lifetime TIME      90s, 15m, 1h; 15m where none is named, a day at most\n"
        "  --claim NAME=TEXT    a further claim; NAME:=JSON for one that is no text\n"
        "  --certificate FILE   binds the token to a client certificate in PEM (RFC\n"
        "                       8705): it counts over that TLS connection only\n\n"
        "Exit codes: 0 done, 1 failed, 2 wrong usage, or files that are not usable.\n",
    .run = run,
};
