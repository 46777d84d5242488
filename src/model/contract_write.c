/* SPDX-License-Identifier: Apache-2.0 */
#include "model/contract_write.h"

#include <math.h>

#include "codec/number.h"
#include "codec/yaml_writer.h"
#include "crypto/sha256.h"
#include "model/contract_impl.h"

static void put_text(struct writer *out, const char *text)
{
    yaml_put_string(out, bytes_from_string(text));
}

/* key is ": "-terminated, with its indentation; NULL values are left out. */
static void put_member(struct writer *out, const char *key, const char *value)
{
    if (value != NULL) {
        writer_put_string(out, key);
        put_text(out, value);
    }
}

static void put_number(struct writer *out, const char *key, double value)
{
    char text[NUMBER_TEXT_SIZE_MAX];
    if (isfinite(value)) {
        writer_put_string(out, key);
        writer_put(out, bytes_of(text, number_write_f64(value, text)));
    }
}

static void put_word(struct writer *out, const char *key, const char *word)
{
    writer_put_string(out, key);
    writer_put_string(out, word);
}

static void put_count(struct writer *out, const char *key, uint64_t count)
{
    writer_put_string(out, key);
    writer_put_u64(out, count);
}

static void put_list(struct writer *out, const char *key, const char *const *texts,
                     size_t count)
{
    writer_put_string(out, key);
    for (size_t i = 0; i < count; i++) {
        put_member(out, "\n  - ", texts[i]);
    }
}

static void put_units(struct writer *out, const struct contract_feature *feature)
{
    for (size_t i = 0; i < feature->unit_count; i++) {
        writer_put_string(out, i == 0 ? ", units: {? " : ", ? ");
        put_text(out, feature->units[i].name);
        put_number(out, " : ", feature->units[i].factor);
    }
    writer_put_string(out, feature->unit_count == 0 ? "" : "}");
}

static void put_feature(struct writer *out, const struct contract_feature *feature)
{
    put_member(out, "\n  - {name: ", feature->name);
    put_member(out, ", unit: ", feature->unit);
    put_units(out, feature);
    put_number(out, ", min: ", feature->min);
    put_number(out, ", max: ", feature->max);
    if (feature->missing == MISSING_REPLACE) {
        put_number(out, ", missing: {replace: ", feature->missing_value);
        writer_put_byte(out, '}');
    }
    writer_put_byte(out, '}');
}

static void put_features(struct writer *out, const struct contract *contract)
{
    writer_put_string(out, "\nfeatures:");
    for (size_t i = 0; i < contract->feature_count; i++) {
        put_feature(out, &contract->features[i]);
    }
}

static void put_how_text_is_taken(struct writer *out, const struct contract *contract)
{
    writer_put_string(out, "\ntext:");
    put_member(out, "\n  tokenizer: ", contract->text.tokenizer);
    put_member(out, "\n  mask: ", contract->text.mask);
    put_member(out, "\n  types: ", contract->text.types);
    put_count(out, "\n  max_length: ", contract->text.max_length);
    put_word(out, "\n  longer: ", contract_longer_names[contract->text.longer]);
    put_count(out, "\n  stride: ", contract->text.stride);
    put_count(out, "\n  bucket: ", contract->text.bucket);
    put_word(out, "\n  merge: ", contract_merge_names[contract->text.merge]);
}

static void put_numbers(struct writer *out, const char *key, const double *values,
                        size_t count)
{
    for (size_t i = 0; i < count; i++) {
        put_number(out, i == 0 ? key : ", ", values[i]);
    }
    writer_put_string(out, count == 0 ? "" : "]");
}

static void put_shape_of_image(struct writer *out, const struct contract *contract)
{
    put_word(out, "\n  channels: ", contract_channels_names[contract->image.channels]);
    put_word(out, "\n  layout: ", contract_layout_names[contract->image.layout]);
    put_count(out, "\n  width: ", contract->image.width);
    put_count(out, "\n  height: ", contract->image.height);
    put_word(out, "\n  fit: ", contract_fit_names[contract->image.fit]);
    put_count(out, "\n  shorter: ", contract->image.shorter);
    put_count(out, "\n  pad: ", contract->image.pad);
    put_word(out, "\n  filter: ", contract_filter_names[contract->image.filter]);
}

static void put_how_images_are_taken(struct writer *out, const struct contract *contract)
{
    writer_put_string(out, "\nimage:");
    put_shape_of_image(out, contract);
    if (contract->input.datatype != GALEN_UINT8) {
        put_number(out, "\n  scale: ", contract->image.scale);
    }
    put_numbers(out, "\n  mean: [", contract->image.mean, contract->image.mean_count);
    put_numbers(out, "\n  std: [", contract->image.std, contract->image.std_count);
    put_count(out, "\n  min_width: ", contract->image.min_width);
    put_count(out, "\n  min_height: ", contract->image.min_height);
    put_word(out, "\n  convert: ", contract->image.convert ? "true" : "false");
}

static void put_entities(struct writer *out, const struct contract *contract)
{
    put_word(out,
             "\nentities: {scheme: ", contract_scheme_names[contract->entities.scheme]);
    put_word(out, ", words: ", contract_words_names[contract->entities.words]);
    writer_put_byte(out, '}');
}

static void put_input(struct writer *out, const struct contract *contract)
{
    put_member(out, "\ninput: {tensor: ", contract->input.tensor);
    put_word(out, ", datatype: ", galen_datatype_name(contract->input.datatype));
    writer_put_byte(out, '}');
    if (contract->task == TASK_TABULAR_CLASSIFICATION) {
        put_features(out, contract);
    }
    if (contract_takes_text(contract)) {
        put_how_text_is_taken(out, contract);
    }
    if (contract_takes_images(contract)) {
        put_how_images_are_taken(out, contract);
    }
    if (contract->task == TASK_TOKEN_CLASSIFICATION) {
        put_entities(out, contract);
    }
}

static void put_output(struct writer *out, const struct contract *contract)
{
    put_member(out, "\noutput: {tensor: ", contract->output.tensor);
    put_word(out, ", activation: ", contract_activation_names[contract->output.activation]);
    writer_put_byte(out, '}');
    put_list(out, "\nlabels:", contract->labels, contract->label_count);
    put_number(out, "\nthreshold: ", contract->threshold);
    if (contract->threshold_max > 0) {
        put_number(out, "\nthreshold_max: ", contract->threshold_max);
    }
}

static void put_files(struct writer *out, const struct contract *contract)
{
    writer_put_string(out, "\nfiles:");
    for (size_t i = 0; i < contract->file_count; i++) {
        char hex[SHA256_HEX_SIZE];
        sha256_to_hex(contract->files[i].sha256, hex);
        put_member(out, "\n  ", contract->files[i].name);
        writer_put_string(out, ": \"");
        writer_put(out, bytes_of(hex, sizeof(hex)));
        writer_put_byte(out, '"');
    }
}

static void put_card(struct writer *out, const struct contract *contract,
                     const struct contract_card *card)
{
    put_word(out, "\ncard:\n  demonstration: ", contract->demonstration ? "true" : "false");
    put_member(out, "\n  notice: ", card->notice);
    put_member(out, "\n  intended_use: ", card->intended_use);
    put_member(out, "\n  training_data: ", card->training_data);
    put_member(out, "\n  limits: ", card->limits);
    writer_put_byte(out, '\n');
}

void contract_write(const struct contract *contract, const struct contract_card *card,
                    struct writer *out)
{
    put_word(out, "task: ", contract_task_name(contract->task));
    put_member(out, "\ntitle: ", contract->title);
    put_list(out, "\nmedia_types:", contract->media_types, contract->media_type_count);
    put_input(out, contract);
    put_output(out, contract);
    put_files(out, contract);
    put_card(out, contract, card);
}
