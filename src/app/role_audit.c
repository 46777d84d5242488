/* SPDX-License-Identifier: Apache-2.0 */
#include "app/role_audit.h"

#include "app/audit_opening.h"

const char *role_trail(const struct role *role, size_t sink)
{
    return role->audit_opening->trails[sink];
}

enum galen_status role_open_audit(struct role *role, struct error *out_error)
{
    if (!role->settings.audit_enabled) {
        return GALEN_OK;
    }
    TRY(audit_opening_create(&role->settings, role->kind->name, &role->audit_opening,
                             out_error));
    role->audit_key = role->audit_opening->hmac_key->hmac_key;
    return audit_writer_create(&role->audit_opening->options, &role->audit, out_error);
}

void role_close_audit(struct role *role)
{
    audit_writer_close(role->audit);
    audit_opening_destroy(role->audit_opening);
}
