/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "model/config_impl.h"

const struct config_field config_fields[] = {
#define CONFIG_FIELD(name, use, why) {#name, CONFIG_##use, why},
#include "model/config_fields.def"
};
const size_t config_field_count = sizeof(config_fields) / sizeof(config_fields[0]);

const struct config_field *config_field(const char *name)
{
    for (size_t i = 0; i < config_field_count; i++) {
        if (strcmp(config_fields[i].name, name) == 0) {
            return &config_fields[i];
        }
    }
    return NULL;
}

bool config_is_file_name(const char *name)
{
    return name[0] != '\0' && name[0] != '.' && strchr(name, '/') == NULL;
}

/* The value that is this message; NULL: it is the root. */
static const struct message_value *own_place(const struct message_document *document,
                                             const ProtobufCMessage *message)
{
    const struct message_value *value = document->first;
    while (value != NULL && value->message != message) {
        value = value->next;
    }
    return value;
}

struct message_value config_place(const struct model_config *config,
                                  const ProtobufCMessage *message, const char *field,
                                  size_t index)
{
    const struct message_document *document = &config->document_;
    const struct message_value *own = own_place(document, message);
    const struct message_value *first = message_find(document, message, field);
    for (const struct message_value *value = first; value != NULL; value = value->next) {
        if (value->parent == own && value->field == first->field && value->index == index) {
            return *value;
        }
    }
    return (struct message_value){
        .parent = own,
        .field = message_field(message->descriptor, bytes_from_string(field)),
        .index = index,
        .line = own == NULL ? 0 : own->line,
        .column = own == NULL ? 0 : own->column,
    };
}

enum galen_status config_note(struct config_reader *reader,
                              const struct message_value *value, const char *format, ...)
{
    char why[ERROR_TEXT_SIZE];
    struct error note = {"", ""};
    struct model_config *config = reader->config;
    if (config->note_count == LIMIT_MODEL_CONFIG_NOTE_COUNT_MAX) {
        return GALEN_OK;
    }
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(why, sizeof(why), format, arguments);
    va_end(arguments);
    (void)message_write(&config->document_, value, &note, "%s", why);
    const char **notes =
        arena_alloc_array(reader->arena, config->note_count + 1, sizeof(*notes));
    char *text = arena_copy_string(reader->arena, bytes_from_string(note.text));
    if (notes == NULL || text == NULL) {
        return config_no_memory(reader);
    }
    for (size_t i = 0; i < config->note_count; i++) {
        notes[i] = config->notes[i];
    }
    notes[config->note_count++] = text;
    config->notes = notes;
    return GALEN_OK;
}

static enum galen_status check_value(struct config_reader *reader,
                                     const struct message_value *value)
{
    char name[MESSAGE_PATH_SIZE];
    message_value_name(value, name);
    const struct config_field *field = config_field(name);
    if (field == NULL || field->use == CONFIG_USED ||
        message_value_is_zero(&reader->config->document_, value)) {
        return GALEN_OK;
    }
    if (field->use == CONFIG_REFUSED) {
        return message_refuse(&reader->config->document_, value, GALEN_NOT_IMPLEMENTED,
                              reader->error, "is not supported: %s", field->why);
    }
    return value->index > 0 ? GALEN_OK
                            : config_note(reader, value, "is ignored: %s", field->why);
}

enum galen_status config_check_fields(struct config_reader *reader)
{
    for (const struct message_value *value = reader->config->document_.first; value != NULL;
         value = value->next) {
        TRY(check_value(reader, value));
    }
    return GALEN_OK;
}
