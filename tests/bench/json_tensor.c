/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usage: json_tensor_bench BODY.json [RUNS]
 *
 * CPU time (user and system, this process) of decoding one v2 request from its bytes,
 * tensors included, with the arena of a request that is wiped and given back each time, as
 * a server does. One JSON line on stdout. json_peer.py makes the body and is what this is
 * compared to.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "base/limits.h"
#include "codec/v2.h"

enum { RUNS_DEFAULT = 100 };

static _Noreturn void die(const char *what, const char *why)
{
    (void)fprintf(stderr, "json_tensor_bench: %s: %s\n", what, why);
    exit(EXIT_FAILURE);
}

static double cpu_us(void)
{
    struct rusage usage;
    (void)getrusage(RUSAGE_SELF, &usage);
    return 1e6 * (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

static struct blob *read_body(const char *path)
{
    FILE *file = fopen(path, "rb");
    struct blob *body = blob_create(LIMIT_BODY_SIZE_BYTES_MAX, 0);
    if (file == NULL || body == NULL) {
        die(path, "cannot be read");
    }
    blob_truncate(body, fread(blob_data(body), 1, LIMIT_BODY_SIZE_BYTES_MAX, file));
    (void)fclose(file);
    return body;
}

/* Returns the bytes of all tensors, so that the work has a use. */
static size_t decode(struct bytes body)
{
    struct arena arena;
    struct v2_request request;
    struct error error = {"", ""};
    size_t size = 0;
    arena_init(&arena, LIMIT_ARENA_SIZE_BYTES_MAX);
    if (v2_request_decode(body, body.size, &arena, &request, &error) != GALEN_OK) {
        die(error.pointer, error.text);
    }
    for (size_t i = 0; i < request.input_count; i++) {
        size += request.inputs[i].size_bytes;
    }
    arena_deinit(&arena);
    return size;
}

int main(int argument_count, char **arguments)
{
    if (argument_count < 2) {
        die("usage", "json_tensor_bench BODY.json [RUNS]");
    }
    const long run_count =
        argument_count > 2 ? strtol(arguments[2], NULL, 10) : (long)RUNS_DEFAULT;
    if (run_count < 1) {
        die("RUNS", "at least 1");
    }
    scoped(blob) body = read_body(arguments[1]);
    const struct bytes bytes = bytes_of(blob_data(body), blob_size(body));
    size_t tensor_size = decode(bytes);
    const double start_us = cpu_us();
    for (long i = 0; i < run_count; i++) {
        tensor_size = decode(bytes);
    }
    const double run_us = (cpu_us() - start_us) / (double)run_count;
    (void)printf("{\"bench\": \"json_tensor\", \"runs\": %ld, \"body_bytes\": %zu, "
                 "\"tensor_bytes\": %zu, \"cpu_us_per_run\": %.1f}\n",
                 run_count, bytes.size, tensor_size, run_us);
    return EXIT_SUCCESS;
}
