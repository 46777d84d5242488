/* SPDX-License-Identifier: Apache-2.0 */
/* How a row is said in words: for errors and for documentation. */
#pragma once

#include "codec/yaml_table.h"

#define YAML_BOUNDS_TEXT_SIZE 64u

bool yaml_key_is_bounded(const struct yaml_key *key);

/* " from 1 to 64", " of at least 1" or nothing. */
void yaml_key_bounds_text(const struct yaml_key *key, char *out_text, size_t size);

/* The names of an ENUM: "a, b, c". Cut when there is no room. */
void yaml_key_names_text(const struct yaml_key *key, char *out_text, size_t size);
