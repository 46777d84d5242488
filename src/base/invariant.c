/* SPDX-License-Identifier: Apache-2.0 */
#include "base/invariant.h"

#include <stdio.h>
#include <stdlib.h>

_Noreturn void invariant_failed(const char *condition, const char *file, int line)
{
    (void)fprintf(stderr, "galen: broken invariant at %s:%d: %s\n", file, line, condition);
    abort();
}
