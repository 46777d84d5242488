/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/infer_content.h"

#include "codec/base64.h"
#include "codec/data_uri.h"

static const char octet_stream[] = "application/octet-stream";
static const char json_name[] = "application/json";

static enum galen_status refuse(struct request *request, enum galen_status status)
{
    error_prefix_name(&request->error, BYTES("input"));
    return status;
}

/* "Text/Plain; charset=utf-8" as "text/plain", in the arena. */
static const char *plain_name(struct arena *arena, const struct media_type *type)
{
    const size_t size = type->type.size + 1 + type->subtype.size;
    char *name = arena_alloc(arena, size + 1);
    if (name == NULL) {
        return NULL;
    }
    memcpy(name, type->type.data, type->type.size);
    name[type->type.size] = '/';
    memcpy(name + type->type.size + 1, type->subtype.data, type->subtype.size);
    for (size_t i = 0; i < size; i++) {
        name[i] |= name[i] >= 'A' && name[i] <= 'Z' ? 0x20 : 0;
    }
    return name;
}

static bool is_text_in_utf8(const struct media_type *type)
{
    struct bytes charset;
    return !media_type_parameter(*type, "charset", &charset) ||
           bytes_equal_ignoring_case(charset, BYTES("utf-8")) ||
           bytes_equal_ignoring_case(charset, BYTES("us-ascii"));
}

static bool is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static struct bytes without_blanks(struct bytes bytes)
{
    while (bytes.size > 0 && is_blank(bytes.data[0])) {
        bytes = bytes_from(bytes, 1);
    }
    while (bytes.size > 0 && is_blank(bytes.data[bytes.size - 1])) {
        bytes.size--;
    }
    return bytes;
}

/* What begins and ends as an object does is one that its sender took for something else;
 * notes begin with brackets too. */
static bool is_json_object(struct bytes bytes)
{
    const struct bytes text = without_blanks(bytes);
    return text.size > 0 && text.data[0] == '{' && text.data[text.size - 1] == '}' &&
           strcmp(media_type_sniff(bytes), json_name) == 0;
}

const char *infer_content_seen(struct bytes bytes)
{
    const struct bytes text = without_blanks(bytes);
    const char *type = media_type_sniff(bytes);
    const bool is_note = strcmp(type, json_name) == 0 && text.size > 0 &&
                         text.data[0] == '[' && text.data[text.size - 1] != ']';
    return is_note ? "text/plain" : type;
}

static bool looks_as_declared(const struct media_type *declared, struct bytes bytes,
                              const char *sniffed)
{
    return media_type_agrees(*declared, sniffed) &&
           !(media_type_is(*declared, "text/*") && is_json_object(bytes));
}

static enum galen_status check_declared(struct request *request,
                                        const struct media_type *declared,
                                        struct bytes bytes)
{
    const char *sniffed = media_type_sniff(bytes);
    if (!looks_as_declared(declared, bytes, sniffed)) {
        return error_set(&request->error, GALEN_UNSUPPORTED_TYPE,
                         "does not look like the media type that is declared, but like %s",
                         sniffed);
    }
    if (media_type_is(*declared, "text/*") && !is_text_in_utf8(declared)) {
        return error_set(&request->error, GALEN_UNSUPPORTED_TYPE,
                         "text is taken in UTF-8 only");
    }
    return GALEN_OK;
}

/* What is empty looks like nothing: it is refused for that, once a model is found. */
static enum galen_status check_if_any(struct request *request,
                                      const struct media_type *declared, struct bytes bytes)
{
    return bytes.size == 0 ? GALEN_OK : check_declared(request, declared, bytes);
}

static bool declares_nothing(const struct media_type *declared)
{
    return declared == NULL || media_type_is(*declared, octet_stream);
}

enum galen_status infer_content_of_bytes(struct request *request, struct bytes bytes,
                                         const struct media_type *declared,
                                         struct request_input *out_input)
{
    const char *name;
    if (declares_nothing(declared)) {
        name = infer_content_seen(bytes);
    } else {
        const enum galen_status status = check_if_any(request, declared, bytes);
        if (status != GALEN_OK) {
            return refuse(request, status);
        }
        name = plain_name(&request->arena, declared);
    }
    if (name == NULL) {
        return GALEN_NO_MEMORY;
    }
    *out_input = (struct request_input){
        .content = phi_hide(bytes),
        .media_type = name,
        .is_text = bytes_starts_with(bytes_from_string(name), BYTES("text/")),
    };
    return GALEN_OK;
}

static enum galen_status decode(struct request *request, struct bytes text,
                                const struct data_uri *uri, struct bytes *out_bytes)
{
    const enum galen_status status =
        uri != NULL ? data_uri_decode(uri, &request->arena, out_bytes, &request->error)
                    : base64_decode(text, &request->arena, out_bytes, &request->error);
    return status == GALEN_OK
               ? GALEN_OK
               : refuse(request, status == GALEN_INVALID ? GALEN_UNPROCESSABLE : status);
}

static enum galen_status of_encoded(struct request *request, struct bytes text,
                                    const struct media_type *declared,
                                    struct request_input *out_input)
{
    struct data_uri uri;
    struct bytes bytes;
    const bool is_uri = data_uri_split(text, &uri);
    if (is_uri && !declares_nothing(declared) && !media_type_is_same(uri.type, *declared)) {
        return refuse(request,
                      error_set(&request->error, GALEN_UNSUPPORTED_TYPE,
                                "the data: URI has another media type than content_type"));
    }
    TRY(decode(request, text, is_uri ? &uri : NULL, &bytes));
    return infer_content_of_bytes(request, bytes, is_uri ? &uri.type : declared, out_input);
}

enum galen_status infer_content_of_string(struct request *request, struct bytes text,
                                          const struct media_type *declared,
                                          struct request_input *out_input)
{
    static const struct media_type plain = {BYTES_INIT("text"), BYTES_INIT("plain"),
                                            BYTES_INIT("")};
    struct data_uri uri;
    const bool is_encoded =
        declared == NULL ? data_uri_split(text, &uri) : !media_type_is(*declared, "text/*");
    if (is_encoded) {
        return of_encoded(request, text, declared, out_input);
    }
    return infer_content_of_bytes(request, text, declared == NULL ? &plain : declared,
                                  out_input);
}

enum galen_status infer_content_validate(struct phi content, bool is_text,
                                         struct error *out_error)
{
    const struct bytes bytes = phi_reveal(content);
    size_t index = 0;
    enum galen_status status = GALEN_OK;
    if (bytes.size == 0) {
        status = error_set(out_error, GALEN_UNPROCESSABLE, "is empty");
    } else if (is_text && !bytes_are_utf8(bytes, &index)) {
        status =
            error_set(out_error, GALEN_INVALID, "byte offset %zu: is not UTF-8", index);
    }
    if (status != GALEN_OK) {
        error_prefix_name(out_error, BYTES("input"));
    }
    return status;
}
