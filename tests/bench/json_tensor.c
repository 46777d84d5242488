/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usage: json_tensor_bench BODY.json [RUNS]
 *
 * CPU time (user and system, this process) of decoding one v2 request from its bytes,
 * tensors included, with the arena of a request that is wiped and given back each time, as
 * a server does. One JSON line on stdout. json_peer.py makes the body and is what this is
 * compared to.
 */
#include "base/limits.h"
#include "codec/v2.h"
#include "measure.h"

enum { RUNS_DEFAULT = 100 };

/* Returns the bytes of all tensors, so that the work has a use. */
static size_t decode(struct bytes body)
{
    struct arena arena;
    struct v2_request request;
    struct error error = {"", ""};
    size_t size = 0;
    arena_init(&arena, LIMIT_ARENA_SIZE_BYTES_MAX);
    const struct v2_message message = {.body = body, .json_size = body.size};
    if (v2_request_decode(&message, &arena, &request, &error) != GALEN_OK) {
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
    scoped(blob) body = read_file(arguments[1], LIMIT_BODY_SIZE_BYTES_MAX);
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
