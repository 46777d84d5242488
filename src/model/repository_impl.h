/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the repository from disk, apart from what may be asked of it afterwards. */
#pragma once

#include "model/repository.h"

/* Fills path, models and model_count of a snapshot whose arena is there. Statuses as
 * repository_read. */
MUST_USE enum galen_status repository_scan(const char *path, bool verify,
                                           struct repository *repository,
                                           struct error *out_error);
