/* SPDX-License-Identifier: Apache-2.0 */
#include "net/body.h"

#include "base/invariant.h"
#include "codec/http.h"

enum { FIRST_CAPACITY = 4096 };

static struct blob *create(const struct body *body, size_t capacity)
{
    return blob_create(capacity, body->lead < capacity ? body->lead : capacity);
}

enum galen_status body_begin(struct body *body, uint64_t length, size_t size_max,
                             size_t lead)
{
    const bool length_is_known = length != HTTP_LENGTH_UNKNOWN;
    if (length_is_known && length > size_max) {
        return GALEN_TOO_LARGE;
    }
    *body = (struct body){
        .size_max = size_max, .lead = lead, .length_is_known = length_is_known};
    const size_t first = size_max < FIRST_CAPACITY ? size_max : FIRST_CAPACITY;
    body->blob = create(body, length_is_known ? (size_t)length : first);
    return body->blob == NULL ? GALEN_NO_MEMORY : GALEN_OK;
}

static enum galen_status grow(struct body *body, size_t wanted)
{
    size_t capacity = blob_size(body->blob);
    while (capacity < wanted) {
        capacity = capacity > body->size_max / 2 ? body->size_max : capacity * 2;
    }
    struct blob *larger = create(body, capacity);
    if (larger == NULL) {
        return GALEN_NO_MEMORY;
    }
    memcpy(blob_data(larger), blob_data(body->blob), body->size);
    blob_truncate_unwritten(body->blob, body->size);
    blob_unref(body->blob);
    body->blob = larger;
    return GALEN_OK;
}

enum galen_status body_put(struct body *body, struct bytes bytes)
{
    if (bytes.size > body->size_max - body->size) {
        return GALEN_TOO_LARGE;
    }
    const size_t wanted = body->size + bytes.size;
    if (wanted > blob_size(body->blob)) {
        INVARIANT(!body->length_is_known);
        TRY(grow(body, wanted));
    }
    uint8_t *end = blob_data(body->blob) + body->size;
    if (bytes.size > 0 && bytes.data != end) {
        memcpy(end, bytes.data, bytes.size);
    }
    body->size = wanted;
    return GALEN_OK;
}

uint8_t *body_place(struct body *body, size_t *out_size)
{
    if (!body->length_is_known || body->size == blob_size(body->blob)) {
        return NULL;
    }
    *out_size = blob_size(body->blob) - body->size;
    return blob_data(body->blob) + body->size;
}

struct blob *body_finish(struct body *body)
{
    struct blob *blob = body->blob;
    blob_truncate_unwritten(blob, body->size);
    *body = (struct body){.blob = NULL};
    return blob;
}

void body_deinit(struct body *body)
{
    if (body->blob != NULL) {
        blob_unref(body_finish(body));
    }
}
