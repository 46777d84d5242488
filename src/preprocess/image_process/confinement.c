/* SPDX-License-Identifier: Apache-2.0 */
#include "preprocess/image_process/confinement.h"

#include <errno.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/limits.h"
#include "preprocess/image_process/image_worker.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define IS_SANITIZED 1
#endif
#endif
#ifndef IS_SANITIZED
#define IS_SANITIZED 0
#endif

enum { MEMORY_FACTOR = 2 }; /* what is decoded, and what libraries need beside it */

/* What a decoder does: compute, get memory, hear of its timer, end. */
static const int allowed[] = {
    SCMP_SYS(brk),     SCMP_SYS(munmap),       SCMP_SYS(mremap),
    SCMP_SYS(madvise), SCMP_SYS(futex),        SCMP_SYS(setitimer),
    SCMP_SYS(alarm),   SCMP_SYS(rt_sigreturn), SCMP_SYS(clock_gettime),
    SCMP_SYS(exit),    SCMP_SYS(exit_group),
};

/* What a sanitizer's runtime does beside that: not in what is shipped. */
static const int allowed_to_sanitizers[] = {
    SCMP_SYS(mprotect), SCMP_SYS(sched_yield), SCMP_SYS(sigaltstack), SCMP_SYS(getpid),
    SCMP_SYS(gettid),   SCMP_SYS(readlink),    SCMP_SYS(prctl),
};

static bool allow_all(scmp_filter_ctx filter, const int *calls, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0) != 0) {
            return false;
        }
    }
    return true;
}

static bool allow_if(scmp_filter_ctx filter, int call, struct scmp_arg_cmp condition)
{
    return seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 1, condition) == 0;
}

static bool allow_on(scmp_filter_ctx filter, int call, int descriptor)
{
    const struct scmp_arg_cmp is_it = {
        .arg = 0, .op = SCMP_CMP_EQ, .datum_a = (scmp_datum_t)descriptor};
    return allow_if(filter, call, is_it);
}

/* Memory, but none that can be executed. */
static bool allow_memory(scmp_filter_ctx filter)
{
    const struct scmp_arg_cmp is_data = {
        .arg = 2, .op = SCMP_CMP_MASKED_EQ, .datum_a = PROT_EXEC, .datum_b = 0};
    return allow_if(filter, SCMP_SYS(mmap), is_data);
}

static bool fill(scmp_filter_ctx filter)
{
    bool filled = allow_all(filter, allowed, sizeof(allowed) / sizeof(allowed[0])) &&
                  allow_on(filter, SCMP_SYS(read), IMAGE_WORKER_JOBS) &&
                  allow_on(filter, SCMP_SYS(write), IMAGE_WORKER_OUTCOMES) &&
                  allow_memory(filter);
    if (IS_SANITIZED) {
        filled =
            filled && allow_on(filter, SCMP_SYS(write), STDERR_FILENO) &&
            allow_all(filter, allowed_to_sanitizers,
                      sizeof(allowed_to_sanitizers) / sizeof(allowed_to_sanitizers[0]));
    }
    return filled;
}

static bool filter_system_calls(void)
{
    const scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    if (filter == NULL) {
        return false;
    }
    const bool loaded = fill(filter) && seccomp_load(filter) == 0;
    seccomp_release(filter);
    return loaded;
}

static bool limit(__rlimit_resource_t resource, rlim_t value)
{
    const struct rlimit both = {value, value};
    return setrlimit(resource, &both) == 0;
}

/* Sanitizers map more than any machine has. */
static bool limit_resources(size_t shared_size)
{
    const rlim_t memory =
        shared_size + MEMORY_FACTOR * (rlim_t)LIMIT_IMAGE_MEMORY_SIZE_BYTES_MAX;
    return limit(RLIMIT_CORE, 0) && limit(RLIMIT_FSIZE, 0) && limit(RLIMIT_NPROC, 0) &&
           (IS_SANITIZED || limit(RLIMIT_AS, memory));
}

enum galen_status confinement_enter(size_t shared_size, struct error *out_error)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 || !limit_resources(shared_size)) {
        return error_set(out_error, GALEN_UNAVAILABLE,
                         "an image worker cannot give up its privileges (error %d)", errno);
    }
    if (!filter_system_calls()) {
        return error_set(out_error, GALEN_UNAVAILABLE,
                         "an image worker cannot filter its system calls (seccomp)");
    }
    return GALEN_OK;
}
