/* SPDX-License-Identifier: Apache-2.0 */
#include "service/auth/claims.h"

#include "base/limits.h"
#include "codec/base64url.h"
#include "codec/number.h"
#include "service/auth/scope.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define TIME_S_MAX 253402300799.0 /* the year 9999 ends */

struct reading {
    const struct json *payload;
    const struct claim_rules *rules;
    struct arena *arena;
    int64_t now_s;
    struct claims claims;
};

/* By a path: each step copied, since names are C strings. NULL: it is not there. */
static const struct json *walk_path(const struct reading *reading, struct bytes path)
{
    const struct json *at = reading->payload;
    while (path.size > 0 && at != NULL) {
        struct bytes step;
        path = bytes_split(path, '/', &step);
        const char *name = arena_copy_string(reading->arena, step);
        at = name != NULL && json_type(at) == JSON_OBJECT ? json_member(at, name) : NULL;
    }
    return at;
}

static const struct json *find(const struct reading *reading, const char *name)
{
    return name[0] == '/' ? walk_path(reading, bytes_from_string(name + 1))
                          : json_member(reading->payload, name);
}

static bool is_text(const struct json *value)
{
    return value != NULL && json_type(value) == JSON_STRING;
}

static bool says(const struct json *object, const char *name, struct bytes text)
{
    const struct json *member = json_member(object, name);
    return is_text(member) && bytes_equal(json_string(member), text);
}

static bool has_audience(const struct claim_rules *rules, const struct json *value)
{
    for (size_t i = 0; i < rules->audience_count; i++) {
        if (bytes_equal(json_string(value), rules->audiences[i])) {
            return true;
        }
    }
    return false;
}

/* A string, or an array of nothing but strings. */
static bool is_for_us(const struct reading *reading)
{
    const struct json *audience = json_member(reading->payload, "aud");
    bool found = false;
    if (is_text(audience)) {
        return has_audience(reading->rules, audience);
    }
    if (audience == NULL || json_type(audience) != JSON_ARRAY ||
        json_count(audience) > LIMIT_AUDIENCE_COUNT_MAX) {
        return false;
    }
    struct json_cursor at = json_walk(audience);
    while (json_next(&at)) {
        if (!is_text(at.value)) {
            return false;
        }
        found |= has_audience(reading->rules, at.value);
    }
    return found;
}

/* NumericDate, which may have a fraction; false: it is none. */
static bool read_time(const struct json *value, double *out_s)
{
    return value != NULL && json_type(value) == JSON_NUMBER &&
           number_read_f64(json_number(value), out_s) == GALEN_OK && *out_s >= 0 &&
           *out_s <= TIME_S_MAX;
}

static enum refusal check_times(struct reading *reading)
{
    const struct claim_rules *rules = reading->rules;
    const struct json *not_before = json_member(reading->payload, "nbf");
    const double earliest = (double)(reading->now_s - rules->leeway_s);
    const double latest = (double)(reading->now_s + rules->leeway_s);
    double expires;
    double issued;
    double from = 0;
    if (!read_time(json_member(reading->payload, "exp"), &expires)) {
        return REFUSAL_EXPIRES;
    }
    if (!read_time(json_member(reading->payload, "iat"), &issued)) {
        return REFUSAL_ISSUED;
    }
    if (not_before != NULL && !read_time(not_before, &from)) {
        return REFUSAL_NOT_BEFORE;
    }
    if (expires <= earliest) {
        return REFUSAL_EXPIRED;
    }
    if (issued > latest) {
        return REFUSAL_ISSUED_LATER;
    }
    if (from > latest) {
        return REFUSAL_NOT_YET;
    }
    reading->claims.expires_s = (int64_t)expires;
    return expires > issued && expires - issued <= (double)rules->lifetime_s_max
               ? REFUSAL_NOT
               : REFUSAL_LIFETIME;
}

static bool read_name(const struct json *value, struct bytes *out_text)
{
    if (!is_text(value) || json_string(value).size == 0 ||
        json_string(value).size > LIMIT_TOKEN_CLAIM_SIZE_BYTES_MAX) {
        return false;
    }
    *out_text = json_string(value);
    return true;
}

static enum refusal read_names(struct reading *reading)
{
    const struct claim_rules *rules = reading->rules;
    struct claims *claims = &reading->claims;
    if (!read_name(json_member(reading->payload, "sub"), &claims->subject)) {
        return REFUSAL_SUBJECT;
    }
    if (!read_name(find(reading, rules->client_claim), &claims->client_id)) {
        return REFUSAL_CLIENT;
    }
    return read_name(find(reading, rules->token_id_claim), &claims->token_id)
               ? REFUSAL_NOT
               : REFUSAL_TOKEN_ID;
}

/* What an issuer signs beside access tokens: hashes that OIDC Core has in ID tokens only,
 * and Keycloak's word for the kind. */
static enum refusal check_kind(struct reading *reading)
{
    static const char *const others[] = {"ID", "Refresh", "Offline", "Logout"};
    bool is_other = json_member(reading->payload, "at_hash") != NULL ||
                    json_member(reading->payload, "c_hash") != NULL;
    for (size_t i = 0; i < COUNT(others); i++) {
        is_other |= says(reading->payload, "typ", bytes_from_string(others[i]));
    }
    return is_other ? REFUSAL_NO_ACCESS_TOKEN : REFUSAL_NOT;
}

static bool add_scope(struct reading *reading, struct bytes *scopes, struct bytes scope)
{
    if (!scope_is_valid(scope) || reading->claims.scope_count == LIMIT_SCOPE_COUNT_MAX) {
        return false;
    }
    scopes[reading->claims.scope_count++] = scope;
    return true;
}

/* One space between two; none at all is no scope. */
static bool split_scopes(struct reading *reading, struct bytes text, struct bytes *scopes)
{
    if (text.size > 0 && text.data[text.size - 1] == ' ') {
        return false;
    }
    while (text.size > 0) {
        struct bytes scope;
        text = bytes_split(text, ' ', &scope);
        if (!add_scope(reading, scopes, scope)) {
            return false;
        }
    }
    return true;
}

static bool take_scopes(struct reading *reading, const struct json *list,
                        struct bytes *scopes)
{
    struct json_cursor at = json_walk(list);
    while (json_next(&at)) {
        if (!is_text(at.value) || !add_scope(reading, scopes, json_string(at.value))) {
            return false;
        }
    }
    return true;
}

static size_t count_scopes(const struct json *value)
{
    size_t count = 1;
    if (json_type(value) == JSON_ARRAY) {
        return json_count(value);
    }
    const struct bytes text = json_string(value);
    for (size_t i = 0; i < text.size; i++) {
        count += text.data[i] == ' ';
    }
    return count;
}

static enum refusal read_scopes(struct reading *reading)
{
    const struct json *value = find(reading, reading->rules->scopes_claim);
    if (value == NULL) {
        return REFUSAL_NOT;
    }
    if ((!is_text(value) && json_type(value) != JSON_ARRAY) ||
        count_scopes(value) > LIMIT_SCOPE_COUNT_MAX) {
        return REFUSAL_SCOPES;
    }
    struct bytes *scopes =
        arena_alloc_array(reading->arena, count_scopes(value), sizeof(*scopes));
    if (scopes == NULL) {
        return REFUSAL_NO_MEMORY;
    }
    reading->claims.scopes = scopes;
    const bool good = is_text(value) ? split_scopes(reading, json_string(value), scopes)
                                     : take_scopes(reading, value, scopes);
    return good ? REFUSAL_NOT : REFUSAL_SCOPES;
}

static enum refusal read_patient(struct reading *reading)
{
    const struct json *value = json_member(reading->payload, "patient");
    struct bytes patient = BYTES_NONE;
    if (value != NULL && !read_name(value, &patient)) {
        return REFUSAL_PATIENT;
    }
    reading->claims.patient = phi_hide(patient);
    return REFUSAL_NOT;
}

/* Bound to nothing, or to a certificate; a key that is to be shown otherwise (DPoP) is not
 * asked for here, so that such a token would be good for any thief. */
static enum refusal read_confirmation(struct reading *reading)
{
    const struct json *confirmation = json_member(reading->payload, "cnf");
    struct bytes digest;
    if (confirmation == NULL) {
        return REFUSAL_NOT;
    }
    if (json_type(confirmation) != JSON_OBJECT || json_count(confirmation) != 1 ||
        !is_text(json_member(confirmation, "x5t#S256"))) {
        return REFUSAL_CONFIRMATION;
    }
    const enum galen_status status = base64url_decode(
        json_string(json_member(confirmation, "x5t#S256")), reading->arena, &digest);
    if (status != GALEN_OK) {
        return status == GALEN_NO_MEMORY ? REFUSAL_NO_MEMORY : REFUSAL_CONFIRMATION;
    }
    if (digest.size != SHA256_SIZE) {
        return REFUSAL_CONFIRMATION;
    }
    reading->claims.is_bound = true;
    memcpy(reading->claims.certificate_sha256, digest.data, SHA256_SIZE);
    return REFUSAL_NOT;
}

static enum refusal check_issuer(struct reading *reading)
{
    return says(reading->payload, "iss", reading->rules->issuer) ? REFUSAL_NOT
                                                                 : REFUSAL_ISSUER;
}

static enum refusal check_audience(struct reading *reading)
{
    return is_for_us(reading) ? REFUSAL_NOT : REFUSAL_AUDIENCE;
}

enum refusal claims_read(const struct json *payload, const struct claim_rules *rules,
                         int64_t now_s, struct arena *arena, struct claims *out_claims)
{
    static enum refusal (*const steps[])(struct reading * reading) = {
        check_issuer, check_audience, check_times,  check_kind,
        read_names,   read_scopes,    read_patient, read_confirmation,
    };
    struct reading reading = {payload, rules, arena, now_s, {.is_bound = false}};
    for (size_t i = 0; i < COUNT(steps); i++) {
        const enum refusal why = steps[i](&reading);
        if (why != REFUSAL_NOT) {
            return why;
        }
    }
    *out_claims = reading.claims;
    return REFUSAL_NOT;
}
