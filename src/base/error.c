/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>

static void cut_at_character(char *text)
{
    size_t index = 0;
    if (!bytes_are_utf8(bytes_from_string(text), &index)) {
        text[index] = '\0';
    }
}

int error_write(struct error *out_error, const char *format, ...)
{
    if (out_error == NULL) {
        return 0;
    }
    va_list arguments;
    va_start(arguments, format);
    const int size = vsnprintf(out_error->text, sizeof(out_error->text), format, arguments);
    va_end(arguments);
    cut_at_character(out_error->text);
    out_error->pointer[0] = '\0';
    return size;
}

static size_t append_escaped(char *token, size_t size, uint8_t byte)
{
    if (byte == '~' || byte == '/') {
        token[size++] = '~';
        byte = byte == '~' ? '0' : '1';
    }
    token[size++] = (char)byte;
    return size;
}

/* A pointer cut inside a character or inside an escape is cut before it. */
static void cut_pointer(char *pointer)
{
    cut_at_character(pointer);
    const size_t size = strlen(pointer);
    if (size > 0 && pointer[size - 1] == '~') {
        pointer[size - 1] = '\0';
    }
}

static void prefix_token(struct error *error, const char *token)
{
    char joined[2 * ERROR_POINTER_SIZE];
    (void)snprintf(joined, sizeof(joined), "%s%s", token, error->pointer);
    const size_t size = strnlen(joined, sizeof(error->pointer) - 1);
    memcpy(error->pointer, joined, size);
    error->pointer[size] = '\0';
    cut_pointer(error->pointer);
}

void error_prefix_name(struct error *error, struct bytes name)
{
    if (error == NULL) {
        return;
    }
    char token[ERROR_POINTER_SIZE];
    size_t size = 0;
    token[size++] = '/';
    for (size_t i = 0; i < name.size && size + 3 < sizeof(token); i++) {
        size = append_escaped(token, size, name.data[i]);
    }
    token[size] = '\0';
    prefix_token(error, token);
}

void error_prefix_index(struct error *error, size_t index)
{
    if (error == NULL) {
        return;
    }
    char token[32];
    (void)snprintf(token, sizeof(token), "/%zu", index);
    prefix_token(error, token);
}

void error_clear(struct error *error)
{
    error->text[0] = '\0';
    error->pointer[0] = '\0';
}
