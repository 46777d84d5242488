/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A model's folder as releases read and change it: records that are whole or absent, tags
 * that are moved by one rename(2), and the lock of who does it.
 *
 *     models/<name>/current -> 2           tags
 *     models/<name>/disabled -> releases/000007.json
 *     models/<name>/releases/000007.json   records
 *     models/<name>/releases/done -> 000007.json   the newest whose tags were moved
 *     models/<name>/releases/canary -> 000007.json while one is under way: what says of it
 *     models/<name>/releases/engines -> 000007.json where a release named engines: likewise
 *
 * All block on the disk. Statuses: GALEN_NOT_FOUND, GALEN_INVALID: what is there is not
 * what it has to be; GALEN_TOO_LARGE; GALEN_UNAVAILABLE: the system's refusal;
 * GALEN_NO_MEMORY. Errors name the path.
 */
#pragma once

#include "base/cleanup.h"
#include "base/error.h"
#include "model/release_record.h"

struct release_folder {
    char *path;   /* REPOSITORY/MODEL */
    int model;    /* descriptors; -1: it is not there, or not open */
    int releases; /* models/<name>/releases */
    int lock;
};

/* Reads only: what is not there is not made. */
MUST_USE enum galen_status release_folder_open(const char *repository, const char *model,
                                               struct release_folder **out_folder,
                                               struct error *out_error);
void release_folder_close(struct release_folder *folder); /* NULL is allowed */
DEFINE_SCOPED(release_folder, release_folder_close)

/* Makes `releases` where there is none and takes the lock, which ends with the folder or
 * the process; then removes what a process that was killed left behind. GALEN_BUSY: another
 * process has it. */
MUST_USE enum galen_status release_folder_lock(struct release_folder *folder,
                                               struct error *out_error);

/* The tags, which are links to a number and nothing else, whether there is an entry
 * `disabled`, of any kind, its engines, and the canary that is under way. */
MUST_USE enum galen_status release_folder_state(const struct release_folder *folder,
                                                struct arena *arena,
                                                struct release_state *out_state,
                                                struct error *out_error);

/* Numbers of the newest record and of the newest whose tags were moved; 0: none. */
MUST_USE enum galen_status release_folder_newest(const struct release_folder *folder,
                                                 uint64_t *out_newest, uint64_t *out_done,
                                                 struct error *out_error);

/* The record of that number, and the SHA-256 of its file, which is set wherever the file
 * could be read. */
MUST_USE enum galen_status release_folder_record(const struct release_folder *folder,
                                                 uint64_t number, struct arena *arena,
                                                 struct release_record *out_record,
                                                 uint8_t *out_sha256,
                                                 struct error *out_error);

/* The folder is locked. GALEN_BUSY: there is a record of that number. The record is durable
 * when it returns GALEN_OK; else it is whole or absent. */
MUST_USE enum galen_status release_folder_put(const struct release_folder *folder,
                                              uint64_t number, struct bytes text,
                                              struct error *out_error);

/* The folder is locked. A file in the model's own folder comes to be, or is replaced, whole
 * and durable. */
MUST_USE enum galen_status release_folder_replace(const struct release_folder *folder,
                                                  const char *name, struct bytes text,
                                                  struct error *out_error);

/* GALEN_INVALID: there is something of that name that is no link. */
MUST_USE enum galen_status release_folder_check_tag(const struct release_folder *folder,
                                                    const char *tag,
                                                    struct error *out_error);

/* The folder is locked. A tag moves, or comes to be, by one rename(2). */
MUST_USE enum galen_status release_folder_move_tag(const struct release_folder *folder,
                                                   const char *tag, uint64_t version,
                                                   struct error *out_error);

/* The folder is locked. One that is not there is no failure. */
MUST_USE enum galen_status release_folder_remove_tag(const struct release_folder *folder,
                                                     const char *tag,
                                                     struct error *out_error);

/* What the record says of a canary that `canary` in the releases points to; zeroed: there
 * is no such link. GALEN_INVALID: it points to no record that says of one; statuses of
 * release_folder_record. */
MUST_USE enum galen_status release_folder_rollout(const struct release_folder *folder,
                                                  struct release_rollout *out_rollout,
                                                  struct error *out_error);

/* The folder is locked. The canary of that record is under way; 0: none is. By one
 * rename(2) or unlink(2). */
MUST_USE enum galen_status release_folder_set_rollout(const struct release_folder *folder,
                                                      uint64_t number,
                                                      struct error *out_error);

/* The same of the sets of engines, by `engines`; zeroed: there is no such link. */
MUST_USE enum galen_status release_folder_engines(const struct release_folder *folder,
                                                  struct release_engines *out_engines,
                                                  struct error *out_error);
MUST_USE enum galen_status release_folder_set_engines(const struct release_folder *folder,
                                                      uint64_t number,
                                                      struct error *out_error);

/* Exchanges two tags at once. False: they are as before, and the file system may not know
 * how. */
bool release_folder_exchange(const struct release_folder *folder, const char *one,
                             const char *other);

/* `disabled` points to the record of that number. */
MUST_USE enum galen_status release_folder_disable(const struct release_folder *folder,
                                                  uint64_t number, struct error *out_error);
MUST_USE enum galen_status release_folder_enable(const struct release_folder *folder,
                                                 struct error *out_error);

/* What was moved survives the machine; then `done` points to the record. */
MUST_USE enum galen_status release_folder_settle(const struct release_folder *folder,
                                                 uint64_t number, struct error *out_error);

/* The number of the record that `disabled` points to; 0: none. */
uint64_t release_folder_disabled_by(const struct release_folder *folder);
