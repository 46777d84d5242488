/* SPDX-License-Identifier: Apache-2.0 */
/* The real file system behind audit/disk.h. Files are made with mode 0640, folders with
 * 0750. Threads: any; it has no state. */
#pragma once

#include "service/audit/disk.h"

struct audit_disk *posix_disk(void);
