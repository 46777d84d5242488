/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A media type put together from its parts parses to the same parts; what JSON begins as is
 * told to be JSON; nobody looks beyond the first 512 bytes.
 */
#include "codec/media_type.h"

#include "base/arena.h"
#include "base/writer.h"
#include "codec/json.h"
#include "fuzz.h"

enum { SIZE_BYTES_MAX = 1 << 26, SNIFF_SIZE_BYTES = 512 };

static void expect_parameter(struct media_type type, const char *name)
{
    struct bytes value = BYTES_NONE;
    if (!media_type_parameter(type, name, &value)) {
        INVARIANT(value.data == NULL);
        return;
    }
    INVARIANT(value.data >= type.parameters.data);
    INVARIANT(value.data + value.size <= type.parameters.data + type.parameters.size);
    for (size_t i = 0; i < value.size; i++) {
        INVARIANT(value.data[i] == '\t' ||
                  (value.data[i] >= 0x20 && value.data[i] != 0x7F));
    }
}

static void expect_parts(struct media_type type, struct bytes text)
{
    struct media_type again = {BYTES_NONE, BYTES_NONE, BYTES_NONE};
    INVARIANT(media_type_parse(text, &again) == GALEN_OK);
    INVARIANT(bytes_equal(again.type, type.type));
    INVARIANT(bytes_equal(again.subtype, type.subtype));
    INVARIANT(bytes_equal(again.parameters, type.parameters));
}

static void parts_make_the_same_type(struct bytes text)
{
    struct media_type type = {BYTES_NONE, BYTES_NONE, BYTES_NONE};
    struct writer joined;
    if (media_type_parse(text, &type) != GALEN_OK) {
        INVARIANT(type.type.data == NULL);
        return;
    }
    writer_init(&joined, SIZE_BYTES_MAX);
    writer_put(&joined, type.type);
    writer_put_byte(&joined, '/');
    writer_put(&joined, type.subtype);
    writer_put_byte(&joined, '\0');
    INVARIANT(media_type_is(type, (const char *)writer_bytes(&joined).data));

    writer_shrink(&joined, 1);
    writer_put_byte(&joined, ';');
    writer_put(&joined, type.parameters);
    expect_parts(type, writer_bytes(&joined));
    writer_deinit(&joined);

    expect_parameter(type, "charset");
    expect_parameter(type, "boundary");
    expect_parameter(type, "a");
}

static bool is_known(const char *type)
{
    static const char *const known[] = {
        "image/jpeg",
        "image/png",
        "application/dicom",
        "application/pdf",
        "application/gzip",
        "text/rtf",
        "application/json",
        "text/plain",
        "application/octet-stream",
        "image/gif",
        "image/tiff",
        "application/zip",
        "application/x-ole-storage",
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strcmp(known[i], type) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_json_container(struct bytes body)
{
    struct arena arena;
    const struct json *root = NULL;
    arena_init(&arena, SIZE_BYTES_MAX);
    const bool is_container =
        json_parse(body, &arena, &root, NULL) == GALEN_OK &&
        (json_type(root) == JSON_ARRAY || json_type(root) == JSON_OBJECT);
    arena_deinit(&arena);
    return is_container;
}

static void what_a_body_looks_like(struct bytes body)
{
    const char *type = media_type_sniff(body);
    INVARIANT(is_known(type));
    if (body.size > SNIFF_SIZE_BYTES) {
        INVARIANT(strcmp(type, media_type_sniff(bytes_first(body, SNIFF_SIZE_BYTES + 1))) ==
                  0);
    }
    if (strcmp(type, "text/plain") == 0 && body.size <= SNIFF_SIZE_BYTES) {
        INVARIANT(bytes_are_utf8(body, NULL));
    }
    if (is_json_container(body)) { /* "DICM" may stand at its place before a DEL, too */
        INVARIANT(strcmp(type, "application/json") == 0 ||
                  strcmp(type, "application/dicom") == 0 || body.size > SNIFF_SIZE_BYTES);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    parts_make_the_same_type(bytes_of(data, size));
    what_a_body_looks_like(bytes_of(data, size));
    return 0;
}
