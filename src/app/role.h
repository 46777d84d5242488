/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server program: reads the configuration and the models, opens what the role owns, runs
 * a worker a core until a signal, drains and leaves. The only place where roles meet.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "app/command.h"
#include "app/machine.h"
#include "app/role_tls.h"
#include "crypto/hmac.h"
#include "gateway/admission.h"
#include "gateway/rollouts.h"
#include "gateway/view.h"
#include "infer/infer.h"
#include "service/audit/writer.h"
#include "service/settings.h"

struct role_kind {
    const char *name;
    bool is_gateway;  /* answers clients; else it speaks v2 in front of its one service */
    bool runs_engine; /* in this process */
    bool runs_preprocess; /* in this process */
};

extern const struct role_kind serve_kind;
extern const struct role_kind gateway_kind;
extern const struct role_kind preprocess_kind;
extern const struct role_kind engine_kind;

struct background;
struct trace_export;
struct worker;

struct role {
    const struct role_kind *kind;
    uint64_t begun_s;           /* in Unix seconds */
    struct settings settings;   /* where ports are those that were taken */
    struct settings configured; /* as they were read; the first worker's once it runs */
    int argument_count;         /* where these come from, beside file and environment */
    char **arguments;
    struct repository *repository;    /* as it was when the role started */
    struct infer_service *engine;     /* NULL: not in this process */
    struct infer_service *preprocess; /* NULL: not in this process */
    struct view *view;                /* of who answers clients: what served at first */
    struct identity *identity;        /* who its callers are, or who manages; NULL */
    struct rules *rules;              /* as view; the first worker's, once it runs */
    struct rollouts rollouts;         /* likewise: the canaries that are under way */
    struct admission *admission;      /* of who answers clients; NULL */
    size_t first_loaded_count;  /* versions that the engine loaded while it was made */
    struct error first_failure; /* why there are not more */
    pthread_mutex_t lifecycle_lock;
    struct lifecycle *lifecycle; /* with the lock; NULL: nothing is followed */
    struct audit_opening *audit_opening;
    const uint8_t *audit_key;           /* the opening's; pseudonyms in records */
    struct audit_writer *audit;         /* NULL: requests leave no records */
    uint8_t subject_key[HMAC_KEY_SIZE]; /* of who answers clients, as is the next */
    uint8_t redact_key[HMAC_KEY_SIZE];
    bool has_redact_key;
    struct role_tls tls;               /* certificates, as they are now */
    struct machine machine;            /* that the metrics tell of; the first worker's */
    struct worker *workers;            /* all of them */
    size_t worker_count;               /* from when they are open */
    struct background *background;     /* of the first worker's loop */
    struct trace_export *trace_export; /* of the first worker's loop; NULL: none */
    char trace_service[32];            /* what spans say that they come from */
    char trace_instance[SETTINGS_HOST_SIZE + 8];
    atomic_bool draining;
};

/* The folder of a sink of the audit. */
const char *role_trail(const struct role *role, size_t sink);

/* Runs the role until SIGTERM or SIGINT. Says on stderr in one line why it cannot. */
enum exit_code role_run(const struct role_kind *kind, int argument_count, char **arguments);
