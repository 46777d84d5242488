/* SPDX-License-Identifier: Apache-2.0 */
#include "service/auth/scope.h"

enum { STAR_SIZE_MIN = 3, LOWER_CASE = 0x20 }; /* x:* */

bool scope_is_valid(struct bytes scope)
{
    for (size_t i = 0; i < scope.size; i++) {
        const uint8_t byte = scope.data[i];
        if (byte <= ' ' || byte > '~' || byte == '"' || byte == '\\') {
            return false;
        }
    }
    return scope.size > 0;
}

static bool covers_by_star(struct bytes granted, struct bytes required)
{
    const size_t size = granted.size;
    return size >= STAR_SIZE_MIN && granted.data[size - 1] == '*' &&
           granted.data[size - 2] == ':' && required.size >= size &&
           bytes_starts_with(required, bytes_first(granted, size - 1));
}

/* system/Observation.rs */
struct smart {
    struct bytes context;
    struct bytes resource;
    unsigned interactions; /* of "cruds", a bit each */
};

static bool is_context(struct bytes text)
{
    return bytes_equal_string(text, "system") || bytes_equal_string(text, "user") ||
           bytes_equal_string(text, "patient");
}

static bool is_resource(struct bytes text)
{
    if (bytes_equal_string(text, "*")) {
        return true;
    }
    for (size_t i = 0; i < text.size; i++) {
        const uint8_t lower = text.data[i] | LOWER_CASE;
        if (lower < 'a' || lower > 'z') {
            return false;
        }
    }
    return text.size > 0;
}

/* Some of the letters, in their order, each once; 0: it is not that. */
static unsigned read_interactions(struct bytes text)
{
    static const char letters[] = "cruds";
    unsigned found = 0;
    size_t at = 0;
    for (unsigned i = 0; letters[i] != '\0' && at < text.size; i++) {
        if (text.data[at] == (uint8_t)letters[i]) {
            found |= 1u << i;
            at++;
        }
    }
    return at == text.size ? found : 0;
}

static bool read_smart(struct bytes scope, struct smart *out_smart)
{
    const struct bytes rest = bytes_split(scope, '/', &out_smart->context);
    const struct bytes letters = bytes_split(rest, '.', &out_smart->resource);
    out_smart->interactions = read_interactions(letters);
    return is_context(out_smart->context) && is_resource(out_smart->resource) &&
           out_smart->interactions != 0;
}

static bool covers_by_smart(struct bytes granted, struct bytes required)
{
    struct smart has;
    struct smart needs;
    return read_smart(granted, &has) && read_smart(required, &needs) &&
           bytes_equal(has.context, needs.context) &&
           (bytes_equal_string(has.resource, "*") ||
            bytes_equal(has.resource, needs.resource)) &&
           (needs.interactions & ~has.interactions) == 0;
}

bool scope_covers(struct bytes granted, struct bytes required)
{
    return bytes_equal(granted, required) || covers_by_star(granted, required) ||
           covers_by_smart(granted, required);
}
