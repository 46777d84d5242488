/* SPDX-License-Identifier: Apache-2.0 */
#include "service/auth/jwks_flight.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/invariant.h"
#include "base/limits.h"

enum { HTTP_STATUS_NOT_FOUND = 404 };

static void arrive(struct jwks_flight *flight)
{
    flight->is_under_way = false;
    flight->arrived(flight);
}

static void take_off(struct jwks_flight *flight)
{
    INVARIANT(!flight->is_under_way);
    jwks_flight_clear(flight);
    flight->is_under_way = true;
    flight->has_discovered = false;
    flight->was_refused = false;
}

/* Over HTTP */

static void get_discovery(struct jwks_flight *flight)
{
    discovery_write_target(&flight->url, flight->form, jwks_get_target(&flight->get));
    jwks_get_start(&flight->get, &flight->url);
}

static void get_keys(struct jwks_flight *flight)
{
    const bool is_discovered = flight->options->source.issuer != NULL;
    const struct web_url *url = is_discovered ? &flight->keys_url : &flight->url;
    struct writer *target = jwks_get_target(&flight->get);
    writer_put(target, url->path.size > 0 ? url->path : BYTES("/"));
    writer_put(target, url->query);
    jwks_get_start(&flight->get, url);
}

static enum galen_status read_discovery(struct jwks_flight *flight)
{
    struct bytes uri;
    arena_deinit(&flight->discovered);
    arena_init(&flight->discovered, LIMIT_DISCOVERY_MEMORY_SIZE_BYTES_MAX);
    TRY(discovery_read(flight->get.body, bytes_from_string(flight->options->source.issuer),
                       &flight->discovered, &uri, &flight->error));
    return web_url_parse(uri, &flight->keys_url, &flight->error);
}

static bool has_another_form(const struct jwks_flight *flight)
{
    return flight->form == DISCOVERY_OPENID && !flight->is_cancelled &&
           flight->get.http_status == HTTP_STATUS_NOT_FOUND;
}

static void arrive_with_discovery(struct jwks_flight *flight)
{
    if (has_another_form(flight)) {
        flight->form = DISCOVERY_OAUTH;
        jwks_flight_clear(flight);
        get_discovery(flight);
        return;
    }
    if (flight->status == GALEN_OK) {
        flight->status = read_discovery(flight);
    }
    arrive(flight);
}

static void on_got(struct jwks_get *get)
{
    struct jwks_flight *flight = LIST_ITEM(get, struct jwks_flight, get);
    flight->status = get->status;
    flight->error = get->error;
    flight->was_refused = get->status == GALEN_BAD_UPSTREAM && get->http_status != 0;
    flight->lifetime_ns = get->lifetime_ns;
    flight->document = get->body;
    if (flight->has_discovered) {
        arrive_with_discovery(flight);
    } else {
        arrive(flight);
    }
}

/* From a file */

static enum galen_status refuse_file(struct jwks_flight *flight, enum galen_status status,
                                     const char *why)
{
    return error_set(&flight->error, status, "%s: %s", flight->options->source.file, why);
}

static enum galen_status read_whole(struct jwks_flight *flight, FILE *file)
{
    uint8_t *text = blob_data(flight->file);
    const size_t size = fread(text, 1, blob_size(flight->file), file);
    if (ferror(file) != 0) {
        return refuse_file(flight, GALEN_UNAVAILABLE, strerrordesc_np(errno));
    }
    if (size == blob_size(flight->file)) {
        return error_set(&flight->error, GALEN_TOO_LARGE, "%s: has more than %d bytes",
                         flight->options->source.file, LIMIT_KEY_SET_SIZE_BYTES_MAX);
    }
    flight->document = bytes_of(text, size);
    return GALEN_OK;
}

static enum galen_status read_file(struct jwks_flight *flight)
{
    FILE *file = fopen(flight->options->source.file, "rbe");
    if (file == NULL) {
        return refuse_file(flight, GALEN_UNAVAILABLE, strerrordesc_np(errno));
    }
    flight->file = blob_create(LIMIT_KEY_SET_SIZE_BYTES_MAX + 1, 0);
    const enum galen_status status =
        flight->file == NULL ? GALEN_NO_MEMORY : read_whole(flight, file);
    (void)fclose(file);
    return status;
}

static void on_read(struct task *task)
{
    struct jwks_flight *flight = LIST_ITEM(task, struct jwks_flight, read);
    flight->lifetime_ns = JWKS_LIFETIME_UNTOLD;
    flight->error.text[0] = '\0';
    flight->status = read_file(flight);
    arrive(flight);
}

/* Life */

static enum galen_status read_source(struct jwks_flight *flight, struct error *out_error)
{
    const struct jwks_source *source = &flight->options->source;
    struct error why = {"", ""};
    enum galen_status status = GALEN_OK;
    if (source->issuer != NULL) {
        status =
            discovery_read_issuer(bytes_from_string(source->issuer), &flight->url, &why);
    } else if (source->url != NULL) {
        status = web_url_parse(bytes_from_string(source->url), &flight->url, &why);
        if (status == GALEN_OK && !web_url_is_safe(&flight->url)) {
            status =
                error_set(&why, GALEN_INVALID, "it is neither https nor on this machine");
        }
    }
    return status == GALEN_OK
               ? GALEN_OK
               : error_set(out_error, status, "the %s cannot be used: %s",
                           source->issuer != NULL ? "issuer" : "URL of keys", why.text);
}

/* A copy of the options, for answers of this size; NULL of NULL. */
static const struct http_client_options *limit(const struct http_client_options *options,
                                               struct http_client_options *out_copy)
{
    if (options == NULL) {
        return NULL;
    }
    *out_copy = *options;
    out_copy->response_size_bytes_max = LIMIT_KEY_SET_SIZE_BYTES_MAX;
    return out_copy;
}

enum galen_status jwks_flight_init(struct jwks_flight *flight,
                                   const struct jwks_keeper_options *options,
                                   void (*arrived)(struct jwks_flight *flight),
                                   struct error *out_error)
{
    *flight = (struct jwks_flight){.options = options, .arrived = arrived};
    TRY(read_source(flight, out_error));
    flight->read.run = on_read;
    flight->get = (struct jwks_get){
        .loop = options->loop,
        .client = limit(options->client, &flight->client),
        .secure_client = limit(options->secure_client, &flight->secure_client),
        .timeout_ms = options->timeout_ms,
        .done = on_got};
    return GALEN_OK;
}

void jwks_flight_deinit(struct jwks_flight *flight)
{
    jwks_flight_clear(flight);
    arena_deinit(&flight->discovered);
}

void jwks_flight_discover(struct jwks_flight *flight)
{
    take_off(flight);
    flight->has_discovered = true;
    flight->form = DISCOVERY_OPENID;
    get_discovery(flight);
}

void jwks_flight_fetch(struct jwks_flight *flight)
{
    take_off(flight);
    if (flight->options->source.file == NULL) {
        get_keys(flight);
    } else {
        mailbox_post(loop_mailbox(flight->options->loop), &flight->read);
    }
}

bool jwks_flight_is_under_way(const struct jwks_flight *flight)
{
    return flight->is_under_way;
}

void jwks_flight_cancel(struct jwks_flight *flight)
{
    flight->is_cancelled = true;
    jwks_get_cancel(&flight->get);
}

void jwks_flight_clear(struct jwks_flight *flight)
{
    flight->document = BYTES_NONE;
    jwks_get_clear(&flight->get);
    blob_unref(take(&flight->file));
}
