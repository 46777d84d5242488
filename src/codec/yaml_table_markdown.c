/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "codec/yaml_table_impl.h"

enum { PATH_SIZE_BYTES = 256, WORDS_SIZE_BYTES = 512 };

static void write_rows(const struct yaml_key *keys, size_t key_count, const char *prefix,
                       struct writer *writer);

static void bounded_words(const struct yaml_key *key, const char *noun, char *out_words)
{
    char bounds[YAML_BOUNDS_TEXT_SIZE];
    yaml_key_bounds_text(key, bounds, sizeof(bounds));
    (void)snprintf(out_words, WORDS_SIZE_BYTES, "%s%s", noun, bounds);
}

static void type_words(const struct yaml_key *key, char *out_words)
{
    char names[WORDS_SIZE_BYTES / 2];
    switch (key->type) {
    case YAML_TYPE_STRING:
        (void)snprintf(out_words, WORDS_SIZE_BYTES, "text");
        break;
    case YAML_TYPE_BOOL:
        (void)snprintf(out_words, WORDS_SIZE_BYTES, "true or false");
        break;
    case YAML_TYPE_U64:
        bounded_words(key, "whole number", out_words);
        break;
    case YAML_TYPE_F64:
        bounded_words(key, "number", out_words);
        break;
    case YAML_TYPE_ENUM:
        yaml_key_names_text(key, names, sizeof(names));
        (void)snprintf(out_words, WORDS_SIZE_BYTES, "%s", names);
        break;
    case YAML_TYPE_MAPPING:
        (void)snprintf(out_words, WORDS_SIZE_BYTES, "mapping");
        break;
    case YAML_TYPE_SEQUENCE:
        bounded_words(key, "sequence", out_words);
        break;
    case YAML_TYPE_MAP:
        bounded_words(key, "map", out_words);
        break;
    }
}

static void write_row(const char *path, const struct yaml_key *key, struct writer *writer)
{
    char type[WORDS_SIZE_BYTES];
    type_words(key, type);
    writer_put_string(writer, "| `");
    writer_put_string(writer, path);
    writer_put_string(writer, "` | ");
    writer_put_string(writer, type);
    writer_put_string(writer, " | ");
    writer_put_string(writer, key->required            ? "required"
                              : key->otherwise != NULL ? key->otherwise
                                                       : "");
    writer_put_string(writer, " | ");
    writer_put_string(writer, key->help == NULL ? "" : key->help);
    writer_put_string(writer, " |\n");
}

static void write_key(const struct yaml_key *key, const char *path, struct writer *writer)
{
    char inner[PATH_SIZE_BYTES];
    write_row(path, key, writer);
    if (key->type == YAML_TYPE_MAPPING) {
        (void)snprintf(inner, sizeof(inner), "%s.", path);
        write_rows(key->keys, key->key_count, inner, writer);
    } else if (key->type == YAML_TYPE_SEQUENCE) {
        (void)snprintf(inner, sizeof(inner), "%s[]", path);
        write_key(&key->keys[0], inner, writer);
    } else if (key->type == YAML_TYPE_MAP) {
        (void)snprintf(inner, sizeof(inner), "%s.<name>", path);
        write_key(&key->keys[1], inner, writer);
    }
}

static void write_rows(const struct yaml_key *keys, size_t key_count, const char *prefix,
                       struct writer *writer)
{
    for (size_t i = 0; i < key_count; i++) {
        char path[PATH_SIZE_BYTES];
        (void)snprintf(path, sizeof(path), "%s%s", prefix, keys[i].name);
        write_key(&keys[i], path, writer);
    }
}

void yaml_write_markdown(const struct yaml_key *keys, size_t key_count,
                         struct writer *writer)
{
    writer_put_string(writer, "| Key | Value | Default | Meaning |\n|---|---|---|---|\n");
    write_rows(keys, key_count, "", writer);
}
