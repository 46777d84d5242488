/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The byte-level way of GPT-2 and RoBERTa: text falls into words by one pattern, tokens are
 * runs of bytes, and a vocabulary file writes each byte as a character that can be printed.
 *
 * Source: "Language Models are Unsupervised Multitask Learners", Radford et al., 2019, and
 * its published encoder. Pure.
 */
#pragma once

#include "preprocess/text/words.h"

/* The words of the pattern
 *   's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+ */
void byte_level_split(const struct piece *piece, struct word within, struct words *words);

/* Puts a space before a piece that does not begin with one; it counts as part of the first
 * code point. GALEN_TOO_LARGE: the arena is full. */
MUST_USE enum galen_status byte_level_add_space(struct piece *piece, struct arena *arena);

/* A token as a vocabulary writes it to its bytes, which are fewer; in place of `out_bytes`,
 * which has room for token.size. False: it has a character that stands for no byte. */
bool byte_level_decode(struct bytes token, uint8_t *out_bytes, size_t *out_size);
