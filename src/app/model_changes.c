/* SPDX-License-Identifier: Apache-2.0 */
#include "app/model_changes.h"

#include <stdio.h>

static void print_move(const char *tag, uint64_t before, uint64_t after,
                       const char **separator)
{
    if (before == after) {
        return;
    }
    (void)printf("%s%s", *separator, tag);
    if (before != 0) {
        (void)printf(" %llu", (unsigned long long)before);
    }
    if (after != 0) {
        (void)printf(" -> %llu", (unsigned long long)after);
    } else {
        (void)printf(" ends");
    }
    *separator = ", ";
}

void model_tell_rollout(const struct release_rollout *rollout, char *out_text)
{
    char share[RELEASE_PERCENT_SIZE];
    char shadow[RELEASE_PERCENT_SIZE];
    release_percent_write(rollout->share, share);
    release_percent_write(rollout->shadow, shadow);
    (void)snprintf(out_text, MODEL_ROLLOUT_SIZE, "canary takes %s %%, shadow %s %%%s",
                   share, shadow, rollout->promotes ? ", auto" : "");
}

static void print_rollout(const struct release_record *record, const char **separator)
{
    char text[MODEL_ROLLOUT_SIZE];
    const struct release_rollout *after = &record->after.rollout;
    if (after->version == 0 || release_rollout_equal(&record->before.rollout, after)) {
        return;
    }
    model_tell_rollout(after, text);
    (void)printf("%s%s", *separator, text);
    *separator = ", ";
}

void model_print_changes(const struct release_record *record)
{
    const char *separator = "";
    for (size_t i = 0; i < record->after.tag_count; i++) {
        const struct release_tag *tag = &record->after.tags[i];
        print_move(tag->name, release_state_version(&record->before, tag->name),
                   tag->version, &separator);
    }
    for (size_t i = 0; i < record->before.tag_count; i++) {
        const struct release_tag *tag = &record->before.tags[i];
        if (release_state_version(&record->after, tag->name) == 0) {
            print_move(tag->name, tag->version, 0, &separator);
        }
    }
    print_rollout(record, &separator);
}
