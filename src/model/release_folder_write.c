/* SPDX-License-Identifier: Apache-2.0 */
#include "model/release_folder_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/descriptor.h"
#include "crypto/random.h"
#include "model/directory.h"

/* A name that nobody else uses, also where a lock does not reach other machines. */
static enum galen_status choose_name(char *out_name)
{
    unsigned long long number;
    TRY(random_bytes(&number, sizeof(number)));
    (void)snprintf(out_name, RELEASE_NAME_SIZE, RELEASE_UNFINISHED "%016llx", number);
    return GALEN_OK;
}

static bool write_file(int parent, const char *name, struct bytes text)
{
    const int file CLOSED_LATER =
        openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    return file >= 0 && descriptor_write(file, text) && fsync(file) == 0;
}

static enum galen_status link_file(const struct release_folder *folder, const char *from,
                                   const char *to, struct error *out_error)
{
    if (linkat(folder->releases, from, folder->releases, to, 0) == 0) {
        return GALEN_OK;
    }
    return errno == EEXIST
               ? error_set(out_error, GALEN_BUSY, "%s/" RELEASES "/%s: is there already",
                           folder->path, to)
               : release_folder_fail(folder, RELEASES, out_error);
}

static enum galen_status put_file(const struct release_folder *folder, const char *own,
                                  const char *name, struct bytes text,
                                  struct error *out_error)
{
    if (!write_file(folder->releases, own, text)) {
        return release_folder_fail(folder, RELEASES, out_error);
    }
    TRY(link_file(folder, own, name, out_error));
    return fsync(folder->releases) == 0 ? GALEN_OK
                                        : release_folder_fail(folder, RELEASES, out_error);
}

enum galen_status release_folder_put(const struct release_folder *folder, uint64_t number,
                                     struct bytes text, struct error *out_error)
{
    char own[RELEASE_NAME_SIZE];
    char name[RELEASE_NAME_SIZE];
    TRY(choose_name(own));
    release_record_name(number, name);
    const enum galen_status status = put_file(folder, own, name, text, out_error);
    (void)unlinkat(folder->releases, own, 0);
    return status;
}

static enum galen_status replace_file(const struct release_folder *folder, const char *own,
                                      const char *name, struct bytes text,
                                      struct error *out_error)
{
    return write_file(folder->model, own, text) &&
                   renameat(folder->model, own, folder->model, name) == 0 &&
                   fsync(folder->model) == 0
               ? GALEN_OK
               : release_folder_fail(folder, name, out_error);
}

enum galen_status release_folder_replace(const struct release_folder *folder,
                                         const char *name, struct bytes text,
                                         struct error *out_error)
{
    char own[RELEASE_NAME_SIZE];
    TRY(choose_name(own));
    const enum galen_status status = replace_file(folder, own, name, text, out_error);
    (void)unlinkat(folder->model, own, 0);
    return status;
}

/* rename(2) would replace a file too. */
enum galen_status release_folder_check_tag(const struct release_folder *folder,
                                           const char *tag, struct error *out_error)
{
    struct stat about;
    if (fstatat(folder->model, tag, &about, AT_SYMLINK_NOFOLLOW) != 0) {
        return errno == ENOENT ? GALEN_OK : release_folder_fail(folder, tag, out_error);
    }
    return S_ISLNK(about.st_mode)
               ? GALEN_OK
               : error_set(out_error, GALEN_INVALID,
                           "%s/%s: is there and is no tag, which is a link", folder->path,
                           tag);
}

static enum galen_status put_link(const struct release_folder *folder, int parent,
                                  const char *name, const char *target,
                                  struct error *out_error)
{
    char own[RELEASE_NAME_SIZE];
    TRY(choose_name(own));
    if (symlinkat(target, parent, own) != 0) {
        return release_folder_fail(folder, name, out_error);
    }
    if (renameat(parent, own, parent, name) != 0) {
        const enum galen_status status = release_folder_fail(folder, name, out_error);
        (void)unlinkat(parent, own, 0);
        return status;
    }
    return GALEN_OK;
}

enum galen_status release_folder_move_tag(const struct release_folder *folder,
                                          const char *tag, uint64_t version,
                                          struct error *out_error)
{
    char target[RELEASE_TARGET_SIZE];
    (void)snprintf(target, sizeof(target), "%llu", (unsigned long long)version);
    return put_link(folder, folder->model, tag, target, out_error);
}

static enum galen_status remove_link(const struct release_folder *folder, int parent,
                                     const char *name, struct error *out_error)
{
    return unlinkat(parent, name, 0) == 0 || errno == ENOENT
               ? GALEN_OK
               : release_folder_fail(folder, name, out_error);
}

enum galen_status release_folder_remove_tag(const struct release_folder *folder,
                                            const char *tag, struct error *out_error)
{
    return remove_link(folder, folder->model, tag, out_error);
}

/* 0: it goes. */
static enum galen_status link_record(const struct release_folder *folder, const char *link,
                                     uint64_t number, struct error *out_error)
{
    char name[RELEASE_NAME_SIZE];
    release_record_name(number, name);
    TRY(number == 0 ? remove_link(folder, folder->releases, link, out_error)
                    : put_link(folder, folder->releases, link, name, out_error));
    return fsync(folder->releases) == 0 ? GALEN_OK
                                        : release_folder_fail(folder, RELEASES, out_error);
}

enum galen_status release_folder_set_rollout(const struct release_folder *folder,
                                             uint64_t number, struct error *out_error)
{
    return link_record(folder, RELEASE_ROLLOUT, number, out_error);
}

enum galen_status release_folder_set_engines(const struct release_folder *folder,
                                             uint64_t number, struct error *out_error)
{
    return link_record(folder, RELEASE_ENGINES, number, out_error);
}

bool release_folder_exchange(const struct release_folder *folder, const char *one,
                             const char *other)
{
    return renameat2(folder->model, one, folder->model, other, RENAME_EXCHANGE) == 0;
}

enum galen_status release_folder_disable(const struct release_folder *folder,
                                         uint64_t number, struct error *out_error)
{
    char name[RELEASE_NAME_SIZE];
    char target[RELEASE_TARGET_SIZE];
    release_record_name(number, name);
    (void)snprintf(target, sizeof(target), RELEASES "/%s", name);
    return put_link(folder, folder->model, RELEASE_DISABLED, target, out_error);
}

enum galen_status release_folder_enable(const struct release_folder *folder,
                                        struct error *out_error)
{
    return remove_link(folder, folder->model, RELEASE_DISABLED, out_error);
}

enum galen_status release_folder_settle(const struct release_folder *folder,
                                        uint64_t number, struct error *out_error)
{
    char name[RELEASE_NAME_SIZE];
    release_record_name(number, name);
    if (fsync(folder->model) != 0) {
        return release_folder_fail(folder, ".", out_error);
    }
    return put_link(folder, folder->releases, RELEASE_DONE, name, out_error);
}
