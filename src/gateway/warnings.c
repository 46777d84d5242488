/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/warnings.h"

#include "base/reader.h"

static const struct {
    const char *code;
    const char *message;
} rows[] = {
#define WARNING(code, message) {#code, message},
#include "gateway/warnings.def"
};

enum { WARNING_COUNT = sizeof(rows) / sizeof(rows[0]) };

void warnings_add(struct warnings *warnings, enum warning warning)
{
    warnings->bits |= UINT64_C(1) << warning;
}

static bool add_code(struct warnings *warnings, struct bytes code)
{
    for (unsigned i = 0; i < WARNING_COUNT; i++) {
        if (bytes_equal_string(code, rows[i].code)) {
            warnings_add(warnings, (enum warning)i);
            return true;
        }
    }
    return false;
}

enum galen_status warnings_add_tensor(struct warnings *warnings,
                                      const struct galen_tensor *tensor,
                                      struct error *out_error)
{
    struct reader reader = reader_of(bytes_of(tensor->bytes, tensor->size_bytes));
    while (reader.left.size > 0 && !reader.failed) {
        const struct bytes code = reader_take(&reader, reader_u32_le(&reader));
        if (!reader.failed && !add_code(warnings, code)) {
            return error_set(
                out_error, GALEN_BAD_UPSTREAM,
                "preprocess warns of something that this gateway does not know");
        }
    }
    return reader_is_done(&reader) ? GALEN_OK
                                   : error_set(out_error, GALEN_BAD_UPSTREAM,
                                               "output '%s' is malformed", tensor->name);
}

void warnings_put(struct warnings warnings, struct json_writer *json)
{
    json_put_name(json, "warnings");
    json_begin_array(json);
    for (unsigned i = 0; i < WARNING_COUNT; i++) {
        if ((warnings.bits & UINT64_C(1) << i) == 0) {
            continue;
        }
        json_begin_object(json);
        json_put_name(json, "code");
        json_put_cstring(json, rows[i].code);
        json_put_name(json, "message");
        json_put_cstring(json, rows[i].message);
        json_end_object(json);
    }
    json_end_array(json);
}

const char *warning_code(enum warning warning)
{
    return rows[warning].code;
}
