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
    const struct contract_feature *features; /* in the order of the tensor */
    size_t feature_count;

    struct {
        const char *tensor; /* the network's output, [batch, labels] */
        enum contract_activation activation;
    } output;
    const char *const *labels;
    size_t label_count;
    double threshold; /* abstains when the best score is below; 0: never */

    const struct contract_file *files;
    size_t file_count;
    bool demonstration; /* card.demonstration: every reply warns `demo_model` */
};

/* file names the text in errors: "models/x/1/model.yaml:12:5: features[3].min: …".
 * GALEN_INVALID: the error says line, column, key and why; GALEN_NO_MEMORY. */
MUST_USE enum galen_status contract_parse(struct bytes text, const char *file,
                                          struct arena *arena,
                                          struct contract *out_contract,
                                          struct error *out_error);

/* The first file named "model.*"; a contract that was parsed has one. */
const struct contract_file *contract_network_file(const struct contract *contract);

const char *contract_task_name(enum contract_task task); /* "tabular-classification" */
