/* SPDX-License-Identifier: Apache-2.0 */
/* A folder for one test's files, removed with all that is in it. */
#pragma once

#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "expect.h"

struct scratch {
    char path[64];
};

static inline void scratch_create(struct scratch *scratch)
{
    (void)snprintf(scratch->path, sizeof(scratch->path), "/tmp/galen-test-XXXXXX");
    assert_non_null(mkdtemp(scratch->path));
}

/* Makes a file and the folders on the way to it: name is "simple/1/model.onnx". */
static inline void scratch_write(const struct scratch *scratch, const char *name,
                                 const char *text)
{
    char path[PATH_MAX];
    (void)snprintf(path, sizeof(path), "%s/%s", scratch->path, name);
    for (char *slash = path + strlen(scratch->path) + 1;
         (slash = strchr(slash, '/')) != NULL; slash++) {
        *slash = '\0';
        (void)mkdir(path, 0700);
        *slash = '/';
    }
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static inline void scratch_link(const struct scratch *scratch, const char *name,
                                const char *target)
{
    char path[PATH_MAX];
    (void)snprintf(path, sizeof(path), "%s/%s", scratch->path, name);
    assert_int_equal(symlink(target, path), 0);
}

static inline int scratch_remove_one(const char *path, const struct stat *status, int type,
                                     struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    return remove(path);
}

static inline void scratch_remove(const struct scratch *scratch)
{
    assert_int_equal(nftw(scratch->path, scratch_remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}
