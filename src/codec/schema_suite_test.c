/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The official suite (tests/data/json-schema/README.md): every required test, and of the
 * optional ones those that galen claims. Prints the counts by file; docs/schema.md has
 * them. Runs from the root of the tree.
 */
#include "codec/schema.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "codec/json_value.h"
#include "expect.h"

#define SUITE "tests/data/json-schema/"
#define TESTS SUITE "tests/draft2020-12/"

enum { SOURCE_COUNT_MAX = 64, REQUIRED_FILE_COUNT = 46, REQUIRED_TEST_COUNT = 1257 };

/* What is run otherwise than the required files are. */
static const struct choice {
    const char *file;
    const char *why_not; /* NULL: it is run */
    bool asserts_formats;
    bool keeps_unknown;
} choices[] = {
    {.file = "optional/anchor.json"},
    {.file = "optional/bignum.json"},
    {.file = "optional/cross-draft.json", .why_not = "refers to draft 2019-09"},
    {.file = "optional/dependencies-compatibility.json",
     .why_not = "dependencies is a keyword of older drafts: refused as unknown"},
    {.file = "optional/dynamicRef.json"},
    {.file = "optional/ecmascript-regex.json"},
    {.file = "optional/float-overflow.json"},
    {.file = "optional/format-assertion.json"},
    {.file = "optional/id.json"},
    {.file = "optional/no-schema.json"},
    {.file = "optional/non-bmp-regex.json"},
    {.file = "optional/refOfUnknownKeyword.json", .keeps_unknown = true},
    {.file = "optional/unknownKeyword.json", .keeps_unknown = true},
    {.file = "optional/format/date-time.json", .asserts_formats = true},
    {.file = "optional/format/date.json", .asserts_formats = true},
    {.file = "optional/format/duration.json", .asserts_formats = true},
    {.file = "optional/format/ipv4.json", .asserts_formats = true},
    {.file = "optional/format/ipv6.json", .asserts_formats = true},
    {.file = "optional/format/json-pointer.json", .asserts_formats = true},
    {.file = "optional/format/relative-json-pointer.json", .asserts_formats = true},
    {.file = "optional/format/time.json", .asserts_formats = true},
    {.file = "optional/format/uuid.json", .asserts_formats = true},
};

static struct schema_source sources[SOURCE_COUNT_MAX]; /* the first is the test's own */
static size_t source_count = 1;

struct tally {
    size_t count;
    size_t failed_count;
};

static struct bytes read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    const long size = ftell(file);
    uint8_t *text = malloc((size_t)size);
    assert_non_null(text);
    rewind(file);
    assert_int_equal(fread(text, 1, (size_t)size, file), (size_t)size);
    assert_int_equal(fclose(file), 0);
    return bytes_of(text, (size_t)size);
}

static bool is_json_file(const char *name)
{
    const size_t size = strlen(name);
    return size > 5 && strcmp(name + size - 5, ".json") == 0;
}

static void add_source(const char *path, const char *uri)
{
    assert_true(source_count < SOURCE_COUNT_MAX);
    char *copy = strdup(uri);
    assert_non_null(copy);
    sources[source_count++] = (struct schema_source){copy, read_file(path)};
}

static void add_folder(const char *folder, const char *uri)
{
    char path[512];
    char name[512];
    DIR *listing = opendir(folder);
    assert_non_null(listing);
    for (struct dirent *entry = readdir(listing); entry != NULL; entry = readdir(listing)) {
        (void)snprintf(path, sizeof(path), "%s%s", folder, entry->d_name);
        (void)snprintf(name, sizeof(name), "%s%s", uri, entry->d_name);
        if (is_json_file(entry->d_name)) {
            add_source(path, name);
        } else if (entry->d_type == DT_DIR && entry->d_name[0] != '.') {
            memcpy(path + strlen(path), "/", 2);
            memcpy(name + strlen(name), "/", 2);
            add_folder(path, name);
        }
    }
    assert_int_equal(closedir(listing), 0);
}

static struct bytes string_member(const struct json *object, const char *name)
{
    return json_string(json_member(object, name));
}

static struct schema *compile_group(const struct json *group, const char *file,
                                    const struct choice *choice)
{
    const struct schema_options options = {
        .asserts_formats = choice != NULL && choice->asserts_formats,
        .keeps_unknown = choice != NULL && choice->keeps_unknown,
    };
    struct schema *schema = NULL;
    struct error error;
    struct writer text;
    writer_init(&text, 1 << 20);
    struct json_writer json = json_writer_on(&text);
    json_put_value(&json, json_member(group, "schema"));
    sources[0] = (struct schema_source){"", writer_bytes(&text)};
    if (schema_compile(sources, source_count, &options, &schema, &error) != GALEN_OK) {
        print_error("%s: %.*s: refused: %s at %s\n", file,
                    BYTES_PRINT(string_member(group, "description")), error.text,
                    error.pointer);
    }
    writer_deinit(&text);
    return schema;
}

static bool is_answered_right(const struct schema *schema, const struct json *test)
{
    struct arena arena;
    struct schema_errors errors;
    arena_init(&arena, LIMIT_ARENA_SIZE_BYTES_MAX);
    const enum galen_status status =
        schema_validate(schema, json_member(test, "data"), &arena, &errors);
    const bool is_right = (status == GALEN_OK) == json_bool(json_member(test, "valid")) &&
                          (status == GALEN_OK || status == GALEN_UNPROCESSABLE) &&
                          (errors.count > 0) == (status != GALEN_OK);
    arena_deinit(&arena);
    return is_right;
}

static void run_group(const struct json *group, const char *file,
                      const struct choice *choice, struct tally *tally)
{
    struct schema *schema = compile_group(group, file, choice);
    struct json_cursor at = json_walk(json_member(group, "tests"));
    while (json_next(&at)) {
        tally->count++;
        if (schema != NULL && is_answered_right(schema, at.value)) {
            continue;
        }
        tally->failed_count++;
        print_error("%s: %.*s: %.*s\n", file,
                    BYTES_PRINT(string_member(group, "description")),
                    BYTES_PRINT(string_member(at.value, "description")));
    }
    schema_unref(schema);
}

static struct tally run_file(const char *file, const struct choice *choice)
{
    char path[512];
    struct tally tally = {0};
    struct arena arena;
    const struct json *groups;
    arena_init(&arena, LIMIT_ARENA_SIZE_BYTES_MAX);
    (void)snprintf(path, sizeof(path), TESTS "%s", file);
    const struct bytes text = read_file(path);
    EXPECT_OK(json_parse(text, &arena, &groups, NULL));
    struct json_cursor at = json_walk(groups);
    while (json_next(&at)) {
        run_group(at.value, file, choice, &tally);
    }
    arena_deinit(&arena);
    free((void *)(uintptr_t)text.data);
    print_message("%-46s %4zu of %4zu\n", file, tally.count - tally.failed_count,
                  tally.count);
    return tally;
}

static int compare_names(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_test_file(const struct dirent *entry)
{
    return is_json_file(entry->d_name);
}

/* For docs/security-tests.md. */
static void tell(const char *name, size_t file_count, const struct tally *all)
{
    print_message("counted %s {\"files\": %zu, \"tests\": %zu, \"passed\": %zu}\n", name,
                  file_count, all->count, all->count - all->failed_count);
}

static void every_required_test_passes(void **state)
{
    (void)state;
    struct dirent **entries;
    struct tally all = {0};
    const int count = scandir(TESTS, &entries, is_test_file, compare_names);
    assert_int_equal(count, REQUIRED_FILE_COUNT);
    for (int i = 0; i < count; i++) {
        const struct tally tally = run_file(entries[i]->d_name, NULL);
        all.count += tally.count;
        all.failed_count += tally.failed_count;
        free(entries[i]);
    }
    free((void *)entries);
    tell("json-schema-required", REQUIRED_FILE_COUNT, &all);
    assert_int_equal(all.failed_count, 0);
    assert_int_equal(all.count, REQUIRED_TEST_COUNT);
}

static void every_optional_test_that_is_claimed_passes(void **state)
{
    (void)state;
    struct tally all = {0};
    size_t file_count = 0;
    for (size_t i = 0; i < sizeof(choices) / sizeof(choices[0]); i++) {
        if (choices[i].why_not != NULL) {
            print_message("%-46s not run: %s\n", choices[i].file, choices[i].why_not);
            continue;
        }
        const struct tally tally = run_file(choices[i].file, &choices[i]);
        file_count++;
        all.count += tally.count;
        all.failed_count += tally.failed_count;
    }
    tell("json-schema-optional", file_count, &all);
    assert_int_equal(all.failed_count, 0);
}

static int set_up(void **state)
{
    (void)state;
    add_folder(SUITE "remotes/", "http://localhost:1234/");
    add_source(SUITE "metaschemas/schema.json",
               "https://json-schema.org/draft/2020-12/schema");
    static const char *const vocabularies[] = {
        "core",      "applicator", "unevaluated",       "validation",
        "meta-data", "content",    "format-annotation", "format-assertion",
    };
    for (size_t i = 0; i < sizeof(vocabularies) / sizeof(vocabularies[0]); i++) {
        char path[512];
        char uri[512];
        (void)snprintf(path, sizeof(path), SUITE "metaschemas/%s.json", vocabularies[i]);
        (void)snprintf(uri, sizeof(uri), "https://json-schema.org/draft/2020-12/meta/%s",
                       vocabularies[i]);
        add_source(path, uri);
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (size_t i = 1; i < source_count; i++) {
        free((void *)(uintptr_t)sources[i].uri);
        free((void *)(uintptr_t)sources[i].text.data);
    }
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_required_test_passes),
        cmocka_unit_test(every_optional_test_that_is_claimed_passes),
    };
    return cmocka_run_group_tests_name("schema_suite", tests, set_up, tear_down);
}
