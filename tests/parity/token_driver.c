/* SPDX-License-Identifier: Apache-2.0 */
/*
 * token_driver JWKS.JSON NOW: tokens from stdin, each announced by its size on a line of
 * its own; for each, on stdout, "ok" or the word of its refusal. What they are held to
 * stands in tokens.py.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "service/auth/token.h"

enum { ARENA_SIZE_BYTES_MAX = 16 << 20, DECIMAL = 10 };

static const struct bytes audience = BYTES_INIT("galen");
static const struct token_rules rules = {
    .type = BYTES_INIT("at+jwt"),
    .claims =
        {
            .issuer = BYTES_INIT("https://issuer.example"),
            .audiences = &audience,
            .audience_count = 1,
            .scopes_claim = "scope",
            .client_claim = "client_id",
            .token_id_claim = "jti",
            .lifetime_s_max = 3600,
            .leeway_s = 30,
        },
};

static struct key_set *read_keys(const char *path)
{
    static uint8_t text[LIMIT_KEY_SET_SIZE_BYTES_MAX];
    struct key_set *keys = NULL;
    struct error error;
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return NULL;
    }
    const size_t size = fread(text, 1, sizeof(text), file);
    (void)fclose(file);
    if (key_set_parse(bytes_of(text, size), JWK_ALGORITHMS_ALL, &keys, &error) !=
        GALEN_OK) {
        (void)fprintf(stderr, "%s\n", error.text);
        return NULL;
    }
    return keys;
}

static void answer(struct bytes text, const struct key_set *keys, int64_t now_s)
{
    struct arena arena;
    struct token token;
    arena_init(&arena, ARENA_SIZE_BYTES_MAX);
    (void)puts(refusal_word(token_verify(text, &rules, keys, now_s, &arena, &token)));
    arena_deinit(&arena);
}

int main(int argc, char **argv)
{
    static uint8_t text[4 * LIMIT_TOKEN_SIZE_BYTES_MAX];
    struct key_set *keys = argc == 3 ? read_keys(argv[1]) : NULL;
    size_t size;
    if (keys == NULL) {
        return EXIT_FAILURE;
    }
    while (scanf("%zu", &size) == 1) {
        if (getchar() != '\n' || size > sizeof(text) ||
            fread(text, 1, size, stdin) != size) {
            return EXIT_FAILURE;
        }
        answer(bytes_of(text, size), keys, strtoll(argv[2], NULL, DECIMAL));
    }
    key_set_unref(keys);
    return EXIT_SUCCESS;
}
