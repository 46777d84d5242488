/* SPDX-License-Identifier: Apache-2.0 */
#include "base/status.h"

static const struct {
    int http;
    int grpc;
    const char *slug;
    const char *text;
} rows[] = {
#define GALEN_STATUS(name, http, grpc, slug, text) \
    [GALEN_##name] = {http, grpc, slug, text},
#include "galen/status.def"
};

int galen_status_http(enum galen_status status)
{
    return rows[status].http;
}

int galen_status_grpc(enum galen_status status)
{
    return rows[status].grpc;
}

const char *galen_status_slug(enum galen_status status)
{
    return rows[status].slug;
}

const char *galen_status_text(enum galen_status status)
{
    return rows[status].text;
}

bool status_from_slug(struct bytes slug, enum galen_status *out_status)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (bytes_equal_string(slug, rows[i].slug)) {
            *out_status = (enum galen_status)i;
            return true;
        }
    }
    return false;
}

enum galen_status status_from_http(int http)
{
    if (http >= 200 && http <= 299) {
        return GALEN_OK;
    }
    if (http == rows[GALEN_UNAUTHENTICATED].http) {
        return GALEN_BAD_UPSTREAM;
    }
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (rows[i].http == http) {
            return (enum galen_status)i;
        }
    }
    return http >= 400 && http <= 499 ? GALEN_INVALID : GALEN_BAD_UPSTREAM;
}

enum galen_status status_from_refusal(int http)
{
    const enum galen_status status = status_from_http(http);
    return status == GALEN_BAD_UPSTREAM ? GALEN_INVALID : status;
}
