/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Code points as `tokenizers` takes them: its classes (unicode_classes.def says where they
 * come from), lower case and decomposition. Pure.
 */
#pragma once

#include "base/bytes.h"

enum unicode_class {
    UNICODE_CONTROL = 1,     /* what cleaning a text for BERT leaves out */
    UNICODE_SPACE = 2,       /* White_Space */
    UNICODE_PUNCTUATION = 4, /* what BERT makes a word of its own */
    UNICODE_CHINESE = 8,     /* what BERT sets apart */
    UNICODE_NONSPACING = 16, /* what BERT takes for an accent */
    UNICODE_MARK = 32,       /* what StripAccents does */
    UNICODE_LETTER = 64,     /* \p{L} of the byte-level pattern */
    UNICODE_NUMBER = 128,    /* \p{N} */
    UNICODE_WORD = 256,      /* \w beside an added token */
    UNICODE_UNSTABLE = 512,  /* decomposes, or is a mark that may move past others */
};

enum { UNICODE_SIZE_MAX = 4, UNICODE_PARTS_MAX = 32 };

/* Bits of enum unicode_class. */
unsigned unicode_classes(uint32_t code_point);

/* The code point at the front of UTF-8 that was checked; returns its bytes. */
size_t unicode_decode(const uint8_t *text, uint32_t *out_code_point);

/* As UTF-8; returns its bytes. */
size_t unicode_encode(uint32_t code_point, uint8_t out_text[UNICODE_SIZE_MAX]);

/* The one or two code points of its lower case; returns how many. */
size_t unicode_lower(uint32_t code_point, uint32_t out_lower[2]);

/* What NFD, or NFKD, makes of it alone; returns how many. */
size_t unicode_decompose(uint32_t code_point, bool compatibly,
                         uint32_t out_parts[UNICODE_PARTS_MAX]);

/* The class that decides how marks are ordered; 0: it stays where it is. */
unsigned unicode_combining_class(uint32_t code_point);
