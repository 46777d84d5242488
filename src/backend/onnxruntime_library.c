/* SPDX-License-Identifier: Apache-2.0 */
#include "backend/onnxruntime_library.h"

#include <dlfcn.h>
#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/log.h"

#define LIBRARY_NAME "libonnxruntime.so.1"

static struct {
    pthread_mutex_t lock;
    bool is_tried;
    struct onnxruntime runtime;
    enum galen_status status;
    struct galen_error error;
} library = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* Messages of this thread are about a model's file now, not about anybody's tensors. */
static _Thread_local bool is_loading;

static void ORT_API_CALL forward_log(void *parameter, OrtLoggingLevel severity,
                                     const char *category, const char *log_id,
                                     const char *place, const char *message)
{
    (void)parameter, (void)category, (void)log_id;
    if (is_loading) {
        log_event(severity >= ORT_LOGGING_LEVEL_ERROR ? LOG_WARN : LOG_INFO,
                  "onnxruntime.log", LOG_STR("place", place), LOG_STR("message", message));
    } else if (severity == ORT_LOGGING_LEVEL_FATAL) {
        log_event(LOG_ERROR, "onnxruntime.log", LOG_STR("place", place));
    }
}

static struct bytes first_line(const char *text)
{
    const struct bytes bytes = bytes_from_string(text);
    return bytes_first(bytes, bytes_find(bytes, '\n'));
}

static bool is_out_of_memory(const char *message)
{
    return strstr(message, "bad_alloc") != NULL ||
           strstr(message, "Failed to allocate memory") != NULL;
}

static enum galen_status status_of(OrtErrorCode code, const char *message)
{
    if (code == ORT_NO_SUCHFILE) {
        return GALEN_NOT_FOUND;
    }
    return is_out_of_memory(message) ? GALEN_NO_MEMORY : GALEN_INVALID;
}

enum galen_status onnxruntime_status(const struct onnxruntime *runtime, OrtStatus *result,
                                     struct galen_error *out_error)
{
    if (result == NULL) {
        return GALEN_OK;
    }
    const char *message = runtime->api->GetErrorMessage(result);
    const enum galen_status status = status_of(runtime->api->GetErrorCode(result), message);
    const struct bytes text = first_line(message);
    (void)galen_error_set(out_error, status, "ONNX Runtime: %.*s", BYTES_PRINT(text));
    runtime->api->ReleaseStatus(result);
    return status;
}

/* "Gather node. Name:'embedding'" of the message; empty when no node failed. */
static struct bytes failed_node(const char *message)
{
    static const char before[] = "Non-zero status code returned while running ";
    const struct bytes text = first_line(message);
    const char *after = strstr(message, " Status Message:");
    if (after == NULL || !bytes_starts_with(text, bytes_from_string(before))) {
        return BYTES_NONE;
    }
    return bytes_from(bytes_first(text, (size_t)(after - message)), sizeof(before) - 1);
}

static bool is_wrong_shape(const char *message)
{
    return strstr(message, "computed output shape") != NULL ||   /* from 1.29 on */
           strstr(message, "shape verification failed") != NULL; /* before */
}

static enum galen_status run_status_of(const char *message, struct galen_error *out_error)
{
    const struct bytes node = failed_node(message);
    if (is_out_of_memory(message)) {
        return galen_error_set(out_error, GALEN_NO_MEMORY,
                               "the network asks for more memory than there is");
    }
    if (is_wrong_shape(message)) {
        return galen_error_set(out_error, GALEN_INTERNAL,
                               "the shape of an output is not what the network declares");
    }
    if (node.size == 0) {
        return galen_error_set(out_error, GALEN_INTERNAL,
                               "ONNX Runtime cannot run the network");
    }
    return galen_error_set(out_error, GALEN_INVALID,
                           "the network refused its inputs at %.*s", BYTES_PRINT(node));
}

enum galen_status onnxruntime_run_status(const struct onnxruntime *runtime,
                                         OrtStatus *result, struct galen_error *out_error)
{
    if (result == NULL) {
        return GALEN_OK;
    }
    const enum galen_status status =
        run_status_of(runtime->api->GetErrorMessage(result), out_error);
    runtime->api->ReleaseStatus(result);
    return status;
}

/* Its official builds report models, hardware and errors to their maker from a thread of
 * their own, unless this is set before they are loaded; their API stops only part of it.
 * One new variable leaves what other threads may be reading of the environment in place. */
static enum galen_status forbid_telemetry(struct galen_error *out_error)
{
    return setenv("ORT_DISABLE_TELEMETRY", "1", true) == 0
               ? GALEN_OK
               : galen_error_set(out_error, GALEN_NO_MEMORY, "no room in the environment");
}

static enum galen_status find_api(struct onnxruntime *runtime,
                                  struct galen_error *out_error)
{
    /* RTLD_LOCAL: its symbols are nobody else's. Never closed: it keeps threads and
     * statics. */
    void *handle = dlopen(LIBRARY_NAME, RTLD_NOW | RTLD_LOCAL);
    if (handle == NULL) {
        const char *reason = dlerror();
        return galen_error_set(out_error, GALEN_UNAVAILABLE, "no ONNX Runtime: %s", reason);
    }
    const OrtApiBase *(*get_base)(void) = NULL;
    *(void **)&get_base = dlsym(handle, "OrtGetApiBase"); /* as POSIX has it done */
    if (get_base == NULL) {
        return galen_error_set(out_error, GALEN_UNAVAILABLE, LIBRARY_NAME " lacks its API");
    }
    runtime->api = get_base()->GetApi(ORT_API_VERSION);
    if (runtime->api == NULL) {
        return galen_error_set(out_error, GALEN_UNAVAILABLE,
                               LIBRARY_NAME " is %s, which is older than API %d",
                               get_base()->GetVersionString(), ORT_API_VERSION);
    }
    return GALEN_OK;
}

/* Of one thread, the caller's, where it is 1: then nothing is started. */
static OrtStatus *configure_pool(const OrtApi *api, OrtThreadingOptions *pool,
                                 uint32_t thread_count)
{
    OrtStatus *result = api->SetGlobalIntraOpNumThreads(pool, (int)thread_count);
    if (result == NULL) {
        result = api->SetGlobalInterOpNumThreads(pool, 1);
    }
    if (result == NULL) {
        result = api->SetGlobalSpinControl(pool, 0);
    }
    return result;
}

static enum galen_status create_environment(struct onnxruntime *runtime,
                                            uint32_t thread_count,
                                            struct galen_error *out_error)
{
    const OrtApi *api = runtime->api;
    OrtThreadingOptions *pool = NULL;
    TRY(onnxruntime_status(runtime, api->CreateThreadingOptions(&pool), out_error));
    OrtStatus *result = configure_pool(api, pool, thread_count);
    if (result == NULL) {
        result = api->CreateEnvWithCustomLoggerAndGlobalThreadPools(
            forward_log, NULL, ORT_LOGGING_LEVEL_WARNING, "galen", pool, &runtime->env);
    }
    api->ReleaseThreadingOptions(pool);
    runtime->pool_thread_count = thread_count;
    return onnxruntime_status(runtime, result, out_error);
}

static enum galen_status start(struct onnxruntime *runtime, uint32_t thread_count,
                               struct galen_error *out_error)
{
    TRY(forbid_telemetry(out_error));
    TRY(find_api(runtime, out_error));
    TRY(create_environment(runtime, thread_count, out_error));
    const OrtApi *api = runtime->api;
    TRY(onnxruntime_status(
        runtime,
        api->CreateCpuMemoryInfo(OrtDeviceAllocator, OrtMemTypeDefault, &runtime->memory),
        out_error));
    TRY(onnxruntime_status(
        runtime, api->GetAllocatorWithDefaultOptions(&runtime->allocator), out_error));
    TRY(onnxruntime_status(runtime, api->CreateRunOptions(&runtime->run_options),
                           out_error));
    return onnxruntime_status(runtime,
                              api->RunOptionsSetRunLogSeverityLevel(
                                  runtime->run_options, ORT_LOGGING_LEVEL_FATAL),
                              out_error);
}

static void start_once(uint32_t thread_count)
{
    (void)pthread_mutex_lock(&library.lock);
    if (!library.is_tried) {
        library.status = start(&library.runtime, thread_count, &library.error);
        library.is_tried = true;
    }
    (void)pthread_mutex_unlock(&library.lock);
}

enum galen_status onnxruntime_load(uint32_t thread_count,
                                   const struct onnxruntime **out_runtime,
                                   struct galen_error *out_error)
{
    start_once(thread_count);
    if (library.status != GALEN_OK) {
        return galen_error_set(out_error, library.status, "%s", library.error.text);
    }
    *out_runtime = &library.runtime;
    return GALEN_OK;
}

/* The pool, where a run that takes all of it keeps to its limit; else threads of the
 * session's own, of which one that may use a single thread has none. None ever spins. */
static OrtStatus *configure_threads(const struct onnxruntime *runtime,
                                    OrtSessionOptions *session, uint32_t thread_count)
{
    const OrtApi *api = runtime->api;
    if (thread_count > 1 && thread_count == runtime->pool_thread_count) {
        return api->DisablePerSessionThreads(session);
    }
    OrtStatus *result = api->SetIntraOpNumThreads(session, (int)thread_count);
    if (result == NULL) {
        result =
            api->AddSessionConfigEntry(session, "session.intra_op.allow_spinning", "0");
    }
    return result;
}

/* No arena and no memory patterns: both only grow, by the largest batch and by the number
 * of distinct shapes (docs/decisions/0017-onnx-runtime.md). */
static OrtStatus *configure(const struct onnxruntime *runtime, OrtSessionOptions *session,
                            uint32_t thread_count)
{
    OrtStatus *result = configure_threads(runtime, session, thread_count);
    if (result == NULL) {
        result = runtime->api->DisableCpuMemArena(session);
    }
    if (result == NULL) {
        result = runtime->api->DisableMemPattern(session);
    }
    return result;
}

static enum galen_status create_session(const struct onnxruntime *runtime,
                                        const OrtSessionOptions *session_options,
                                        const char *path, OrtSession **out_session,
                                        struct galen_error *out_error)
{
    is_loading = true;
    OrtStatus *result =
        runtime->api->CreateSession(runtime->env, path, session_options, out_session);
    is_loading = false;
    return onnxruntime_status(runtime, result, out_error);
}

enum galen_status onnxruntime_session_open(const struct onnxruntime *runtime,
                                           const struct galen_open_options *options,
                                           OrtSession **out_session,
                                           struct galen_error *out_error)
{
    OrtSessionOptions *session_options = NULL;
    TRY(onnxruntime_status(runtime, runtime->api->CreateSessionOptions(&session_options),
                           out_error));
    enum galen_status status = onnxruntime_status(
        runtime, configure(runtime, session_options, options->thread_count_max), out_error);
    if (status == GALEN_OK) {
        status =
            create_session(runtime, session_options, options->path, out_session, out_error);
    }
    runtime->api->ReleaseSessionOptions(session_options);
    return status;
}

void onnxruntime_session_close(const struct onnxruntime *runtime, OrtSession *session)
{
    if (session != NULL) {
        runtime->api->ReleaseSession(session);
        (void)malloc_trim(0); /* it was freed in pieces, which malloc would keep */
    }
}
