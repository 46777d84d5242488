/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tokenizer_driver TOKENIZER.JSON: texts from stdin, each a length (uint32, little-endian)
 * and its bytes; for each, on stdout, the count of tokens and then of each its id, start,
 * end and word (int32). A file that cannot be loaded: exit 1, the reason on stderr.
 * First on stdout: the frame, as counts and ids of before and after.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "preprocess/text/tokenizer.h"

static void put(uint32_t value)
{
    (void)fwrite(&value, sizeof(value), 1, stdout);
}

static uint8_t *read_file(const char *path, size_t *out_size)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return NULL;
    }
    uint8_t *text = malloc(LIMIT_JSON_DOCUMENT_SIZE_BYTES_MAX);
    *out_size = text == NULL ? 0 : fread(text, 1, LIMIT_JSON_DOCUMENT_SIZE_BYTES_MAX, file);
    (void)fclose(file);
    return text;
}

static void put_frame(const struct tokenizer_frame *frame)
{
    put((uint32_t)frame->before_count);
    put((uint32_t)frame->after_count);
    put(frame->pad);
    for (size_t i = 0; i < frame->before_count; i++) {
        put(frame->before[i]);
    }
    for (size_t i = 0; i < frame->after_count; i++) {
        put(frame->after[i]);
    }
    (void)fflush(stdout);
}

static bool encode(const struct tokenizer *tokenizer, struct bytes text)
{
    struct arena arena;
    struct encoding encoding;
    arena_init(&arena, LIMIT_ARENA_SIZE_BYTES_MAX);
    const enum galen_status status = tokenizer_encode(tokenizer, text, &arena, &encoding);
    if (status == GALEN_OK) {
        put((uint32_t)encoding.count);
        for (size_t i = 0; i < encoding.count; i++) {
            put(encoding.ids[i]);
            put(encoding.spans[i].start);
            put(encoding.spans[i].end);
            put((uint32_t)encoding.words[i]);
        }
    }
    arena_deinit(&arena);
    return status == GALEN_OK;
}

static bool encode_all(const struct tokenizer *tokenizer)
{
    uint32_t size;
    bool good = true;
    while (good && fread(&size, sizeof(size), 1, stdin) == 1) {
        uint8_t *text = malloc((size_t)size + 1);
        good = text != NULL && fread(text, 1, size, stdin) == size &&
               encode(tokenizer, bytes_of(text, size));
        free(text);
        good = good && fflush(stdout) == 0;
    }
    return good;
}

int main(int count, char **words)
{
    struct error error = {.text = ""};
    scoped(tokenizer) tokenizer = NULL;
    size_t size = 0;
    uint8_t *text = count == 2 ? read_file(words[1], &size) : NULL;
    if (text == NULL) {
        return 2;
    }
    const enum galen_status status =
        tokenizer_parse(bytes_of(text, size), &tokenizer, &error);
    free(text);
    if (status != GALEN_OK) {
        (void)fprintf(stderr, "%s\n", error.text);
        return 1;
    }
    put_frame(tokenizer_frame(tokenizer));
    return encode_all(tokenizer) ? 0 : 3;
}
