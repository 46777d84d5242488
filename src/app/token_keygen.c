/* SPDX-License-Identifier: Apache-2.0 */
/* galen token keygen: the first key of a folder, or the next. */
#include <stdio.h>
#include <string.h>

#include "app/token.h"
#include "app/token_keys.h"
#include "service/auth/jwk_write.h"

struct wish {
    const char *folder;
    struct token_keys_wish keys;
};

static bool take_algorithm(void *field, const char *value)
{
    if (!signature_algorithm_find(bytes_from_string(value), field)) {
        (void)token_complain(value, "is no algorithm here; see galen token keygen --help");
        return false;
    }
    return true;
}

static const struct option options[] = {
    OPTION_READ("--algorithm", struct wish, keys.algorithm, take_algorithm),
    OPTION_FLAG("--rotate", struct wish, keys.rotates),
    OPERAND(struct wish, folder),
    {.name = NULL},
};

static bool read_wish(int count, char **words, struct wish *out_wish)
{
    *out_wish = (struct wish){.keys = {.algorithm = SIGNATURE_ALGORITHM_COUNT}};
    if (!arguments_read(options, count, words, out_wish)) {
        return false;
    }
    if (out_wish->folder == NULL) {
        (void)token_complain("keygen", "needs a folder");
        return false;
    }
    return true;
}

static enum exit_code run(int count, char **words)
{
    struct wish wish;
    struct error error = {"", ""};
    char id[JWK_ID_SIZE];
    if (!read_wish(count, words, &wish)) {
        return EXIT_USAGE;
    }
    const enum galen_status status = token_keys_add(wish.folder, &wish.keys, id, &error);
    if (status != GALEN_OK) {
        return token_fail(status, &error);
    }
    (void)printf("%s\n", id);
    return fflush(stdout) == 0 ? EXIT_DONE : EXIT_FAILED;
}

const struct token_command token_keygen_command = {
    .name = "keygen",
    .help =
        "Usage: galen token keygen FOLDER [--algorithm NAME] [--rotate]\n\n"
        "Makes a key that signs tokens and prints its id (kid: the thumbprint of RFC\n"
        "7638). FOLDER then has the private key, NNNNNN-ALGORITHM.pem (PKCS #8, not\n"
        "encrypted, mode 0600), and jwks.json, which is public: the key set for who\n"
        "verifies, as a setting of galen gateway for one.\n\n"
        "  --algorithm NAME   of:"
#define SIGNATURE_ALGORITHM(name, text, key, digest, curve) " " text
#include "crypto/signature.def"
        ";\n"
        "                     ES256 where none is named, or as the key before\n"
        "  --rotate           FOLDER has keys: the new one signs from now on, those\n"
        "                     before stay in jwks.json\n\n"
        "Exit codes: 0 done, 1 it cannot be written, 2 wrong usage, or FOLDER has keys.\n",
    .run = run,
};
