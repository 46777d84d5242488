/* SPDX-License-Identifier: Apache-2.0 */
#include "manage/order.h"

#include "codec/json.h"
#include "codec/number.h"
#include "model/release_record.h"

#define ALL                                                               \
    (1u << MANAGE_CANARY | 1u << MANAGE_PROMOTE | 1u << MANAGE_ROLLBACK | \
     1u << MANAGE_DISABLE | 1u << MANAGE_ENABLE)

enum { NAME_SIZE_MAX = 32 };

static const uint64_t version_max = INT64_MAX;

/* False: the value is none that the member takes; GALEN_NO_MEMORY through the arena is one
 * of them, since what is copied is small. */
typedef bool read_fn(const struct json *value, struct arena *arena,
                     struct manage_order *order);

static bool take_number(const struct json *value, uint64_t min, uint64_t *out_number)
{
    return json_type(value) == JSON_NUMBER &&
           number_read_u64(json_number(value), version_max, out_number) == GALEN_OK &&
           *out_number >= min;
}

static bool take_version(const struct json *value, struct arena *arena,
                         struct manage_order *order)
{
    (void)arena;
    return take_number(value, 1, &order->version);
}

static bool take_expect(const struct json *value, struct arena *arena,
                        struct manage_order *order)
{
    (void)arena;
    order->expects = true;
    return take_number(value, 0, &order->expected);
}

static bool take_share(const struct json *value, uint32_t max, uint32_t *out_share)
{
    return json_type(value) == JSON_NUMBER &&
           release_percent_parse(json_number(value), out_share) && *out_share <= max;
}

/* All of it is what `promote` is for: nothing would be left to compare it with. */
static bool take_percent(const struct json *value, struct arena *arena,
                         struct manage_order *order)
{
    (void)arena;
    order->has_share = true;
    return take_share(value, RELEASE_WHOLE - 1, &order->share);
}

static bool take_shadow(const struct json *value, struct arena *arena,
                        struct manage_order *order)
{
    (void)arena;
    order->has_shadow = true;
    return take_share(value, RELEASE_WHOLE, &order->shadow);
}

static bool take_flag(const struct json *value, bool *out_flag)
{
    *out_flag = json_type(value) == JSON_BOOL && json_bool(value);
    return json_type(value) == JSON_BOOL;
}

static bool take_auto(const struct json *value, struct arena *arena,
                      struct manage_order *order)
{
    (void)arena;
    order->has_promotes = true;
    return take_flag(value, &order->promotes);
}

static bool take_stop(const struct json *value, struct arena *arena,
                      struct manage_order *order)
{
    (void)arena;
    return take_flag(value, &order->stops);
}

/* Without NUL, which would cut it. */
static bool take_text(const struct json *value, struct arena *arena, const char **out_text)
{
    if (json_type(value) != JSON_STRING) {
        return false;
    }
    const struct bytes text = json_string(value);
    const char *copy = arena_copy_string(arena, text);
    *out_text = copy == NULL ? "" : copy;
    return copy != NULL && text.size > 0 && strlen(copy) == text.size;
}

static bool take_tag(const struct json *value, struct arena *arena,
                     struct manage_order *order)
{
    return take_text(value, arena, &order->tag) && release_tag_may_move(order->tag);
}

static bool take_engine(const struct json *value, struct arena *arena,
                        struct manage_order *order)
{
    return take_text(value, arena, &order->engine) && engine_name_is_valid(order->engine);
}

static bool take_reason(const struct json *value, struct arena *arena,
                        struct manage_order *order)
{
    return take_text(value, arena, &order->reason) && release_text_is_valid(order->reason);
}

static const struct member {
    const char *name;
    unsigned takers; /* a bit an operation */
    read_fn *read;
    const char *wanted;
} members[] = {
    {"version", 1u << MANAGE_CANARY | 1u << MANAGE_PROMOTE | 1u << MANAGE_ROLLBACK,
     take_version, "is the number of a version"},
    {"percent", 1u << MANAGE_CANARY, take_percent,
     "is a number from 0 to 99.99, in hundredths"},
    {"shadow", 1u << MANAGE_CANARY, take_shadow,
     "is a number from 0 to 100, in hundredths"},
    {"auto", 1u << MANAGE_CANARY, take_auto, "is true or false"},
    {"stop", 1u << MANAGE_CANARY, take_stop, "is true or false"},
    {"engine", 1u << MANAGE_CANARY | 1u << MANAGE_PROMOTE, take_engine,
     "is the name of a set of engines: letters, digits, '-' and '_', at most 32"},
    {"tag", 1u << MANAGE_PROMOTE, take_tag,
     "is the name of a tag, which does not begin like a number and is not previous"},
    {"expect", ALL, take_expect, "is the number of a version, or 0 for none"},
    {"reason", ALL, take_reason,
     "is a text without control characters, of 1 to 1024 bytes"},
};

enum { MEMBER_COUNT = sizeof(members) / sizeof(members[0]) };

static const struct member *find(struct bytes name, enum manage_operation operation)
{
    for (size_t i = 0; i < MEMBER_COUNT; i++) {
        if (bytes_equal_string(name, members[i].name)) {
            return (members[i].takers & 1u << operation) != 0 ? &members[i] : NULL;
        }
    }
    return NULL;
}

/* A name that is not ours is told where it can be nothing but a name. */
static bool is_tellable(struct bytes name)
{
    for (size_t i = 0; i < name.size; i++) {
        if ((name.data[i] < 'a' || name.data[i] > 'z') && name.data[i] != '_') {
            return false;
        }
    }
    return name.size > 0 && name.size <= NAME_SIZE_MAX;
}

static enum galen_status refuse_unknown(const struct json_cursor *at,
                                        struct error *out_error)
{
    error_write(out_error, "member %zu is none that this change takes", at->index);
    if (is_tellable(at->name)) {
        error_prefix_name(out_error, at->name);
    }
    return GALEN_INVALID;
}

static enum galen_status refuse(const char *name, const char *why, struct error *out_error)
{
    error_write(out_error, "%s %s", name, why);
    error_prefix_name(out_error, bytes_from_string(name));
    return GALEN_INVALID;
}

static enum galen_status read_members(enum manage_operation operation,
                                      const struct json *root, struct arena *arena,
                                      struct manage_order *order, struct error *out_error)
{
    struct json_cursor at = json_walk(root);
    while (json_next(&at)) {
        const struct member *member = find(at.name, operation);
        if (member == NULL) {
            return refuse_unknown(&at, out_error);
        }
        if (!member->read(at.value, arena, order)) {
            return refuse(member->name, member->wanted, out_error);
        }
    }
    return order->stops && (order->version != 0 || order->has_share || order->has_shadow ||
                            order->has_promotes || order->engine[0] != '\0')
               ? refuse("stop", "ends a canary, and leaves nothing else to say of it",
                        out_error)
               : GALEN_OK;
}

enum galen_status manage_order_read(enum manage_operation operation, struct bytes body,
                                    struct arena *arena, struct manage_order *out_order,
                                    struct error *out_error)
{
    const struct json *root;
    struct manage_order order = {.engine = "", .tag = "", .reason = ""};
    if (body.size > 0) {
        TRY(json_parse(body, arena, &root, out_error));
        if (json_type(root) != JSON_OBJECT) {
            return error_set(out_error, GALEN_INVALID, "the body is no JSON object");
        }
        TRY(read_members(operation, root, arena, &order, out_error));
    }
    *out_order = order;
    return GALEN_OK;
}
