/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/policy.h"

enum { CANONICAL_SIZE_BYTES_MAX = 65536 };

static enum galen_status fill(const struct settings_policy *settings,
                              struct policy *out_policy)
{
    struct writer text;
    *out_policy = (struct policy){.settings = settings};
    for (size_t i = 0; i < settings->rule_count; i++) {
        out_policy->members |= settings->rules[i].pattern.members;
        out_policy->makes_pseudonyms |= settings->rules[i].redaction == SETTINGS_HASH;
    }
    writer_init(&text, CANONICAL_SIZE_BYTES_MAX);
    settings_policy_write(settings, &text);
    const enum galen_status status =
        text.status == GALEN_OK ? sha256_of(writer_bytes(&text), out_policy->sha256)
                                : text.status;
    writer_deinit(&text);
    return status;
}

enum galen_status policies_init(struct policies *out_policies,
                                const struct settings_policy *settings, size_t count)
{
    out_policies->count = 0;
    for (size_t i = 0; i < count; i++) {
        TRY(fill(&settings[i], &out_policies->items[i]));
        out_policies->count++;
    }
    return GALEN_OK;
}

const struct policy *policies_find(const struct policies *policies, const char *name)
{
    for (size_t i = 0; policies != NULL && i < policies->count; i++) {
        if (strcmp(policies->items[i].settings->name, name) == 0) {
            return &policies->items[i];
        }
    }
    return NULL;
}
