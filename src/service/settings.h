/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The configuration: a row of settings.def each, from defaults, then a YAML file, then the
 * environment, then the command line. Whole or not at all is the caller's: it reads into a
 * struct of its own and uses that when everything was right.
 *
 * Errors say where ("galen.yaml:3:9: limits.connections: …"), and never a value.
 */
#pragma once

#include "base/error.h"
#include "base/limits.h"
#include "base/writer.h"
#include "net/tls_peer.h"
#include "service/answer_members.h"

#define SETTINGS_HOST_SIZE 256u
#define SETTINGS_TEXT_SIZE 1024u
#define SETTINGS_NAME_SIZE 256u

enum settings_mode {
    SETTINGS_MODE_STANDARD,
    SETTINGS_MODE_DEMO, /* of sample models, for everyone who reaches it */
};

enum settings_control {
    SETTINGS_CONTROL_NONE,     /* what the repository says at the start, for good */
    SETTINGS_CONTROL_POLL,     /* what it says */
    SETTINGS_CONTROL_EXPLICIT, /* what requests to the admin listener say */
};

enum settings_require { SETTINGS_REQUIRE_ANY, SETTINGS_REQUIRE_ALL };

enum settings_demand {
    SETTINGS_DEMAND_NONE,    /* of a certificate: clients are not asked */
    SETTINGS_DEMAND_ASK,     /* one that they show has to be good */
    SETTINGS_DEMAND_REQUIRE, /* and they have to show one */
};

struct settings_address {
    char host[SETTINGS_HOST_SIZE]; /* numeric, without brackets */
    uint16_t port;
};

struct settings_peer {
    bool is_secure;                /* https */
    char host[SETTINGS_HOST_SIZE]; /* a name or numeric, without brackets */
    uint16_t port;
};

/* One service on so many hosts, any of which can answer. */
struct settings_peers {
    bool is_local; /* then there are none */
    size_t count;
    struct settings_peer peers[LIMIT_PEER_COUNT_MAX];
};

/* One of `engines` beside `default` (service/settings_engines.h). */
struct settings_engine_set {
    char name[LIMIT_ENGINE_NAME_SIZE_BYTES_MAX + 1];
    struct settings_peers peers; /* never local */
};

struct settings_url {
    bool is_set;
    struct settings_peer peer;
    char path[SETTINGS_TEXT_SIZE];
};

/* Who goes first: batch gets what clinic leaves. */
enum settings_class { SETTINGS_CLASS_CLINIC, SETTINGS_CLASS_BATCH };

/* How much of a route there may be. */
struct settings_limits {
    bool has_rate;         /* else limits.requests_per_s and limits.burst hold */
    double requests_per_s; /* of one caller; 0: no limit */
    uint64_t burst;        /* 0: as many as in a second */
    uint64_t concurrency;  /* 0: no limit */
    int class;             /* enum settings_class */
};

/* Which model answers what a caller sends without naming one (service/settings_routes.h).
 */
struct settings_route {
    char content[LIMIT_MEDIA_TYPE_SIZE_BYTES_MAX +
                 1]; /* type/subtype, or `*` behind the / */
    char model[LIMIT_MODEL_NAME_SIZE_BYTES_MAX + 1];
    char scope[LIMIT_SCOPE_SIZE_BYTES_MAX + 1]; /* who may; empty: infer:MODEL */
    char schema[SETTINGS_TEXT_SIZE]; /* a path, as the program sees it; "": there is none */
    bool asserts_formats;
    char engine[LIMIT_ENGINE_NAME_SIZE_BYTES_MAX + 1]; /* "": the default */
    char policy[LIMIT_POLICY_TEXT_SIZE_BYTES_MAX + 1]; /* "": none is named */
    bool requires_subject;                             /* else 422 */
    bool requires_purpose;
    struct settings_limits limits;
};

/* Who needs no token (service/settings_clients.h). */
struct settings_client {
    enum tls_name_type type;
    char name[SETTINGS_NAME_SIZE]; /* of its certificate */
    char client_id[SETTINGS_NAME_SIZE];
    char scopes[SETTINGS_TEXT_SIZE]; /* a blank between two */
};

/* What a policy does to what a pointer names (service/settings_policies.h). */
enum settings_redaction {
    SETTINGS_REMOVE,     /* it is not there */
    SETTINGS_MASK,       /* *** of a text, null of a number */
    SETTINGS_ROUND,      /* a fraction to so many digits behind the point */
    SETTINGS_GENERALISE, /* a number to its band, or down to a multiple */
    SETTINGS_HASH,       /* a text to its keyed hash */
};

struct settings_rule {
    enum settings_redaction redaction;
    char pointer[LIMIT_POLICY_TEXT_SIZE_BYTES_MAX + 1];
    struct answer_pattern pattern;             /* of the pointer */
    uint64_t digits;                           /* of ROUND */
    uint64_t step;                             /* of GENERALISE; 0: bands */
    double bands[LIMIT_POLICY_BAND_COUNT_MAX]; /* where the next begins, ascending */
    size_t band_count;
};

struct settings_policy {
    char name[LIMIT_POLICY_TEXT_SIZE_BYTES_MAX + 1];
    struct settings_rule rules[LIMIT_POLICY_RULE_COUNT_MAX];
    size_t rule_count;
    bool echo_text;   /* answers quote what was sent */
    double threshold; /* at least, of any model; 0: the model's own */
    char unless_scope[LIMIT_POLICY_TEXT_SIZE_BYTES_MAX +
                      1]; /* whose holder the rules are not for; "": nobody */
};

struct settings {
#define SETTINGS_ADDRESS(member) struct settings_address member;
#define SETTINGS_PEERS(member) struct settings_peers member;
#define SETTINGS_TEXT(member) char member[SETTINGS_TEXT_SIZE];
#define SETTINGS_OPTION(member) char member[SETTINGS_TEXT_SIZE];
#define SETTINGS_COUNT(member) uint64_t member;
#define SETTINGS_SWITCH(member) bool member;
#define SETTINGS_REQUIRE(member) enum settings_require member;
#define SETTINGS_CONTROL(member) enum settings_control member;
#define SETTINGS_DEMAND(member) enum settings_demand member;
#define SETTINGS_MODE(member) enum settings_mode member;
#define SETTINGS_URL(member) struct settings_url member;
#define SETTINGS_SHARE(member) double member;
#define SETTING(key, member, type, otherwise, min, max, help) SETTINGS_##type(member)
#include "service/settings.def"
#undef SETTINGS_ADDRESS
#undef SETTINGS_PEERS
#undef SETTINGS_TEXT
#undef SETTINGS_OPTION
#undef SETTINGS_COUNT
#undef SETTINGS_SWITCH
#undef SETTINGS_REQUIRE
#undef SETTINGS_CONTROL
#undef SETTINGS_DEMAND
#undef SETTINGS_MODE
#undef SETTINGS_URL
#undef SETTINGS_SHARE
    struct settings_engine_set engine_sets[LIMIT_ENGINE_SET_COUNT_MAX - 1];
    size_t engine_set_count;
    struct settings_client clients[LIMIT_CERTIFICATE_RULE_COUNT_MAX];
    size_t client_count;
    struct settings_policy policies[LIMIT_POLICY_COUNT_MAX];
    size_t policy_count;
    size_t route_count;
    /* The first that matches counts. Last: memory that no route needs is never touched. */
    struct settings_route routes[LIMIT_ROUTE_COUNT_MAX];
};

/* The defaults. */
void settings_init(struct settings *out_settings);

void settings_copy(struct settings *out_settings, const struct settings *from);

/* GALEN_NOT_FOUND: no such file; GALEN_INVALID: the error has file, line, column and key;
 * GALEN_TOO_LARGE; GALEN_NO_MEMORY. On failure settings may hold some of it. */
MUST_USE enum galen_status settings_read_file(struct settings *settings, const char *path,
                                              struct error *out_error);

/* The same from bytes; file names them in errors. */
MUST_USE enum galen_status settings_read(struct settings *settings, struct bytes text,
                                         const char *file, struct error *out_error);

/* Variables such as GALEN_LISTEN_HTTP. Others are left alone: Kubernetes puts some of its
 * own (GALEN_SERVICE_HOST) beside a service of that name. The list ends with NULL. */
MUST_USE enum galen_status settings_read_environment(struct settings *settings,
                                                     char *const *environment,
                                                     struct error *out_error);

/* One setting by its key. GALEN_NOT_FOUND: no such key; GALEN_INVALID. */
MUST_USE enum galen_status settings_set(struct settings *settings, struct bytes key,
                                        struct bytes value, struct error *out_error);

/* What single settings cannot tell: listen.admin is a loopback address, and listen.http
 * too, outside demo mode and where clients need no certificate; certificates have their
 * keys, and clients their authority; images and all else are both preprocessed in this
 * process or both are not. GALEN_INVALID. */
MUST_USE enum galen_status settings_check(const struct settings *settings,
                                          struct error *out_error);

/* Whether only this machine reaches listen.http. */
bool settings_are_local(const struct settings *settings);

/* Who preprocesses images, and who all else. */
const struct settings_peers *settings_preprocess_of_images(const struct settings *settings);
const struct settings_peers *settings_preprocess_of_others(const struct settings *settings);

/* Whether a program that runs with the one can go on with the other. GALEN_INVALID: the
 * error has the key of a setting that is read at the start only. Both come from
 * settings_init, so that bytes that nobody set are equal. */
MUST_USE enum galen_status settings_check_live(const struct settings *before,
                                               const struct settings *after,
                                               struct error *out_error);

/* Of `from` what may change while a program runs, routes and clients included. */
void settings_take_live(struct settings *to, const struct settings *from);

/* Every setting and route with its value, a line each, in the order of the tables: what a
 * configuration comes to, for eyes and digests. No secret is in it: those are in files. */
void settings_write(const struct settings *settings, struct writer *out);

/* SHA-256 of that, 32 bytes. GALEN_NO_MEMORY, GALEN_INTERNAL. */
MUST_USE enum galen_status settings_digest(const struct settings *settings,
                                           uint8_t *out_sha256);

/* The page docs/settings.md. */
void settings_write_markdown(struct writer *out);

/* "http://host:port", "https://host:port" or "http://[::1]:port". GALEN_INVALID. */
MUST_USE enum galen_status settings_peer_parse(struct bytes text,
                                               struct settings_peer *out_peer,
                                               struct error *out_error);
