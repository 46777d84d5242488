/* SPDX-License-Identifier: Apache-2.0 */
/* A form put together from the parts that were read has the same parts. */
#include "codec/multipart.h"

#include "base/writer.h"
#include "fuzz.h"

enum { SIZE_BYTES_MAX = 1 << 26 };

static void put_part(struct writer *out, const struct multipart_part *part)
{
    const bool is_quoted = part->name.size > 0 && part->name.data[0] == '"';
    writer_put_string(out, "--b\r\nContent-Disposition: form-data; name=");
    writer_put_string(out, is_quoted ? "" : "\"");
    writer_put(out, part->name);
    writer_put_string(out, is_quoted ? "" : "\"");
    if (part->has_type) {
        writer_put_string(out, "\r\nContent-Type: ");
        writer_put(out, part->type.type);
        writer_put_byte(out, '/');
        writer_put(out, part->type.subtype);
        writer_put_byte(out, ';');
        writer_put(out, part->type.parameters);
    }
    writer_put_string(out, "\r\n\r\n");
    writer_put(out, part->content);
    writer_put_string(out, "\r\n");
}

static void expect_same(const struct multipart_part *a, const struct multipart_part *b)
{
    INVARIANT(bytes_equal(a->name, b->name));
    INVARIANT(bytes_equal(a->content, b->content));
    INVARIANT(a->has_type == b->has_type);
    if (a->has_type) {
        INVARIANT(bytes_equal(a->type.type, b->type.type));
        INVARIANT(bytes_equal(a->type.subtype, b->type.subtype));
        INVARIANT(
            bytes_equal(bytes_trim(a->type.parameters), bytes_trim(b->type.parameters)));
    }
}

static bool holds(struct bytes text, struct bytes part)
{
    return part.size == 0 ||
           (part.data >= text.data && part.data + part.size <= text.data + text.size);
}

static bool fits_again(const struct multipart *form)
{
    for (size_t i = 0; i < form->count; i++) {
        const struct multipart_part *part = &form->parts[i];
        const size_t size =
            part->name.size + (part->has_type ? part->type.parameters.size : 0);
        if (size + 1024 > LIMIT_MULTIPART_HEADER_SIZE_BYTES_MAX) {
            return false;
        }
    }
    return true;
}

static void parts_make_the_same_form(struct bytes body, struct media_type type)
{
    static struct multipart form;
    static struct multipart again;
    struct error error = {"", ""};
    struct writer text;
    if (multipart_parse(body, type, &form, &error) != GALEN_OK) {
        INVARIANT(error.text[0] != '\0');
        return;
    }
    writer_init(&text, SIZE_BYTES_MAX);
    for (size_t i = 0; i < form.count; i++) {
        INVARIANT(holds(body, form.parts[i].content) && holds(body, form.parts[i].name));
        put_part(&text, &form.parts[i]);
    }
    writer_put_string(&text, "--b--");
    if (text.status == GALEN_OK && fits_again(&form)) {
        INVARIANT(multipart_parse(writer_bytes(&text), type, &again, &error) == GALEN_OK);
        INVARIANT(again.count == form.count);
        for (size_t i = 0; i < form.count; i++) {
            expect_same(&form.parts[i], &again.parts[i]);
        }
    }
    writer_deinit(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct media_type type;
    INVARIANT(media_type_parse(BYTES("multipart/form-data; boundary=b"), &type) ==
              GALEN_OK);
    parts_make_the_same_form(bytes_of(data, size), type);
    return 0;
}
