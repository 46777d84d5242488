/* SPDX-License-Identifier: Apache-2.0 */
#include "app/model_release.h"

#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "app/model.h"
#include "app/model_remote.h"
#include "app/model_report.h"
#include "app/model_trail.h"
#include "app/model_triton.h"
#include "backend/builtin.h"
#include "base/clock.h"
#include "base/limits.h"
#include "model/release.h"
#include "model/release_verify.h"

enum { ACTOR_SIZE = LIMIT_RELEASE_TEXT_SIZE_BYTES_MAX + 1, BACKEND_COUNT_MAX = 16 };

/* One try, from its command to its end. */
struct attempt {
    const struct model_wish *wish;
    const char *model;
    char actor[ACTOR_SIZE];
    struct arena arena;
    struct repository *repository;
    const struct repository_model *source;
    struct release_standing standing; /* as it was looked at */
    struct release_version versions[LIMIT_RELEASE_TAG_COUNT_MAX + 1];
    struct release_order order;
    struct release *release;
    struct model_trail *trail;
    bool has_trail;    /* it was opened, or is not wanted */
    bool is_intended;  /* the trail has what is planned */
    bool changes;      /* what is planned does */
    const char *word;  /* for the trail: why it was refused; NULL: the status tells */
    bool is_quiet;     /* a program decides, not who types */
    uint64_t finished; /* a release that somebody else was cut off in; 0: none */
    struct error error;
};

/* Who. */

static void name_user(struct attempt *attempt)
{
    char machine[HOST_NAME_MAX + 1] = "";
    const struct passwd *entry = getpwuid(getuid());
    (void)gethostname(machine, sizeof(machine) - 1);
    if (entry != NULL) {
        (void)snprintf(attempt->actor, ACTOR_SIZE, "%s@%s", entry->pw_name, machine);
    }
}

static void name_actor(struct attempt *attempt)
{
    const unsigned user = (unsigned)getuid();
    if (attempt->wish->actor != NULL) {
        (void)snprintf(attempt->actor, ACTOR_SIZE, "%s", attempt->wish->actor);
    } else {
        name_user(attempt);
    }
    if (attempt->actor[0] == '\0' || !release_text_is_valid(attempt->actor)) {
        (void)snprintf(attempt->actor, ACTOR_SIZE, "uid-%u", user);
    }
}

/* What. */

static enum galen_status refuse(struct attempt *attempt, const char *word, const char *why)
{
    attempt->word = word;
    return error_set(&attempt->error, GALEN_NOT_FOUND, "%s/%s: %s",
                     attempt->wish->settings.repository, attempt->model, why);
}

static enum galen_status find_model(struct attempt *attempt)
{
    const char *path = attempt->wish->settings.repository;
    const struct bytes name = bytes_from_string(attempt->model);
    TRY(repository_read(path, false, &attempt->repository, &attempt->error));
    attempt->source =
        repository_name_is_valid(name) ? repository_find(attempt->repository, name) : NULL;
    if (attempt->source == NULL) {
        return refuse(attempt, "not-found", "there is no such model");
    }
    return release_look(path, attempt->model, &attempt->arena, &attempt->standing,
                        &attempt->error);
}

static const struct release_rollout *rollout_of(const struct attempt *attempt)
{
    return &attempt->standing.settled.rollout;
}

/* What is decided of a canary holds for the one that is under way, and for no later one. */
static enum galen_status hold_to_canary(struct attempt *attempt, const char *why)
{
    if (rollout_of(attempt)->version == 0) {
        return refuse(attempt, "no-canary", why);
    }
    attempt->order.started = rollout_of(attempt)->started;
    return GALEN_OK;
}

/* What answers who names no version; 0: nothing does. */
static uint64_t current_version(const struct attempt *attempt)
{
    const struct repository_version *served =
        repository_resolve(attempt->source, BYTES_NONE);
    const uint64_t current =
        release_state_version(&attempt->standing.settled, RELEASE_CURRENT);
    return current != 0 || served == NULL ? current : served->number;
}

/* The canary goes where it runs; what moves to other engines alone is what serves. */
static enum galen_status choose_promoted_version(struct attempt *attempt)
{
    const struct release_rollout *rollout = rollout_of(attempt);
    const char *engine = attempt->wish->engine;
    if (engine != NULL && rollout->version == 0) {
        attempt->order.version = current_version(attempt);
        return attempt->order.version != 0
                   ? GALEN_OK
                   : refuse(attempt, "no-current", "nothing serves: name a version");
    }
    TRY(hold_to_canary(attempt, "no canary is under way: name a version"));
    attempt->order.version = rollout->version;
    return engine == NULL || strcmp(engine, rollout->engine) == 0
               ? GALEN_OK
               : refuse(attempt, "other-engines",
                        "a canary is under way on other engines: name a version");
}

static enum galen_status choose_promoted(struct attempt *attempt)
{
    const struct release_rollout *rollout = rollout_of(attempt);
    struct release_order *order = &attempt->order;
    const bool is_current = strcmp(order->tag, RELEASE_CURRENT) == 0;
    if (attempt->wish->engine != NULL && !is_current) {
        return refuse(attempt, "no-engines", "only `current` has engines of its own");
    }
    if (order->version == 0) {
        TRY(choose_promoted_version(attempt));
    }
    order->engine = attempt->wish->engine;
    if (order->engine == NULL && is_current && rollout->version == order->version &&
        rollout->engine[0] != '\0') {
        order->engine = rollout->engine;
    }
    return GALEN_OK;
}

/* A canary is rolled back before what serves is. */
static enum galen_status choose_rolled_back(struct attempt *attempt)
{
    const struct model_wish *wish = attempt->wish;
    struct release_order *order = &attempt->order;
    order->ends_canary =
        wish->stops || (rollout_of(attempt)->version != 0 && wish->to == 0);
    if (order->ends_canary) {
        order->tag = RELEASE_CANARY_TAG;
        return hold_to_canary(attempt, "no canary is under way");
    }
    order->version =
        wish->to != 0 ? wish->to
                      : release_state_version(&attempt->standing.settled, RELEASE_PREVIOUS);
    order->engine = wish->to != 0 ? NULL : attempt->standing.settled.engines.previous;
    return order->version != 0
               ? GALEN_OK
               : refuse(attempt, "no-previous",
                        "there is no `previous` to go back to; --to names a version");
}

static enum galen_status choose_enabled(struct attempt *attempt)
{
    attempt->order.version =
        release_state_version(&attempt->standing.settled, RELEASE_CURRENT);
    return attempt->order.version != 0
               ? GALEN_OK
               : refuse(attempt, "no-current",
                        "there is no `current`: promote a version first");
}

static bool has_contract(const struct attempt *attempt, uint64_t number)
{
    const struct repository_version *version =
        repository_model_version(attempt->source, number);
    return version != NULL && version->contract != NULL;
}

/* Else the part of callers that it answers would be told to go to /v2. */
static enum galen_status check_contract(struct attempt *attempt)
{
    const uint64_t current =
        release_state_version(&attempt->standing.settled, RELEASE_CURRENT);
    return repository_model_version(attempt->source, attempt->order.version) == NULL ||
                   !has_contract(attempt, current) ||
                   has_contract(attempt, attempt->order.version)
               ? GALEN_OK
               : refuse(attempt, "unusable",
                        "the canary has no model.yaml, and `current` has one");
}

/* A version, engines, or both; what is not said of one that is under way stays. */
static void choose_what_is_tried(struct attempt *attempt)
{
    const struct model_wish *wish = attempt->wish;
    const struct release_rollout *now = rollout_of(attempt);
    struct release_order *order = &attempt->order;
    if (order->version == 0) {
        order->version = now->version == 0 && wish->engine != NULL
                             ? current_version(attempt)
                             : now->version;
    }
    if (wish->engine != NULL) {
        release_engine_set(order->rollout.engine, wish->engine);
    } else if (order->version == now->version) {
        release_engine_set(order->rollout.engine, now->engine);
    }
}

/* What is not said stays as it is. */
static enum galen_status choose_canary(struct attempt *attempt)
{
    const struct model_wish *wish = attempt->wish;
    const struct release_rollout *now = rollout_of(attempt);
    struct release_order *order = &attempt->order;
    choose_what_is_tried(attempt);
    const bool is_same =
        order->version == now->version && strcmp(order->rollout.engine, now->engine) == 0;
    order->tag = RELEASE_CANARY_TAG;
    order->rollout.share = wish->has_share || !is_same ? wish->share : now->share;
    order->rollout.shadow = wish->has_shadow || !is_same ? wish->shadow : now->shadow;
    order->rollout.promotes =
        wish->has_promotes ? wish->promotes : is_same && now->promotes;
    if (order->version == 0) {
        return refuse(attempt, "no-canary",
                      "no canary is under way: --version or --engine names one");
    }
    if (order->rollout.share == 0 && order->rollout.shadow == 0) {
        return refuse(attempt, "no-share",
                      "the canary would be asked nothing: --percent or --shadow says how "
                      "much");
    }
    return check_contract(attempt);
}

/* The version that is to serve; 0: none. */
static enum galen_status choose_version(struct attempt *attempt)
{
    switch (attempt->order.action) {
    case RELEASE_PROMOTE:
        return choose_promoted(attempt);
    case RELEASE_ROLLBACK:
        return choose_rolled_back(attempt);
    case RELEASE_ENABLE:
        return choose_enabled(attempt);
    case RELEASE_CANARY:
        return choose_canary(attempt);
    case RELEASE_DISABLE:
    case RELEASE_ACTION_COUNT:
        break;
    }
    return GALEN_OK;
}

static enum galen_status hash(struct attempt *attempt, uint64_t number,
                              struct error *out_error)
{
    const char *names[BACKEND_COUNT_MAX + 1] = {NULL};
    const struct repository_version *version =
        repository_model_version(attempt->source, number);
    if (version == NULL) {
        return error_set(out_error, GALEN_NOT_FOUND, "%s/%s: there is no version %llu",
                         attempt->wish->settings.repository, attempt->model,
                         (unsigned long long)number);
    }
    for (size_t i = 0; builtin_backends[i] != NULL && i < BACKEND_COUNT_MAX; i++) {
        names[i] = builtin_backends[i]->file_name;
    }
    TRY(release_version_read(version, names,
                             &attempt->versions[attempt->order.version_count], out_error));
    attempt->order.version_count++;
    return GALEN_OK;
}

/* What serves from now on has to be what its contract states. */
static enum galen_status verify(struct attempt *attempt)
{
    if (attempt->order.version == 0) {
        return GALEN_OK;
    }
    const enum galen_status status = hash(attempt, attempt->order.version, &attempt->error);
    if (status == GALEN_NOT_FOUND || status == GALEN_INVALID) {
        attempt->word = "unusable";
    }
    return status;
}

/* Versions that have a tag and that no record tells of; what of them cannot be read is not
 * told of, and is nobody's obstacle. */
static void hash_others(struct attempt *attempt)
{
    const struct release_state *settled = &attempt->standing.settled;
    for (size_t i = 0; i < settled->tag_count; i++) {
        struct error ignored;
        const uint64_t number = settled->tags[i].version;
        const struct release_record known = {.versions = attempt->versions,
                                             .version_count = attempt->order.version_count};
        if (release_record_version(&known, number) == NULL &&
            release_record_version(&attempt->standing.record, number) == NULL) {
            (void)!hash(attempt, number, &ignored);
        }
    }
}

static void find_served(struct attempt *attempt)
{
    const struct repository_version *served =
        repository_resolve(attempt->source, BYTES_NONE);
    attempt->order.served = served == NULL ? 0 : served->number;
}

static enum galen_status decide(struct attempt *attempt)
{
    const struct model_wish *wish = attempt->wish;
    attempt->order.tag = wish->tag;
    attempt->order.expects = wish->expects;
    attempt->order.expected = wish->expected;
    attempt->order.actor = attempt->actor;
    attempt->order.reason = wish->reason;
    attempt->order.version = wish->version;
    TRY(find_model(attempt));
    TRY(choose_version(attempt));
    attempt->order.started = wish->started != 0 ? wish->started : attempt->order.started;
    TRY(verify(attempt));
    if (attempt->order.action != RELEASE_DISABLE) { /* which must not wait */
        hash_others(attempt);
    }
    find_served(attempt);
    attempt->order.versions = attempt->versions;
    attempt->order.wall_ns = clock_wall_ns();
    return GALEN_OK;
}

/* The audit trail. */

static const enum audit_event_kind events[RELEASE_ACTION_COUNT] = {
    [RELEASE_PROMOTE] = AUDIT_EVENT_model_promote,
    [RELEASE_ROLLBACK] = AUDIT_EVENT_model_rollback,
    [RELEASE_DISABLE] = AUDIT_EVENT_model_disable,
    [RELEASE_ENABLE] = AUDIT_EVENT_model_enable,
    [RELEASE_CANARY] = AUDIT_EVENT_model_canary,
};

static struct audit_count count_of(uint64_t number)
{
    return (struct audit_count){number != 0, number};
}

/* An operator is who is at the machine, or the program itself; who asks over the network is
 * known by a token or a certificate. */
static void put_actor(const struct attempt *attempt, struct audit_event *event)
{
    const struct model_asker *asker = attempt->wish->asker;
    if (asker == NULL) {
        event->actor_operator = bytes_from_string(attempt->actor);
        return;
    }
    event->actor_client_id = asker->client_id;
    event->actor_sub = asker->subject;
    event->actor_issuer = asker->issuer;
    event->actor_token_hmac = asker->token_hmac;
}

/* The tag that a release moved, or would have. */
static const char *tag_of(const struct release_record *record)
{
    if (record->before.rollout.version != 0 && record->after.rollout.version == 0 &&
        release_engines_equal(&record->before.engines, &record->after.engines) &&
        release_state_version(&record->before, RELEASE_CURRENT) ==
            release_state_version(&record->after, RELEASE_CURRENT)) {
        return RELEASE_CANARY_TAG;
    }
    if (!release_engines_equal(&record->before.engines, &record->after.engines)) {
        return RELEASE_CURRENT;
    }
    if (!release_rollout_equal(&record->before.rollout, &record->after.rollout) &&
        record->action == RELEASE_CANARY) {
        return RELEASE_CANARY_TAG;
    }
    for (size_t i = 0; i < record->after.tag_count; i++) {
        const struct release_tag *tag = &record->after.tags[i];
        if (strcmp(tag->name, RELEASE_PREVIOUS) != 0 &&
            release_state_version(&record->before, tag->name) != tag->version) {
            return tag->name;
        }
    }
    return RELEASE_CURRENT;
}

/* Nothing where none is named. */
static const char *engine_of_tag(const struct release_state *state, const char *tag)
{
    const char *engine = strcmp(tag, RELEASE_CANARY_TAG) == 0 ? state->rollout.engine
                         : strcmp(tag, RELEASE_CURRENT) == 0  ? state->engines.current
                                                              : "";
    return engine[0] == '\0' ? NULL : engine;
}

static struct audit_event event_of(const struct attempt *attempt,
                                   const struct release_record *record,
                                   const uint8_t *sha256)
{
    const char *tag = tag_of(record);
    const uint64_t after = release_state_version(&record->after, tag);
    const struct release_version *version = release_record_version(record, after);
    struct audit_event event = {
        .kind = events[record->action],
        .model_name = bytes_from_string(attempt->model),
        .model_version = record->after.is_disabled ? count_of(0) : count_of(after),
        .model_version_before = record->before.is_disabled
                                    ? count_of(0)
                                    : count_of(release_state_version(&record->before, tag)),
        .model_engine = engine_of_tag(&record->after, tag),
        .model_engine_before = engine_of_tag(&record->before, tag),
        .model_tag = bytes_from_string(tag),
        .model_sha256 = version == NULL ? NULL : version->network_sha256,
        .release_number = count_of(record->number),
        .release_sha256 = sha256,
    };
    put_actor(attempt, &event);
    return event;
}

static enum galen_status open_trail(struct attempt *attempt, struct error *out_error)
{
    if (!attempt->has_trail) {
        TRY(model_trail_open(&attempt->wish->settings, &attempt->trail, out_error));
        attempt->has_trail = true;
    }
    return GALEN_OK;
}

/* Of what was cut off: its intent is in the trail, what came of it is not. */
static enum galen_status finish_other(struct attempt *attempt)
{
    const struct release_standing *standing = release_standing(attempt->release);
    struct audit_event event = event_of(attempt, &standing->record, standing->sha256);
    const bool is_cut_off = standing->kind == RELEASE_UNFINISHED;
    TRY(release_finish(attempt->release, &attempt->error));
    if (!is_cut_off) {
        return GALEN_OK;
    }
    attempt->finished = standing->newest;
    event.outcome = "ok";
    return model_trail_record(attempt->trail, &event, &attempt->error);
}

static enum galen_status commit(struct attempt *attempt)
{
    struct audit_event event = event_of(attempt, release_planned(attempt->release),
                                        release_planned_sha256(attempt->release));
    TRY(model_trail_record(attempt->trail, &event, &attempt->error));
    attempt->is_intended = true;
    TRY(model_triton_prepare(&attempt->wish->settings, attempt->model, attempt->release,
                             &attempt->error));
    TRY(release_commit(attempt->release, &attempt->error));
    event.outcome = "ok";
    struct error why = {"", ""};
    const enum galen_status status = model_trail_record(attempt->trail, &event, &why);
    return status == GALEN_OK
               ? GALEN_OK
               : error_set(&attempt->error, status,
                           "release %06llu is made, and the trail does not say so: %s",
                           (unsigned long long)release_planned(attempt->release)->number,
                           why.text);
}

static enum galen_status make(struct attempt *attempt)
{
    TRY(open_trail(attempt, &attempt->error));
    TRY(release_open(attempt->wish->settings.repository, attempt->model,
                     attempt->standing.newest, &attempt->release, &attempt->error));
    TRY(finish_other(attempt));
    const enum galen_status status =
        release_plan(attempt->release, &attempt->order, &attempt->changes, &attempt->error);
    if (status == GALEN_BUSY) {
        attempt->word = "not-as-expected";
    }
    TRY(status);
    return attempt->changes ? commit(attempt) : GALEN_OK;
}

/* What is no model's name is the word of who asks over the network. */
static struct bytes tellable_model(const struct attempt *attempt)
{
    return attempt->source != NULL || attempt->wish->asker == NULL
               ? bytes_from_string(attempt->model)
               : BYTES_NONE;
}

/* What was asked for and not done, in the trail. */
static void record_refusal(struct attempt *attempt, enum galen_status status)
{
    struct error why = {"", ""};
    struct audit_event event = {
        .kind = events[attempt->order.action],
        .model_name = tellable_model(attempt),
        .model_version = count_of(attempt->order.version),
        .model_tag = bytes_from_string(attempt->order.tag),
    };
    put_actor(attempt, &event);
    if (attempt->is_intended) {
        event = event_of(attempt, release_planned(attempt->release),
                         release_planned_sha256(attempt->release));
    }
    event.outcome =
        status == GALEN_BUSY ? "refused" : audit_outcome(galen_status_http(status));
    event.reason = attempt->word != NULL ? attempt->word : galen_status_slug(status);
    enum galen_status recorded = open_trail(attempt, &why);
    if (recorded == GALEN_OK) {
        recorded = model_trail_record(attempt->trail, &event, &why);
    }
    if (recorded != GALEN_OK && status != GALEN_AUDIT_UNAVAILABLE && !attempt->is_quiet) {
        (void)model_complain(why.text);
    }
}

/* What is said. */

static struct model_report report_of(const struct attempt *attempt)
{
    return (struct model_report){
        .model = attempt->model,
        .record = attempt->release == NULL ? NULL : release_planned(attempt->release),
        .changes = attempt->changes,
        .tag = attempt->order.tag,
        .version = attempt->order.version,
        .finished = attempt->finished,
    };
}

static void print(FILE *file, const struct model_report *report,
                  void (*write)(const struct model_report *report, struct writer *out))
{
    struct writer text;
    writer_init(&text, LIMIT_JSON_DOCUMENT_SIZE_BYTES_MAX);
    write(report, &text);
    (void)fprintf(file, "%.*s", BYTES_PRINT(writer_bytes(&text)));
    writer_deinit(&text);
}

static enum exit_code tell(const struct attempt *attempt)
{
    const struct model_report report = report_of(attempt);
    print(stdout, &report,
          attempt->wish->is_json ? model_report_write_json : model_report_write_text);
    print(stderr, &report, model_report_write_notes);
    return model_finish(EXIT_DONE);
}

/* What Tritons are to be told after it; a second `disable` tells them again. */
static struct model_made made_of(const struct attempt *attempt)
{
    const struct release_record *record = release_planned(attempt->release);
    const struct settings *settings = &attempt->wish->settings;
    const bool disables = record->action == RELEASE_DISABLE;
    const bool is_told = disables || (attempt->changes && !record->after.is_disabled);
    if (settings->models_triton[0] == '\0' || !is_told) {
        return (struct model_made){.number = 0};
    }
    return (struct model_made){
        .number =
            attempt->changes ? record->number : release_standing(attempt->release)->newest,
        .linger_ms = disables ? 0 : settings->models_linger_ms,
    };
}

/* Others may make releases meanwhile. */
static enum exit_code settle(struct attempt *attempt)
{
    const struct model_made made = made_of(attempt);
    release_close(take(&attempt->release));
    if (made.number == 0) {
        return EXIT_DONE;
    }
    (void)usleep((useconds_t)(made.linger_ms * (NS_PER_MS / NS_PER_US)));
    const enum galen_status status = model_triton_settle(
        &attempt->wish->settings, attempt->model, made.number, &attempt->error);
    return status == GALEN_OK ? EXIT_DONE : model_fail(status, &attempt->error);
}

static enum galen_status release(struct attempt *attempt)
{
    TRY(decide(attempt));
    return make(attempt);
}

static enum exit_code run(struct attempt *attempt)
{
    const enum galen_status status = release(attempt);
    if (status == GALEN_OK) {
        const enum exit_code code = tell(attempt);
        const enum exit_code settled = settle(attempt);
        return code != EXIT_DONE ? code : settled;
    }
    const struct model_report report = {.model = attempt->model,
                                        .finished = attempt->finished};
    print(stderr, &report, model_report_write_notes);
    const enum exit_code code = model_fail(status, &attempt->error);
    record_refusal(attempt, status);
    return code;
}

static void attempt_init(struct attempt *attempt, const struct model_wish *wish,
                         enum release_action action)
{
    attempt->wish = wish;
    attempt->model = wish->words[0];
    attempt->order.action = action;
    name_actor(attempt);
    arena_init(&attempt->arena, LIMIT_ARENA_SIZE_BYTES_MAX);
}

static void attempt_deinit(struct attempt *attempt)
{
    release_close(attempt->release);
    model_trail_close(attempt->trail);
    repository_unref(attempt->repository);
    arena_deinit(&attempt->arena);
}

enum exit_code model_release_run(const struct model_wish *wish, enum release_action action)
{
    static struct attempt attempt;
    if (wish->admin != NULL) {
        return model_remote_release(wish, action);
    }
    attempt_init(&attempt, wish, action);
    const enum exit_code code = run(&attempt);
    attempt_deinit(&attempt);
    return code;
}

/* Somebody else, another gateway for one, may have been first, or be at it. */
static bool is_overtaken(const struct attempt *attempt, enum galen_status status)
{
    return status == GALEN_BUSY ||
           (attempt->word != NULL && strcmp(attempt->word, "no-canary") == 0);
}

static enum galen_status status_for_program(const struct attempt *attempt,
                                            enum galen_status status)
{
    const bool is_known = attempt->source != NULL;
    return status == GALEN_BUSY || status == GALEN_INVALID ||
                   (status == GALEN_NOT_FOUND && is_known)
               ? GALEN_CONFLICT
               : status;
}

static void say(const struct attempt *attempt, struct writer *said)
{
    const struct model_report report = report_of(attempt);
    if (attempt->wish->is_json) {
        model_report_write_json(&report, said);
    } else {
        model_report_write_text(&report, said);
        model_report_write_notes(&report, said);
    }
}

static enum galen_status make_quietly(struct attempt *attempt, struct writer *said,
                                      struct model_made *out_made)
{
    const enum galen_status status = release(attempt);
    if (status != GALEN_OK) {
        record_refusal(attempt, status);
        out_made->is_overtaken = is_overtaken(attempt, status);
        return status_for_program(attempt, status);
    }
    if (said != NULL) {
        say(attempt, said);
    }
    *out_made = made_of(attempt);
    return said == NULL ? GALEN_OK : said->status;
}

enum galen_status model_release_make(const struct model_wish *wish,
                                     enum release_action action, struct writer *said,
                                     struct model_made *out_made, struct error *out_error)
{
    struct attempt *attempt = calloc(1, sizeof(*attempt));
    *out_made = (struct model_made){.number = 0};
    if (attempt == NULL) {
        return GALEN_NO_MEMORY;
    }
    attempt->is_quiet = true;
    attempt_init(attempt, wish, action);
    const enum galen_status status = make_quietly(attempt, said, out_made);
    *out_error = attempt->error;
    attempt_deinit(attempt);
    free(attempt);
    return status;
}
