/* SPDX-License-Identifier: Apache-2.0 */
#include "service/audit/trail_walk.h"

#include "service/audit/input.h"

static void skip_stranger(void *context, const char *name)
{
    (void)context, (void)name;
}

/* What is torn at the end is no line. */
static enum galen_status walk_lines(const struct audit_trail_walk *walk, const char *chain,
                                    const char *file, struct audit_input *input)
{
    struct audit_record record;
    struct bytes line;
    enum galen_status status;
    while ((status = audit_input_line(input, &line)) == GALEN_OK) {
        if (audit_record_read(line, &record) == GALEN_OK) {
            TRY(walk->on_record(walk->context, &record, line));
        } else {
            walk->on_damage(walk->context, chain, file);
        }
    }
    if (status != GALEN_NOT_FOUND) {
        walk->on_damage(walk->context, chain, file);
    }
    return GALEN_OK;
}

static enum galen_status walk_segment(const struct audit_trail_walk *walk,
                                      const char *chain, int folder, uint64_t number)
{
    char file[AUDIT_FILE_NAME_SIZE];
    scoped(audit_input) input = NULL;
    audit_segment_file(number, file);
    const enum galen_status status = audit_input_open(folder, file, &input, NULL);
    if (status == GALEN_OK) {
        return walk_lines(walk, chain, file, input);
    }
    if (status == GALEN_UNAVAILABLE) {
        walk->on_damage(walk->context, chain, file);
    }
    return status == GALEN_UNAVAILABLE ? GALEN_OK : status;
}

/* A gap is told once, however wide it is: one file with a high number makes it. */
static enum galen_status walk_segments(const struct audit_trail_walk *walk,
                                       const char *chain, int folder, uint64_t count)
{
    bool was_there = true;
    for (uint64_t number = 1; number <= count; number++) {
        const enum galen_status status = walk_segment(walk, chain, folder, number);
        const bool is_there = status != GALEN_NOT_FOUND;
        if (is_there) {
            TRY(status);
        } else if (was_there) {
            walk->on_damage(walk->context, chain, "");
        }
        was_there = is_there;
    }
    return GALEN_OK;
}

static enum galen_status walk_chain(const struct audit_trail_walk *walk,
                                    const struct audit_names *trail, const char *chain)
{
    int folder AUDIT_CLOSED_LATER = -1;
    struct audit_files files;
    enum galen_status status = audit_chain_folder(trail, chain, &folder, NULL);
    if (status == GALEN_OK) {
        status = audit_files_read(folder, &files, NULL);
    }
    if (status != GALEN_OK) {
        walk->on_damage(walk->context, chain, "");
        return GALEN_OK;
    }
    return walk_segments(walk, chain, folder, files.segment_count);
}

static bool is_wanted(const struct audit_trail_walk *walk, const char *chain)
{
    const struct bytes service = audit_chain_service(bytes_from_string(chain));
    return (walk->chain == NULL || strcmp(walk->chain, chain) == 0) &&
           (walk->service == NULL || bytes_equal_string(service, walk->service));
}

enum galen_status audit_trail_walk_run(const struct audit_trail_walk *walk,
                                       struct error *out_error)
{
    scoped(audit_names) trail = NULL;
    bool is_found = walk->chain == NULL;
    TRY(audit_trail_read(walk->trail, skip_stranger, NULL, &trail, out_error));
    for (size_t i = 0; i < trail->count; i++) {
        if (is_wanted(walk, trail->names[i].text)) {
            is_found = true;
            TRY(walk_chain(walk, trail, trail->names[i].text));
        }
    }
    return is_found ? GALEN_OK
                    : error_set(out_error, GALEN_NOT_FOUND, "%s: holds no chain %s",
                                walk->trail, walk->chain);
}
