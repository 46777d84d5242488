/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/media_type.h"

#include "expect.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct media_type parsed(const char *text)
{
    struct media_type type = {BYTES_NONE, BYTES_NONE, BYTES_NONE};
    EXPECT_OK(media_type_parse(bytes_from_string(text), &type));
    return type;
}

static void the_parts_are_as_sent(void **state)
{
    (void)state;
    const struct media_type type = parsed(" Text/HTML;Charset=\"utf-8\" ");
    assert_true(bytes_equal_string(type.type, "Text"));
    assert_true(bytes_equal_string(type.subtype, "HTML"));
    assert_true(bytes_equal_string(type.parameters, "Charset=\"utf-8\" "));
}

static void names_compare_without_case(void **state)
{
    (void)state;
    assert_true(
        media_type_is(parsed("Application/JSON; charset=utf-8"), "application/json"));
    assert_false(media_type_is(parsed("application/json"), "application/jso"));
    assert_false(media_type_is(parsed("application/json"), "text/json"));
}

static void a_pattern_takes_every_subtype(void **state)
{
    (void)state;
    assert_true(media_type_is(parsed("image/svg+xml"), "image/*"));
    assert_false(media_type_is(parsed("images/png"), "image/*"));
}

static void a_star_that_was_sent_is_no_pattern(void **state)
{
    (void)state;
    assert_false(media_type_is(parsed("image/*"), "image/png"));
}

static void what_is_no_media_type_is_refused(void **state)
{
    (void)state;
    static const char *const refused[] = {
        "",
        "text",
        "text/",
        "/plain",
        "/",
        "text/plain/more",
        "text /plain",
        "text/ plain",
        "text/plain, image/png",
        "text/plain\x7F",
        "text/pl\xC3\xA4in",
        ";a=b",
        "text/plain; charset",
        "text/plain; charset=",
        "text/plain; =utf-8",
        "text/plain; charset =utf-8",
        "text/plain; charset= utf-8",
        "text/plain; charset=utf-8, image/png",
        "text/plain; charset=\"utf-8",
        "text/plain; charset=\"utf-8\\",
        "text/plain; charset=\"utf-8\\\"",
        "text/plain; charset=\"utf-8\"x",
        "text/plain; a=\"\x01\"",
        "text/plain; a=b c=d",
    };
    for (size_t i = 0; i < COUNT(refused); i++) {
        struct media_type type;
        EXPECT_STATUS(GALEN_INVALID,
                      media_type_parse(bytes_from_string(refused[i]), &type));
    }
    struct media_type type;
    EXPECT_STATUS(GALEN_INVALID, media_type_parse(BYTES("text/pl\0ain"), &type));
}

static void empty_parameters_are_allowed(void **state)
{
    (void)state;
    struct bytes value = BYTES_NONE;
    assert_true(
        media_type_parameter(parsed("text/plain;; ;charset=utf-8 ;"), "charset", &value));
    assert_true(bytes_equal_string(value, "utf-8"));
}

static void a_parameter_is_found_without_case(void **state)
{
    (void)state;
    struct bytes value = BYTES_NONE;
    assert_true(media_type_parameter(parsed("a/b; x=1; BOUNDARY=aBc"), "boundary", &value));
    assert_true(bytes_equal_string(value, "aBc"));
}

static void the_first_of_two_parameters_counts(void **state)
{
    (void)state;
    struct bytes value = BYTES_NONE;
    assert_true(media_type_parameter(parsed("a/b; c=1; c=2"), "c", &value));
    assert_true(bytes_equal_string(value, "1"));
}

static void plain_quotes_come_off(void **state)
{
    (void)state;
    struct bytes value = BYTES_NONE;
    assert_true(media_type_parameter(parsed("a/b; c=\"d; e, f\""), "c", &value));
    assert_true(bytes_equal_string(value, "d; e, f"));
    assert_true(media_type_parameter(parsed("a/b; c=\"\""), "c", &value));
    assert_int_equal(value.size, 0);
}

static void quotes_with_a_backslash_stay(void **state)
{
    (void)state;
    struct bytes value = BYTES_NONE;
    assert_true(media_type_parameter(parsed("a/b; c=\"d\\\"; e=f\""), "c", &value));
    assert_true(bytes_equal_string(value, "\"d\\\"; e=f\""));
    assert_false(media_type_parameter(parsed("a/b; c=\"d\\\"; e=f\""), "e", &value));
}

static void an_absent_parameter_is_absent(void **state)
{
    (void)state;
    struct bytes value = BYTES("untouched");
    assert_false(media_type_parameter(parsed("a/b; charset=x"), "char", &value));
    assert_false(media_type_parameter(parsed("a/b"), "charset", &value));
    assert_false(media_type_parameter(parsed("a/b; ;"), "", &value));
    assert_true(bytes_equal_string(value, "untouched"));
}

static void signatures_are_recognized(void **state)
{
    (void)state;
    const uint8_t dicom[132] = {[128] = 'D', 'I', 'C', 'M'};
    const struct {
        struct bytes body;
        const char *type;
    } seen[] = {
        {BYTES("\xFF\xD8\xFF\xE0..JFIF"), "image/jpeg"},
        {BYTES("\x89PNG\r\n\x1A\n...."), "image/png"},
        {bytes_of(dicom, sizeof(dicom)), "application/dicom"},
        {bytes_of(dicom, sizeof(dicom) - 1), "application/octet-stream"},
        {BYTES("GIF89a"), "image/gif"},
        {BYTES("II*\0"), "image/tiff"},
        {BYTES("MM\0*"), "image/tiff"},
        {BYTES("PK\x03\x04"), "application/zip"},
        {BYTES("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"), "application/x-ole-storage"},
        {BYTES("%PDF-1.7\n"), "application/pdf"},
        {BYTES("\x1F\x8B\x08"), "application/gzip"},
        {BYTES("{\\rtf1\\ansi note}"), "text/rtf"},
        {BYTES("{\"input\": 1}"), "application/json"},
        {BYTES(" \t\r\n{ }"), "application/json"},
        {BYTES("[[1]]"), "application/json"},
        {BYTES("[-1]"), "application/json"},
        {BYTES("[ null]"), "application/json"},
        {BYTES("{"), "application/json"},
        {BYTES("[**2150-01-01**] Seen in clinic."), "text/plain"},
        {BYTES("[note] Seen in clinic."), "text/plain"},
        {BYTES("{see above} Seen in clinic."), "text/plain"},
        {BYTES("\"input\""), "text/plain"},
        {BYTES("12"), "text/plain"},
        {BYTES("Metformin 500\tmg\r\n\f"), "text/plain"},
        {BYTES("d\xC3\xA9j\xC3\xA0"), "text/plain"},
        {BYTES(""), "text/plain"},
        {BYTES("d\xE9j\xE0"), "application/octet-stream"},
        {BYTES("a\0b"), "application/octet-stream"},
        {BYTES("[\0"), "application/octet-stream"},
        {BYTES("\x1B[0m"), "application/octet-stream"},
        {BYTES("a\x7F"), "application/octet-stream"},
        {BYTES("cut \xC3"), "application/octet-stream"},
    };
    for (size_t i = 0; i < COUNT(seen); i++) {
        assert_string_equal(media_type_sniff(seen[i].body), seen[i].type);
    }
}

static void only_512_bytes_are_looked_at(void **state)
{
    (void)state;
    char body[600];
    memset(body, 'a', sizeof(body));
    body[512] = '\0';
    assert_string_equal(media_type_sniff(bytes_of(body, sizeof(body))), "text/plain");
    body[511] = '\0';
    assert_string_equal(media_type_sniff(bytes_of(body, sizeof(body))),
                        "application/octet-stream");
}

static void a_character_across_the_512th_byte_is_text(void **state)
{
    (void)state;
    char body[600];
    memset(body, 'a', sizeof(body));
    const uint8_t stethoscope[4] = {0xF0, 0x9F, 0xA9, 0xBA};
    memcpy(body + 509, stethoscope, sizeof(stethoscope));
    assert_string_equal(media_type_sniff(bytes_of(body, sizeof(body))), "text/plain");
    assert_string_equal(media_type_sniff(bytes_of(body, 512)), "application/octet-stream");
    body[511] = 'a';
    assert_string_equal(media_type_sniff(bytes_of(body, sizeof(body))),
                        "application/octet-stream");
}

static void a_note_with_the_letters_of_dicom_is_a_note(void **state)
{
    (void)state;
    char note[200];
    memset(note, 'a', sizeof(note));
    memcpy(note + 128, "DICM", 4);
    assert_string_equal(media_type_sniff(bytes_of(note, sizeof(note))), "text/plain");
}

static void what_is_declared_agrees_with_what_is_seen(void **state)
{
    (void)state;
    static const struct {
        const char *declared;
        const char *sniffed;
        bool agrees;
    } cases[] = {
        {"text/plain", "text/plain", true},
        {"text/plain", "application/json", true}, /* a note that begins with a bracket */
        {"text/plain", "application/octet-stream",
         true}, /* the text's reader says why not */
        {"Text/Markdown", "text/plain", true},
        {"application/json", "text/plain", true},
        {"application/fhir+json", "application/json", true},
        {"application/x-anything", "application/octet-stream", true},
        {"IMAGE/PNG", "image/png", true},
        {"application/dicom", "application/dicom", true},
        {"text/plain", "image/jpeg", false},
        {"text/plain", "application/pdf", false},
        {"text/plain", "application/zip", false},
        {"text/plain", "text/rtf", false},
        {"text/plain", "application/dicom", false},
        {"application/json", "application/gzip", false},
        {"image/png", "image/jpeg", false},
        {"image/png", "text/plain", false},
        {"image/webp", "application/octet-stream", false},
        {"application/dicom", "application/octet-stream", false},
        {"application/pdf", "text/plain", false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(media_type_agrees(parsed(cases[i].declared), cases[i].sniffed),
                         cases[i].agrees);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_parts_are_as_sent),
        cmocka_unit_test(names_compare_without_case),
        cmocka_unit_test(a_pattern_takes_every_subtype),
        cmocka_unit_test(a_star_that_was_sent_is_no_pattern),
        cmocka_unit_test(what_is_no_media_type_is_refused),
        cmocka_unit_test(empty_parameters_are_allowed),
        cmocka_unit_test(a_parameter_is_found_without_case),
        cmocka_unit_test(the_first_of_two_parameters_counts),
        cmocka_unit_test(plain_quotes_come_off),
        cmocka_unit_test(quotes_with_a_backslash_stay),
        cmocka_unit_test(an_absent_parameter_is_absent),
        cmocka_unit_test(signatures_are_recognized),
        cmocka_unit_test(only_512_bytes_are_looked_at),
        cmocka_unit_test(a_character_across_the_512th_byte_is_text),
        cmocka_unit_test(a_note_with_the_letters_of_dicom_is_a_note),
        cmocka_unit_test(what_is_declared_agrees_with_what_is_seen),
    };
    return cmocka_run_group_tests_name("media_type", tests, NULL, NULL);
}
