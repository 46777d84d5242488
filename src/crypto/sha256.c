/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/sha256.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include <openssl/evp.h>

enum { FILE_CHUNK_SIZE_BYTES = 65536 };

struct sha256 {
    EVP_MD_CTX *context;
};

static enum galen_status ok_if(int openssl_result)
{
    return openssl_result == 1 ? GALEN_OK : GALEN_INTERNAL;
}

enum galen_status sha256_of(struct bytes bytes, uint8_t *out_digest)
{
    return ok_if(EVP_Digest(bytes.data, bytes.size, out_digest, NULL, EVP_sha256(), NULL));
}

enum galen_status sha256_create(struct sha256 **out_sha256)
{
    scoped(sha256) sha256 = calloc(1, sizeof(*sha256));
    if (sha256 == NULL || (sha256->context = EVP_MD_CTX_new()) == NULL) {
        return GALEN_NO_MEMORY;
    }
    TRY(ok_if(EVP_DigestInit_ex(sha256->context, EVP_sha256(), NULL)));
    *out_sha256 = take(&sha256);
    return GALEN_OK;
}

void sha256_destroy(struct sha256 *sha256)
{
    if (sha256 != NULL) {
        EVP_MD_CTX_free(sha256->context);
        free(sha256);
    }
}

enum galen_status sha256_update(struct sha256 *sha256, struct bytes bytes)
{
    return ok_if(EVP_DigestUpdate(sha256->context, bytes.data, bytes.size));
}

enum galen_status sha256_finish(struct sha256 *sha256, uint8_t *out_digest)
{
    uint8_t digest[SHA256_SIZE];
    TRY(ok_if(EVP_DigestFinal_ex(sha256->context, digest, NULL)));
    TRY(ok_if(EVP_DigestInit_ex(sha256->context, NULL, NULL)));
    memcpy(out_digest, digest, sizeof(digest));
    return GALEN_OK;
}

static ssize_t read_some(int descriptor, uint8_t *chunk)
{
    ssize_t size;
    do {
        size = read(descriptor, chunk, FILE_CHUNK_SIZE_BYTES);
    } while (size < 0 && errno == EINTR);
    return size;
}

enum galen_status sha256_of_file(int descriptor, uint64_t size_bytes_max,
                                 uint8_t *out_digest)
{
    scoped(sha256) sha256 = NULL;
    TRY(sha256_create(&sha256));
    uint8_t chunk[FILE_CHUNK_SIZE_BYTES];
    ssize_t size;
    while ((size = read_some(descriptor, chunk)) > 0) {
        if ((uint64_t)size > size_bytes_max) {
            return GALEN_TOO_LARGE;
        }
        size_bytes_max -= (uint64_t)size;
        TRY(sha256_update(sha256, bytes_of(chunk, (size_t)size)));
    }
    return size < 0 ? GALEN_UNAVAILABLE : sha256_finish(sha256, out_digest);
}

void sha256_to_hex(const uint8_t *digest, char *out_hex)
{
    for (size_t i = 0; i < SHA256_SIZE; i++) {
        out_hex[2 * i] = "0123456789abcdef"[digest[i] >> 4];
        out_hex[2 * i + 1] = "0123456789abcdef"[digest[i] & 15];
    }
}

/* Of each byte the value of the digit that it is, plus 1. */
static const uint8_t hex_values[256] = {
    ['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,
    ['6'] = 7,  ['7'] = 8,  ['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12,
    ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16, ['A'] = 11, ['B'] = 12,
    ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16,
};

bool sha256_from_hex(struct bytes hex, uint8_t *out_digest)
{
    uint8_t digest[SHA256_SIZE];
    if (hex.size != SHA256_HEX_SIZE) {
        return false;
    }
    for (size_t i = 0; i < SHA256_SIZE; i++) {
        const uint8_t high = hex_values[hex.data[2 * i]];
        const uint8_t low = hex_values[hex.data[2 * i + 1]];
        if (high == 0 || low == 0) {
            return false;
        }
        digest[i] = (uint8_t)((high - 1) * 16 + (low - 1));
    }
    memcpy(out_digest, digest, sizeof(digest));
    return true;
}
