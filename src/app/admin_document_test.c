/* SPDX-License-Identifier: Apache-2.0 */
#include "app/admin_document.h"

#include <stdio.h>

#include "codec/json.h"
#include "document_rig.h"

static const struct admin_document whole = {
    .has_engine = true, .has_issuer = true, .body_size_bytes_max = 1000};

static void describe(struct rig *rig, const struct admin_document *document)
{
    writer_deinit(&rig->text);
    writer_init(&rig->text, 1 << 24);
    admin_document_write(document, &rig->text);
    EXPECT_OK(rig->text.status);
    EXPECT_OK(json_parse(writer_bytes(&rig->text), &rig->arena, &rig->document, NULL));
}

static int set_up(void **state)
{
    static struct rig rig;
    rig_open(&rig);
    describe(&rig, &whole);
    *state = &rig;
    return 0;
}

static const char *member_of(enum http_method method)
{
    return method == HTTP_POST ? "post" : "get";
}

/* Each status that it can answer, no other refusal, and the scope that it needs. */
static void expect_told(const struct rig *rig, const char *path, enum http_method method,
                        const struct operation *operation)
{
    char status[16];
    const char *word = member_of(method);
    const struct json *description = AT(rig, "paths", path, word, "description");
    assert_non_null(AT(rig, "paths", path, word, "responses", "200"));
    for (int number = 400; number < 600; number++) {
        (void)snprintf(status, sizeof(status), "%d", number);
        assert_int_equal(AT(rig, "paths", path, word, "responses", status) != NULL,
                         operation_refuses(operation, number));
    }
    assert_int_equal(AT(rig, "paths", path, word, "security") != NULL,
                     operation->scope != NULL);
    if (operation->scope != NULL) {
        const struct bytes text = json_string(description);
        assert_non_null(
            memmem(text.data, text.size, operation->scope, strlen(operation->scope)));
    }
}

static void each_path_of_releases_is_there_with_statuses_and_scope(void **state)
{
    const struct rig *rig = *state;
    for (size_t i = 0; i < manage_form_count; i++) {
        const struct operation operation =
            admin_operation_of_manage(manage_forms[i].operation);
        expect_told(rig, manage_forms[i].path,
                    manage_operation_method(manage_forms[i].operation), &operation);
    }
}

static bool is_answered(const struct v2_form *form)
{
    return form->operation <= V2_TRACE_UPDATE && strcmp(form->path, "/v2/") != 0;
}

static void each_path_of_v2_that_is_answered_is_there_with_statuses_and_scope(void **state)
{
    const struct rig *rig = *state;
    for (size_t i = 0; i < v2_form_count; i++) {
        const struct v2_form *form = &v2_forms[i];
        if (is_answered(form)) {
            const struct operation operation = admin_operation_of_v2(form->operation);
            expect_told(rig, form->path, form->method, &operation);
        } else {
            assert_null(AT(rig, "paths", form->path, member_of(form->method)));
        }
    }
}

static void what_goes_to_several_paths_has_an_id_for_each(void **state)
{
    const struct rig *rig = *state;
    const struct json *all = AT(rig, "paths", "/galen/models", "get", "operationId");
    const struct json *one =
        AT(rig, "paths", "/galen/models/{model}", "get", "operationId");
    assert_true(bytes_equal_string(json_string(all), "models_list"));
    assert_true(bytes_equal_string(json_string(one), "models_list_model"));
}

static void a_path_has_its_methods_in_one_place(void **state)
{
    const struct rig *rig = *state;
    struct json_cursor paths = json_walk(AT(rig, "paths"));
    size_t count = 0;
    while (json_next(&paths)) {
        count += bytes_equal_string(paths.name, "/v2/logging");
    }
    assert_int_equal(1, count);
    assert_non_null(AT(rig, "paths", "/v2/logging", "get"));
    assert_non_null(AT(rig, "paths", "/v2/logging", "post"));
}

static void without_an_engine_there_is_nothing_of_v2(void **state)
{
    struct rig *rig = *state;
    assert_non_null(AT(rig, "components", "schemas", "V2Error"));
    describe(rig, &(struct admin_document){.has_issuer = true});
    const struct bytes text = writer_bytes(&rig->text);
    assert_non_null(AT(rig, "paths", "/galen/models"));
    assert_null(AT(rig, "paths", "/v2"));
    assert_null(AT(rig, "components", "schemas", "V2Error"));
    assert_null(memmem(text.data, text.size, "V2", 2));
    assert_null(memmem(text.data, text.size, "\"v2\"", 4));
}

static void without_an_issuer_nobody_needs_a_token(void **state)
{
    struct rig *rig = *state;
    describe(rig, &(struct admin_document){.has_engine = true});
    assert_null(AT(rig, "paths", "/galen/models", "get", "security"));
    assert_null(AT(rig, "components", "securitySchemes"));
}

/* "#/components/schemas/Text", of the document. */
static bool is_there(const struct rig *rig, struct bytes reference)
{
    const struct json *value = rig->document;
    struct bytes rest = bytes_from(reference, 2);
    while (value != NULL && rest.size > 0) {
        struct bytes name;
        char text[128];
        rest = bytes_split(rest, '/', &name);
        (void)snprintf(text, sizeof(text), "%.*s", BYTES_PRINT(name));
        value = json_member(value, text);
    }
    return value != NULL;
}

static void each_reference_leads_somewhere(void **state)
{
    struct rig *rig = *state;
    for (unsigned i = 0; i < 2; i++) {
        describe(rig, &(struct admin_document){.has_engine = i == 1});
        struct bytes left = writer_bytes(&rig->text);
        size_t count = 0;
        for (;;) {
            const uint8_t *found = memmem(left.data, left.size, "\"$ref\":\"", 8);
            if (found == NULL) {
                break;
            }
            struct bytes reference;
            left = bytes_split(bytes_from(left, (size_t)(found - left.data) + 8), '"',
                               &reference);
            if (!is_there(rig, reference)) {
                fail_msg("%.*s", BYTES_PRINT(reference));
            }
            count++;
        }
        assert_true(count > 50);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define WITH_DOCUMENT(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
        WITH_DOCUMENT(each_path_of_releases_is_there_with_statuses_and_scope),
        WITH_DOCUMENT(each_path_of_v2_that_is_answered_is_there_with_statuses_and_scope),
        WITH_DOCUMENT(what_goes_to_several_paths_has_an_id_for_each),
        WITH_DOCUMENT(a_path_has_its_methods_in_one_place),
        WITH_DOCUMENT(without_an_engine_there_is_nothing_of_v2),
        WITH_DOCUMENT(without_an_issuer_nobody_needs_a_token),
        WITH_DOCUMENT(each_reference_leads_somewhere),
    };
    return cmocka_run_group_tests_name("admin document", tests, NULL, NULL);
}
