/* SPDX-License-Identifier: Apache-2.0 */
#include "app/role_admission.h"

#include <stdlib.h>

#include "crypto/random.h"

enum galen_status role_open_admission(struct role *role)
{
    struct siphash_key key;
    TRY(random_bytes(&key, sizeof(key)));
    role->admission = aligned_alloc(_Alignof(struct admission), sizeof(*role->admission));
    if (role->admission == NULL) {
        return GALEN_NO_MEMORY;
    }
    admission_init(role->admission, &key);
    return GALEN_OK;
}

void role_close_admission(struct role *role)
{
    free(role->admission);
    role->admission = NULL;
}
