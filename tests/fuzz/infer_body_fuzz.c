/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A body of POST /infer: the first line is its Content-Type ("-": none), the rest the body.
 * What is taken has a media type; text is the same as a body, in JSON and in a form.
 */
#include "gateway/infer_body.h"

#include "base/limits.h"
#include "codec/json_writer.h"
#include "fuzz.h"
#include "gateway/infer_content.h"

enum { SIZE_BYTES_MAX = 1 << 26 };

/* Kept until the process ends. */
static struct hmac *subject_hmac(void)
{
    static const uint8_t key[HMAC_KEY_SIZE] = {1};
    static struct hmac *hmac;
    INVARIANT(hmac != NULL || hmac_create(key, &hmac) == GALEN_OK);
    return hmac;
}

static enum galen_status read_body(struct bytes type, struct bytes content,
                                   struct arena *arena, struct infer_body *out_body)
{
    const struct gateway gateway = {.subject_hmac = subject_hmac()};
    struct rules rules = {.body_size_bytes_max = SIZE_BYTES_MAX};
    struct view view = {.rules = &rules};
    const struct http_header header = {BYTES("Content-Type"), type};
    const struct http_request_head head = {
        .method = HTTP_POST,
        .headers = &header,
        .header_count = !bytes_equal_string(type, "-"),
    };
    struct request request = {
        .gateway = &gateway, .view = &view, .head = &head, .body = content};
    request.arena = *arena;
    const enum galen_status status = infer_body_read(&request, out_body);
    *arena = request.arena;
    INVARIANT(status == GALEN_OK || request.error.text[0] != '\0');
    INVARIANT(!request.options.has_threshold ||
              (request.options.threshold >= 0 && request.options.threshold <= 1));
    return status;
}

static void expect_text(struct bytes type, struct bytes body, struct bytes text,
                        struct arena *arena)
{
    struct infer_body again = {.version = NULL};
    INVARIANT(read_body(type, body, arena, &again) == GALEN_OK);
    INVARIANT(again.input.is_text);
    INVARIANT(bytes_equal(phi_reveal(again.input.content), text));
}

static void text_is_the_same_in_json(struct bytes text, struct arena *arena)
{
    struct writer body;
    writer_init(&body, SIZE_BYTES_MAX);
    struct json_writer json = json_writer_on(&body);
    json_begin_object(&json);
    json_put_name(&json, "content_type");
    json_put_cstring(&json, "text/plain");
    json_put_name(&json, "input");
    json_put_string(&json, text);
    json_end_object(&json);
    expect_text(BYTES("application/json"), writer_bytes(&body), text, arena);
    writer_deinit(&body);
}

static void text_is_the_same_in_a_form(struct bytes text, struct arena *arena)
{
    struct writer body;
    writer_init(&body, SIZE_BYTES_MAX);
    writer_put_string(&body, "--never in a seed 7f3a\r\n"
                             "Content-Disposition: form-data; name=input\r\n"
                             "Content-Type: text/plain\r\n\r\n");
    writer_put(&body, text);
    writer_put_string(&body, "\r\n--never in a seed 7f3a--");
    expect_text(BYTES("multipart/form-data; boundary=\"never in a seed 7f3a\""),
                writer_bytes(&body), text, arena);
    writer_deinit(&body);
}

static void taken_text_is_text(const struct infer_body *body, struct arena *arena)
{
    const struct bytes text = phi_reveal(body->input.content);
    if (!body->input.is_text || strcmp(body->input.media_type, "text/plain") != 0 ||
        infer_content_validate(body->input.content, true, NULL) != GALEN_OK ||
        memmem(text.data, text.size, "never in a seed", 15) != NULL) {
        return;
    }
    text_is_the_same_in_json(text, arena);
    text_is_the_same_in_a_form(text, arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct infer_body body = {.version = NULL};
    struct bytes type;
    const struct bytes content = bytes_split(bytes_of(data, size), '\n', &type);
    arena_init(&arena, LIMIT_ARENA_SIZE_BYTES_MAX);
    if (read_body(type, content, &arena, &body) == GALEN_OK) {
        INVARIANT(body.version != NULL);
        INVARIANT(body.is_tensors || body.input.media_type != NULL);
        INVARIANT(body.features == NULL || (!body.is_tensors && !body.input.is_text));
        if (!body.is_tensors && body.features == NULL) {
            taken_text_is_text(&body, &arena);
        }
    }
    arena_deinit(&arena);
    return 0;
}
