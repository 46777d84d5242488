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

void warnings_put(struct warnings warnings, struct answer_writer *answer)
{
    answer_begin(answer, ANSWER_WARNINGS);
    for (unsigned i = 0; i < WARNING_COUNT; i++) {
        if ((warnings.bits & UINT64_C(1) << i) == 0) {
            continue;
        }
        answer_begin_element(answer);
        answer_put_string(answer, ANSWER_WARNING_CODE, rows[i].code);
        answer_put_string(answer, ANSWER_WARNING_MESSAGE, rows[i].message);
        answer_end_element(answer);
    }
    answer_end(answer);
}

const char *warning_code(enum warning warning)
{
    return rows[warning].code;
}
