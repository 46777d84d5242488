/* SPDX-License-Identifier: Apache-2.0 */
#include "app/keys_folder.h"

#include <stdlib.h>

const char *keys_folder_default(void)
{
    const char *named = getenv("GALEN_KEYS_DIRECTORY");
    return named != NULL && named[0] != '\0' ? named : "keys";
}
