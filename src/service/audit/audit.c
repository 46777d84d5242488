/* SPDX-License-Identifier: Apache-2.0 */
#include "service/audit/audit.h"

#include "crypto/hmac.h"

enum galen_status audit_pseudonym(const struct audit_access *access, struct bytes bytes,
                                  uint8_t *out_code)
{
    return hmac_of(access->hmac, bytes, out_code);
}
