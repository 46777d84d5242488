/* SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "model/contract_impl.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define IN_CONTRACT(member) offsetof(struct contract_text, contract.member)

enum {
    TEXT_SIZE_MAX = 256,
    MEDIA_TYPE_COUNT_MAX = 16,
    UNIT_COUNT_MAX = 64,
    FILE_COUNT_MAX = 64
};

const char *const contract_task_names[] = {"tabular-classification", "text-classification",
                                           "token-classification", "image-classification",
                                           NULL};
static const char *const datatype_names[] = {"FP32",  "FP64", "INT32", "INT64",
                                             "UINT8", "FP16", NULL};
const char *const contract_longer_names[] = {"refuse", "truncate", "window", NULL};
const char *const contract_merge_names[] = {"center", "mean", "max", "first", NULL};
const char *const contract_channels_names[] = {"gray", "rgb", "bgr", NULL};
const char *const contract_layout_names[] = {"nchw", "nhwc", NULL};
const char *const contract_fit_names[] = {"stretch", "cover", "contain", NULL};
const char *const contract_filter_names[] = {"nearest", "box",     "bilinear", "hamming",
                                             "bicubic", "lanczos", NULL};
const char *const contract_scheme_names[] = {"bio", "bilou", "io", NULL};
const char *const contract_words_names[] = {"first", "mean", "max", NULL};
const char *const contract_activation_names[] = {"none", "softmax", "sigmoid", NULL};

static const struct yaml_key media_type_key[] = {
    {.type = YAML_TYPE_STRING,
     .max = TEXT_SIZE_MAX,
     .help = "`type/subtype`, no parameters."},
};

static const struct yaml_key input_keys[] = {
    {.name = "tensor",
     .type = YAML_TYPE_STRING,
     .required = true,
     .offset = IN_CONTRACT(input.tensor),
     .max = LIMIT_TENSOR_NAME_SIZE_BYTES_MAX,
     .help = "The network's input, as the network names it."},
    {.name = "datatype",
     .type = YAML_TYPE_ENUM,
     .offset = offsetof(struct contract_text, datatype),
     .otherwise = "FP32",
     .names = datatype_names,
     .help = "What the network takes: of features FP32 or FP64, of token ids INT32 or "
             "INT64, of pixels UINT8, FP16 or FP32."},
};

static const struct yaml_key unit_keys[] = {
    {.type = YAML_TYPE_STRING, .max = TEXT_SIZE_MAX},
    {.type = YAML_TYPE_F64,
     .offset = offsetof(struct contract_unit, factor),
     .help = "A value in this unit times the factor is the value in the feature's own. "
             "Greater than 0."},
};

static const struct yaml_key missing_keys[] = {
    {.name = "replace",
     .type = YAML_TYPE_F64,
     .required = true,
     .offset = offsetof(struct contract_feature, missing_value),
     .help = "Takes the place of a value that is not there, in the feature's own unit; the "
             "reply warns `imputed`."},
};

static const struct yaml_key feature_keys[] = {
    {.name = "name",
     .type = YAML_TYPE_STRING,
     .required = true,
     .offset = offsetof(struct contract_feature, name),
     .max = TEXT_SIZE_MAX,
     .help = "What clients call it. Unique."},
    {.name = "unit",
     .type = YAML_TYPE_STRING,
     .offset = offsetof(struct contract_feature, unit),
     .otherwise = "1",
     .max = TEXT_SIZE_MAX,
     .help = "UCUM code of its own unit; `\"1\"` is a plain number."},
    {.name = "units",
     .type = YAML_TYPE_MAP,
     .offset = offsetof(struct contract_feature, units),
     .min = 1,
     .max = UNIT_COUNT_MAX,
     .keys = unit_keys,
     .key_count = COUNT(unit_keys),
     .count_offset = offsetof(struct contract_feature, unit_count),
     .element_size = sizeof(struct contract_unit),
     .help = "Other units that a value may be given in, by UCUM code."},
    {.name = "min",
     .type = YAML_TYPE_F64,
     .offset = offsetof(struct contract_feature, min),
     .help = "The least value that is taken, in its own unit. Absent: no bound."},
    {.name = "max",
     .type = YAML_TYPE_F64,
     .offset = offsetof(struct contract_feature, max),
     .help = "The greatest value that is taken. Absent: no bound."},
    {.name = "missing",
     .type = YAML_TYPE_MAPPING,
     .keys = missing_keys,
     .key_count = COUNT(missing_keys),
     .help = "What happens when a request leaves it out. Absent: the request is refused."},
};
static const struct yaml_key feature_key[] = {
    {.type = YAML_TYPE_MAPPING, .keys = feature_keys, .key_count = COUNT(feature_keys)},
};

static const struct yaml_key text_keys[] = {
    {.name = "tokenizer",
     .type = YAML_TYPE_STRING,
     .required = true,
     .offset = IN_CONTRACT(text.tokenizer),
     .max = 255,
     .help = "The file of `files` that says how text becomes tokens: a `tokenizer.json` of "
             "Hugging Face."},
    {.name = "mask",
     .type = YAML_TYPE_STRING,
     .offset = IN_CONTRACT(text.mask),
     .max = LIMIT_TENSOR_NAME_SIZE_BYTES_MAX,
     .help = "The network's attention mask, 1 for a token and 0 for padding. Absent: it "
             "takes none."},
    {.name = "types",
     .type = YAML_TYPE_STRING,
     .offset = IN_CONTRACT(text.types),
     .max = LIMIT_TENSOR_NAME_SIZE_BYTES_MAX,
     .help = "The network's token types. Absent: it takes none."},
    {.name = "max_length",
     .type = YAML_TYPE_U64,
     .required = true,
     .offset = IN_CONTRACT(text.max_length),
     .min = 1,
     .max = LIMIT_TOKEN_COUNT_MAX,
     .help = "Tokens of one row, special ones included."},
    {.name = "longer",
     .type = YAML_TYPE_ENUM,
     .offset = IN_CONTRACT(text.longer),
     .otherwise = "refuse",
     .names = contract_longer_names,
     .help = "What becomes of a text with more tokens: `refuse` answers 422, `truncate` "
             "leaves the rest out and warns `truncated`, `window` cuts it into overlapping "
             "rows and warns `windowed`."},
    {.name = "stride",
     .type = YAML_TYPE_U64,
     .offset = IN_CONTRACT(text.stride),
     .otherwise = "0",
     .min = 0,
     .max = LIMIT_TOKEN_COUNT_MAX,
     .help = "Tokens that neighbouring windows share."},
    {.name = "bucket",
     .type = YAML_TYPE_U64,
     .offset = IN_CONTRACT(text.bucket),
     .otherwise = "1",
     .min = 1,
     .max = LIMIT_TOKEN_COUNT_MAX,
     .help = "A row is padded to a multiple of it, so that requests of about one length "
             "share a run. More than 1 needs `mask`."},
    {.name = "merge",
     .type = YAML_TYPE_ENUM,
     .offset = IN_CONTRACT(text.merge),
     .otherwise = "center",
     .names = contract_merge_names,
     .help = "Whose scores count where windows overlap: `center` those of the window in "
             "which the token is farthest from an end, `mean` the mean of all, `max` those "
             "of the window that is surest, `first` those of the first. A text as a whole "
             "has no center and takes the mean then."},
};

static const struct yaml_key channel_key[] = {
    {.type = YAML_TYPE_F64},
};

static const struct yaml_key image_keys[] = {
    {.name = "channels",
     .type = YAML_TYPE_ENUM,
     .offset = IN_CONTRACT(image.channels),
     .otherwise = "rgb",
     .names = contract_channels_names,
     .help = "What a pixel of the tensor is, in its order."},
    {.name = "layout",
     .type = YAML_TYPE_ENUM,
     .offset = IN_CONTRACT(image.layout),
     .otherwise = "nchw",
     .names = contract_layout_names,
     .help = "The order of the tensor's dimensions, batch first."},
    {.name = "width",
     .type = YAML_TYPE_U64,
     .required = true,
     .offset = IN_CONTRACT(image.width),
     .min = 1,
     .max = LIMIT_IMAGE_TENSOR_SIDE_MAX,
     .help = "Of the tensor, in pixels."},
    {.name = "height",
     .type = YAML_TYPE_U64,
     .required = true,
     .offset = IN_CONTRACT(image.height),
     .min = 1,
     .max = LIMIT_IMAGE_TENSOR_SIDE_MAX,
     .help = "Of the tensor, in pixels."},
    {.name = "fit",
     .type = YAML_TYPE_ENUM,
     .offset = IN_CONTRACT(image.fit),
     .otherwise = "stretch",
     .names = contract_fit_names,
     .help = "How an image of another shape fills it: `stretch` makes both sides "
             "those of the tensor, `cover` keeps the aspect and cuts the middle out, "
             "`contain` keeps the aspect, all of it inside, and fills the rest with "
             "`pad`."},
    {.name = "shorter",
     .type = YAML_TYPE_U64,
     .offset = IN_CONTRACT(image.shorter),
     .otherwise = "0",
     .min = 0,
     .max = LIMIT_IMAGE_TENSOR_SIDE_MAX,
     .help = "Of `cover`: the length of the shorter side before the middle is cut "
             "out; 0: as short as covers."},
    {.name = "filter",
     .type = YAML_TYPE_ENUM,
     .offset = IN_CONTRACT(image.filter),
     .otherwise = "bilinear",
     .names = contract_filter_names,
     .help = "How pixels are resampled, as Pillow does under that name."},
    {.name = "pad",
     .type = YAML_TYPE_U64,
     .offset = IN_CONTRACT(image.pad),
     .otherwise = "0",
     .min = 0,
     .max = 255,
     .help = "Of `contain`: what fills the rest, 0 to 255."},
    {.name = "scale",
     .type = YAML_TYPE_F64,
     .offset = IN_CONTRACT(image.scale),
     .otherwise = "0.00392156862745098",
     .help = "A value of the tensor is (pixel × scale − mean) / std, with pixels "
             "from 0 to 255. The default is 1/255. Not of UINT8, which holds the "
             "pixels."},
    {.name = "mean",
     .type = YAML_TYPE_SEQUENCE,
     .offset = IN_CONTRACT(image.mean),
     .min = 1,
     .max = CONTRACT_CHANNEL_COUNT_MAX,
     .keys = channel_key,
     .key_count = 1,
     .count_offset = IN_CONTRACT(image.mean_count),
     .element_size = sizeof(double),
     .help = "One number a channel, in the tensor's order. Absent: 0."},
    {.name = "std",
     .type = YAML_TYPE_SEQUENCE,
     .offset = IN_CONTRACT(image.std),
     .min = 1,
     .max = CONTRACT_CHANNEL_COUNT_MAX,
     .keys = channel_key,
     .key_count = 1,
     .count_offset = IN_CONTRACT(image.std_count),
     .element_size = sizeof(double),
     .help = "One number a channel, greater than 0. Absent: 1."},
    {.name = "min_width",
     .type = YAML_TYPE_U64,
     .offset = IN_CONTRACT(image.min_width),
     .otherwise = "1",
     .min = 1,
     .max = LIMIT_IMAGE_SIDE_MAX,
     .help = "Of what is sent, upright, in pixels; what is smaller is refused (422)."},
    {.name = "min_height",
     .type = YAML_TYPE_U64,
     .offset = IN_CONTRACT(image.min_height),
     .otherwise = "1",
     .min = 1,
     .max = LIMIT_IMAGE_SIDE_MAX,
     .help = "Likewise."},
    {.name = "convert",
     .type = YAML_TYPE_BOOL,
     .offset = IN_CONTRACT(image.convert),
     .otherwise = "false",
     .help = "Whether colour is taken where the network takes gray, and gray where "
             "it takes colour; else an image with another number of channels is "
             "refused (422)."},
};

static const struct yaml_key entities_keys[] = {
    {.name = "scheme",
     .type = YAML_TYPE_ENUM,
     .offset = IN_CONTRACT(entities.scheme),
     .otherwise = "bio",
     .names = contract_scheme_names,
     .help = "How labels of words make an entity. `bio`: `B-X` begins, `I-X` goes on; "
             "`bilou`: and `L-X` ends, `U-X` is one word; `io`: neighbours with one label "
             "are one."},
    {.name = "words",
     .type = YAML_TYPE_ENUM,
     .offset = IN_CONTRACT(entities.words),
     .otherwise = "first",
     .names = contract_words_names,
     .help = "Which of a word's tokens speaks for it: the `first`, the `mean` of all, or "
             "the surest (`max`)."},
};

static const struct yaml_key output_keys[] = {
    {.name = "tensor",
     .type = YAML_TYPE_STRING,
     .required = true,
     .offset = IN_CONTRACT(output.tensor),
     .max = LIMIT_TENSOR_NAME_SIZE_BYTES_MAX,
     .help = "The network's output: one score a label, `[batch, labels]`; of "
             "token-classification for each token, `[batch, tokens, labels]`."},
    {.name = "activation",
     .type = YAML_TYPE_ENUM,
     .offset = IN_CONTRACT(output.activation),
     .otherwise = "none",
     .names = contract_activation_names,
     .help = "What turns the scores into probabilities; `none` where the network does."},
};

static const struct yaml_key label_key[] = {
    {.type = YAML_TYPE_STRING, .max = TEXT_SIZE_MAX, .help = "Unique."},
};

static const struct yaml_key file_keys[] = {
    {.type = YAML_TYPE_STRING, .max = 255},
    {.type = YAML_TYPE_STRING,
     .offset = offsetof(struct contract_file_text, sha256),
     .help = "SHA-256 of the file of that name, 64 hexadecimal digits."},
};

static const struct yaml_key metric_keys[] = {
    {.type = YAML_TYPE_STRING, .max = TEXT_SIZE_MAX},
    {.type = YAML_TYPE_F64,
     .offset = offsetof(struct contract_metric, value),
     .help = "As measured on held-out data."},
};

#define IN_CARD(member) offsetof(struct contract_text, card.member)

static const struct yaml_key card_keys[] = {
    {.name = "demonstration",
     .type = YAML_TYPE_BOOL,
     .offset = IN_CONTRACT(demonstration),
     .otherwise = "false",
     .help = "Not for any decision about a person: every reply warns `demo_model`."},
    {.name = "notice",
     .type = YAML_TYPE_STRING,
     .offset = IN_CARD(notice),
     .help = "One line that people see first."},
    {.name = "intended_use",
     .type = YAML_TYPE_STRING,
     .required = true,
     .offset = IN_CARD(intended_use),
     .help = "What it is for, and what it is not for."},
    {.name = "training_data",
     .type = YAML_TYPE_STRING,
     .offset = IN_CARD(training_data),
     .help = "Where the data came from and under which licence."},
    {.name = "metrics",
     .type = YAML_TYPE_MAP,
     .offset = IN_CARD(metrics),
     .keys = metric_keys,
     .key_count = COUNT(metric_keys),
     .count_offset = IN_CARD(metric_count),
     .element_size = sizeof(struct contract_metric),
     .help = "What was measured, by name."},
    {.name = "limits",
     .type = YAML_TYPE_STRING,
     .offset = IN_CARD(limits),
     .help = "Where it is known to be wrong or was never tried."},
};

const struct yaml_key contract_keys[] = {
    {.name = "task",
     .type = YAML_TYPE_ENUM,
     .required = true,
     .offset = IN_CONTRACT(task),
     .names = contract_task_names,
     .help = "What it answers; decides how a request is prepared and an answer is made."},
    {.name = "title",
     .type = YAML_TYPE_STRING,
     .required = true,
     .offset = IN_CONTRACT(title),
     .max = TEXT_SIZE_MAX,
     .help = "For people."},
    {.name = "media_types",
     .type = YAML_TYPE_SEQUENCE,
     .required = true,
     .offset = IN_CONTRACT(media_types),
     .min = 1,
     .max = MEDIA_TYPE_COUNT_MAX,
     .keys = media_type_key,
     .key_count = 1,
     .count_offset = IN_CONTRACT(media_type_count),
     .element_size = sizeof(const char *),
     .help = "What `/infer` takes for it."},
    {.name = "input",
     .type = YAML_TYPE_MAPPING,
     .required = true,
     .keys = input_keys,
     .key_count = COUNT(input_keys),
     .help = "The tensor that goes into the network."},
    {.name = "features",
     .type = YAML_TYPE_SEQUENCE,
     .offset = offsetof(struct contract_text, features),
     .min = 1,
     .max = LIMIT_FEATURE_COUNT_MAX,
     .keys = feature_key,
     .key_count = 1,
     .count_offset = IN_CONTRACT(feature_count),
     .element_size = sizeof(struct contract_feature),
     .help = "What the elements of the tensor mean, in their order. Of "
             "tabular-classification, and required there."},
    {.name = "text",
     .type = YAML_TYPE_MAPPING,
     .keys = text_keys,
     .key_count = COUNT(text_keys),
     .help = "How text becomes tensors. Of text- and token-classification, and required "
             "there."},
    {.name = "image",
     .type = YAML_TYPE_MAPPING,
     .keys = image_keys,
     .key_count = COUNT(image_keys),
     .help = "How an image becomes the tensor. Of image-classification, and required "
             "there."},
    {.name = "entities",
     .type = YAML_TYPE_MAPPING,
     .keys = entities_keys,
     .key_count = COUNT(entities_keys),
     .help = "How labels of tokens become entities. Of token-classification."},
    {.name = "output",
     .type = YAML_TYPE_MAPPING,
     .required = true,
     .keys = output_keys,
     .key_count = COUNT(output_keys),
     .help = "The tensor that comes out of the network."},
    {.name = "labels",
     .type = YAML_TYPE_SEQUENCE,
     .required = true,
     .offset = IN_CONTRACT(labels),
     .min = 1,
     .max = LIMIT_LABEL_COUNT_MAX,
     .keys = label_key,
     .key_count = 1,
     .count_offset = IN_CONTRACT(label_count),
     .element_size = sizeof(const char *),
     .help = "What the scores mean, in their order. A single one needs `sigmoid`. Of "
             "token-classification `O` and, by `entities.scheme`, `B-X` and the like."},
    {.name = "threshold",
     .type = YAML_TYPE_F64,
     .offset = IN_CONTRACT(threshold),
     .otherwise = "0",
     .min = 0,
     .max = 1,
     .help = "It abstains where the best score is below, and leaves out an entity whose "
             "score is; 0: never."},
    {.name = "threshold_max",
     .type = YAML_TYPE_F64,
     .offset = IN_CONTRACT(threshold_max),
     .otherwise = "0",
     .min = 0,
     .max = 1,
     .help = "Up to which a request may raise the threshold (`options.threshold`); 0: not "
             "at all."},
    {.name = "files",
     .type = YAML_TYPE_MAP,
     .required = true,
     .offset = offsetof(struct contract_text, files),
     .min = 1,
     .max = FILE_COUNT_MAX,
     .keys = file_keys,
     .key_count = COUNT(file_keys),
     .count_offset = IN_CONTRACT(file_count),
     .element_size = sizeof(struct contract_file_text),
     .help = "Every file of the version's folder that is used. The first `model.*` is the "
             "network."},
    {.name = "card",
     .type = YAML_TYPE_MAPPING,
     .required = true,
     .keys = card_keys,
     .key_count = COUNT(card_keys),
     .help = "The model card."},
};
const size_t contract_key_count = COUNT(contract_keys);
