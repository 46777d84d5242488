/* SPDX-License-Identifier: Apache-2.0 */
#include "preprocess/image/image.h"

#include "base/limits.h"
#include "expect.h"
#include "image_samples.h"

enum {
    ARENA_SIZE_BYTES_MAX = 1 << 22,
    TENSOR_SIZE_BYTES_MAX = 4096,
    IHDR_OFFSET = 16, /* of its body */
    AFTER_IHDR = 33,
    SIDE = 8,
};

struct done {
    enum galen_status status;
    uint8_t tensor[TENSOR_SIZE_BYTES_MAX];
    struct error error;
};

static struct image_spec colours(uint32_t width, uint32_t height)
{
    return (struct image_spec){
        .channels = IMAGE_RGB,
        .layout = IMAGE_NHWC,
        .fit = IMAGE_STRETCH,
        .filter = IMAGE_BILINEAR,
        .width = width,
        .height = height,
        .datatype = GALEN_UINT8,
    };
}

static struct image_spec gray(uint32_t width, uint32_t height)
{
    struct image_spec spec = colours(width, height);
    spec.channels = IMAGE_GRAY;
    return spec;
}

static struct done transform_within(const struct image_spec *spec, enum image_format format,
                                    struct bytes file, size_t arena_size)
{
    struct done done = {.error = {.text = ""}};
    struct arena arena;
    arena_init(&arena, arena_size);
    done.status = image_to_tensor(spec, format, file, &arena, done.tensor, &done.error);
    arena_deinit(&arena);
    return done;
}

static struct done transform(const struct image_spec *spec, enum image_format format,
                             const struct sample *file)
{
    return transform_within(spec, format, sample_bytes(file), ARENA_SIZE_BYTES_MAX);
}

static void expect_failure(enum galen_status status, const char *text,
                           const struct done *done)
{
    EXPECT_STATUS(status, done->status);
    assert_string_equal(done->error.text, text);
}

static const struct spng_ihdr ihdr_rgb = {
    .width = 2, .height = 2, .bit_depth = 8, .color_type = SPNG_COLOR_TYPE_TRUECOLOR};
static const struct spng_ihdr ihdr_gray = {
    .width = 4, .height = 1, .bit_depth = 8, .color_type = SPNG_COLOR_TYPE_GRAYSCALE};
static const uint8_t pixels_rgb[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
static const uint8_t pixels_gray[] = {1, 2, 3, 4};

static void make_rgb(struct sample *file)
{
    sample_png(file, &ihdr_rgb, NULL, pixels_rgb, sizeof(pixels_rgb));
}

static void make_gray(struct sample *file)
{
    sample_png(file, &ihdr_gray, NULL, pixels_gray, sizeof(pixels_gray));
}

/* One colour, which the quality of 100 keeps. */
static void make_jpeg(struct sample *file, int format, int flags)
{
    uint8_t pixels[SIDE * SIDE * 4];
    memset(pixels, 100, sizeof(pixels));
    sample_jpeg(file, pixels, SIDE, SIDE, format, flags);
}

static void pixels_of_a_png_arrive_as_they_are(void **state)
{
    (void)state;
    struct sample file;
    const struct image_spec spec = colours(2, 2);
    make_rgb(&file);

    const struct done done = transform(&spec, IMAGE_PNG, &file);

    EXPECT_OK(done.status);
    assert_memory_equal(done.tensor, pixels_rgb, sizeof(pixels_rgb));
}

static void pixels_of_an_interlaced_png_find_their_places(void **state)
{
    (void)state;
    struct sample file;
    uint8_t pixels[9 * 7 * 3];
    struct spng_ihdr header = ihdr_rgb;
    const struct image_spec spec = colours(9, 7);
    header.width = 9;
    header.height = 7;
    header.interlace_method = 1;
    for (size_t i = 0; i < sizeof(pixels); i++) {
        pixels[i] = (uint8_t)i;
    }
    sample_png(&file, &header, NULL, pixels, sizeof(pixels));

    const struct done done = transform(&spec, IMAGE_PNG, &file);

    EXPECT_OK(done.status);
    assert_memory_equal(done.tensor, pixels, sizeof(pixels));
}

static void pixels_of_a_jpeg_arrive(void **state)
{
    (void)state;
    struct sample file;
    const struct image_spec spec = colours(SIDE, SIDE);
    const int flags[] = {0, TJFLAG_PROGRESSIVE};
    for (size_t i = 0; i < 2; i++) {
        make_jpeg(&file, TJPF_RGB, flags[i]);

        const struct done done = transform(&spec, IMAGE_JPEG, &file);

        EXPECT_OK(done.status);
        for (size_t at = 0; at < (size_t)SIDE * SIDE * 3; at++) {
            assert_int_equal(done.tensor[at], 100);
        }
    }
}

static void cmyk_is_taken_for_adobes(void **state)
{
    (void)state;
    struct sample file;
    const struct image_spec spec = colours(1, 1);
    make_jpeg(&file, TJPF_CMYK, 0);

    const struct done done = transform(&spec, IMAGE_JPEG, &file);

    EXPECT_OK(done.status);
    assert_int_equal(done.tensor[0], 39); /* 100 * 100 / 255 */
}

static void colours_become_gray_only_where_asked(void **state)
{
    (void)state;
    struct sample file;
    struct image_spec spec = gray(2, 2);
    make_rgb(&file);

    const struct done refused = transform(&spec, IMAGE_PNG, &file);
    spec.convert = true;
    const struct done done = transform(&spec, IMAGE_PNG, &file);

    expect_failure(GALEN_UNPROCESSABLE, "has 3 channels, and the model takes 1", &refused);
    EXPECT_OK(done.status);
    assert_memory_equal(done.tensor, ((uint8_t[]){2, 5, 8, 11}), 4);
}

static void gray_becomes_colours_only_where_asked(void **state)
{
    (void)state;
    struct sample file;
    struct image_spec spec = colours(4, 1);
    make_gray(&file);

    const struct done refused = transform(&spec, IMAGE_PNG, &file);
    spec.convert = true;
    const struct done done = transform(&spec, IMAGE_PNG, &file);

    expect_failure(GALEN_UNPROCESSABLE, "has 1 channels, and the model takes 3", &refused);
    EXPECT_OK(done.status);
    assert_memory_equal(done.tensor, ((uint8_t[]){1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4}), 12);
}

static void smaller_images_are_refused(void **state)
{
    (void)state;
    struct sample file;
    struct image_spec spec = gray(4, 1);
    spec.min_width = 5;
    make_gray(&file);

    const struct done done = transform(&spec, IMAGE_PNG, &file);

    expect_failure(GALEN_UNPROCESSABLE,
                   "is 4 x 1 pixels, and the model takes 5 x 0 at least", &done);
}

#define TURNED_RIGHT "MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"

static void exif_turns_a_png(void **state)
{
    (void)state;
    struct sample file;
    struct image_spec spec = gray(1, 4);
    spec.min_height = 4;
    make_gray(&file);
    png_insert(&file, AFTER_IHDR, "eXIf", BYTES(TURNED_RIGHT));

    const struct done done = transform(&spec, IMAGE_PNG, &file);

    EXPECT_OK(done.status);
    assert_memory_equal(done.tensor, pixels_gray, sizeof(pixels_gray));
}

static void exif_turns_a_jpeg(void **state)
{
    (void)state;
    struct sample file;
    uint8_t pixels[4 * SIDE];
    struct image_spec spec = gray(SIDE, 4);
    const struct bytes exif = BYTES("\xFF\xE1\0\x22"
                                    "Exif\0\0" TURNED_RIGHT);
    memset(pixels, 200, sizeof(pixels));
    spec.min_width = SIDE;
    sample_jpeg(&file, pixels, 4, SIDE, TJPF_GRAY, 0);

    EXPECT_STATUS(GALEN_UNPROCESSABLE, transform(&spec, IMAGE_JPEG, &file).status);
    sample_insert(&file, 2, exif.data, exif.size);
    EXPECT_OK(transform(&spec, IMAGE_JPEG, &file).status);
}

static void what_is_another_format_is_refused(void **state)
{
    (void)state;
    struct sample png, jpeg;
    const struct image_spec spec = colours(2, 2);
    make_rgb(&png);
    make_jpeg(&jpeg, TJPF_RGB, 0);

    const struct done no_png = transform(&spec, IMAGE_PNG, &jpeg);
    const struct done no_jpeg = transform(&spec, IMAGE_JPEG, &png);
    const struct done nothing =
        transform_within(&spec, IMAGE_PNG, BYTES_NONE, ARENA_SIZE_BYTES_MAX);

    expect_failure(GALEN_UNSUPPORTED_TYPE, "is no PNG", &no_png);
    expect_failure(GALEN_UNSUPPORTED_TYPE, "is no JPEG", &no_jpeg);
    expect_failure(GALEN_UNSUPPORTED_TYPE, "is no PNG", &nothing);
}

/* Each in a block of its size, so that a sanitizer sees a read beyond it. */
static void expect_cuts_are_told(enum image_format format, const struct sample *file)
{
    const struct image_spec spec = colours(2, 2);
    const size_t signature = format == IMAGE_PNG ? 8 : 3;
    for (size_t size = 0; size < file->size; size++) {
        char text[64];
        uint8_t *cut = malloc(size + (size == 0));
        memcpy(cut, file->data, size);

        const struct done done =
            transform_within(&spec, format, bytes_of(cut, size), ARENA_SIZE_BYTES_MAX);

        free(cut);
        (void)snprintf(text, sizeof(text), "ends at byte offset %zu", size);
        if (size < signature) {
            EXPECT_STATUS(GALEN_UNSUPPORTED_TYPE, done.status);
        } else {
            expect_failure(GALEN_INVALID, text, &done);
        }
    }
}

static void files_that_end_early_are_told_where(void **state)
{
    (void)state;
    struct sample file;
    make_rgb(&file);
    expect_cuts_are_told(IMAGE_PNG, &file);
    make_jpeg(&file, TJPF_RGB, 0);
    expect_cuts_are_told(IMAGE_JPEG, &file);
    make_jpeg(&file, TJPF_RGB, TJFLAG_PROGRESSIVE);
    expect_cuts_are_told(IMAGE_JPEG, &file);
}

static void bytes_behind_the_image_are_never_looked_at(void **state)
{
    (void)state;
    struct sample file;
    const struct image_spec spec = colours(2, 2);
    make_rgb(&file);
    sample_insert(&file, file.size, "more", 4);
    EXPECT_OK(transform(&spec, IMAGE_PNG, &file).status);
    make_jpeg(&file, TJPF_RGB, 0);
    sample_insert(&file, file.size, "\xFF\xD8\xFF", 3);
    EXPECT_OK(transform(&spec, IMAGE_JPEG, &file).status);
}

static void metadata_changes_nothing_and_goes_nowhere(void **state)
{
    (void)state;
    struct sample file;
    const struct image_spec spec = colours(2, 2);
    make_rgb(&file);
    png_insert(&file, AFTER_IHDR, "tEXt", BYTES("Comment\0secret"));
    png_insert(&file, AFTER_IHDR, "iCCP", BYTES("secret\0\0broken"));
    png_insert(&file, AFTER_IHDR, "tRNS", BYTES("no colour"));
    EXPECT_OK(transform(&spec, IMAGE_PNG, &file).status);

    for (size_t size = 0; size < file.size; size++) {
        const struct done done = transform_within(
            &spec, IMAGE_PNG, bytes_of(file.data, size), ARENA_SIZE_BYTES_MAX);
        assert_null(strstr(done.error.text, "secret"));
    }
}

static void broken_data_is_told_where(void **state)
{
    (void)state;
    struct sample png, jpeg;
    const struct image_spec spec = colours(2, 2);
    make_rgb(&png);
    make_jpeg(&jpeg, TJPF_RGB, 0);
    png.data[sample_find(&png, BYTES("IDAT"), 0) + 8] ^= 0xFF;
    sample_insert(&jpeg, jpeg.size - 2, "extra bytes", 11);

    const struct done in_png = transform(&spec, IMAGE_PNG, &png);
    const struct done in_jpeg = transform(&spec, IMAGE_JPEG, &jpeg);

    EXPECT_STATUS(GALEN_INVALID, in_png.status);
    assert_non_null(strstr(in_png.error.text, "cannot be decoded at byte offset "));
    EXPECT_STATUS(GALEN_INVALID, in_jpeg.status);
    assert_non_null(strstr(in_jpeg.error.text, "cannot be decoded from byte offset "));
}

static void broken_structure_is_told_where(void **state)
{
    (void)state;
    struct sample file;
    const struct image_spec spec = colours(2, 2);
    make_rgb(&file);
    png_insert(&file, AFTER_IHDR, "ABCD", BYTES("")); /* nobody knows it, and it matters */
    const struct done unknown = transform(&spec, IMAGE_PNG, &file);
    make_rgb(&file);
    png_insert(&file, AFTER_IHDR, "eXIf", BYTES(TURNED_RIGHT));
    file.data[AFTER_IHDR + 20] ^= 1;
    const struct done exif = transform(&spec, IMAGE_PNG, &file);
    make_jpeg(&file, TJPF_RGB, 0);
    file.data[2] = 0x00;
    const struct done no_jpeg = transform(&spec, IMAGE_JPEG, &file);
    make_jpeg(&file, TJPF_RGB, 0);
    sample_insert(&file, 20, "?", 1);
    const struct done marker = transform(&spec, IMAGE_JPEG, &file);

    expect_failure(GALEN_INVALID, "has a broken chunk at byte offset 33", &unknown);
    expect_failure(GALEN_INVALID, "has a broken chunk at byte offset 33", &exif);
    expect_failure(GALEN_UNSUPPORTED_TYPE, "is no JPEG", &no_jpeg);
    expect_failure(GALEN_INVALID, "is broken at byte offset 21", &marker);
}

static void data_in_two_places_is_refused(void **state)
{
    (void)state;
    struct sample file;
    const struct image_spec spec = colours(2, 2);
    make_rgb(&file);
    const size_t end = file.size - 12;
    png_insert(&file, end, "tEXt", BYTES("a"));
    png_insert(&file, end + 13, "IDAT", BYTES(""));

    const struct done done = transform(&spec, IMAGE_PNG, &file);

    EXPECT_STATUS(GALEN_INVALID, done.status);
    assert_non_null(strstr(done.error.text, "has a broken chunk at byte offset "));
}

static void colours_beyond_the_palette_are_refused(void **state)
{
    (void)state;
    struct sample file;
    const struct spng_ihdr header = {
        .width = 2, .height = 1, .bit_depth = 8, .color_type = SPNG_COLOR_TYPE_INDEXED};
    const struct spng_plte palette = {.n_entries = 1, .entries = {{1, 2, 3, 0}}};
    const struct image_spec spec = colours(2, 1);
    sample_png(&file, &header, &palette, "\0\0", 2);
    EXPECT_OK(transform(&spec, IMAGE_PNG, &file).status);
    sample_png(&file, &header, &palette, "\0\1", 2);
    EXPECT_STATUS(GALEN_INVALID, transform(&spec, IMAGE_PNG, &file).status);
}

static void set_sides(struct sample *png, uint32_t width, uint32_t height)
{
    png_put_u32(png->data + IHDR_OFFSET, width);
    png_put_u32(png->data + IHDR_OFFSET + 4, height);
    png_repair(png->data, png->size);
}

static void images_beyond_the_limits_are_refused_before_memory_is_taken(void **state)
{
    (void)state;
    struct sample file;
    const struct image_spec spec = colours(2, 2);
    make_rgb(&file);
    set_sides(&file, 100000, 1);
    const struct done side = transform_within(&spec, IMAGE_PNG, sample_bytes(&file), 0);
    set_sides(&file, 16384, 4097);
    const struct done count = transform_within(&spec, IMAGE_PNG, sample_bytes(&file), 0);
    set_sides(&file, 5000, 5000);
    const struct done ratio = transform_within(&spec, IMAGE_PNG, sample_bytes(&file), 0);
    set_sides(&file, 0, 5000);
    const struct done none = transform_within(&spec, IMAGE_PNG, sample_bytes(&file), 0);
    set_sides(&file, 500, 500);
    const struct done room = transform_within(&spec, IMAGE_PNG, sample_bytes(&file), 1000);

    expect_failure(GALEN_TOO_LARGE, "is 100000 x 1 pixels, and a side may have 16384",
                   &side);
    expect_failure(GALEN_TOO_LARGE, "is 16384 x 4097 pixels, and may have 67108864 in all",
                   &count);
    expect_failure(GALEN_TOO_LARGE, "becomes more than 500 times as large as the file",
                   &ratio);
    expect_failure(GALEN_INVALID, "says at byte offset 8 that a side is 0", &none);
    expect_failure(GALEN_TOO_LARGE, "is 500 x 500 pixels, for which there is no room",
                   &room);
}

static void scans_are_counted(void **state)
{
    (void)state;
    struct sample file;
    const struct image_spec spec = gray(2, 2);
    make_jpeg(&file, TJPF_GRAY, 0);
    const size_t at = sample_find(&file, BYTES("\xFF\xDA"), 0);
    const struct bytes scan = bytes_of(file.data + at, file.size - 2 - at);
    uint8_t copy[512];
    INVARIANT(scan.size <= sizeof(copy));
    memcpy(copy, scan.data, scan.size);
    for (size_t i = 0; i < LIMIT_IMAGE_SCAN_COUNT_MAX; i++) {
        sample_insert(&file, at, copy, scan.size);
    }

    const struct done done = transform(&spec, IMAGE_JPEG, &file);

    expect_failure(GALEN_TOO_LARGE, "has more than 128 scans", &done);
}

static void scans_are_fewer_in_larger_images(void **state)
{
    (void)state;
    struct sample file;
    const struct image_spec spec = gray(2, 2);
    make_jpeg(&file, TJPF_GRAY, 0);
    const size_t frame = sample_find(&file, BYTES("\xFF\xC0"), 0);
    const size_t at = sample_find(&file, BYTES("\xFF\xDA"), 0);
    memcpy(file.data + frame + 5, "\x20\x00\x20\x00", 4); /* 8192 x 8192 */
    for (size_t i = 0; i < 16; i++) {
        sample_insert(&file, at, "\xFF\xDA\0\x02", 4);
    }

    const struct done done = transform(&spec, IMAGE_JPEG, &file);

    expect_failure(GALEN_TOO_LARGE,
                   "has more scans than an image of 8192 x 8192 pixels may have", &done);
}

static void other_kinds_of_jpeg_are_refused(void **state)
{
    (void)state;
    struct sample file;
    const struct image_spec spec = colours(2, 2);
    make_jpeg(&file, TJPF_RGB, 0);
    const size_t frame = sample_find(&file, BYTES("\xFF\xC0"), 0);
    file.data[frame + 1] = 0xC3;
    EXPECT_STATUS(GALEN_UNSUPPORTED_TYPE, transform(&spec, IMAGE_JPEG, &file).status);
    file.data[frame + 1] = 0xC1;
    file.data[frame + 4] = 12;
    EXPECT_STATUS(GALEN_UNSUPPORTED_TYPE, transform(&spec, IMAGE_JPEG, &file).status);
    file.data[frame + 4] = 8;
    file.data[frame + 9] = 2;
    EXPECT_STATUS(GALEN_UNPROCESSABLE, transform(&spec, IMAGE_JPEG, &file).status);
}

static void every_size_of_a_tensor_is_that_of_its_elements(void **state)
{
    (void)state;
    struct image_spec spec = colours(5, 7);
    assert_int_equal(image_tensor_size(&spec), 105);
    spec.datatype = GALEN_FP16;
    assert_int_equal(image_tensor_size(&spec), 210);
    spec.channels = IMAGE_GRAY;
    spec.datatype = GALEN_FP32;
    assert_int_equal(image_tensor_size(&spec), 140);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pixels_of_a_png_arrive_as_they_are),
        cmocka_unit_test(pixels_of_an_interlaced_png_find_their_places),
        cmocka_unit_test(pixels_of_a_jpeg_arrive),
        cmocka_unit_test(cmyk_is_taken_for_adobes),
        cmocka_unit_test(colours_become_gray_only_where_asked),
        cmocka_unit_test(gray_becomes_colours_only_where_asked),
        cmocka_unit_test(smaller_images_are_refused),
        cmocka_unit_test(exif_turns_a_png),
        cmocka_unit_test(exif_turns_a_jpeg),
        cmocka_unit_test(what_is_another_format_is_refused),
        cmocka_unit_test(files_that_end_early_are_told_where),
        cmocka_unit_test(bytes_behind_the_image_are_never_looked_at),
        cmocka_unit_test(metadata_changes_nothing_and_goes_nowhere),
        cmocka_unit_test(broken_data_is_told_where),
        cmocka_unit_test(broken_structure_is_told_where),
        cmocka_unit_test(data_in_two_places_is_refused),
        cmocka_unit_test(colours_beyond_the_palette_are_refused),
        cmocka_unit_test(images_beyond_the_limits_are_refused_before_memory_is_taken),
        cmocka_unit_test(scans_are_counted),
        cmocka_unit_test(scans_are_fewer_in_larger_images),
        cmocka_unit_test(other_kinds_of_jpeg_are_refused),
        cmocka_unit_test(every_size_of_a_tensor_is_that_of_its_elements),
    };
    return cmocka_run_group_tests_name("image", tests, NULL, NULL);
}
