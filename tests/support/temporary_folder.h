/* SPDX-License-Identifier: Apache-2.0 */
/* For tests: a folder that is there for one test, and what lies in it. Failures end the
 * test. */
#pragma once

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"

#include "expect.h"

struct temporary_folder {
    char path[64];
    int descriptor;
};

static inline int remove_entry(const char *path, const struct stat *status, int type,
                               struct FTW *place)
{
    (void)status, (void)type, (void)place;
    return remove(path);
}

static inline int folder_create(void **state)
{
    static struct temporary_folder folder;
    (void)snprintf(folder.path, sizeof(folder.path), "/tmp/galen_test.XXXXXX");
    if (mkdtemp(folder.path) == NULL) {
        return -1;
    }
    folder.descriptor = open(folder.path, O_DIRECTORY | O_CLOEXEC);
    *state = &folder;
    return folder.descriptor < 0 ? -1 : 0;
}

static inline int folder_destroy(void **state)
{
    struct temporary_folder *folder = *state;
    (void)close(folder->descriptor);
    return nftw(folder->path, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

static inline void folder_mkdir(const struct temporary_folder *folder, const char *name)
{
    assert_int_equal(mkdirat(folder->descriptor, name, 0700), 0);
}

static inline void folder_link(const struct temporary_folder *folder, const char *name,
                               const char *target)
{
    assert_int_equal(symlinkat(target, folder->descriptor, name), 0);
}

static inline void folder_write(const struct temporary_folder *folder, const char *name,
                                struct bytes text)
{
    const int file =
        openat(folder->descriptor, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(file >= 0);
    assert_int_equal(write(file, text.data, text.size), text.size);
    assert_int_equal(close(file), 0);
}

#define FOLDER_TEST(test) \
    cmocka_unit_test_setup_teardown(test, folder_create, folder_destroy)
