/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model.yaml: the contract of one model version. What it takes from a client, how that
 * becomes tensors, what the tensors that come back mean. docs/model-yaml.md is made from
 * the same table that reads it.
 *
 * Pure: bytes in, struct out. Everything lies in the arena and is immutable.
 */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "codec/datatype.h"

enum contract_task {
    TASK_TABULAR_CLASSIFICATION,
    TASK_TEXT_CLASSIFICATION,
    TASK_TOKEN_CLASSIFICATION,
    TASK_IMAGE_CLASSIFICATION,
};

/* A unit that a value may be given in, beside the feature's own. */
struct contract_unit {
    const char *name; /* UCUM: "um" */
    double factor;    /* times this gives the feature's unit */
};

enum contract_missing {
    MISSING_REFUSE,  /* 422 */
    MISSING_REPLACE, /* missing_value takes its place, warning `imputed` */
};

struct contract_feature {
    const char *name;
    const char *unit; /* UCUM, "1" for a plain number */
    const struct contract_unit *units;
    size_t unit_count;
    double min; /* -INFINITY: none; inclusive, in the feature's unit */
    double max; /* INFINITY: none */
    enum contract_missing missing;
    double missing_value;
};

/* What becomes of a text that has more tokens than one row may have. */
enum contract_longer {
    LONGER_REFUSE,   /* 422 */
    LONGER_TRUNCATE, /* the rest is not looked at, warning `truncated` */
    LONGER_WINDOW,   /* several overlapping rows, warning `windowed` */
};

/* Whose scores count where windows overlap (of a text: of all its windows). */
enum contract_merge {
    MERGE_CENTER, /* the window in which the token is farthest from an end; tokens only */
    MERGE_MEAN,   /* the mean of the probabilities */
    MERGE_MAX,    /* the window whose best score is highest */
    MERGE_FIRST,  /* the first window */
};

/* How labels of tokens make an entity. */
enum contract_scheme {
    SCHEME_BIO,   /* B-X begins, I-X goes on; I-X after anything but X begins too */
    SCHEME_BILOU, /* and L-X ends, U-X is one word */
    SCHEME_IO,    /* neighbouring words of one label, written X or I-X, are one entity */
};

/* Which of a word's tokens speaks for the word. */
enum contract_words {
    WORDS_FIRST, /* the first, as most taggers are trained */
    WORDS_MEAN,  /* the mean of the probabilities of all of them */
    WORDS_MAX,   /* the one whose best score is highest */
};

/* What a pixel of the tensor is, in its order. */
enum contract_channels { CHANNELS_GRAY, CHANNELS_RGB, CHANNELS_BGR };

enum contract_layout {
    LAYOUT_NCHW, /* [1, channels, height, width] */
    LAYOUT_NHWC, /* [1, height, width, channels] */
};

/* How an image of any shape fills the tensor's. */
enum contract_fit {
    FIT_STRETCH, /* both sides become the tensor's */
    FIT_COVER,   /* aspect kept; the middle is cut out */
    FIT_CONTAIN, /* aspect kept, all of it inside, the rest is `pad` */
};

/* As Pillow names them and computes them. */
enum contract_filter {
    FILTER_NEAREST,
    FILTER_BOX,
    FILTER_BILINEAR,
    FILTER_HAMMING,
    FILTER_BICUBIC,
    FILTER_LANCZOS,
};

#define CONTRACT_CHANNEL_COUNT_MAX 3u

enum contract_activation { ACTIVATION_NONE, ACTIVATION_SOFTMAX, ACTIVATION_SIGMOID };

struct contract_file {
    const char *name; /* inside the version's folder, no '/' */
    uint8_t sha256[32];
};

struct contract {
    enum contract_task task;
    const char *title;
    const char *const *media_types;
    size_t media_type_count;

    struct {
        const char *tensor; /* the network's input */
        enum galen_datatype datatype;
    } input;
    const struct contract_feature *features; /* tabular: in the order of the tensor */
    size_t feature_count;

    struct {                   /* of the tasks that take text */
        const char *tokenizer; /* one of files */
        const char *mask;      /* the network's attention mask; NULL: it has none */
        const char *types;     /* the network's token types; NULL: it has none */
        uint64_t max_length;   /* tokens of one row, special ones included */
        enum contract_longer longer;
        uint64_t stride; /* tokens that neighbouring windows share */
        uint64_t bucket; /* a row's length is padded to a multiple of it; 1: not at all */
        enum contract_merge merge;
    } text;
    struct { /* of the tasks that take images */
        enum contract_channels channels;
        enum contract_layout layout;
        uint64_t width; /* of the tensor, pixels */
        uint64_t height;
        enum contract_fit fit;
        uint64_t shorter; /* of FIT_COVER: the shorter side before the cut; 0: as long as
                             covers */
        enum contract_filter filter;
        uint64_t pad;       /* 0 to 255, of FIT_CONTAIN */
        double scale;       /* (pixel * scale - mean) / std */
        const double *mean; /* one a channel, in the tensor's order; NULL: 0 */
        size_t mean_count;
        const double *std; /* NULL: 1 */
        size_t std_count;
        uint64_t min_width; /* of what is sent, upright, pixels; 422 below */
        uint64_t min_height;
        bool convert; /* gray to colour and back; else 422 */
    } image;
    struct { /* of token classification */
        enum contract_scheme scheme;
        enum contract_words words;
    } entities;

    struct {
        const char *tensor; /* the network's output, [batch, labels]; of token
                               classification [batch, tokens, labels] */
        enum contract_activation activation;
    } output;
    const char *const *labels;
    size_t label_count;
    double threshold; /* abstains when the best score is below, or leaves the entity out;
                         0: never */
    double threshold_max; /* up to which a request may raise it; 0: not at all */

    const struct contract_file *files;
    size_t file_count;
    bool demonstration; /* card.demonstration: every reply warns `demo_model` */
};

/* What a member of the card begins with while nobody has written it. Such a card needs
 * demonstration, so that every reply warns. */
#define CONTRACT_CARD_WAITS "TO BE FILLED IN"

/* file names the text in errors: "models/x/1/model.yaml:12:5: features[3].min: …".
 * GALEN_INVALID: the error says line, column, key and why; GALEN_NO_MEMORY. */
MUST_USE enum galen_status contract_parse(struct bytes text, const char *file,
                                          struct arena *arena,
                                          struct contract *out_contract,
                                          struct error *out_error);

/* The file of that name; NULL: none. */
const struct contract_file *contract_file(const struct contract *contract,
                                          const char *name);

/* The first file named "model.*"; a contract that was parsed has one. */
const struct contract_file *contract_network_file(const struct contract *contract);

/* Whether media_types list it; what is no media type is not listed. */
bool contract_lists_type(const struct contract *contract, struct bytes media_type);

/* Whether the task takes text: contract.text is filled. */
bool contract_takes_text(const struct contract *contract);

/* Whether the task takes images: contract.image is filled. */
bool contract_takes_images(const struct contract *contract);

size_t contract_channel_count(enum contract_channels channels); /* 1 or 3 */

const char *contract_task_name(enum contract_task task); /* "tabular-classification" */
