/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usage: tokenizer_bench TOKENIZER.json TEXT.txt [RUNS]
 *
 * CPU time (user and system, this process) of tokenizing one text, with the arena of a
 * request that is wiped and given back each time, as a server does. One JSON line on
 * stdout. tokenizer_peer.py is what this is compared to.
 */

#include "preprocess/text/tokenizer.h"
#include "base/limits.h"
#include "measure.h"

enum { RUNS_DEFAULT = 20000, FILE_SIZE_BYTES_MAX = 64 << 20 };

static struct bytes bytes_of_file(struct blob *file)
{
    return bytes_of(blob_data(file), blob_size(file));
}

/* Returns the number of tokens. */
static size_t encode(const struct tokenizer *tokenizer, struct bytes text)
{
    struct arena arena;
    struct encoding encoding;
    arena_init(&arena, LIMIT_ARENA_SIZE_BYTES_MAX);
    if (tokenizer_encode(tokenizer, text, &arena, &encoding) != GALEN_OK) {
        die("the text", "cannot be tokenized");
    }
    arena_deinit(&arena);
    return encoding.count;
}

int main(int argument_count, char **arguments)
{
    if (argument_count < 3) {
        die("usage", "tokenizer_bench TOKENIZER.json TEXT.txt [RUNS]");
    }
    struct error error = {"", ""};
    scoped(tokenizer) tokenizer = NULL;
    scoped(blob) file = read_file(arguments[1], FILE_SIZE_BYTES_MAX);
    scoped(blob) text = read_file(arguments[2], FILE_SIZE_BYTES_MAX);
    const long run_count =
        argument_count > 3 ? strtol(arguments[3], NULL, 10) : (long)RUNS_DEFAULT;
    if (tokenizer_parse(bytes_of_file(file), &tokenizer, &error) != GALEN_OK) {
        die(arguments[1], error.text);
    }
    if (run_count < 1) {
        die("RUNS", "at least 1");
    }
    size_t token_count = encode(tokenizer, bytes_of_file(text));
    const double start_us = cpu_us();
    for (long i = 0; i < run_count; i++) {
        token_count = encode(tokenizer, bytes_of_file(text));
    }
    const double run_us = (cpu_us() - start_us) / (double)run_count;
    (void)printf("{\"bench\": \"tokenizer\", \"runs\": %ld, \"tokens\": %zu, "
                 "\"cpu_us_per_run\": %.3f}\n",
                 run_count, token_count, run_us);
    return EXIT_SUCCESS;
}
