/* SPDX-License-Identifier: Apache-2.0 */
#include "net/tls_files.h"

#include "base/limits.h"
#include "certificates.h"
#include "temporary_folder.h"

struct fixture {
    const struct temporary_folder *folder;
    struct certificate server;
    char certificate[128];
    char key[128];
    struct tls_files files;
    struct tls_context *context;
    struct error error;
};

static struct fixture fixture;

static void write_text(const char *name, const char *text)
{
    folder_write(fixture.folder, name, bytes_from_string(text));
}

static int begin(void **state)
{
    if (folder_create(state) != 0) {
        return -1;
    }
    fixture = (struct fixture){.folder = *state};
    certificate_make(&fixture.server, &(struct certificate_options){.names = "DNS:a"});
    (void)snprintf(fixture.certificate, sizeof(fixture.certificate), "%s/server.pem",
                   fixture.folder->path);
    (void)snprintf(fixture.key, sizeof(fixture.key), "%s/server.key", fixture.folder->path);
    fixture.files = (struct tls_files){
        .certificate = fixture.certificate, .key = fixture.key, .authorities = ""};
    write_text("server.pem", fixture.server.pem);
    write_text("server.key", fixture.server.key_pem);
    return 0;
}

static int end(void **state)
{
    tls_context_unref(fixture.context);
    certificate_deinit(&fixture.server);
    return folder_destroy(state);
}

static enum galen_status load(void)
{
    const struct tls_context_options options = {.is_server = true};
    return tls_files_load(&fixture.files, &options, &fixture.context, &fixture.error);
}

static void expect_refusal(const char *path, const char *why)
{
    static char text[256];
    (void)snprintf(text, sizeof(text), "%s: %s", path, why);
    EXPECT_STATUS(GALEN_INVALID, load());
    assert_string_equal(fixture.error.text, text);
}

static void files_make_a_context(void **state)
{
    (void)state;
    EXPECT_OK(load());
    assert_true(tls_context_expires_s(fixture.context) > 0);
}

static void key_for_everybody_is_refused(void **state)
{
    (void)state;
    assert_int_equal(chmod(fixture.key, 0640), 0);
    EXPECT_OK(load());
    assert_int_equal(chmod(fixture.key, 0644), 0);
    expect_refusal(fixture.key, "everybody on this machine may use this key: chmod o-rwx");
}

static void file_that_is_not_there_is_named(void **state)
{
    (void)state;
    assert_int_equal(unlink(fixture.key), 0);
    expect_refusal(fixture.key, "No such file or directory");
}

static void folder_is_no_file(void **state)
{
    (void)state;
    fixture.files.certificate = fixture.folder->path;
    expect_refusal(fixture.folder->path, "is not a file");
}

static void file_that_is_too_large_is_refused(void **state)
{
    (void)state;
    assert_int_equal(truncate(fixture.certificate, LIMIT_TLS_FILE_SIZE_BYTES_MAX + 1), 0);
    expect_refusal(fixture.certificate, "is too large");
}

static void stamp_tells_of_each_change(void **state)
{
    (void)state;
    const uint64_t first = tls_files_stamp(&fixture.files);
    assert_true(tls_files_stamp(&fixture.files) == first);
    write_text("server.key.new", fixture.server.key_pem);
    folder_link(fixture.folder, "link", "server.key.new");
    char link[160];
    (void)snprintf(link, sizeof(link), "%s/link", fixture.folder->path);

    assert_int_equal(rename(link, fixture.key), 0); /* as Kubernetes renews secrets */

    const uint64_t second = tls_files_stamp(&fixture.files);
    assert_true(second != first);
    assert_int_equal(unlink(fixture.key), 0);
    assert_true(tls_files_stamp(&fixture.files) != second);
}

/* A volume of secrets: each file a link through `..data`, which one rename moves. */
static void stamp_tells_of_a_volume_that_is_swapped(void **state)
{
    (void)state;
    folder_mkdir(fixture.folder, "..1");
    folder_mkdir(fixture.folder, "..2");
    write_text("..1/tls.key", fixture.server.key_pem);
    write_text("..2/tls.key", fixture.server.key_pem);
    folder_link(fixture.folder, "..data", "..1");
    folder_link(fixture.folder, "..data_tmp", "..2");
    folder_link(fixture.folder, "tls.key", "..data/tls.key");
    (void)snprintf(fixture.key, sizeof(fixture.key), "%s/tls.key", fixture.folder->path);
    EXPECT_OK(load());
    const uint64_t first = tls_files_stamp(&fixture.files);

    assert_int_equal(renameat(fixture.folder->descriptor, "..data_tmp",
                              fixture.folder->descriptor, "..data"),
                     0);

    assert_true(tls_files_stamp(&fixture.files) != first);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(files_make_a_context),
        TEST(key_for_everybody_is_refused),
        TEST(file_that_is_not_there_is_named),
        TEST(folder_is_no_file),
        TEST(file_that_is_too_large_is_refused),
        TEST(stamp_tells_of_each_change),
        TEST(stamp_tells_of_a_volume_that_is_swapped),
    };
    return cmocka_run_group_tests_name("tls_files", tests, NULL, NULL);
}
