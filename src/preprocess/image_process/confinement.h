/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an image worker gives up before it reads its first image: new files, sockets,
 * processes, signals to others, privileges, core files, memory without end. A system call
 * that is not on the short list ends the process at once (SIGSYS).
 */
#pragma once

#include "base/error.h"

/* For good, of the calling process, which has one thread. It may map shared_size and
 * LIMIT_IMAGE_MEMORY_SIZE_BYTES_MAX twice over. GALEN_UNAVAILABLE: this kernel does not
 * do that. */
MUST_USE enum galen_status confinement_enter(size_t shared_size, struct error *out_error);
