/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/loader.h"

#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/invariant.h"
#include "base/thread.h"
#include "engine/index.h"
#include "infer/validate.h"

/* A model that somebody asked for by its name. */
struct wanted {
    struct list_link link;
    char name[LIMIT_MODEL_NAME_SIZE_BYTES_MAX + 1];
    struct blob *config; /* in the place of config.pbtxt; NULL: nothing */
};

struct loader {
    struct loaded_keeper keeper; /* first: versions hold a pointer to it */
    struct loader_options options;
    pthread_t thread;
    bool has_thread;

    /* the thread's own, after create */
    struct list wanted;       /* ENGINE_BY_REQUEST */
    struct list unload_calls; /* that wait for the last request */

    pthread_mutex_t lock;
    pthread_cond_t work;
    /* with the lock */
    bool stopping;
    bool is_busy;
    struct repository *next; /* to be followed; NULL: nothing new */
    struct list calls;       /* to be done */
    struct list versions;    /* all that are in memory */
    struct repository *all;  /* the repository as it was last read */
    struct catalog *catalog; /* NULL: not made yet */
    struct index_loading loading;
};

static void lock(struct loader *loader)
{
    INVARIANT(pthread_mutex_lock(&loader->lock) == 0);
}

static void unlock(struct loader *loader)
{
    INVARIANT(pthread_mutex_unlock(&loader->lock) == 0);
}

static struct loader *loader_of(struct loaded_keeper *keeper)
{
    return (struct loader *)(void *)keeper;
}

static void on_opened(struct loaded_keeper *keeper, struct loaded_version *version)
{
    struct loader *loader = loader_of(keeper);
    lock(loader);
    list_append(&loader->versions, &version->link);
    unlock(loader);
}

static void on_unused(struct loaded_keeper *keeper, struct loaded_version *version)
{
    struct loader *loader = loader_of(keeper);
    lock(loader);
    version->is_unused = true;
    (void)pthread_cond_signal(&loader->work);
    unlock(loader);
}

static void on_loads(void *context, const char *model,
                     const struct repository_version *version)
{
    struct loader *loader = context;
    lock(loader);
    loader->loading = (struct index_loading){model, version->number_text};
    unlock(loader);
}

/* --- what is wanted --- */

static struct wanted *find_wanted(const struct loader *loader, const char *name)
{
    const struct list *list = &loader->wanted;
    for (struct list_link *link = list_first(list); link != NULL;
         link = list_next(list, link)) {
        struct wanted *wanted = LIST_ITEM(link, struct wanted, link);
        if (strcmp(wanted->name, name) == 0) {
            return wanted;
        }
    }
    return NULL;
}

static enum galen_status want(struct loader *loader, const char *name)
{
    if (find_wanted(loader, name) != NULL) {
        return GALEN_OK;
    }
    struct wanted *wanted = calloc(1, sizeof(*wanted));
    if (wanted == NULL) {
        return GALEN_NO_MEMORY;
    }
    memcpy(wanted->name, name, strlen(name));
    list_append(&loader->wanted, &wanted->link);
    return GALEN_OK;
}

static void want_no_more(struct loader *loader, const char *name)
{
    struct wanted *wanted = find_wanted(loader, name);
    if (wanted != NULL) {
        list_remove(&loader->wanted, &wanted->link);
        blob_unref(wanted->config);
        free(wanted);
    }
}

/* Takes the reference. What holds is what the last load said. */
static void set_config(const struct loader *loader, const char *name, struct blob *config)
{
    struct wanted *wanted = find_wanted(loader, name);
    INVARIANT(wanted != NULL);
    blob_unref(wanted->config);
    wanted->config = config;
}

static struct blob *config_of(void *context, const char *model)
{
    const struct wanted *wanted = find_wanted(context, model);
    return wanted == NULL ? NULL : wanted->config;
}

static enum galen_status want_all(struct loader *loader)
{
    for (size_t i = 0; i < loader->all->model_count; i++) {
        TRY(want(loader, loader->all->models[i].name));
    }
    return GALEN_OK;
}

static enum galen_status want_first(struct loader *loader)
{
    const char *const *name = loader->options.load;
    for (; name != NULL && *name != NULL; name++) {
        TRY(strcmp(*name, "*") == 0 ? want_all(loader) : want(loader, *name));
    }
    return GALEN_OK;
}

static bool is_wanted(void *context, const struct repository_model *model)
{
    return find_wanted(context, model->name) != NULL;
}

/* --- catalogs --- */

static enum galen_status select_desired(struct loader *loader,
                                        struct repository **out_desired)
{
    if (loader->options.control == ENGINE_BY_REQUEST) {
        return repository_select(loader->all, is_wanted, loader, out_desired);
    }
    *out_desired = repository_ref(loader->all);
    return GALEN_OK;
}

/* Only this thread changes what it reads here without the lock. */
static enum galen_status make_catalog(struct loader *loader, const char *again,
                                      struct catalog **out_catalog)
{
    scoped(repository) desired = NULL;
    TRY(select_desired(loader, &desired));
    const struct catalog_wish wish = {
        .desired = desired,
        .before = loader->catalog,
        .again = again,
        .loading = loader->options.loading,
        .linger_ns = loader->options.linger_ns,
        .now_ns = clock_monotonic_ns(),
        .config_of = config_of,
        .loads = on_loads,
        .context = loader,
    };
    return catalog_create(&wish, out_catalog);
}

static enum galen_status renew(struct loader *loader, const char *again)
{
    struct catalog *catalog = NULL;
    const enum galen_status status = make_catalog(loader, again, &catalog);
    struct catalog *before = loader->catalog;
    lock(loader);
    loader->loading = (struct index_loading){NULL, NULL};
    loader->catalog = status == GALEN_OK ? catalog : before;
    unlock(loader);
    TRY(status);
    loader->options.publish(loader->options.context, catalog);
    catalog_destroy(before);
    return GALEN_OK;
}

/* Takes the reference. */
static void replace_all(struct loader *loader, struct repository *all)
{
    lock(loader);
    struct repository *before = loader->all;
    loader->all = all;
    unlock(loader);
    repository_unref(before);
}

static enum galen_status read_again(struct loader *loader, struct error *out_error)
{
    struct repository *all = NULL;
    TRY(repository_reread(loader->all, &all, out_error));
    replace_all(loader, all);
    return GALEN_OK;
}

/* --- calls --- */

static enum galen_status why_not_loaded(const struct loader *loader,
                                        struct infer_management_call *call)
{
    const struct engine_summary *summary = &loader->catalog->summary;
    for (size_t i = 0; i < summary->failure_count; i++) {
        const struct engine_failure *failure = &summary->failures[i];
        if (strcmp(failure->model, call->model) == 0) {
            return error_set(&call->error, GALEN_INVALID,
                             "load failed for model '%s': version %llu is at UNAVAILABLE "
                             "state: %s",
                             call->model, (unsigned long long)failure->version,
                             failure->why);
        }
    }
    return GALEN_OK;
}

static enum galen_status copy_config(const struct infer_management_call *call,
                                     struct blob **out_config)
{
    if (call->config.size == 0) {
        return GALEN_OK;
    }
    *out_config = blob_create(call->config.size, 0);
    if (*out_config == NULL) {
        return GALEN_NO_MEMORY;
    }
    memcpy(blob_data(*out_config), call->config.data, call->config.size);
    return GALEN_OK;
}

static enum galen_status load(struct loader *loader, struct infer_management_call *call)
{
    TRY(read_again(loader, &call->error));
    if (repository_find(loader->all, bytes_from_string(call->model)) == NULL) {
        return error_set(&call->error, GALEN_NOT_FOUND,
                         "failed to load '%s', failed to poll from model repository",
                         infer_quotable_name(call->model));
    }
    struct blob *config = NULL;
    TRY(copy_config(call, &config));
    const enum galen_status status = want(loader, call->model);
    if (status != GALEN_OK) {
        blob_unref(config);
        return status;
    }
    set_config(loader, call->model, config);
    TRY(renew(loader, call->model));
    return why_not_loaded(loader, call);
}

static enum galen_status refuse_by_request(struct infer_management_call *call)
{
    return error_set(&call->error, GALEN_UNAVAILABLE,
                     "explicit model load / unload is not allowed if polling is enabled");
}

static enum galen_status answer_index(struct loader *loader,
                                      struct infer_management_call *call)
{
    lock(loader);
    const struct index_source source = {
        .all = loader->all,
        .catalog = loader->catalog,
        .versions = &loader->versions,
        .loading = loader->loading,
    };
    const enum galen_status status = index_make(&source, call);
    unlock(loader);
    return status;
}

/* *out_later: its answer comes when the memory is given back. */
static enum galen_status do_call(struct loader *loader, struct infer_management_call *call,
                                 bool *out_later)
{
    const bool by_request = loader->options.control == ENGINE_BY_REQUEST;
    if (call->operation == MANAGE_INDEX) {
        if (by_request) {
            (void)!read_again(loader, NULL); /* on failure it is as it was */
        }
        return answer_index(loader, call);
    }
    if (!by_request) {
        return refuse_by_request(call);
    }
    if (call->operation == MANAGE_LOAD) {
        return load(loader, call);
    }
    want_no_more(loader, call->model);
    TRY(renew(loader, NULL));
    *out_later = true;
    return GALEN_OK;
}

static void run_call(struct loader *loader, struct infer_management_call *call)
{
    bool later = false;
    const enum galen_status status = do_call(loader, call, &later);
    if (later) {
        list_append(&loader->unload_calls, &call->link);
    } else {
        infer_management_finish(call, status);
    }
}

/* --- giving back --- */

/* With the lock. NULL: none. */
static struct loaded_version *take_unused(struct loader *loader)
{
    const struct list *list = &loader->versions;
    for (struct list_link *link = list_first(list); link != NULL;
         link = list_next(list, link)) {
        struct loaded_version *version = LIST_ITEM(link, struct loaded_version, link);
        if (version->is_unused) {
            list_remove(&loader->versions, link);
            return version;
        }
    }
    return NULL;
}

static bool is_in_memory(struct loader *loader, const char *name)
{
    const struct list *list = &loader->versions;
    bool found = false;
    lock(loader);
    for (struct list_link *link = list_first(list); link != NULL && !found;
         link = list_next(list, link)) {
        found = strcmp(LIST_ITEM(link, struct loaded_version, link)->name, name) == 0;
    }
    unlock(loader);
    return found;
}

static void finish_unloads(struct loader *loader)
{
    const struct list *list = &loader->unload_calls;
    struct list_link *next;
    for (struct list_link *link = list_first(list); link != NULL; link = next) {
        struct infer_management_call *call =
            LIST_ITEM(link, struct infer_management_call, link);
        next = list_next(list, link);
        if (find_wanted(loader, call->model) != NULL ||
            !is_in_memory(loader, call->model)) {
            list_remove(&loader->unload_calls, link);
            infer_management_finish(call, GALEN_OK);
        }
    }
}

/* Closes what nobody uses. */
static void give_back(struct loader *loader)
{
    struct loaded_version *version;
    bool any = false;
    lock(loader);
    while ((version = take_unused(loader)) != NULL) {
        unlock(loader);
        loaded_version_close(version);
        any = true;
        lock(loader);
    }
    unlock(loader);
    if (any) {
        (void)malloc_trim(0); /* what a network had is to be the system's again */
    }
}

/* --- the thread --- */

struct job {
    bool renews;                        /* something has lingered long enough */
    struct repository *follow;          /* a reference; NULL: nothing */
    struct infer_management_call *call; /* NULL: none */
};

/* With the lock. */
static bool is_work(const struct loader *loader)
{
    const struct list *list = &loader->versions;
    bool is_unused = false;
    for (struct list_link *link = list_first(list); link != NULL && !is_unused;
         link = list_next(list, link)) {
        is_unused = LIST_ITEM(link, struct loaded_version, link)->is_unused;
    }
    return loader->stopping || loader->next != NULL || !list_is_empty(&loader->calls) ||
           is_unused;
}

static bool has_lingered(const struct loader *loader)
{
    return repository_lingers_until(loader->catalog->effective) <= clock_monotonic_ns();
}

/* With the lock. */
static void wait_for_work(struct loader *loader)
{
    const uint64_t until_ns = repository_lingers_until(loader->catalog->effective);
    const struct timespec until = {.tv_sec = (time_t)(until_ns / NS_PER_S),
                                   .tv_nsec = (long)(until_ns % NS_PER_S)};
    if (until_ns == UINT64_MAX) {
        (void)pthread_cond_wait(&loader->work, &loader->lock);
    } else {
        (void)pthread_cond_timedwait(&loader->work, &loader->lock, &until);
    }
}

/* False: it ends. */
static bool next_job(struct loader *loader, struct job *out_job)
{
    lock(loader);
    loader->is_busy = false;
    while (!is_work(loader) && !has_lingered(loader)) {
        wait_for_work(loader);
    }
    const bool goes_on = !loader->stopping;
    struct list_link *first = goes_on ? list_first(&loader->calls) : NULL;
    *out_job = (struct job){.renews = has_lingered(loader),
                            .follow = goes_on ? loader->next : NULL};
    if (goes_on) {
        loader->next = NULL;
    }
    if (first != NULL) {
        list_remove(&loader->calls, first);
        out_job->call = LIST_ITEM(first, struct infer_management_call, link);
    }
    loader->is_busy = true;
    unlock(loader);
    return goes_on;
}

static void *run(void *context)
{
    struct loader *loader = context;
    struct job job;
    while (next_job(loader, &job)) {
        if (job.follow != NULL) {
            replace_all(loader, job.follow);
        }
        if (job.follow != NULL || job.renews) {
            (void)!renew(loader, NULL); /* without memory it stays as it is */
        }
        if (job.call != NULL) {
            run_call(loader, job.call);
        }
        give_back(loader);
        finish_unloads(loader);
    }
    return NULL;
}

static enum galen_status start_thread(struct loader *loader)
{
    TRY(thread_start(run, loader, &loader->thread));
    loader->has_thread = true;
    return GALEN_OK;
}

static enum galen_status start(struct loader *loader)
{
    TRY(want_first(loader));
    TRY(renew(loader, NULL));
    return start_thread(loader);
}

enum galen_status loader_create(const struct loader_options *options,
                                struct loader **out_loader)
{
    struct loader *loader = calloc(1, sizeof(*loader));
    if (loader == NULL) {
        return GALEN_NO_MEMORY;
    }
    loader->keeper = (struct loaded_keeper){.opened = on_opened, .unused = on_unused};
    loader->options = *options;
    loader->options.loading.keeper = &loader->keeper;
    loader->all = repository_ref(options->repository);
    list_init(&loader->wanted);
    list_init(&loader->unload_calls);
    list_init(&loader->calls);
    list_init(&loader->versions);
    INVARIANT(pthread_mutex_init(&loader->lock, NULL) == 0);
    thread_condition_init(&loader->work);
    const enum galen_status status = start(loader);
    if (status != GALEN_OK) {
        loader_destroy(loader);
        return status;
    }
    *out_loader = loader;
    return GALEN_OK;
}

static void stop_thread(struct loader *loader)
{
    lock(loader);
    loader->stopping = true;
    (void)pthread_cond_signal(&loader->work);
    unlock(loader);
    INVARIANT(pthread_join(loader->thread, NULL) == 0);
}

static void forget_wanted(struct loader *loader)
{
    struct list_link *link;
    while ((link = list_first(&loader->wanted)) != NULL) {
        want_no_more(loader, LIST_ITEM(link, struct wanted, link)->name);
    }
}

void loader_destroy(struct loader *loader)
{
    if (loader == NULL) {
        return;
    }
    if (loader->has_thread) {
        stop_thread(loader);
    }
    catalog_destroy(loader->catalog);
    give_back(loader);
    INVARIANT(list_is_empty(&loader->versions) && list_is_empty(&loader->calls) &&
              list_is_empty(&loader->unload_calls));
    forget_wanted(loader);
    repository_unref(loader->next);
    repository_unref(loader->all);
    (void)pthread_cond_destroy(&loader->work);
    (void)pthread_mutex_destroy(&loader->lock);
    free(loader);
}

void loader_follow(struct loader *loader, struct repository *desired)
{
    lock(loader);
    struct repository *before = loader->next;
    loader->next = repository_ref(desired);
    (void)pthread_cond_signal(&loader->work);
    unlock(loader);
    repository_unref(before);
}

/* While a load takes its time, an index tells of it instead of waiting for it. */
void loader_manage(struct loader *loader, struct infer_management_call *call)
{
    lock(loader);
    const bool is_now = call->operation == MANAGE_INDEX && loader->is_busy;
    if (!is_now) {
        list_append(&loader->calls, &call->link);
        (void)pthread_cond_signal(&loader->work);
    }
    unlock(loader);
    if (is_now) {
        infer_management_finish(call, answer_index(loader, call));
    }
}
