/* SPDX-License-Identifier: Apache-2.0 */
/* Small image files for tests: made by the libraries' encoders, or changed byte by byte. */
#pragma once

#include <spng.h>
#include <stdlib.h>
#include <turbojpeg.h>

#include "base/bytes.h"
#include "base/invariant.h"

enum { SAMPLE_SIZE_BYTES_MAX = 1 << 16 };

struct sample {
    uint8_t data[SAMPLE_SIZE_BYTES_MAX];
    size_t size;
};

static inline struct bytes sample_bytes(const struct sample *sample)
{
    return bytes_of(sample->data, sample->size);
}

static inline void sample_set(struct sample *sample, const void *data, size_t size)
{
    INVARIANT(size <= sizeof(sample->data));
    memcpy(sample->data, data, size);
    sample->size = size;
}

static inline void sample_insert(struct sample *sample, size_t at, const void *data,
                                 size_t size)
{
    INVARIANT(at <= sample->size && size <= sizeof(sample->data) - sample->size);
    memmove(sample->data + at + size, sample->data + at, sample->size - at);
    memcpy(sample->data + at, data, size);
    sample->size += size;
}

/* Where the n-th (from 0) such run of bytes begins. */
static inline size_t sample_find(const struct sample *sample, struct bytes wanted, size_t n)
{
    for (size_t at = 0; at + wanted.size <= sample->size; at++) {
        if (memcmp(sample->data + at, wanted.data, wanted.size) == 0 && n-- == 0) {
            return at;
        }
    }
    INVARIANT(n == SIZE_MAX); /* it is in there */
    return 0;
}

/* format is TJPF_GRAY, TJPF_RGB or TJPF_CMYK. */
static inline void sample_jpeg(struct sample *sample, const uint8_t *pixels, int width,
                               int height, int format, int flags)
{
    uint8_t *data = NULL;
    unsigned long size = 0;
    tjhandle encoder = tjInitCompress();
    INVARIANT(tjCompress2(encoder, pixels, width, 0, height, format, &data, &size,
                          format == TJPF_GRAY ? TJSAMP_GRAY : TJSAMP_444, 100,
                          flags | TJFLAG_ACCURATEDCT) == 0);
    sample_set(sample, data, size);
    tjFree(data);
    (void)tjDestroy(encoder);
}

/* pixels are as in a PNG, 16 bits in the machine's order. */
static inline void sample_png(struct sample *sample, const struct spng_ihdr *header,
                              const struct spng_plte *palette, const void *pixels,
                              size_t pixels_size)
{
    struct spng_ihdr copy = *header;
    int code = 0;
    size_t size = 0;
    spng_ctx *encoder = spng_ctx_new(SPNG_CTX_ENCODER);
    (void)spng_set_option(encoder, SPNG_ENCODE_TO_BUFFER, 1);
    INVARIANT(spng_set_ihdr(encoder, &copy) == 0);
    if (palette != NULL) {
        struct spng_plte entries = *palette;
        INVARIANT(spng_set_plte(encoder, &entries) == 0);
    }
    INVARIANT(spng_encode_image(encoder, pixels, pixels_size, SPNG_FMT_PNG,
                                SPNG_ENCODE_FINALIZE) == 0);
    void *data = spng_get_png_buffer(encoder, &size, &code);
    INVARIANT(code == 0 && data != NULL);
    sample_set(sample, data, size);
    free(data);
    spng_ctx_free(encoder);
}

static inline void png_put_u32(uint8_t *at, uint32_t value)
{
    for (size_t i = 0; i < 4; i++) {
        at[i] = (uint8_t)(value >> (24 - 8 * i));
    }
}

static inline uint32_t png_get_u32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static inline uint32_t png_checksum(const uint8_t *data, size_t size)
{
    uint32_t sum = UINT32_MAX;
    for (size_t i = 0; i < size; i++) {
        sum ^= data[i];
        for (int bit = 0; bit < 8; bit++) {
            sum = (sum & 1) != 0 ? sum >> 1 ^ 0xEDB88320U : sum >> 1;
        }
    }
    return ~sum;
}

/* Makes the checksums of all chunks right again, as far as there are whole ones. */
static inline void png_repair(uint8_t *data, size_t size)
{
    size_t at = 8;
    while (size >= 12 && at <= size - 12) {
        const size_t body = png_get_u32(data + at);
        if (body > size - 12 - at) {
            return;
        }
        png_put_u32(data + at + 8 + body, png_checksum(data + at + 4, body + 4));
        at += 12 + body;
    }
}

/* type is four letters. */
static inline void png_insert(struct sample *sample, size_t at, const char *type,
                              struct bytes body)
{
    uint8_t chunk[512] = {0};
    INVARIANT(body.size <= sizeof(chunk) - 12);
    png_put_u32(chunk, (uint32_t)body.size);
    memcpy(chunk + 4, type, 4);
    memcpy(chunk + 8, body.data, body.size);
    png_put_u32(chunk + 8 + body.size, png_checksum(chunk + 4, body.size + 4));
    sample_insert(sample, at, chunk, 12 + body.size);
}
