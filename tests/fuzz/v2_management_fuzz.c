/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages that manage models are refused or understood; what was understood and is written
 * reads back the same, and settings stay ones that can be.
 */
#include "codec/v2_management.h"

#include "v2_fuzz.h"

struct message {
    struct bytes body;
    struct arena arena;
    struct error error;
};

static bool is_accepted(enum galen_status status, struct message *message)
{
    if (status != GALEN_OK) {
        INVARIANT(status == GALEN_FORBIDDEN || message->error.text[0] != '\0');
        if (status != GALEN_FORBIDDEN) {
            expect_error(status, &message->error);
        }
    }
    error_clear(&message->error);
    return status == GALEN_OK;
}

static void index_reads_back(struct message *message)
{
    struct v2_index index;
    struct v2_index back;
    struct writer out;
    if (!is_accepted(
            v2_index_decode(message->body, &message->arena, &index, &message->error),
            message)) {
        return;
    }
    writer_init(&out, BODY_SIZE_BYTES_MAX);
    v2_index_encode(&index, &out);
    INVARIANT(out.status == GALEN_OK);
    INVARIANT(v2_index_decode(writer_bytes(&out), &message->arena, &back, NULL) ==
              GALEN_OK);
    INVARIANT(index.count == back.count);
    for (size_t i = 0; i < index.count; i++) {
        INVARIANT(same_text(index.entries[i].name, back.entries[i].name));
        INVARIANT(same_text(index.entries[i].version, back.entries[i].version));
        INVARIANT(same_text(index.entries[i].reason, back.entries[i].reason));
        INVARIANT(index.entries[i].state == back.entries[i].state);
    }
    writer_deinit(&out);
}

static void statistics_read_back(struct message *message)
{
    struct v2_statistics_list list;
    struct v2_statistics_list back;
    struct writer out;
    struct writer again;
    if (!is_accepted(
            v2_statistics_decode(message->body, &message->arena, &list, &message->error),
            message)) {
        return;
    }
    writer_init(&out, BODY_SIZE_BYTES_MAX);
    writer_init(&again, BODY_SIZE_BYTES_MAX);
    v2_statistics_encode(&list, &out);
    INVARIANT(out.status == GALEN_OK);
    const enum galen_status status =
        v2_statistics_decode(writer_bytes(&out), &message->arena, &back, NULL);
    if (status == GALEN_OK) {
        v2_statistics_encode(&back, &again);
        INVARIANT(bytes_equal(writer_bytes(&out), writer_bytes(&again)));
    } else {
        INVARIANT(status == GALEN_TOO_LARGE); /* with all its members it is longer */
    }
    writer_deinit(&out);
    writer_deinit(&again);
}

static void log_settings_can_be(struct message *message)
{
    struct v2_log_settings settings = {false, true, true, true};
    const bool is_changed = is_accepted(
        v2_log_settings_update(message->body, &message->arena, &settings, &message->error),
        message);
    INVARIANT(settings.error && (settings.warning || !settings.info) &&
              (settings.info || !settings.verbose));
    INVARIANT(is_changed || (settings.info && !settings.verbose));
}

static void requests_are_understood_or_refused(struct message *message)
{
    bool ready_only;
    struct bytes config = BYTES_NONE;
    (void)is_accepted(v2_index_request_decode(message->body, &message->arena, &ready_only,
                                              &message->error),
                      message);
    (void)is_accepted(
        v2_unload_request_decode(message->body, &message->arena, &message->error), message);
    (void)is_accepted(
        v2_trace_settings_check(message->body, &message->arena, &message->error), message);
    if (!is_accepted(v2_load_request_decode(message->body, &message->arena, &config,
                                            &message->error),
                     message)) {
        INVARIANT(config.size == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct message message = {.body = bytes_of(data, size)};
    arena_init(&message.arena, LIMIT_ARENA_SIZE_BYTES_MAX);
    index_reads_back(&message);
    statistics_read_back(&message);
    log_settings_can_be(&message);
    requests_are_understood_or_refused(&message);
    arena_deinit(&message.arena);
    return 0;
}
