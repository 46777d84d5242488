/* SPDX-License-Identifier: Apache-2.0 */
#include "model/contract.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "base/limits.h"
#include "codec/media_type.h"
#include "crypto/sha256.h"
#include "model/contract_impl.h"

const struct yaml_node *contract_member(const struct contract_checker *checker,
                                        const char *name)
{
    return yaml_member(checker->document.root, name);
}

/* Names that must differ. */

struct named {
    const char *name;
    size_t index;
};

static int compare_named(const void *a, const void *b)
{
    const struct named *left = a;
    const struct named *right = b;
    const int order = strcmp(left->name, right->name);
    return order != 0 ? order : (left->index > right->index) - (left->index < right->index);
}

/* Sorts names. *out_pair: two neighbours with one name; NULL when all differ. */
static const struct named *find_twins(struct named *names, size_t count)
{
    qsort(names, count, sizeof(*names), compare_named);
    for (size_t i = 1; i < count; i++) {
        if (strcmp(names[i - 1].name, names[i].name) == 0) {
            return &names[i - 1];
        }
    }
    return NULL;
}

static enum galen_status refuse_twins(const struct contract_checker *checker,
                                      const struct named *twins, const char *list,
                                      const char *member)
{
    if (twins == NULL) {
        return GALEN_OK;
    }
    const struct yaml_node *node = yaml_at(contract_member(checker, list), twins[1].index);
    return yaml_refuse(&checker->document,
                       member == NULL ? node : yaml_member(node, member), checker->error,
                       "is there twice, first as %s[%zu]", list, twins[0].index);
}

static enum galen_status check_strings_differ(const struct contract_checker *checker,
                                              const char *list, const char *const *strings,
                                              size_t count)
{
    struct named *names = arena_alloc_array(checker->scratch, count, sizeof(*names));
    if (names == NULL) {
        return GALEN_NO_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        names[i] = (struct named){strings[i], i};
    }
    return refuse_twins(checker, find_twins(names, count), list, NULL);
}

static enum galen_status check_features_differ(const struct contract_checker *checker)
{
    const size_t count = checker->text.contract.feature_count;
    struct named *names = arena_alloc_array(checker->scratch, count, sizeof(*names));
    if (names == NULL) {
        return GALEN_NO_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        names[i] = (struct named){checker->text.features[i].name, i};
    }
    return refuse_twins(checker, find_twins(names, count), "features", "name");
}

/* Features. node: the feature's mapping. */

static enum galen_status check_units(const struct contract_checker *checker,
                                     const struct contract_feature *feature,
                                     const struct yaml_node *node)
{
    const struct yaml_node *units = yaml_member(node, "units");
    for (size_t i = 0; i < feature->unit_count; i++) {
        const struct yaml_node *unit = yaml_at(units, i);
        if (strcmp(feature->units[i].name, feature->unit) == 0) {
            return yaml_refuse_name(&checker->document, unit, checker->error,
                                    "is the feature's own unit");
        }
        if (!(feature->units[i].factor > 0)) {
            return yaml_refuse(&checker->document, unit, checker->error,
                               "must be greater than 0");
        }
    }
    return GALEN_OK;
}

static enum galen_status check_replacement(const struct contract_checker *checker,
                                           const struct contract_feature *feature,
                                           const struct yaml_node *node)
{
    const struct yaml_node *missing = yaml_member(node, "missing");
    if (missing == NULL) {
        return GALEN_OK;
    }
    const struct yaml_node *replace = yaml_member(missing, "replace");
    if (feature->missing_value < feature->min || feature->missing_value > feature->max) {
        return yaml_refuse(&checker->document, replace, checker->error,
                           "is outside of min and max");
    }
    if (checker->text.datatype == INPUT_FP32 && fabs(feature->missing_value) > FLT_MAX) {
        return yaml_refuse(&checker->document, replace, checker->error,
                           "does not fit FP32");
    }
    return GALEN_OK;
}

static enum galen_status finish_feature(const struct contract_checker *checker,
                                        struct contract_feature *feature,
                                        const struct yaml_node *node)
{
    feature->min = isnan(feature->min) ? -INFINITY : feature->min;
    feature->max = isnan(feature->max) ? INFINITY : feature->max;
    feature->missing = isnan(feature->missing_value) ? MISSING_REFUSE : MISSING_REPLACE;
    if (feature->min > feature->max) {
        return yaml_refuse(&checker->document, yaml_member(node, "min"), checker->error,
                           "is greater than max");
    }
    TRY(check_units(checker, feature, node));
    return check_replacement(checker, feature, node);
}

static enum galen_status finish_features(struct contract_checker *checker)
{
    const struct contract *contract = &checker->text.contract;
    if (contract->feature_count == 0) {
        return GALEN_OK;
    }
    const struct yaml_node *node = contract_member(checker, "features")->first;
    for (size_t i = 0; i < checker->text.contract.feature_count; i++, node = node->next) {
        TRY(finish_feature(checker, &checker->text.features[i], node));
    }
    TRY(check_features_differ(checker));
    checker->text.contract.features = checker->text.features;
    return GALEN_OK;
}

/* Text. */

static const char *why_no_text(const struct contract *contract, const char **out_key)
{
    *out_key = "stride";
    if (contract->text.stride >= contract->text.max_length) {
        return "must be less than max_length";
    }
    if (contract->text.stride > 0 && contract->text.longer != LONGER_WINDOW) {
        return "needs longer: window";
    }
    *out_key = "bucket";
    if (contract->text.bucket > 1 && contract->text.mask == NULL) {
        return "needs a mask";
    }
    *out_key = "tokenizer";
    return contract_file(contract, contract->text.tokenizer) == NULL ? "is not among files"
                                                                     : NULL;
}

static enum galen_status check_text(const struct contract_checker *checker)
{
    const struct yaml_node *text = contract_member(checker, "text");
    const char *key;
    if (text == NULL) {
        return GALEN_OK;
    }
    const char *why = why_no_text(&checker->text.contract, &key);
    if (why == NULL) {
        return GALEN_OK;
    }
    const struct yaml_node *node = yaml_member(text, key);
    return yaml_refuse(&checker->document, node == NULL ? text : node, checker->error, "%s",
                       why);
}

/* "B-X", "I-X", with BILOU "L-X" and "U-X", or "O"; with IO any. */
static bool label_fits(enum contract_scheme scheme, const char *label)
{
    const char *prefixes = scheme == SCHEME_BILOU ? "BILU" : "BI";
    if (scheme == SCHEME_IO || strcmp(label, "O") == 0) {
        return true;
    }
    return strchr(prefixes, label[0]) != NULL && label[1] == '-' && label[2] != '\0';
}

static enum galen_status check_entity_labels(const struct contract_checker *checker)
{
    const struct contract *contract = &checker->text.contract;
    if (contract->task != TASK_TOKEN_CLASSIFICATION) {
        return GALEN_OK;
    }
    if (contract->output.activation == ACTIVATION_SIGMOID) {
        return yaml_refuse(&checker->document,
                           yaml_member(contract_member(checker, "output"), "activation"),
                           checker->error, "of token-classification cannot be sigmoid");
    }
    for (size_t i = 0; i < contract->label_count; i++) {
        if (!label_fits(contract->entities.scheme, contract->labels[i])) {
            return yaml_refuse(&checker->document,
                               yaml_at(contract_member(checker, "labels"), i),
                               checker->error, "does not fit entities.scheme");
        }
    }
    return GALEN_OK;
}

/* What belongs to the task. */

static enum galen_status check_member(const struct contract_checker *checker,
                                      const char *name, bool belongs, bool required)
{
    const struct yaml_node *node = contract_member(checker, name);
    const char *task = contract_task_name(checker->text.contract.task);
    if (node != NULL && !belongs) {
        return yaml_refuse_name(&checker->document, node, checker->error,
                                "does not belong to %s", task);
    }
    if (node == NULL && required) {
        return yaml_refuse(&checker->document, contract_member(checker, "task"),
                           checker->error, "%s needs %s", task, name);
    }
    return GALEN_OK;
}

static enum galen_status check_datatype(const struct contract_checker *checker)
{
    static const struct {
        unsigned taken; /* a bit for each contract_input_datatype */
        const char *why;
    } rules[] = {
        [TASK_TABULAR_CLASSIFICATION] = {1u << INPUT_FP32 | 1u << INPUT_FP64,
                                         "must be FP32 or FP64 for features"},
        [TASK_TEXT_CLASSIFICATION] = {1u << INPUT_INT32 | 1u << INPUT_INT64,
                                      "must be INT32 or INT64 for token ids"},
        [TASK_TOKEN_CLASSIFICATION] = {1u << INPUT_INT32 | 1u << INPUT_INT64,
                                       "must be INT32 or INT64 for token ids"},
        [TASK_IMAGE_CLASSIFICATION] = {1u << INPUT_UINT8 | 1u << INPUT_FP16 |
                                           1u << INPUT_FP32,
                                       "must be UINT8, FP16 or FP32 for pixels"},
    };
    const enum contract_task task = checker->text.contract.task;
    if ((rules[task].taken & 1u << checker->text.datatype) != 0) {
        return GALEN_OK;
    }
    const struct yaml_node *input = contract_member(checker, "input");
    const struct yaml_node *node = yaml_member(input, "datatype");
    return yaml_refuse(&checker->document, node == NULL ? input : node, checker->error,
                       "%s", rules[task].why);
}

static enum galen_status check_task(const struct contract_checker *checker)
{
    const struct contract *contract = &checker->text.contract;
    const bool is_tabular = contract->task == TASK_TABULAR_CLASSIFICATION;
    const bool takes_text = contract_takes_text(contract);
    const bool takes_images = contract_takes_images(contract);
    TRY(check_member(checker, "features", is_tabular, is_tabular));
    TRY(check_member(checker, "text", takes_text, takes_text));
    TRY(check_member(checker, "entities", contract->task == TASK_TOKEN_CLASSIFICATION,
                     false));
    TRY(check_member(checker, "image", takes_images, takes_images));
    return check_datatype(checker);
}

/* The rest. */

static enum galen_status check_media_types(const struct contract_checker *checker)
{
    const struct contract *contract = &checker->text.contract;
    for (size_t i = 0; i < contract->media_type_count; i++) {
        struct media_type type;
        if (media_type_parse(bytes_from_string(contract->media_types[i]), &type) !=
                GALEN_OK ||
            strchr(contract->media_types[i], ';') != NULL) {
            return yaml_refuse(&checker->document,
                               yaml_at(contract_member(checker, "media_types"), i),
                               checker->error, "needs a media type without parameters");
        }
    }
    return check_strings_differ(checker, "media_types", contract->media_types,
                                contract->media_type_count);
}

static enum galen_status check_labels(const struct contract_checker *checker)
{
    const struct contract *contract = &checker->text.contract;
    if (contract->label_count == 1 && contract->output.activation != ACTIVATION_SIGMOID) {
        return yaml_refuse(&checker->document, contract_member(checker, "labels"),
                           checker->error,
                           "has one entry, which needs output.activation sigmoid");
    }
    return check_strings_differ(checker, "labels", contract->labels, contract->label_count);
}

static enum galen_status check_threshold(const struct contract_checker *checker)
{
    const struct contract *contract = &checker->text.contract;
    return contract->threshold_max == 0 || contract->threshold_max >= contract->threshold
               ? GALEN_OK
               : yaml_refuse(&checker->document, contract_member(checker, "threshold_max"),
                             checker->error, "is less than threshold");
}

static const char *why_no_file_name(const char *name)
{
    if (strchr(name, '/') != NULL) {
        return "must not hold '/'";
    }
    if (name[0] == '.') {
        return "must not begin with '.'";
    }
    return strcmp(name, "model.yaml") == 0 ? "cannot hold its own hash" : NULL;
}

static enum galen_status finish_files(struct contract_checker *checker)
{
    struct contract *contract = &checker->text.contract;
    struct contract_file *files =
        arena_alloc_array(checker->arena, contract->file_count, sizeof(*files));
    if (files == NULL) {
        return GALEN_NO_MEMORY;
    }
    for (size_t i = 0; i < contract->file_count; i++) {
        const struct yaml_node *node = yaml_at(contract_member(checker, "files"), i);
        const char *why = why_no_file_name(checker->text.files[i].name);
        if (why != NULL) {
            return yaml_refuse_name(&checker->document, node, checker->error, "%s", why);
        }
        files[i].name = checker->text.files[i].name;
        if (!sha256_from_hex(bytes_from_string(checker->text.files[i].sha256),
                             files[i].sha256)) {
            return yaml_refuse(&checker->document, node, checker->error,
                               "needs 64 hexadecimal digits");
        }
    }
    contract->files = files;
    if (contract_network_file(contract) == NULL) {
        return yaml_refuse(&checker->document, contract_member(checker, "files"),
                           checker->error, "lists no file model.*");
    }
    return GALEN_OK;
}

static enum galen_status check_card(const struct contract_checker *checker)
{
    const struct yaml_node *card = contract_member(checker, "card");
    if (checker->text.contract.demonstration) {
        return GALEN_OK;
    }
    for (const struct yaml_node *member = card->first; member != NULL;
         member = member->next) {
        if (member->kind == YAML_KIND_SCALAR &&
            strncmp(member->text, CONTRACT_CARD_WAITS, strlen(CONTRACT_CARD_WAITS)) == 0) {
            return yaml_refuse(&checker->document, member, checker->error,
                               "is to be filled in, until then demonstration must be true");
        }
    }
    return GALEN_OK;
}

static enum galen_status read_contract(struct contract_checker *checker, struct bytes text,
                                       const char *file)
{
    TRY(yaml_parse(text, file, checker->scratch, &checker->document, checker->error));
    TRY(yaml_read(&checker->document, contract_keys, contract_key_count, checker->arena,
                  &checker->text, checker->error));
    static const enum galen_datatype datatypes[] = {
        [INPUT_FP32] = GALEN_FP32,   [INPUT_FP64] = GALEN_FP64,
        [INPUT_INT32] = GALEN_INT32, [INPUT_INT64] = GALEN_INT64,
        [INPUT_UINT8] = GALEN_UINT8, [INPUT_FP16] = GALEN_FP16,
    };
    TRY(check_task(checker));
    TRY(check_media_types(checker));
    TRY(finish_features(checker));
    TRY(check_labels(checker));
    TRY(check_threshold(checker));
    TRY(check_entity_labels(checker));
    TRY(finish_files(checker));
    TRY(check_card(checker));
    checker->text.contract.input.datatype = datatypes[checker->text.datatype];
    TRY(check_text(checker));
    return contract_check_image(checker);
}

enum galen_status contract_parse(struct bytes text, const char *file, struct arena *arena,
                                 struct contract *out_contract, struct error *out_error)
{
    if (text.size > LIMIT_MODEL_YAML_SIZE_BYTES_MAX) {
        return error_set(out_error, GALEN_INVALID, "%s: is larger than %d bytes", file,
                         LIMIT_MODEL_YAML_SIZE_BYTES_MAX);
    }
    struct arena scratch;
    arena_init(&scratch, yaml_arena_size_bytes_max(text.size));
    struct contract_checker checker = {
        .scratch = &scratch, .arena = arena, .error = out_error};
    const enum galen_status status = read_contract(&checker, text, file);
    arena_deinit(&scratch);
    if (status == GALEN_OK) {
        *out_contract = checker.text.contract;
    }
    return status;
}

const char *contract_task_name(enum contract_task task)
{
    return contract_task_names[task];
}

bool contract_lists_type(const struct contract *contract, struct bytes media_type)
{
    struct media_type type;
    if (media_type_parse(media_type, &type) != GALEN_OK) {
        return false;
    }
    for (size_t i = 0; i < contract->media_type_count; i++) {
        if (media_type_is(type, contract->media_types[i])) {
            return true;
        }
    }
    return false;
}

bool contract_takes_text(const struct contract *contract)
{
    return contract->task == TASK_TEXT_CLASSIFICATION ||
           contract->task == TASK_TOKEN_CLASSIFICATION;
}

bool contract_takes_images(const struct contract *contract)
{
    return contract->task == TASK_IMAGE_CLASSIFICATION;
}

size_t contract_channel_count(enum contract_channels channels)
{
    return channels == CHANNELS_GRAY ? 1 : CONTRACT_CHANNEL_COUNT_MAX;
}

const struct contract_file *contract_file(const struct contract *contract, const char *name)
{
    for (size_t i = 0; i < contract->file_count; i++) {
        if (strcmp(contract->files[i].name, name) == 0) {
            return &contract->files[i];
        }
    }
    return NULL;
}

const struct contract_file *contract_network_file(const struct contract *contract)
{
    for (size_t i = 0; i < contract->file_count; i++) {
        if (strncmp(contract->files[i].name, "model.", strlen("model.")) == 0) {
            return &contract->files[i];
        }
    }
    return NULL;
}
