/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/follower.h"

#include <stdlib.h>

#include "base/invariant.h"
#include "base/limits.h"

enum { QUESTION_COUNT_MAX = 3 }; /* of one version */

/* A version that both services are asked about, on one set of engines. */
struct question {
    struct follower *follower;
    const char *model;
    struct repository_version *version;
    const char *engine; /* all of repositories that outlive the round */
    struct arena arena;
    struct infer_call call; /* preprocess first, then the engine */
    bool is_ready;
    struct error why;
};

/* What the last round found not ready. */
struct unready {
    struct repository_version *version; /* a reference */
    char engine[RELEASE_ENGINE_SIZE];
};

struct follower {
    struct follower_options options;
    struct repository *desired;   /* a reference */
    struct repository *effective; /* a reference */
    struct repository *asked; /* a reference: what the questions are about; NULL: none */
    struct question *questions;
    size_t question_count;
    size_t open_count;
    struct unready *unready;
    size_t unready_count;
    bool is_settled;
    bool knows_releases; /* canaries and engines of the beginning were asked for */
    bool asks_again;     /* when the questions under way are answered */
    struct task *idle;
};

/* --- one question --- */

static void ask_engine(struct question *question);

static void close_round(struct follower *follower);

static void conclude(struct question *question, bool is_ready)
{
    struct follower *follower = question->follower;
    question->is_ready = is_ready;
    question->why = question->call.error;
    follower->open_count--;
    if (follower->open_count == 0) {
        close_round(follower);
    }
}

static void on_engine(struct infer_call *call)
{
    conclude(call->context, call->status == GALEN_OK);
}

static void on_preprocess(struct infer_call *call)
{
    struct question *question = call->context;
    if (call->status == GALEN_OK) {
        ask_engine(question);
    } else {
        conclude(question, false);
    }
}

static void ask(struct question *question, struct infer_service *service,
                void (*done)(struct infer_call *call))
{
    const struct follower_options *options = &question->follower->options;
    question->call = (struct infer_call){
        .operation = INFER_READY,
        .request = {.model = question->model,
                    .version = question->version->number_text,
                    .id = "",
                    .deadline_ns = options->now_ns(options->context) + options->timeout_ns},
        .arena = &question->arena,
        .mailbox = options->mailbox,
        .done = done,
        .context = question,
    };
    infer_submit(service, &question->call);
}

static void ask_engine(struct question *question)
{
    const struct follower_options *options = &question->follower->options;
    struct infer_service *service =
        options->engine_of(options->context, question->model, question->engine);
    if (service != NULL) {
        ask(question, service, on_engine);
        return;
    }
    (void)error_set(&question->call.error, GALEN_NOT_FOUND,
                    "model '%s' is to run on engines '%s', which this gateway's "
                    "configuration has not",
                    question->model, question->engine);
    conclude(question, false);
}

/* --- a round of them --- */

/* A tag may name it all the same: one that is new has nowhere else to be. */
static bool was_unready(const struct follower *follower,
                        const struct repository_version *version, const char *engine)
{
    for (size_t i = 0; i < follower->unready_count; i++) {
        if (follower->unready[i].version == version &&
            strcmp(follower->unready[i].engine, engine) == 0) {
            return true;
        }
    }
    return false;
}

static void forget_unready(struct follower *follower)
{
    for (size_t i = 0; i < follower->unready_count; i++) {
        repository_version_unref(follower->unready[i].version);
    }
    free(follower->unready);
    follower->unready = NULL;
    follower->unready_count = 0;
}

static bool remember_unready(struct follower *follower)
{
    struct unready *unready = calloc(follower->question_count + 1, sizeof(*unready));
    size_t count = 0;
    if (unready == NULL) {
        return false;
    }
    for (size_t i = 0; i < follower->question_count; i++) {
        const struct question *question = &follower->questions[i];
        if (!question->is_ready) {
            unready[count].version = repository_version_ref(question->version);
            release_engine_set(unready[count].engine, question->engine);
            count++;
        }
    }
    forget_unready(follower);
    follower->unready = unready;
    follower->unready_count = count;
    return true;
}

static bool runs_at(const struct repository_model *effective, uint64_t number,
                    const char *engine)
{
    const struct release_rollout *rollout = &effective->rollout;
    return strcmp(repository_engine(effective, number), engine) == 0 ||
           (rollout->version == number && strcmp(rollout->engine, engine) == 0);
}

/* Whether it serves there already, in this very form. */
static bool serves(const struct follower *follower, const char *model,
                   const struct repository_version *version, const char *engine)
{
    const struct repository_model *effective =
        repository_find(follower->effective, bytes_from_string(model));
    return effective != NULL && !was_unready(follower, version, engine) &&
           repository_is_kept(effective, version->number) &&
           repository_model_version(effective, version->number) == version &&
           runs_at(effective, version->number, engine);
}

/* What releases gave at the beginning takes no traffic unasked, though nothing served
 * before. */
static bool is_new(const struct follower *follower, const struct repository_model *model,
                   const struct repository_version *version, const char *engine)
{
    return !follower->knows_releases &&
           (model->rollout.version == version->number || engine[0] != '\0');
}

/* Where it runs for as long as those that are desired cannot. */
static const char *engine_until_then(const struct follower *follower,
                                     const struct repository_model *model)
{
    const struct repository_model *effective =
        repository_find(follower->effective, bytes_from_string(model->name));
    return effective == NULL || !follower->knows_releases ? "" : effective->engines.current;
}

static size_t count_versions(const struct repository *repository)
{
    size_t count = 0;
    for (size_t i = 0; i < repository->model_count; i++) {
        count += repository->models[i].version_count;
    }
    return count;
}

static bool is_asked(const struct follower *follower,
                     const struct repository_version *version, const char *engine)
{
    for (size_t i = 0; i < follower->question_count; i++) {
        const struct question *question = &follower->questions[i];
        if (question->version == version && strcmp(question->engine, engine) == 0) {
            return true;
        }
    }
    return false;
}

static void collect(struct follower *follower, const struct repository_model *model,
                    struct repository_version *version, const char *engine)
{
    if (is_asked(follower, version, engine) ||
        (serves(follower, model->name, version, engine) &&
         !is_new(follower, model, version, engine))) {
        return;
    }
    struct question *question = &follower->questions[follower->question_count++];
    *question = (struct question){
        .follower = follower, .model = model->name, .version = version, .engine = engine};
    arena_init(&question->arena, LIMIT_ARENA_SIZE_BYTES_MAX);
}

/* At most QUESTION_COUNT_MAX. */
static void collect_version(struct follower *follower, const struct repository_model *model,
                            struct repository_version *version)
{
    if (!version->usable || !repository_is_kept(model, version->number)) {
        return;
    }
    collect(follower, model, version, repository_engine(model, version->number));
    if (strcmp(model->engines.current, engine_until_then(follower, model)) != 0) {
        collect(follower, model, version, engine_until_then(follower, model));
    }
    if (model->rollout.version == version->number && model->rollout.engine[0] != '\0') {
        collect(follower, model, version, model->rollout.engine);
    }
}

static void collect_all(struct follower *follower)
{
    const struct repository *asked = follower->asked;
    for (size_t i = 0; i < asked->model_count; i++) {
        const struct repository_model *model = &asked->models[i];
        for (size_t k = 0; k < model->version_count; k++) {
            collect_version(follower, model, model->versions[k]);
        }
    }
}

static void ask_all(struct follower *follower)
{
    follower->open_count = follower->question_count;
    for (size_t i = 0; i < follower->question_count; i++) {
        struct question *question = &follower->questions[i];
        INVARIANT(question->version != NULL);
        if (question->version->contract != NULL) {
            ask(question, follower->options.preprocess, on_preprocess);
        } else {
            ask_engine(question);
        }
    }
}

static void begin_round(struct follower *follower)
{
    follower->asks_again = false;
    follower->questions = calloc(QUESTION_COUNT_MAX * count_versions(follower->desired) + 1,
                                 sizeof(*follower->questions));
    if (follower->questions == NULL) {
        follower->is_settled = false; /* the next retry has more luck */
        return;
    }
    follower->asked = repository_ref(follower->desired);
    collect_all(follower);
    if (follower->question_count == 0) {
        close_round(follower);
    } else {
        ask_all(follower);
    }
}

static bool is_ready(void *context, const struct repository_model *model,
                     const struct repository_version *version, const char *engine,
                     struct error *out_why)
{
    const struct follower *follower = context;
    for (size_t i = 0; i < follower->question_count; i++) {
        const struct question *question = &follower->questions[i];
        if (question->version == version && strcmp(question->engine, engine) == 0) {
            *out_why = question->why;
            return question->is_ready;
        }
    }
    *out_why = version->why_not;
    return serves(follower, model->name, version, engine);
}

static bool are_all_ready(const struct follower *follower)
{
    for (size_t i = 0; i < follower->question_count; i++) {
        if (!follower->questions[i].is_ready) {
            return false;
        }
    }
    return true;
}

static void forget_round(struct follower *follower)
{
    for (size_t i = 0; i < follower->question_count; i++) {
        infer_call_clear(&follower->questions[i].call);
        arena_deinit(&follower->questions[i].arena);
    }
    free(follower->questions);
    repository_unref(follower->asked);
    follower->questions = NULL;
    follower->question_count = 0;
    follower->asked = NULL;
}

static void take_effect(struct follower *follower)
{
    struct repository *effective = NULL;
    const struct repository_readiness readiness = {.is_ready = is_ready,
                                                   .context = follower,
                                                   .distrusts_engines =
                                                       !follower->knows_releases};
    follower->is_settled = are_all_ready(follower);
    if (repository_effective(follower->asked, follower->effective, &readiness,
                             &effective) != GALEN_OK ||
        !remember_unready(follower)) {
        repository_unref(effective);
        follower->is_settled = false;
        return;
    }
    follower->knows_releases = true;
    repository_unref(follower->effective);
    follower->effective = effective;
    follower->options.publish(follower->options.context, effective);
}

static void close_round(struct follower *follower)
{
    if (follower->idle == NULL) {
        take_effect(follower);
    }
    forget_round(follower);
    if (follower->idle != NULL) {
        mailbox_post(follower->options.mailbox, follower->idle);
    } else if (follower->asks_again) {
        begin_round(follower);
    }
}

/* --- */

static bool is_asking(const struct follower *follower)
{
    return follower->asked != NULL;
}

enum galen_status follower_create(const struct follower_options *options,
                                  struct repository *repository,
                                  struct follower **out_follower)
{
    struct follower *follower = calloc(1, sizeof(*follower));
    if (follower == NULL) {
        return GALEN_NO_MEMORY;
    }
    follower->options = *options;
    follower->desired = repository_ref(repository);
    follower->effective = repository_ref(repository);
    follower->is_settled = true;
    *out_follower = follower;
    return GALEN_OK;
}

void follower_finish(struct follower *follower, struct task *idle)
{
    follower->idle = idle;
    if (!is_asking(follower)) {
        mailbox_post(follower->options.mailbox, idle);
    }
}

void follower_destroy(struct follower *follower)
{
    if (follower == NULL) {
        return;
    }
    repository_unref(follower->desired);
    repository_unref(follower->effective);
    forget_unready(follower);
    free(follower);
}

void follower_follow(struct follower *follower, struct repository *desired)
{
    repository_unref(follower->desired);
    follower->desired = repository_ref(desired);
    if (is_asking(follower)) {
        follower->asks_again = true;
    } else if (follower->idle == NULL) {
        begin_round(follower);
    }
}

void follower_retry(struct follower *follower)
{
    if (!follower->is_settled && !is_asking(follower) && follower->idle == NULL) {
        begin_round(follower);
    }
}

bool follower_is_settled(const struct follower *follower)
{
    return follower->is_settled && !is_asking(follower);
}
