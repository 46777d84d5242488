/* SPDX-License-Identifier: Apache-2.0 */
/* Reads tests/data/http11/requests.txt: the same list for the parser and for the server. */
#pragma once

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/invariant.h"

#define REQUESTS_PATH "tests/data/http11/requests.txt"
#define REQUEST_SIZE_MAX 65536u

struct raw_request {
    int first_status;     /* of the first message; 200: understood */
    int status;           /* of the last one */
    size_t message_count; /* the refused one included */
    int server_status;    /* to the first one, where a server differs; else first_status */
    char name[64];
    uint8_t data[REQUEST_SIZE_MAX];
    size_t size;
};

static inline void request_unescape_one(struct raw_request *request, const char **at)
{
    INVARIANT(request->size < REQUEST_SIZE_MAX);
    const char escape = **at == '\\' ? (*at)[1] : '\0';
    uint8_t byte = (uint8_t) * (*at)++;
    if (escape == 'x') {
        const char digits[3] = {(*at)[1], (*at)[2], '\0'};
        byte = (uint8_t)strtoul(digits, NULL, 16);
        *at += 3;
    } else if (escape != '\0') {
        byte = (uint8_t)(escape == 'r'   ? '\r'
                         : escape == 'n' ? '\n'
                         : escape == 't' ? '\t'
                                         : escape);
        (*at)++;
    }
    request->data[request->size++] = byte;
}

/* {text*count} */
static inline const char *request_repeat(struct raw_request *request, const char *at)
{
    const size_t start = request->size;
    while (*at != '*') {
        request_unescape_one(request, &at);
    }
    const size_t unit = request->size - start;
    char *end;
    const size_t count = strtoul(at + 1, &end, 10);
    INVARIANT(*end == '}' && unit * count <= REQUEST_SIZE_MAX - start);
    for (size_t i = 1; i < count; i++) {
        memcpy(request->data + start + i * unit, request->data + start, unit);
    }
    request->size = start + unit * count;
    return end + 1;
}

/* "200,400/404,400": what the parser says of each message; behind the slash, what the
 * gateway answers, which is for the tests with real processes. */
static inline void request_read_statuses(struct raw_request *request, const char *at)
{
    char *end;
    request->message_count = 0;
    do {
        request->status = (int)strtol(at, &end, 10);
        if (request->message_count++ == 0) {
            request->first_status = request->status;
        }
        at = end + 1;
    } while (*end == ',');
    request->server_status =
        *end == '/' ? (int)strtol(at, NULL, 10) : request->first_status;
}

/* Behind the word at `at` and the spaces that follow it. */
static inline char *request_skip_word(char *at)
{
    at += strcspn(at, " ");
    return at + strspn(at, " ");
}

/* The next line that is a request; false at the end. A line: "STATUS RULE NAME | REQUEST".
 */
static inline bool request_read(FILE *file, struct raw_request *request)
{
    static char line[4096];
    while (fgets(line, sizeof(line), file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] == '#' || line[0] == '\0') {
            continue;
        }
        char *name = request_skip_word(request_skip_word(line));
        char *bar = strstr(name, "| ");
        INVARIANT(bar != NULL);
        const char *at = bar + 2;
        while (bar[-1] == ' ') {
            bar--;
        }
        *bar = '\0';
        request_read_statuses(request, line);
        (void)snprintf(request->name, sizeof(request->name), "%.63s", name);
        request->size = 0;
        while (*at != '\0') {
            if (*at == '{') {
                at = request_repeat(request, at + 1);
            } else {
                request_unescape_one(request, &at);
            }
        }
        return true;
    }
    return false;
}
