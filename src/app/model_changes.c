/* SPDX-License-Identifier: Apache-2.0 */
#include "app/model_changes.h"

struct enumeration {
    struct writer *out;
    bool has_items;
};

static void begin_item(struct enumeration *list)
{
    writer_put_string(list->out, list->has_items ? ", " : "");
    list->has_items = true;
}

static void put_move(struct enumeration *list, const char *tag, uint64_t before,
                     uint64_t after)
{
    if (before == after) {
        return;
    }
    begin_item(list);
    writer_put_string(list->out, tag);
    if (before != 0) {
        writer_put_byte(list->out, ' ');
        writer_put_u64(list->out, before);
    }
    writer_put_string(list->out, after != 0 ? " -> " : " ends");
    if (after != 0) {
        writer_put_u64(list->out, after);
    }
}

void model_rollout_write(const struct release_rollout *rollout, struct writer *out)
{
    char text[RELEASE_PERCENT_SIZE];
    writer_put_string(out, "canary takes ");
    release_percent_write(rollout->share, text);
    writer_put_string(out, text);
    writer_put_string(out, rollout->engine[0] == '\0' ? " %" : " % on engines ");
    writer_put_string(out, rollout->engine);
    writer_put_string(out, ", shadow ");
    release_percent_write(rollout->shadow, text);
    writer_put_string(out, text);
    writer_put_string(out, rollout->promotes ? " %, auto" : " %");
}

static void put_rollout(struct enumeration *list, const struct release_record *record)
{
    const struct release_rollout *after = &record->after.rollout;
    if (after->version != 0 && !release_rollout_equal(&record->before.rollout, after)) {
        begin_item(list);
        model_rollout_write(after, list->out);
    }
}

static const char *shown_engine(const char *engine)
{
    return engine[0] == '\0' ? "as configured" : engine;
}

static void put_engines(struct enumeration *list, const struct release_record *record)
{
    const char *before = record->before.engines.current;
    const char *after = record->after.engines.current;
    if (strcmp(before, after) != 0) {
        begin_item(list);
        writer_put_string(list->out, "engines ");
        writer_put_string(list->out, shown_engine(before));
        writer_put_string(list->out, " -> ");
        writer_put_string(list->out, shown_engine(after));
    }
}

void model_changes_write(const struct release_record *record, struct writer *out)
{
    struct enumeration list = {.out = out};
    for (size_t i = 0; i < record->after.tag_count; i++) {
        const struct release_tag *tag = &record->after.tags[i];
        put_move(&list, tag->name, release_state_version(&record->before, tag->name),
                 tag->version);
    }
    for (size_t i = 0; i < record->before.tag_count; i++) {
        const struct release_tag *tag = &record->before.tags[i];
        if (release_state_version(&record->after, tag->name) == 0) {
            put_move(&list, tag->name, tag->version, 0);
        }
    }
    put_engines(&list, record);
    put_rollout(&list, record);
}
