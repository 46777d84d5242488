/* SPDX-License-Identifier: Apache-2.0 */
#include "service/auth/jwk.h"

#include "base/limits.h"
#include "codec/base64url.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { SIZE_BYTES = 8, BYTE_BITS = 8, PRINT_SIZE_BYTES_MAX = 65536 };

const char *jwk_passed_word(enum jwk_passed passed)
{
    static const char *const words[] = {
        "taken",
#define JWK_PASSED(name, word, meaning) word,
#include "service/auth/jwk.def"
    };
    return words[passed];
}

/* A key while it is read. */
struct reading {
    const struct json *value;
    struct arena *arena;
    struct bytes first;  /* n, x */
    struct bytes second; /* e, y */
    struct jwk jwk;
    enum jwk_passed passed;
};

static enum galen_status pass(struct reading *reading, enum jwk_passed why)
{
    reading->passed = why;
    return GALEN_OK;
}

/* Empty where there is none, or no text. */
static struct bytes text_of(const struct json *object, const char *name)
{
    const struct json *member = json_member(object, name);
    return member != NULL && json_type(member) == JSON_STRING ? json_string(member)
                                                              : BYTES_NONE;
}

static enum galen_status refuse_private(const struct json *value, struct error *out_error)
{
    static const char *const names[] = {"d", "p", "q", "dp", "dq", "qi", "oth"};
    for (size_t i = 0; i < COUNT(names); i++) {
        if (json_member(value, names[i]) != NULL) {
            return error_set(out_error, GALEN_INVALID,
                             "a private key is among the public ones: member %s", names[i]);
        }
    }
    return GALEN_OK;
}

static enum galen_status read_id(struct reading *reading, struct error *out_error)
{
    const struct json *id = json_member(reading->value, "kid");
    if (id == NULL) {
        return GALEN_OK;
    }
    if (json_type(id) != JSON_STRING) {
        return error_set(out_error, GALEN_INVALID, "kid is not a string");
    }
    reading->jwk.id = json_string(id);
    reading->jwk.has_id = true;
    return reading->jwk.id.size <= LIMIT_KEY_ID_SIZE_BYTES_MAX
               ? GALEN_OK
               : error_set(out_error, GALEN_INVALID, "kid is longer than %d bytes",
                           (int)LIMIT_KEY_ID_SIZE_BYTES_MAX);
}

static bool has_verify(const struct json *operations)
{
    bool found = false;
    if (json_type(operations) != JSON_ARRAY) {
        return false;
    }
    struct json_cursor at = json_walk(operations);
    while (json_next(&at)) {
        found |= json_type(at.value) == JSON_STRING &&
                 bytes_equal_string(json_string(at.value), "verify");
    }
    return found;
}

/* Both are optional, and both count. */
static bool is_for_signatures(const struct json *value)
{
    const struct json *operations = json_member(value, "key_ops");
    return (json_member(value, "use") == NULL ||
            bytes_equal_string(text_of(value, "use"), "sig")) &&
           (operations == NULL || has_verify(operations));
}

static enum galen_status decode(struct reading *reading, const char *name,
                                struct bytes *out_bytes)
{
    const enum galen_status status =
        base64url_decode(text_of(reading->value, name), reading->arena, out_bytes);
    return status == GALEN_INVALID ? pass(reading, JWK_PASSED_BROKEN) : status;
}

static enum galen_status read_rsa(struct reading *reading)
{
    TRY(decode(reading, "n", &reading->first));
    TRY(decode(reading, "e", &reading->second));
    return public_key_from_rsa(reading->first, reading->second, &reading->jwk.key, NULL);
}

static enum public_key_curve curve_of(struct bytes name)
{
    static const struct {
        const char *name;
        enum public_key_curve curve;
    } rows[] = {{"P-256", CURVE_P256}, {"P-384", CURVE_P384}, {"P-521", CURVE_P521}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (bytes_equal_string(name, rows[i].name)) {
            return rows[i].curve;
        }
    }
    return CURVE_NONE;
}

static enum galen_status read_point(struct reading *reading)
{
    const enum public_key_curve curve = curve_of(text_of(reading->value, "crv"));
    if (curve == CURVE_NONE) {
        return pass(reading, JWK_PASSED_KIND);
    }
    TRY(decode(reading, "x", &reading->first));
    TRY(decode(reading, "y", &reading->second));
    return public_key_from_point(curve, reading->first, reading->second, &reading->jwk.key,
                                 NULL);
}

static enum galen_status read_edwards(struct reading *reading)
{
    if (!bytes_equal_string(text_of(reading->value, "crv"), "Ed25519")) {
        return pass(reading, JWK_PASSED_KIND);
    }
    TRY(decode(reading, "x", &reading->first));
    return public_key_from_ed25519(reading->first, &reading->jwk.key, NULL);
}

static enum galen_status read_material(struct reading *reading)
{
    static const struct {
        const char *type;
        enum galen_status (*read)(struct reading *reading);
    } rows[] = {{"RSA", read_rsa}, {"EC", read_point}, {"OKP", read_edwards}};
    const struct bytes type = text_of(reading->value, "kty");
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (bytes_equal_string(type, rows[i].type)) {
            const enum galen_status status = rows[i].read(reading);
            return status == GALEN_INVALID ? pass(reading, JWK_PASSED_BROKEN) : status;
        }
    }
    return pass(reading, type.size == 0 ? JWK_PASSED_BROKEN : JWK_PASSED_KIND);
}

static bool may_be(const struct reading *reading, uint32_t algorithms,
                   enum signature_algorithm algorithm)
{
    return (algorithms & JWK_ALGORITHM(algorithm)) != 0 &&
           public_key_fits(reading->jwk.key, algorithm);
}

/* The only one that fits. */
static bool choose_algorithm(struct reading *reading, uint32_t algorithms)
{
    size_t count = 0;
    for (size_t i = 0; i < SIGNATURE_ALGORITHM_COUNT; i++) {
        if (may_be(reading, algorithms, (enum signature_algorithm)i)) {
            reading->jwk.algorithm = (enum signature_algorithm)i;
            count++;
        }
    }
    return count == 1;
}

static bool find_algorithm(struct reading *reading, uint32_t algorithms)
{
    if (json_member(reading->value, "alg") == NULL) {
        return choose_algorithm(reading, algorithms);
    }
    return signature_algorithm_find(text_of(reading->value, "alg"),
                                    &reading->jwk.algorithm) &&
           may_be(reading, algorithms, reading->jwk.algorithm);
}

/* Each part behind its size, so that no two keys have one print. */
static void put_part(struct writer *out, struct bytes part)
{
    for (size_t i = 0; i < SIZE_BYTES; i++) {
        writer_put_byte(out, (uint8_t)((uint64_t)part.size >> (i * BYTE_BITS)));
    }
    writer_put(out, part);
}

static enum galen_status identify(struct reading *reading)
{
    struct jwk *jwk = &reading->jwk;
    struct writer print;
    writer_init(&print, PRINT_SIZE_BYTES_MAX);
    put_part(&print, bytes_from_string(signature_algorithm_name(jwk->algorithm)));
    put_part(&print, jwk->has_id ? BYTES("kid") : BYTES_NONE);
    put_part(&print, jwk->id);
    put_part(&print, reading->first);
    put_part(&print, reading->second);
    const enum galen_status status = print.status == GALEN_OK
                                         ? sha256_of(writer_bytes(&print), jwk->identity)
                                         : print.status;
    writer_deinit(&print);
    return status;
}

/* With a key, that of the reading, where none of these passes it over. */
static enum galen_status read_usable(struct reading *reading, uint32_t algorithms)
{
    if (!is_for_signatures(reading->value)) {
        return pass(reading, JWK_PASSED_USE);
    }
    TRY(read_material(reading));
    if (reading->passed != JWK_TAKEN) {
        return GALEN_OK;
    }
    return find_algorithm(reading, algorithms) ? identify(reading)
                                               : pass(reading, JWK_PASSED_ALGORITHM);
}

enum galen_status jwk_read(const struct json *value, uint32_t algorithms,
                           struct arena *arena, struct jwk *out_jwk,
                           enum jwk_passed *out_passed, struct error *out_error)
{
    struct reading reading = {.value = value, .arena = arena, .passed = JWK_TAKEN};
    if (json_type(value) != JSON_OBJECT) {
        return error_set(out_error, GALEN_INVALID, "a key is not an object");
    }
    TRY(refuse_private(value, out_error));
    TRY(read_id(&reading, out_error));
    const enum galen_status status = read_usable(&reading, algorithms);
    if (status != GALEN_OK || reading.passed != JWK_TAKEN) {
        public_key_destroy(reading.jwk.key);
        reading.jwk.key = NULL;
    }
    if (status != GALEN_OK) {
        return error_set(out_error, status, "a key cannot be made");
    }
    *out_jwk = reading.jwk;
    *out_passed = reading.passed;
    return GALEN_OK;
}
