/* SPDX-License-Identifier: Apache-2.0 */
/* galen model init DIR: a Hugging Face folder becomes a model of a repository. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "app/arguments.h"
#include "app/model.h"
#include "app/model_sample.h"
#include "backend/builtin.h"
#include "base/limits.h"
#include "model/directory.h"
#include "model/hugging_face.h"
#include "model/import.h"
#include "model/repository.h"

enum { PATH_SIZE = 4096, IMAGE_SIZE_BYTES_MAX = 32 << 20 };

struct wish {
    const char *folder;
    const char *name;
    const char *repository;
    const char *text;
    const char *image; /* a path; NULL: a picture of our own */
};

static const struct option options[] = {
    OPTION_TEXT("--name", struct wish, name),
    OPTION_TEXT("--repository", struct wish, repository),
    OPTION_TEXT("--text", struct wish, text),
    OPTION_TEXT("--image", struct wish, image),
    OPERAND(struct wish, folder),
    {.name = NULL},
};

/* What is found in the folder, and made of it. */
struct onboarding {
    struct wish wish;
    char folder[PATH_SIZE];
    char network[PATH_SIZE + 32];
    char tokenizer[PATH_SIZE + 32];
    struct arena arena;
    struct hugging_face files;
    bool takes_images;
    struct bytes tokenizer_text;
    struct bytes image;
    struct galen_backend *backend;
    struct contract contract;
    struct error error;
};

static bool read_wish(int count, char **words, struct wish *out_wish)
{
    *out_wish = (struct wish){
        .repository = "models",
        .text = "The patient takes aspirin 81 mg daily for chest pain.",
    };
    if (!arguments_read(options, count, words, out_wish)) {
        return false;
    }
    if (out_wish->folder == NULL) {
        (void)model_complain(
            "galen model init needs a folder; see galen model init --help");
    }
    return out_wish->folder != NULL;
}

/* The folder's own name is the model's, unless --name gives another. */
static enum galen_status find_name(struct onboarding *onboarding)
{
    struct wish *wish = &onboarding->wish;
    if (realpath(wish->folder, onboarding->folder) == NULL) {
        return error_set(&onboarding->error, GALEN_NOT_FOUND, "%s: %s", wish->folder,
                         strerror(errno));
    }
    if (wish->name == NULL) {
        const char *slash = strrchr(onboarding->folder, '/');
        wish->name = slash == NULL ? onboarding->folder : slash + 1;
    }
    return repository_name_is_valid(bytes_from_string(wish->name))
               ? GALEN_OK
               : error_set(&onboarding->error, GALEN_INVALID,
                           "'%s' cannot be a model's name: letters, digits, '.', '_' and "
                           "'-' only; --name gives another",
                           wish->name);
}

static bool is_file(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 && S_ISREG(about.st_mode);
}

static bool find_file(const struct onboarding *onboarding, const char *name, char *out_path)
{
    (void)snprintf(out_path, PATH_SIZE + 32, "%s/%s", onboarding->folder, name);
    return is_file(out_path);
}

/* What is there says what the model takes. */
static enum galen_status find_kind(struct onboarding *onboarding)
{
    char path[PATH_SIZE + 32];
    if (find_file(onboarding, HUGGING_FACE_TOKENIZER, onboarding->tokenizer)) {
        return GALEN_OK;
    }
    onboarding->takes_images =
        find_file(onboarding, HUGGING_FACE_PREPROCESSOR_CONFIG, path);
    return onboarding->takes_images
               ? GALEN_OK
               : error_set(&onboarding->error, GALEN_NOT_FOUND,
                           "%s: there is neither tokenizer.json nor "
                           "preprocessor_config.json; the library transformers writes "
                           "them with AutoTokenizer… or AutoImageProcessor…"
                           "save_pretrained",
                           onboarding->folder);
}

static enum galen_status find_files(struct onboarding *onboarding)
{
    TRY(find_kind(onboarding));
    if (!find_file(onboarding, "model.onnx", onboarding->network) &&
        !find_file(onboarding, "onnx/model.onnx", onboarding->network)) {
        return error_set(&onboarding->error, GALEN_NOT_FOUND,
                         "%s: there is neither model.onnx nor onnx/model.onnx",
                         onboarding->folder);
    }
    return GALEN_OK;
}

static enum galen_status read_file(struct onboarding *onboarding, int folder,
                                   const char *name, struct bytes *out_text)
{
    struct error why;
    error_clear(&why);
    const enum galen_status status = directory_read_file(
        folder, name, LIMIT_TOKENIZER_SIZE_BYTES_MAX, &onboarding->arena, out_text, &why);
    return status == GALEN_OK ? GALEN_OK
                              : error_set(&onboarding->error, status, "%s/%s: %s",
                                          onboarding->folder, name, why.text);
}

static enum galen_status read_if_there(struct onboarding *onboarding, int folder,
                                       const char *name, struct bytes *out_text)
{
    char path[PATH_SIZE + 32];
    return find_file(onboarding, name, path) ? read_file(onboarding, folder, name, out_text)
                                             : GALEN_OK;
}

static enum galen_status read_texts(struct onboarding *onboarding)
{
    int folder CLOSED_LATER = -1;
    struct hugging_face *files = &onboarding->files;
    TRY(directory_open_root(onboarding->folder, &folder, &onboarding->error));
    TRY(read_file(onboarding, folder, HUGGING_FACE_CONFIG, &files->config));
    TRY(read_if_there(onboarding, folder, HUGGING_FACE_TOKENIZER,
                      &onboarding->tokenizer_text));
    TRY(read_if_there(onboarding, folder, HUGGING_FACE_TOKENIZER_CONFIG,
                      &files->tokenizer_config));
    return read_if_there(onboarding, folder, HUGGING_FACE_PREPROCESSOR_CONFIG,
                         &files->preprocessor_config);
}

/* The sample that --image names. */
static enum galen_status read_image(struct onboarding *onboarding)
{
    const char *path = onboarding->wish.image;
    if (path == NULL || !onboarding->takes_images) {
        return GALEN_OK;
    }
    uint8_t *bytes = arena_alloc(&onboarding->arena, IMAGE_SIZE_BYTES_MAX + 1);
    if (bytes == NULL) {
        return GALEN_NO_MEMORY;
    }
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return error_set(&onboarding->error, GALEN_NOT_FOUND, "%s: %s", path,
                         strerror(errno));
    }
    const size_t size = fread(bytes, 1, IMAGE_SIZE_BYTES_MAX + 1, file);
    (void)fclose(file);
    onboarding->image = bytes_of(bytes, size);
    return size <= IMAGE_SIZE_BYTES_MAX
               ? GALEN_OK
               : error_set(&onboarding->error, GALEN_TOO_LARGE,
                           "%s: is larger than %d bytes", path, IMAGE_SIZE_BYTES_MAX);
}

static enum galen_status open_network(struct onboarding *onboarding)
{
    const struct galen_open_options open = {.path = onboarding->network,
                                            .thread_count_max = 1};
    struct galen_error why = {""};
    const enum galen_status status =
        galen_backend_open(&onnxruntime_backend, &open, &onboarding->backend, &why);
    if (status != GALEN_OK) {
        return error_set(&onboarding->error, status, "%s: %s", onboarding->network,
                         why.text[0] != '\0' ? why.text : galen_status_text(status));
    }
    const struct galen_model_spec *spec = galen_backend_describe(onboarding->backend);
    onboarding->files.inputs = spec->inputs;
    onboarding->files.input_count = spec->input_count;
    onboarding->files.outputs = spec->outputs;
    onboarding->files.output_count = spec->output_count;
    return GALEN_OK;
}

static enum galen_status derive(struct onboarding *onboarding)
{
    struct contract *contract = &onboarding->contract;
    TRY(hugging_face_read(&onboarding->files, &onboarding->arena, contract,
                          &onboarding->error));
    contract->title = onboarding->wish.name;
    contract->demonstration = true;
    return GALEN_OK;
}

static enum galen_status try_sample(struct onboarding *onboarding, struct writer *out)
{
    const struct model_sample sample = {
        .contract = &onboarding->contract,
        .tokenizer = onboarding->tokenizer_text,
        .backend = onboarding->backend,
        .text = bytes_from_string(onboarding->wish.text),
        .image = onboarding->image,
    };
    struct json_writer json = json_writer_on(out);
    json_begin_object(&json);
    if (!onboarding->takes_images) {
        json_put_name(&json, "input");
        json_put_cstring(&json, onboarding->wish.text);
    }
    TRY(model_sample_run(&sample, &json, &onboarding->error));
    json_end_object(&json);
    return out->status;
}

static enum galen_status put_into_repository(struct onboarding *onboarding)
{
    const struct import_file files[] = {{onboarding->network, "model.onnx"},
                                        {onboarding->tokenizer, HUGGING_FACE_TOKENIZER}};
    const struct contract_card card = {
        .intended_use = CONTRACT_CARD_WAITS ": what it is for, and what it is not for",
        .training_data = CONTRACT_CARD_WAITS ": where the data came from, its licence",
        .limits = CONTRACT_CARD_WAITS ": where it is known to be wrong",
    };
    const struct import import = {
        .repository = onboarding->wish.repository,
        .model = onboarding->wish.name,
        .files = files,
        .file_count = onboarding->takes_images ? 1 : 2,
        .contract = &onboarding->contract,
        .card = &card,
    };
    return import_model(&import, &onboarding->error);
}

static void report(const struct onboarding *onboarding, struct writer *sample)
{
    const struct wish *wish = &onboarding->wish;
    (void)printf("sample: %.*s\n", BYTES_PRINT(writer_bytes(sample)));
    (void)printf("%s/%s/1 is written: %s, %zu labels, current -> 1\n", wish->repository,
                 wish->name, contract_task_name(onboarding->contract.task),
                 onboarding->contract.label_count);
    (void)printf(
        "Its card waits for you: in %s/%s/1/model.yaml write what says \"%s\", then "
        "set demonstration: false.\n",
        wish->repository, wish->name, CONTRACT_CARD_WAITS);
}

static enum galen_status run_all(struct onboarding *onboarding)
{
    struct writer sample;
    TRY(find_name(onboarding));
    TRY(find_files(onboarding));
    TRY(read_texts(onboarding));
    TRY(read_image(onboarding));
    TRY(open_network(onboarding));
    TRY(derive(onboarding));
    writer_init(&sample, LIMIT_JSON_DOCUMENT_SIZE_BYTES_MAX);
    enum galen_status status = try_sample(onboarding, &sample);
    if (status == GALEN_OK) {
        status = put_into_repository(onboarding);
    }
    if (status == GALEN_OK) {
        report(onboarding, &sample);
    }
    writer_deinit(&sample);
    return status;
}

static enum exit_code run(int argument_count, char **arguments)
{
    static struct onboarding onboarding;
    if (!read_wish(argument_count, arguments, &onboarding.wish)) {
        return EXIT_USAGE;
    }
    arena_init(&onboarding.arena, LIMIT_ARENA_SIZE_BYTES_MAX);
    error_clear(&onboarding.error);
    const enum galen_status status = run_all(&onboarding);
    galen_backend_close(onboarding.backend);
    arena_deinit(&onboarding.arena);
    if (status == GALEN_OK) {
        return EXIT_DONE;
    }
    return model_complain(onboarding.error.text[0] != '\0' ? onboarding.error.text
                                                           : galen_status_text(status));
}

const struct model_command model_init_command = {
    .name = "init",
    .help =
        "Usage: galen model init DIR [OPTION]...\n\n"
        "Makes a model of the repository from a Hugging Face folder: config.json; for\n"
        "texts tokenizer.json, and tokenizer_config.json if it is there; for images\n"
        "preprocessor_config.json; and model.onnx or onnx/model.onnx. What the contract\n"
        "(model.yaml) says is read from them and from the network; one sample is run\n"
        "before anything is written, and nothing that is there is changed.\n"
        "…ForTokenClassification, …ForSequenceClassification and\n"
        "…ForImageClassification.\n\n"
        "  --name NAME         of the model; the folder's own otherwise\n"
        "  --repository DIR    models otherwise\n"
        "  --text TEXT         the sample, of a model that takes texts\n"
        "  --image FILE        the sample, a PNG or JPEG, of one that takes images\n\n"
        "Exit codes: 0 done, 2 the folder cannot be served or the name is taken.\n",
    .run = run,
};
