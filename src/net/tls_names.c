/* SPDX-License-Identifier: Apache-2.0 */
#include "net/tls_names.h"

#include <stdlib.h>

#include <openssl/x509v3.h>

#include "base/limits.h"

/* Names that are found, before they are copied: borrowed. */
struct finds {
    struct tls_name names[LIMIT_TLS_NAME_COUNT_MAX];
    size_t count;
    size_t text_size; /* of all, with a NUL each */
};

static bool is_text(struct bytes text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] <= ' ' || text.data[i] > '~') {
            return false;
        }
    }
    return text.size > 0;
}

static enum galen_status find(struct finds *finds, enum tls_name_type type,
                              struct bytes text)
{
    if (finds->count == LIMIT_TLS_NAME_COUNT_MAX ||
        text.size > LIMIT_TLS_NAME_SIZE_BYTES_MAX) {
        return GALEN_TOO_LARGE;
    }
    if (!is_text(text)) {
        return GALEN_INVALID;
    }
    finds->names[finds->count++] = (struct tls_name){type, text};
    finds->text_size += text.size + 1;
    return GALEN_OK;
}

static enum galen_status keep(const struct finds *finds, struct tls_names *out_names)
{
    const size_t rows_size = finds->count * sizeof(struct tls_name);
    *out_names = (struct tls_names){.count = 0};
    if (finds->count == 0) {
        return GALEN_OK;
    }
    struct tls_name *names = malloc(rows_size + finds->text_size);
    if (names == NULL) {
        return GALEN_NO_MEMORY;
    }
    uint8_t *at = (uint8_t *)names + rows_size;
    for (size_t i = 0; i < finds->count; i++) {
        const struct bytes text = finds->names[i].text;
        memcpy(at, text.data, text.size);
        names[i] = (struct tls_name){finds->names[i].type, bytes_of(at, text.size)};
        at[text.size] = 0;
        at += text.size + 1;
    }
    *out_names = (struct tls_names){names, finds->count};
    return GALEN_OK;
}

static enum galen_status find_general(struct finds *finds, const GENERAL_NAME *name)
{
    static const struct {
        int theirs;
        enum tls_name_type ours;
    } types[] = {
        {GEN_DNS, TLS_NAME_DNS}, {GEN_URI, TLS_NAME_URI}, {GEN_EMAIL, TLS_NAME_EMAIL}};
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (name->type == types[i].theirs) {
            const ASN1_IA5STRING *text = name->d.ia5;
            return find(
                finds, types[i].ours,
                bytes_of(ASN1_STRING_get0_data(text), (size_t)ASN1_STRING_length(text)));
        }
    }
    return GALEN_OK;
}

static enum galen_status find_all(struct finds *finds, const GENERAL_NAMES *general)
{
    for (int i = 0; i < sk_GENERAL_NAME_num(general); i++) { /* -1 of NULL */
        TRY(find_general(finds, sk_GENERAL_NAME_value(general, i)));
    }
    return GALEN_OK;
}

enum galen_status tls_names_read(const X509 *certificate, struct tls_names *out_names)
{
    struct finds finds = {.count = 0};
    GENERAL_NAMES *general =
        X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    enum galen_status status = find_all(&finds, general);
    if (status == GALEN_OK) {
        status = keep(&finds, out_names);
    }
    GENERAL_NAMES_free(general);
    return status;
}

static bool is_uri(struct bytes text)
{
    return memmem(text.data, text.size, "://", 3) != NULL;
}

enum galen_status tls_names_parse(struct bytes list, struct tls_names *out_names)
{
    struct finds finds = {.count = 0};
    while (list.size > 0) {
        struct bytes name;
        list = bytes_split(list, ',', &name);
        name = bytes_trim(name);
        if (name.size > 0) {
            TRY(find(&finds, is_uri(name) ? TLS_NAME_URI : TLS_NAME_DNS, name));
        }
    }
    return keep(&finds, out_names);
}

static bool is_same(const struct tls_name *one, const struct tls_name *other)
{
    return one->type == other->type &&
           (one->type == TLS_NAME_DNS ? bytes_equal_ignoring_case(one->text, other->text)
                                      : bytes_equal(one->text, other->text));
}

bool tls_names_meet(const struct tls_names *one, const struct tls_names *other)
{
    for (size_t i = 0; i < one->count; i++) {
        for (size_t k = 0; k < other->count; k++) {
            if (is_same(&one->names[i], &other->names[k])) {
                return true;
            }
        }
    }
    return false;
}

void tls_names_deinit(struct tls_names *names)
{
    free(names->names);
    *names = (struct tls_names){.count = 0};
}
