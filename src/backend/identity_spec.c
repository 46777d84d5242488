/* SPDX-License-Identifier: Apache-2.0 */
#include "backend/identity_spec.h"

#include "base/limits.h"

struct parser {
    struct arena *arena;
    struct galen_tensor_spec *inputs;
    struct galen_tensor_spec *outputs;
    size_t count;
    size_t line_number;
    struct galen_error *error;
};

static enum galen_status refuse(const struct parser *parser, const char *reason)
{
    return galen_error_set(parser->error, GALEN_INVALID, "line %zu: %s",
                           parser->line_number, reason);
}

static bool is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t';
}

/* Splits the next field off; empty when the line has no more. */
static struct bytes take_field(struct bytes *line)
{
    const struct bytes rest = bytes_trim(*line);
    size_t size = 0;
    while (size < rest.size && !is_blank(rest.data[size])) {
        size++;
    }
    *line = bytes_from(rest, size);
    return bytes_first(rest, size);
}

static bool has_control_bytes(struct bytes text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] < 0x20 || text.data[i] == 0x7F) {
            return true;
        }
    }
    return false;
}

static enum galen_status parse_name(struct parser *parser, struct bytes field,
                                    const char **out_name)
{
    if (has_control_bytes(field)) {
        return refuse(parser, "a name holds control characters");
    }
    const char *name = arena_copy_string(parser->arena, field);
    if (name == NULL) {
        return GALEN_NO_MEMORY;
    }
    *out_name = name;
    return GALEN_OK;
}

static bool parse_dimension(struct bytes text, int64_t *out_dimension)
{
    uint64_t value;
    if (bytes_equal_string(text, "-1")) {
        *out_dimension = GALEN_DIMENSION_ANY;
        return true;
    }
    if (!bytes_parse_u64(text, INT64_MAX, &value)) {
        return false;
    }
    *out_dimension = (int64_t)value;
    return true;
}

static enum galen_status parse_shape(const struct parser *parser, struct bytes field,
                                     struct galen_tensor_spec *tensor)
{
    if (bytes_equal_string(field, "-")) {
        return GALEN_OK;
    }
    for (bool more = true; more;) {
        const size_t comma = bytes_find(field, ',');
        more = comma < field.size;
        if (tensor->rank == GALEN_RANK_MAX) {
            return refuse(parser, "too many dimensions");
        }
        if (!parse_dimension(bytes_first(field, comma), &tensor->shape[tensor->rank++])) {
            return refuse(parser, "a dimension is -1 or a number, a scalar's shape is -");
        }
        field = bytes_from(field, comma + 1);
    }
    return GALEN_OK;
}

static enum galen_status parse_tensor(struct parser *parser, struct bytes line)
{
    struct galen_tensor_spec tensor = {.rank = 0};
    const char *output_name = NULL;
    const struct bytes input = take_field(&line);
    const struct bytes output = take_field(&line);
    const struct bytes datatype = take_field(&line);
    const struct bytes shape = take_field(&line);

    if (shape.size == 0 || bytes_trim(line).size > 0) {
        return refuse(parser, "expected INPUT OUTPUT DATATYPE SHAPE");
    }
    if (parser->count == LIMIT_TENSOR_COUNT_MAX) {
        return refuse(parser, "too many tensors");
    }
    if (galen_datatype_parse((const char *)datatype.data, datatype.size,
                             &tensor.datatype) != GALEN_OK) {
        return refuse(parser, "no such datatype");
    }
    TRY(parse_shape(parser, shape, &tensor));
    TRY(parse_name(parser, input, &tensor.name));
    TRY(parse_name(parser, output, &output_name));
    parser->inputs[parser->count] = tensor;
    parser->outputs[parser->count] = tensor;
    parser->outputs[parser->count++].name = output_name;
    return GALEN_OK;
}

static enum galen_status parse_lines(struct parser *parser, struct bytes text)
{
    while (text.size > 0) {
        struct bytes line;
        text = bytes_split(text, '\n', &line);
        (void)bytes_split(line, '#', &line);
        parser->line_number++;
        if (bytes_trim(line).size > 0) {
            TRY(parse_tensor(parser, line));
        }
    }
    return GALEN_OK;
}

enum galen_status identity_spec_parse(struct bytes text, struct arena *arena,
                                      struct galen_model_spec *out_spec,
                                      struct galen_error *out_error)
{
    const size_t size = sizeof(struct galen_tensor_spec);
    struct parser parser = {
        .arena = arena,
        .inputs = arena_alloc_array(arena, LIMIT_TENSOR_COUNT_MAX, size),
        .outputs = arena_alloc_array(arena, LIMIT_TENSOR_COUNT_MAX, size),
        .error = out_error,
    };
    if (parser.inputs == NULL || parser.outputs == NULL) {
        return GALEN_NO_MEMORY;
    }
    TRY(parse_lines(&parser, text));
    if (parser.count == 0) {
        return refuse(&parser, "no tensor up to here");
    }
    *out_spec = (struct galen_model_spec){
        .platform = "galen_identity",
        .inputs = parser.inputs,
        .input_count = parser.count,
        .outputs = parser.outputs,
        .output_count = parser.count,
    };
    return GALEN_OK;
}
