/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a configuration, part by part; each part needs those before it. */
#pragma once

#include "model/config.h"

enum config_use { CONFIG_USED, CONFIG_IGNORED, CONFIG_REFUSED };

struct config_field {
    const char *name; /* "input.dims", as message_value_name gives it */
    enum config_use use;
    const char *why;
};

extern const struct config_field config_fields[];
extern const size_t config_field_count;

/* The row of that name; NULL: there is none. */
const struct config_field *config_field(const char *name);

struct config_reader {
    const struct model_config_source *source;
    struct arena *arena;
    struct model_config *config;
    struct error *error;
};

/* Where a field's value stands in that message (element index of it, if it is repeated); as
 * if it stood where the message does, when there is no such value. */
struct message_value config_place(const struct model_config *config,
                                  const ProtobufCMessage *message, const char *field,
                                  size_t index);

#define config_refuse(reader, message, field, index, status, ...)                    \
    message_refuse(&(reader)->config->document_,                                     \
                   (const struct message_value[]){                                   \
                       config_place((reader)->config, (message), (field), (index))}, \
                   (status), (reader)->error, __VA_ARGS__)

/* Beyond LIMIT_MODEL_CONFIG_NOTE_COUNT_MAX there is no further one. GALEN_NO_MEMORY. */
__attribute__((format(printf, 3, 4))) MUST_USE enum galen_status
config_note(struct config_reader *reader, const struct message_value *value,
            const char *format, ...);

#define config_no_memory(reader)                                                         \
    message_refuse(&(reader)->config->document_, NULL, GALEN_NO_MEMORY, (reader)->error, \
                   "out of memory")

/* A name of a file inside one folder: not empty, no '/', no '.' at its beginning. */
bool config_is_file_name(const char *name);

/* Each fills its part of reader->config. Statuses as model_config_read. */
MUST_USE enum galen_status config_check_fields(struct config_reader *reader);
MUST_USE enum galen_status config_read_tensors(struct config_reader *reader);
MUST_USE enum galen_status config_read_batching(struct config_reader *reader);
MUST_USE enum galen_status config_read_instances(struct config_reader *reader);
MUST_USE enum galen_status config_read_parameters(struct config_reader *reader);
MUST_USE enum galen_status config_read_warmups(struct config_reader *reader);

/* Of TYPE_FP32 and so on; false: of TYPE_INVALID and what is none. */
bool config_datatype(int type, enum galen_datatype *out_datatype);
int config_type_of(enum galen_datatype datatype);

/* Dimensions into a spec: from 1 or, where is_open_allowed, -1; at most GALEN_RANK_MAX.
 * message has them in its field `dims`. */
MUST_USE enum galen_status config_read_dims(struct config_reader *reader,
                                            const ProtobufCMessage *message,
                                            const int64_t *dims, size_t count,
                                            bool is_open_allowed,
                                            struct galen_tensor_spec *out_spec);
