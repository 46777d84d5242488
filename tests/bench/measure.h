/* SPDX-License-Identifier: Apache-2.0 */
/* What the programs here share: CPU time, files, and an end when something is wrong. */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "base/blob.h"

static _Noreturn inline void die(const char *what, const char *why)
{
    (void)fprintf(stderr, "%s: %s\n", what, why);
    exit(EXIT_FAILURE);
}

/* User and system time of this process. */
static inline double cpu_us(void)
{
    struct rusage usage;
    (void)getrusage(RUSAGE_SELF, &usage);
    return 1e6 * (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

/* Gives one reference. */
static inline struct blob *read_file(const char *path, size_t size_bytes_max)
{
    FILE *file = fopen(path, "rb");
    struct blob *content = blob_create(size_bytes_max, 0);
    if (file == NULL || content == NULL) {
        die(path, "cannot be read");
    }
    blob_truncate(content, fread(blob_data(content), 1, size_bytes_max, file));
    (void)fclose(file);
    return content;
}
