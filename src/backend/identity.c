/* SPDX-License-Identifier: Apache-2.0 */
/* Answers every input with itself: the backend for tests, benches and first contact. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/builtin.h"
#include "backend/identity_spec.h"
#include "base/limits.h"

enum { SPEC_SIZE_BYTES_MAX = 262144 }; /* twice what LIMIT_TENSOR_COUNT_MAX tensors take */

struct identity {
    struct galen_backend base; /* first: the engine holds a pointer to it */
    struct galen_model_spec spec;
    struct arena arena; /* of the spec */
};

static void identity_close(struct galen_backend *backend)
{
    struct identity *identity = (struct identity *)backend;
    arena_deinit(&identity->arena);
    free(identity);
}

/* Reads until the file or the buffer ends. */
static enum galen_status read_all(int file, char *text, size_t size_max, size_t *out_size)
{
    size_t size = 0;
    while (size < size_max) {
        const ssize_t count = read(file, text + size, size_max - size);
        if (count == 0) {
            break;
        }
        if (count < 0 && errno != EINTR) {
            return GALEN_INTERNAL;
        }
        size += count > 0 ? (size_t)count : 0;
    }
    *out_size = size;
    return GALEN_OK;
}

static enum galen_status read_file(const char *path, char *text, size_t size_max,
                                   size_t *out_size)
{
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return GALEN_NOT_FOUND;
    }
    const enum galen_status status = read_all(file, text, size_max, out_size);
    (void)close(file);
    return status;
}

static enum galen_status load(struct identity *identity, const char *path,
                              struct galen_error *out_error)
{
    char text[LIMIT_IDENTITY_FILE_SIZE_BYTES_MAX + 1];
    size_t size = 0;
    enum galen_status status = read_file(path, text, sizeof(text), &size);
    if (status != GALEN_OK) {
        return galen_error_set(out_error, status, "model.identity cannot be read");
    }
    if (size > LIMIT_IDENTITY_FILE_SIZE_BYTES_MAX) {
        return galen_error_set(out_error, GALEN_INVALID,
                               "model.identity is beyond %d bytes",
                               (int)LIMIT_IDENTITY_FILE_SIZE_BYTES_MAX);
    }
    return identity_spec_parse(bytes_of(text, size), &identity->arena, &identity->spec,
                               out_error);
}

static enum galen_status identity_open(const struct galen_open_options *options,
                                       struct galen_backend **out_backend,
                                       struct galen_error *out_error)
{
    struct identity *identity = calloc(1, sizeof(*identity));
    if (identity == NULL) {
        return GALEN_NO_MEMORY;
    }
    arena_init(&identity->arena, SPEC_SIZE_BYTES_MAX);
    const enum galen_status status = load(identity, options->path, out_error);
    if (status != GALEN_OK) {
        identity_close(&identity->base);
        return status;
    }
    *out_backend = &identity->base;
    return GALEN_OK;
}

static const struct galen_model_spec *identity_describe(const struct galen_backend *backend)
{
    return &((const struct identity *)backend)->spec;
}

static enum galen_status emit(struct galen_sink *sink, const struct galen_tensor *input,
                              const char *output_name)
{
    struct galen_tensor output = *input;
    void *bytes = NULL;
    output.name = output_name;
    TRY(galen_sink_output(sink, &output, &bytes));
    if (input->size_bytes > 0) {
        memcpy(bytes, input->bytes, input->size_bytes);
    }
    return GALEN_OK;
}

static enum galen_status identity_run(struct galen_backend *backend,
                                      const struct galen_batch *batch,
                                      struct galen_sink *sink,
                                      struct galen_error *out_error)
{
    const struct galen_model_spec *spec = identity_describe(backend);
    (void)out_error;
    for (size_t i = 0; i < spec->output_count; i++) {
        if (batch->wanted_outputs == NULL || batch->wanted_outputs[i]) {
            TRY(emit(sink, &batch->inputs[i], spec->outputs[i].name));
        }
    }
    return GALEN_OK;
}

const struct galen_backend_ops identity_backend = {
    .abi = GALEN_BACKEND_ABI,
    .name = "identity",
    .file_name = "model.identity",
    .open = identity_open,
    .describe = identity_describe,
    .run = identity_run,
    .close = identity_close,
};
