/* SPDX-License-Identifier: Apache-2.0 */
#include "service/auth/auth_settings.h"

#include "base/arena.h"

enum { ARENA_SIZE_BYTES_MAX = 1 << 20 };

/* The next of a list with commas between its words, blanks around them left away. */
static struct bytes next_word(struct bytes *list)
{
    struct bytes word;
    *list = bytes_split(*list, ',', &word);
    return bytes_trim(word);
}

enum galen_status auth_settings_algorithms(const struct settings *settings,
                                           uint32_t *out_algorithms,
                                           struct error *out_error)
{
    struct bytes list = bytes_from_string(settings->auth_algorithms);
    uint32_t algorithms = 0;
    while (list.size > 0) {
        enum signature_algorithm algorithm;
        if (!signature_algorithm_find(next_word(&list), &algorithm)) {
            return error_set(out_error, GALEN_INVALID,
                             "auth.algorithms: has what is none of RS256 RS384 RS512 PS256 "
                             "PS384 PS512 ES256 ES384 ES512 EdDSA");
        }
        algorithms |= JWK_ALGORITHM(algorithm);
    }
    *out_algorithms = algorithms;
    return GALEN_OK;
}

static enum galen_status split(struct bytes list, uint8_t separator, size_t count_max,
                               struct arena *arena, const struct bytes **out_words,
                               size_t *out_count)
{
    struct bytes *words = arena_alloc_array(arena, count_max, sizeof(*words));
    size_t count = 0;
    if (words == NULL) {
        return GALEN_NO_MEMORY;
    }
    while (list.size > 0) {
        if (count == count_max) {
            return GALEN_TOO_LARGE;
        }
        list = bytes_split(list, separator, &words[count]);
        words[count] = bytes_trim(words[count]);
        count++;
    }
    *out_words = words;
    *out_count = count;
    return GALEN_OK;
}

static enum galen_status read_tokens(const struct settings *settings, struct arena *arena,
                                     struct token_rules *out_rules, struct error *out_error)
{
    const enum galen_status status =
        split(bytes_from_string(settings->auth_audience), ',', LIMIT_AUDIENCE_COUNT_MAX,
              arena, &out_rules->claims.audiences, &out_rules->claims.audience_count);
    out_rules->type = bytes_from_string(settings->auth_token_type);
    out_rules->claims.issuer = bytes_from_string(settings->auth_issuer);
    out_rules->claims.scopes_claim = settings->auth_scopes_claim;
    out_rules->claims.client_claim = settings->auth_client_claim;
    out_rules->claims.token_id_claim = settings->auth_token_id_claim;
    out_rules->claims.lifetime_s_max = (int64_t)settings->auth_lifetime_s_max;
    out_rules->claims.leeway_s = (int64_t)settings->auth_leeway_s;
    return status == GALEN_OK ? status
                              : error_set(out_error, status, "auth.audience: has too many");
}

static enum galen_status read_clients(const struct settings *settings, struct arena *arena,
                                      struct auth_options *out_options)
{
    struct certificate_rule *rules =
        arena_alloc_array(arena, settings->client_count, sizeof(*rules));
    if (rules == NULL) {
        return GALEN_NO_MEMORY;
    }
    for (size_t i = 0; i < settings->client_count; i++) {
        const struct settings_client *client = &settings->clients[i];
        rules[i].type = client->type;
        rules[i].name = bytes_from_string(client->name);
        rules[i].client_id = bytes_from_string(client->client_id);
        TRY(split(bytes_from_string(client->scopes), ' ', LIMIT_SCOPE_COUNT_MAX, arena,
                  &rules[i].scopes, &rules[i].scope_count));
    }
    out_options->certificates = rules;
    out_options->certificate_count = settings->client_count;
    return GALEN_OK;
}

static enum galen_status make_rules(const struct settings *settings, bool allows_anonymous,
                                    struct arena *arena, struct auth_rules **out_rules,
                                    struct error *out_error)
{
    struct auth_options options = {
        .realm = bytes_from_string(settings->auth_realm),
        .allows_anonymous = allows_anonymous && settings->auth_issuer[0] == '\0' &&
                            settings->client_count == 0,
    };
    uint32_t algorithms;
    TRY(auth_settings_algorithms(settings, &algorithms, out_error));
    TRY(read_tokens(settings, arena, &options.tokens, out_error));
    TRY(read_clients(settings, arena, &options));
    const enum galen_status status = auth_rules_create(&options, out_rules, out_error);
    if (status != GALEN_OK && out_error != NULL) {
        struct error why = *out_error;
        return error_set(out_error, status, "auth: %s", why.text);
    }
    return status;
}

enum galen_status auth_settings_rules(const struct settings *settings,
                                      bool allows_anonymous, struct auth_rules **out_rules,
                                      struct error *out_error)
{
    struct arena arena;
    arena_init(&arena, ARENA_SIZE_BYTES_MAX);
    const enum galen_status status =
        make_rules(settings, allows_anonymous, &arena, out_rules, out_error);
    arena_deinit(&arena);
    return status;
}
