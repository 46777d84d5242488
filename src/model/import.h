/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Puts a new model into a repository: REPOSITORY/<model>/1/ with its files and the
 * model.yaml that names their hashes, and the tag `current`. Whole or not at all: it is
 * made beside its place and moved there. Nothing that is there is ever changed. Blocks on
 * the disk.
 */
#pragma once

#include "model/contract_write.h"

#define IMPORT_FILE_COUNT_MAX 8u

struct import_file {
    const char *from; /* a path */
    const char *name; /* in the version's folder */
};

struct import {
    const char *repository; /* made when it is not there */
    const char *model;      /* repository_name_is_valid */
    const struct import_file *files;
    size_t file_count;               /* at most IMPORT_FILE_COUNT_MAX */
    const struct contract *contract; /* its files are not read: these here are listed */
    const struct contract_card *card;
};

/* GALEN_INVALID: there is a model of that name, or the contract is none that
 * contract_parse reads; GALEN_NOT_FOUND, GALEN_TOO_LARGE: a file;
 * GALEN_UNAVAILABLE: the system's refusal. The error names the path. */
MUST_USE enum galen_status import_model(const struct import *import,
                                        struct error *out_error);
