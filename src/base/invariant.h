/* SPDX-License-Identifier: Apache-2.0 */
/* A wrong program stops instead of answering wrongly; wrong input is a status. On in every
 * build. The message names the condition and its place, never data. */
#pragma once

_Noreturn void invariant_failed(const char *condition, const char *file, int line);

#define INVARIANT(condition) \
    ((condition) ? (void)0 : invariant_failed(#condition, __FILE__, __LINE__))
