/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program that is its own image worker, with an image_to_tensor that does what the file
 * says: the first byte is the deed. Include in one file of the program; its main begins
 * with image_stub_main.
 */
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "expect.h"
#include "preprocess/image_process/image_worker.h"

enum { IMAGE_STUB_SIDE = 8 };

static const struct image_spec image_stub_spec = {
    .channels = IMAGE_GRAY,
    .layout = IMAGE_NCHW,
    .width = IMAGE_STUB_SIDE,
    .height = IMAGE_STUB_SIDE,
    .datatype = GALEN_UINT8,
};

static const char *const image_stub_command[] = {"/proc/self/exe", IMAGE_WORKER_COMMAND,
                                                 NULL};

static enum galen_status image_stub_deed(struct bytes file, struct arena *arena,
                                         uint8_t *out_tensor, struct error *out_error)
{
    switch (file.data[0]) {
    case 'f': /* fill */
        memset(out_tensor, file.data[1], (size_t)IMAGE_STUB_SIDE * IMAGE_STUB_SIDE);
        return GALEN_OK;
    case 'k': /* keep what is there */
        return GALEN_OK;
    case 'v': /* variables of the environment */
        out_tensor[0] = environ != NULL && environ[0] != NULL;
        return GALEN_OK;
    case 'r': /* refuse */
        return error_set(out_error, GALEN_INVALID, "ends at byte offset 2");
    case 'c': /* control characters */
        return error_set(out_error, GALEN_INVALID, "a\nb");
    case 't': /* trap */
        __builtin_trap();
        return GALEN_OK;
    case 'l': /* loop */
        for (volatile int forever = 1; forever != 0;) {
        }
        return GALEN_OK;
    case 'o': /* open a file */
        return open("/etc/passwd", O_RDONLY) < 0 ? GALEN_FORBIDDEN : GALEN_OK;
    case 'n': /* network */
        return socket(AF_INET, SOCK_STREAM, 0) < 0 ? GALEN_FORBIDDEN : GALEN_OK;
    case 'p': /* process */
        return fork() < 0 ? GALEN_FORBIDDEN : GALEN_OK;
    case 'e': /* elsewhere */
        return write(STDOUT_FILENO, "x", 1) < 0 ? GALEN_FORBIDDEN : GALEN_OK;
    default: /* memory */
        return arena_alloc(arena, (size_t)1 << 20) == NULL ? GALEN_NO_MEMORY : GALEN_OK;
    }
}

enum galen_status image_to_tensor(const struct image_spec *spec, enum image_format format,
                                  struct bytes file, struct arena *arena,
                                  uint8_t *out_tensor, struct error *out_error)
{
    (void)spec;
    (void)format;
    return image_stub_deed(file, arena, out_tensor, out_error);
}

static void image_stub_main(int argument_count, char **arguments)
{
    if (argument_count == 2 && strcmp(arguments[1], IMAGE_WORKER_COMMAND) == 0) {
        _exit(image_worker_run());
    }
    (void)signal(SIGPIPE, SIG_IGN); /* as net/loop.h does */
}
