/* SPDX-License-Identifier: Apache-2.0 */
#include "service/auth/discovery.h"

#include "codec/json.h"

static const struct bytes openid = BYTES_INIT("/.well-known/openid-configuration");
static const struct bytes oauth = BYTES_INIT("/.well-known/oauth-authorization-server");

enum galen_status discovery_read_issuer(struct bytes issuer, struct web_url *out_url,
                                        struct error *out_error)
{
    struct web_url url;
    TRY(web_url_parse(issuer, &url, out_error));
    if (url.query.size > 0) {
        return error_set(out_error, GALEN_INVALID, "it has a query");
    }
    if (!web_url_is_safe(&url)) {
        return error_set(out_error, GALEN_INVALID,
                         "it is neither https nor on this machine");
    }
    *out_url = url;
    return GALEN_OK;
}

static struct bytes without_last_slash(struct bytes path)
{
    const bool ends_so = path.size > 0 && path.data[path.size - 1] == '/';
    return bytes_first(path, path.size - ends_so);
}

void discovery_write_target(const struct web_url *issuer, enum discovery_form form,
                            struct writer *out)
{
    const struct bytes path = without_last_slash(issuer->path);
    writer_put(out, form == DISCOVERY_OPENID ? path : oauth);
    writer_put(out, form == DISCOVERY_OPENID ? openid : path);
}

/* A member that is a string; false: there is none. */
static bool get_string(const struct json *object, const char *name, struct bytes *out_text)
{
    const struct json *member = json_member(object, name);
    const bool is_there = member != NULL && json_type(member) == JSON_STRING;
    if (is_there) {
        *out_text = json_string(member);
    }
    return is_there;
}

static enum galen_status read_members(const struct json *root, struct bytes issuer,
                                      struct bytes *out_jwks_uri, struct error *out_error)
{
    struct bytes text;
    struct web_url url;
    struct error why;
    if (json_type(root) != JSON_OBJECT) {
        return error_set(out_error, GALEN_INVALID, "the discovery document is no object");
    }
    if (!get_string(root, "issuer", &text) || !bytes_equal(text, issuer)) {
        return error_set(out_error, GALEN_INVALID,
                         "the discovery document is about another issuer");
    }
    if (!get_string(root, "jwks_uri", &text)) {
        return error_set(out_error, GALEN_INVALID,
                         "the discovery document has no jwks_uri");
    }
    if (web_url_parse(text, &url, &why) != GALEN_OK) {
        return error_set(out_error, GALEN_INVALID, "jwks_uri: %s", why.text);
    }
    if (!web_url_is_safe(&url)) {
        return error_set(out_error, GALEN_INVALID,
                         "jwks_uri is neither https nor on this machine");
    }
    *out_jwks_uri = text;
    return GALEN_OK;
}

enum galen_status discovery_read(struct bytes document, struct bytes issuer,
                                 struct arena *arena, struct bytes *out_jwks_uri,
                                 struct error *out_error)
{
    const struct json *root;
    TRY(json_parse(document, arena, &root, out_error));
    return read_members(root, issuer, out_jwks_uri, out_error);
}
