/* SPDX-License-Identifier: Apache-2.0 */
#include "galen/backend.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "backend/check.h"
#include "backend/warm_up.h"
#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/invariant.h"
#include "base/limits.h"

DEFINE_SCOPED(galen_backend, galen_backend_close)

static void cut_at_character(char *text)
{
    size_t index = 0;
    if (!bytes_are_utf8(bytes_from_string(text), &index)) {
        text[index] = '\0';
    }
}

enum galen_status galen_error_set(struct galen_error *out_error, enum galen_status status,
                                  const char *format, ...)
{
    if (out_error == NULL) {
        return status;
    }
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(out_error->text, sizeof(out_error->text), format, arguments);
    va_end(arguments);
    cut_at_character(out_error->text);
    return status;
}

static enum galen_status file_check(const struct galen_backend_ops *ops, const char *path,
                                    struct galen_error *out_error)
{
    struct stat file;
    if (stat(path, &file) != 0) {
        return galen_error_set(out_error, GALEN_NOT_FOUND, "%s: %s", ops->file_name,
                               strerrordesc_np(errno));
    }
    if (!S_ISREG(file.st_mode)) {
        return galen_error_set(out_error, GALEN_INVALID, "%s is not a regular file",
                               ops->file_name);
    }
    if (file.st_size > LIMIT_MODEL_FILE_SIZE_BYTES_MAX) {
        return galen_error_set(out_error, GALEN_TOO_LARGE, "%s is beyond %d bytes",
                               ops->file_name, (int)LIMIT_MODEL_FILE_SIZE_BYTES_MAX);
    }
    return GALEN_OK;
}

static enum galen_status abi_check(const struct galen_backend_ops *ops,
                                   struct galen_error *out_error)
{
    if (ops->abi != GALEN_BACKEND_ABI) {
        return galen_error_set(out_error, GALEN_INVALID,
                               "the backend was built for ABI %u, this is ABI %u", ops->abi,
                               GALEN_BACKEND_ABI);
    }
    return GALEN_OK;
}

static enum galen_status open_checked(const struct galen_backend_ops *ops,
                                      const struct galen_open_options *options,
                                      struct galen_backend **out_backend,
                                      struct galen_error *out_error)
{
    TRY(abi_check(ops, out_error)); /* before anything else of ops is read */
    INVARIANT(ops->name && ops->file_name && ops->open && ops->describe && ops->run &&
              ops->close);
    INVARIANT(options->thread_count_max > 0);
    TRY(file_check(ops, options->path, out_error));

    scoped(galen_backend) backend = NULL;
    TRY(ops->open(options, &backend, out_error));
    backend->ops = ops;
    TRY(check_spec(ops->describe(backend), out_error));
    warm_up(backend);

    *out_backend = take(&backend);
    return GALEN_OK;
}

enum galen_status galen_backend_open(const struct galen_backend_ops *ops,
                                     const struct galen_open_options *options,
                                     struct galen_backend **out_backend,
                                     struct galen_error *out_error)
{
    struct galen_error unread;
    struct galen_error *error = out_error == NULL ? &unread : out_error;
    error->text[0] = '\0';
    return open_checked(ops, options, out_backend, error);
}

const struct galen_model_spec *galen_backend_describe(const struct galen_backend *backend)
{
    return backend->ops->describe(backend);
}

static bool nothing_is_wanted(const struct galen_model_spec *spec,
                              const bool *wanted_outputs)
{
    for (size_t i = 0; i < spec->output_count; i++) {
        if (wanted_outputs == NULL || wanted_outputs[i]) {
            return false;
        }
    }
    return true;
}

enum galen_status galen_backend_run(struct galen_backend *backend,
                                    const struct galen_batch *batch,
                                    struct galen_sink *sink, struct galen_error *out_error)
{
    const struct galen_model_spec *spec = galen_backend_describe(backend);
    struct galen_error unread;
    struct galen_error *error = out_error == NULL ? &unread : out_error;
    error->text[0] = '\0';

    TRY(check_inputs(spec, batch, error));
    if (nothing_is_wanted(spec, batch->wanted_outputs)) {
        return GALEN_OK;
    }
    return backend->ops->run(backend, batch, sink, error);
}

void galen_backend_close(struct galen_backend *backend)
{
    if (backend != NULL) {
        backend->ops->close(backend);
    }
}

enum galen_status galen_sink_output(struct galen_sink *sink,
                                    const struct galen_tensor *meta, void **out_bytes)
{
    const size_t element_size = galen_datatype_size(meta->datatype);
    uint64_t count = 0;
    INVARIANT(galen_shape_element_count(meta->shape, meta->rank, &count) == GALEN_OK);
    INVARIANT(element_size == 0 || meta->size_bytes / element_size == count);
    return sink->output(sink, meta, out_bytes);
}
