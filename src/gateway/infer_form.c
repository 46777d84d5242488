/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/infer_form.h"

/* Where a part of that name belongs; NULL: it is not one of ours. */
static const struct multipart_part **place_of(struct infer_form *form, struct bytes name)
{
    const struct {
        const char *name;
        const struct multipart_part **place;
    } places[] = {
        {"input", &form->input},     {"model", &form->model},
        {"version", &form->version}, {"content_type", &form->content_type},
        {"subject", &form->subject}, {"purpose", &form->purpose},
    };
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        if (bytes_equal_string(name, places[i].name)) {
            return places[i].place;
        }
    }
    return NULL;
}

static enum galen_status place_parts(struct infer_form *form, struct error *out_error)
{
    for (size_t i = 0; i < form->parts.count; i++) {
        const struct multipart_part *part = &form->parts.parts[i];
        const struct multipart_part **place = place_of(form, part->name);
        if (place == NULL) {
            return error_set(out_error, GALEN_UNPROCESSABLE,
                             "part %zu is not one that /infer takes", i);
        }
        if (*place != NULL) {
            return error_set(out_error, GALEN_UNPROCESSABLE,
                             "part %zu has the name of an earlier one", i);
        }
        *place = part;
    }
    return GALEN_OK;
}

enum galen_status infer_form_read(struct bytes body, struct media_type type,
                                  struct infer_form *out_form, struct error *out_error)
{
    *out_form = (struct infer_form){.input = NULL};
    TRY(multipart_parse(body, type, &out_form->parts, out_error));
    TRY(place_parts(out_form, out_error));
    if (out_form->input == NULL) {
        error_write(out_error, "the form has no such part");
        error_prefix_name(out_error, BYTES("input"));
        return GALEN_UNPROCESSABLE;
    }
    return GALEN_OK;
}
