/* SPDX-License-Identifier: Apache-2.0 */
#include "service/settings.h"

#include <stdio.h>

#include "settings_rig.h"

static void every_default_is_a_value_that_its_row_takes(void **state)
{
    (void)state;
    assert_string_equal(settings.listen_http.host, "127.0.0.1");
    assert_int_equal(settings.listen_http.port, 8000);
    assert_string_equal(settings.repository, "models");
    assert_true(settings.preprocess.is_local && settings.engine.is_local);
    assert_int_equal(settings.engine_instances, 1);
    assert_int_equal(settings.upstream_idle_timeout_ms, 30000);
}

static void file_is_read_by_its_nesting(void **state)
{
    (void)state;
    EXPECT_OK(read_text("listen: {http: '[::1]:9000'}\n"
                        "preprocess: {url: http://pre:8011}\n"
                        "engines:\n  default: http://[::1]:8012/\n"
                        "limits: {connections: 5}\n"));
    assert_string_equal(settings.listen_http.host, "::1");
    assert_int_equal(settings.listen_http.port, 9000);
    assert_string_equal(settings.preprocess.peers[0].host, "pre");
    assert_int_equal(settings.preprocess.peers[0].port, 8011);
    assert_string_equal(settings.engine.peers[0].host, "::1");
    assert_int_equal(settings.engine.peers[0].port, 8012);
    assert_int_equal(settings.limits_connections, 5);
}

static void a_switch_is_true_or_false_quoted_or_not(void **state)
{
    static const char *const others[] = {"yes", "no", "False", "TRUE", "0", "~", "''"};
    (void)state;
    EXPECT_OK(read_text("listen: {http2: false, tls: {elsewhere: true}}\n"
                        "audit: {enabled: 'false'}\n"));
    assert_false(settings.listen_http2 || settings.audit_enabled);
    assert_true(settings.listen_tls_elsewhere);
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        char text[64];
        (void)snprintf(text, sizeof(text), "listen: {http2: %s}", others[i]);
        EXPECT_STATUS(GALEN_INVALID, read_text(text));
    }
}

static void images_may_be_preprocessed_elsewhere(void **state)
{
    (void)state;
    assert_ptr_equal(settings_preprocess_of_images(&settings), &settings.preprocess);
    assert_ptr_equal(settings_preprocess_of_others(&settings), &settings.preprocess);
    EXPECT_OK(
        read_text("preprocess: {text: http://a, image: {url: 'http://b,http://c:80'}}"));
    EXPECT_OK(settings_check(&settings, &error));
    assert_string_equal(settings_preprocess_of_others(&settings)->peers[0].host, "a");
    assert_int_equal(settings_preprocess_of_images(&settings)->count, 2);
    EXPECT_OK(settings_set(&settings, BYTES("preprocess.image"), BYTES("local"), &error));
    EXPECT_STATUS(GALEN_INVALID, settings_check(&settings, &error));
    EXPECT_OK(settings_set(&settings, BYTES("preprocess.image"), BYTES_NONE, &error));
    EXPECT_STATUS(GALEN_INVALID, settings_check(&settings, &error));
    EXPECT_OK(settings_set(&settings, BYTES("preprocess"), BYTES("http://d"), &error));
    EXPECT_OK(settings_check(&settings, &error));
}

static void peer_is_any_number_of_urls_with_commas_between(void **state)
{
    struct writer out;
    (void)state;
    EXPECT_OK(read_text("engines: {default: 'http://e1:8000, https://e2,http://[::1]:1'}"));
    assert_false(settings.engine.is_local);
    assert_int_equal(settings.engine.count, 3);
    assert_string_equal(settings.engine.peers[1].host, "e2");
    assert_int_equal(settings.engine.peers[1].port, 443);
    assert_true(settings.engine.peers[1].is_secure && !settings.engine.peers[2].is_secure);

    writer_init(&out, 1 << 20);
    settings_write(&settings, &out);
    writer_put(&out, bytes_of("", 1));
    assert_non_null(strstr((const char *)writer_bytes(&out).data,
                           "http://e1:8000,https://e2:443,http://[::1]:1\n"));
    writer_deinit(&out);
}

static void where_spans_go_is_a_url_with_a_path(void **state)
{
    (void)state;
    assert_false(settings.trace_otlp.is_set);
    EXPECT_OK(read_text("trace: {otlp: 'http://[::1]:4318/v1/traces'}"));
    assert_true(settings.trace_otlp.is_set);
    assert_string_equal(settings.trace_otlp.peer.host, "::1");
    assert_int_equal(settings.trace_otlp.peer.port, 4318);
    assert_string_equal(settings.trace_otlp.path, "/v1/traces");
    EXPECT_OK(settings_set(&settings, BYTES("trace.otlp"), BYTES(""), &error));
    assert_false(settings.trace_otlp.is_set);
}

static void shares_are_decimal_numbers(void **state)
{
    (void)state;
    assert_true(settings.trace_sample_ratio == 1);
    EXPECT_OK(read_text("trace: {sample_ratio: 0.05}"));
    assert_true(settings.trace_sample_ratio == 0.05);
    EXPECT_OK(settings_set(&settings, BYTES("trace.sample_ratio"), BYTES("0"), &error));
    assert_true(settings.trace_sample_ratio == 0);
}

struct wrong_file {
    const char *text;
    const char *why;
};

static void expect_wrong(const struct wrong_file *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        EXPECT_STATUS(GALEN_INVALID, read_text(cases[i].text));
        if (strncmp(error.text, cases[i].why, strlen(cases[i].why)) != 0) {
            assert_string_equal(error.text, cases[i].why);
        }
    }
}

static void what_is_wrong_in_a_file_is_told_by_its_place(void **state)
{
    (void)state;
    static const struct wrong_file cases[] = {
        {"mode: test", "galen.yaml:1:7: mode: is neither standard nor demo"},
        {"listen: {http: localhost:8000}",
         "galen.yaml:1:16: listen.http: is not a numeric"},
        {"listen: {http: 127.0.0.1}", "galen.yaml:1:16: listen.http: is not a numeric"},
        {"listen: {http: 127.0.0.1:65536}",
         "galen.yaml:1:16: listen.http: is not a numeric"},
        {"threads: 80x", "galen.yaml:1:10: threads: is not a whole number from 0 to 256"},
        {"threads: 010", "galen.yaml:1:10: threads: is not a whole number"},
        {"engine:\n  instances: 0",
         "galen.yaml:2:14: engine.instances: is not a whole number"},
        {"threads: 1\nreposirory: x",
         "galen.yaml:2:1: reposirory: there is no such setting"},
        {"repository: {url: x}",
         "galen.yaml:1:14: repository.url: there is no such setting"},
        {"threads: [1]", "galen.yaml:1:10: threads: this setting is no list"},
        {"engine: {}", "galen.yaml:1:9: engine: is empty"},
        {"listen: {tls: {client_certificate: yes}}",
         "galen.yaml:1:36: listen.tls.client_certificate: needs text"},
        {"listen: {tls: {client_certificate: always}}",
         "galen.yaml:1:36: listen.tls.client_certificate: is neither none nor ask"},
        {"trace: {sample_ratio: 1.01}",
         "galen.yaml:1:23: trace.sample_ratio: is not a number from 0 to 1"},
        {"trace: {sample_ratio: -0.1}",
         "galen.yaml:1:23: trace.sample_ratio: is not a number"},
        {"trace: {sample_ratio: .5}",
         "galen.yaml:1:23: trace.sample_ratio: is not a number"},
        {"trace: {sample_ratio: 1.}",
         "galen.yaml:1:23: trace.sample_ratio: is not a number"},
        {"trace: {sample_ratio: 1e-3}",
         "galen.yaml:1:23: trace.sample_ratio: is not a number"},
        {"trace: {sample_ratio: '0.5'}",
         "galen.yaml:1:23: trace.sample_ratio: must not be quoted"},
        {"plain", "galen.yaml:1:1: is not a mapping"},
        {"repository: ~", "galen.yaml:1:13: repository: has no value"},
        {"repository:", "galen.yaml:1:12: repository: has no value"},
        {"repository: no", "galen.yaml:1:13: repository: needs text; what looks like"},
        {"threads: '4'", "galen.yaml:1:10: threads: must not be quoted"},
        {"listen.http: 127.0.0.1:1",
         "galen.yaml:1:1: ['listen.http']: there is no such setting"},
        {"listen: {http: '[127.0.0.1]:80'}",
         "galen.yaml:1:16: listen.http: is not a numer"},
        {"limts: {connections: 1}",
         "galen.yaml:1:9: limts.connections: there is no such setting; did you mean "
         "'limits.connections'?"},
    };
    expect_wrong(cases, sizeof(cases) / sizeof(cases[0]));
}

static void what_is_no_url_in_a_file_is_told_by_its_place(void **state)
{
    (void)state;
    static const struct wrong_file cases[] = {
        {"preprocess: https://a/b", "galen.yaml:1:13: preprocess: is not a URL"},
        {"preprocess: http://a,", "galen.yaml:1:13: preprocess: is not a URL"},
        {"preprocess: local,http://a", "galen.yaml:1:13: preprocess: is not a URL"},
        {"preprocess: http://a,http://a:80/",
         "galen.yaml:1:13: preprocess: has the same URL twice"},
        {"preprocess: http://a@b", "galen.yaml:1:13: preprocess: is not a URL"},
        {"preprocess: http://a:0", "galen.yaml:1:13: preprocess: is not a URL"},
        {"preprocess: http://a/b", "galen.yaml:1:13: preprocess: is not a URL"},
        {"trace: {otlp: http://a:1}", "galen.yaml:1:15: trace.otlp: is not a URL"},
        {"trace: {otlp: https://a:1/b}", "galen.yaml:1:15: trace.otlp: is not a URL"},
        {"trace: {otlp: 'http://a:1/b c'}", "galen.yaml:1:15: trace.otlp: is not a URL"},
        {"trace: {otlp: local}", "galen.yaml:1:15: trace.otlp: is not a URL"},
        {"preprocess: {url: local}", "galen.yaml:1:19: preprocess.url: is not a URL"},
        {"preprocess: {url: ~}", "galen.yaml:1:19: preprocess.url: has no value"},
    };
    expect_wrong(cases, sizeof(cases) / sizeof(cases[0]));
}

static void only_demo_mode_listens_beyond_loopback(void **state)
{
    (void)state;
    EXPECT_OK(settings_check(&settings, &error));
    EXPECT_OK(settings_set(&settings, BYTES("listen.http"), BYTES("127.1.2.3:1"), &error));
    EXPECT_OK(settings_check(&settings, &error));
    EXPECT_OK(settings_set(&settings, BYTES("listen.http"), BYTES("[::]:1"), &error));
    EXPECT_STATUS(GALEN_INVALID, settings_check(&settings, &error));
    EXPECT_OK(settings_set(&settings, BYTES("listen.http"), BYTES("0.0.0.0:1"), &error));
    EXPECT_STATUS(GALEN_INVALID, settings_check(&settings, &error));
    EXPECT_OK(settings_set(&settings, BYTES("mode"), BYTES("demo"), &error));
    EXPECT_OK(settings_check(&settings, &error));
}

static void set_all(const char *const (*pairs)[2])
{
    settings_init(&settings);
    for (; (*pairs)[0] != NULL; pairs++) {
        EXPECT_OK(settings_set(&settings, bytes_from_string((*pairs)[0]),
                               bytes_from_string((*pairs)[1]), &error));
    }
}

static void listener_that_requires_certificates_may_be_anywhere(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"listen.http", "0.0.0.0:8000"},    {"listen.tls.certificate", "a.pem"},
        {"listen.tls.key", "a.key"},        {"listen.tls.client_certificate", "require"},
        {"listen.tls.client_ca", "ca.pem"}, {NULL, NULL}};
    set_all(pairs);
    EXPECT_OK(settings_check(&settings, &error));
    EXPECT_OK(settings_set(&settings, BYTES("listen.tls.client_certificate"), BYTES("ask"),
                           &error));
    EXPECT_STATUS(GALEN_INVALID, settings_check(&settings, &error));
}

static void what_belongs_together_for_tls_is_there_or_not(void **state)
{
    (void)state;
    static const char *const cases[][4][2] = {
        {{"listen.tls.certificate", "a.pem"}, {NULL, NULL}},
        {{"listen.tls.key", "a.key"}, {NULL, NULL}},
        {{"upstream.tls.key", "a.key"}, {NULL, NULL}},
        {{"listen.tls.client_ca", "ca.pem"}, {NULL, NULL}},
        {{"listen.tls.client_certificate", "ask"},
         {"listen.tls.client_ca", "ca.pem"},
         {NULL, NULL}},
        {{"listen.tls.certificate", "a.pem"},
         {"listen.tls.key", "a.key"},
         {"listen.tls.client_certificate", "ask"},
         {NULL, NULL}},
        {{"listen.tls.certificate", "a.pem"},
         {"listen.tls.key", "a.key"},
         {"listen.tls.client_names", "a.example"},
         {NULL, NULL}},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        set_all(cases[i]);
        EXPECT_STATUS(GALEN_INVALID, settings_check(&settings, &error));
        assert_non_null(strstr(error.text, "tls."));
    }
}

static void models_are_managed_on_loopback_only_whatever_the_mode(void **state)
{
    (void)state;
    EXPECT_OK(settings_set(&settings, BYTES("mode"), BYTES("demo"), &error));
    EXPECT_OK(settings_set(&settings, BYTES("listen.admin"), BYTES("[::1]:0"), &error));
    EXPECT_OK(settings_check(&settings, &error));
    EXPECT_OK(
        settings_set(&settings, BYTES("listen.admin"), BYTES("0.0.0.0:8003"), &error));
    EXPECT_STATUS(GALEN_INVALID, settings_check(&settings, &error));
}

static void environment_sets_scalars_and_leaves_strangers_alone(void **state)
{
    (void)state;
    char *const right[] = {(char[]){"PATH=/bin"}, (char[]){"GALEN_LISTEN_HTTP=127.0.0.1:1"},
                           (char[]){"GALEN_ENGINE_BATCH_ROWS_MAX=7"},
                           (char[]){"GALEN_SERVICE_HOST=10.0.0.1"}, NULL};
    char *const wrong[] = {(char[]){"GALEN_THREADS=many"}, NULL};

    EXPECT_OK(settings_read_environment(&settings, right, &error));
    assert_int_equal(settings.listen_http.port, 1);
    assert_int_equal(settings.engine_batch_rows_max, 7);

    EXPECT_STATUS(GALEN_INVALID, settings_read_environment(&settings, wrong, &error));
    assert_string_equal(error.text, "GALEN_THREADS: is not a whole number from 0 to 256");
}

static void peer_is_a_host_and_a_port_and_nothing_else(void **state)
{
    (void)state;
    static const char *const right[] = {"http://a:1", "http://a-b_c.d",
                                        "http://10.0.0.1:1/", "http://[::1]:1",
                                        "http://[2001:db8::1]"};
    static const char *const wrong[] = {"",
                                        "a:1",
                                        "HTTP://a:1",
                                        "http://",
                                        "http://:1",
                                        "http://a:",
                                        "http://a b",
                                        "http://a?b",
                                        "http://a#b",
                                        "http://a\tb:1",
                                        "http://[a]",
                                        "http://[]",
                                        "http://[::1",
                                        "http://[::1]x",
                                        "http://[127.0.0.1]:1",
                                        "http://a:b",
                                        "http://::1:1",
                                        "http://a:01",
                                        "http://a//"};
    struct settings_peer peer;
    for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++) {
        EXPECT_OK(settings_peer_parse(bytes_from_string(right[i]), &peer, &error));
    }
    assert_string_equal(peer.host, "2001:db8::1");
    assert_int_equal(peer.port, 80);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        EXPECT_STATUS(GALEN_INVALID,
                      settings_peer_parse(bytes_from_string(wrong[i]), &peer, &error));
        assert_string_equal(error.text, "is not a URL such as http://127.0.0.1:8000");
    }
    assert_false(peer.is_secure);
    EXPECT_OK(settings_peer_parse(BYTES("https://[::1]/"), &peer, &error));
    assert_true(peer.is_secure);
    assert_string_equal(peer.host, "::1");
    assert_int_equal(peer.port, 443);
    EXPECT_OK(settings_peer_parse(BYTES("https://a:8443"), &peer, &error));
    assert_int_equal(peer.port, 8443);
}

static void unknown_key_names_its_neighbour(void **state)
{
    (void)state;
    EXPECT_STATUS(GALEN_NOT_FOUND,
                  settings_set(&settings, BYTES("engine.instanecs"), BYTES("1"), &error));
    assert_string_equal(error.text,
                        "engine.instanecs: there is no such setting; did you mean "
                        "'engine.instances'?");
    EXPECT_STATUS(GALEN_NOT_FOUND,
                  settings_set(&settings, BYTES("x\0y"), BYTES("1"), &error));
    assert_string_equal(error.text,
                        "x: there is no such setting; see galen serve --settings");
}

static void single_settings_are_set_by_key(void **state)
{
    (void)state;
    EXPECT_OK(settings_set(&settings, BYTES("repository"), BYTES("/srv/models"), &error));
    assert_string_equal(settings.repository, "/srv/models");
    EXPECT_STATUS(GALEN_INVALID,
                  settings_set(&settings, BYTES("repository"), BYTES(""), &error));
    assert_string_equal(error.text, "repository: is empty or too long");
    EXPECT_STATUS(GALEN_NOT_FOUND,
                  settings_set(&settings, BYTES("nope"), BYTES("1"), &error));
}

static void file_that_is_not_there_is_named(void **state)
{
    (void)state;
    EXPECT_STATUS(GALEN_NOT_FOUND, settings_read_file(&settings, "no/such.yaml", &error));
    assert_string_equal(error.text, "no/such.yaml: No such file or directory");
}

static void what_is_read_at_the_start_only_is_named_when_it_changed(void **state)
{
    (void)state;
    static struct settings next;
    next = settings;
    EXPECT_OK(settings_set(&next, BYTES("limits.idle_timeout_ms"), BYTES("5"), &error));
    EXPECT_OK(settings_check_live(&settings, &next, &error));

    EXPECT_OK(settings_set(&next, BYTES("threads"), BYTES("5"), &error));
    EXPECT_STATUS(GALEN_INVALID, settings_check_live(&settings, &next, &error));
    assert_string_equal(error.text,
                        "threads: cannot change while the program runs: start it anew");
}

/* What a longer value left behind the end of a shorter one is no difference. */
static void values_are_compared_and_not_bytes(void **state)
{
    (void)state;
    static struct settings next;
    next = settings;
    EXPECT_OK(settings_set(&next, BYTES("repository"), BYTES("/a/longer/name"), &error));
    EXPECT_OK(settings_set(&next, BYTES("repository"), BYTES("models"), &error));
    EXPECT_OK(settings_set(&next, BYTES("preprocess"), BYTES("http://a.example"), &error));
    EXPECT_OK(settings_set(&next, BYTES("preprocess"), BYTES("local"), &error));
    EXPECT_OK(settings_check_live(&settings, &next, &error));
    EXPECT_OK(settings_set(&next, BYTES("preprocess"), BYTES("http://a.example"), &error));
    EXPECT_STATUS(GALEN_INVALID, settings_check_live(&settings, &next, &error));
}

static void only_what_may_change_is_taken_over(void **state)
{
    (void)state;
    static struct settings next;
    next = settings;
    next.limits_body_size_bytes = 77;
    next.threads = 9;
    next.routes[0] = (struct settings_route){.content = "text/*", .model = "notes"};
    next.route_count = 1;

    settings_take_live(&settings, &next);

    assert_int_equal(settings.limits_body_size_bytes, 77);
    assert_int_equal(settings.threads, 0);
    assert_int_equal(settings.route_count, 1);
    assert_string_equal(settings.routes[0].model, "notes");
}

static void written_settings_are_read_back_to_the_same(void **state)
{
    (void)state;
    static struct settings again;
    struct writer text;
    EXPECT_OK(settings_set(&settings, BYTES("listen.http"), BYTES("[::1]:80"), &error));
    EXPECT_OK(
        settings_set(&settings, BYTES("engines.default"), BYTES("http://[::1]:7"), &error));
    EXPECT_OK(settings_set(&settings, BYTES("models.control"), BYTES("none"), &error));
    writer_init(&text, 1 << 20);
    EXPECT_OK(settings_set(&settings, BYTES("trace.otlp"),
                           BYTES("http://[::1]:4318/v1/traces"), &error));
    EXPECT_OK(
        settings_set(&settings, BYTES("trace.sample_ratio"), BYTES("0.000001"), &error));
    settings_write(&settings, &text);
    settings_init(&again);
    struct bytes rest = writer_bytes(&text);
    while (rest.size > 0) {
        struct bytes line;
        rest = bytes_split(rest, '\n', &line);
        const size_t colon = bytes_find(line, ':');
        EXPECT_OK(settings_set(&again, bytes_first(line, colon),
                               bytes_from(line, colon + 2), &error));
    }
    writer_deinit(&text);
    EXPECT_OK(settings_check_live(&settings, &again, &error));
    assert_string_equal(again.listen_http.host, "::1");
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_default_is_a_value_that_its_row_takes),
        TEST(file_is_read_by_its_nesting),
        TEST(a_switch_is_true_or_false_quoted_or_not),
        TEST(images_may_be_preprocessed_elsewhere),
        TEST(peer_is_any_number_of_urls_with_commas_between),
        TEST(where_spans_go_is_a_url_with_a_path),
        TEST(shares_are_decimal_numbers),
        TEST(what_is_wrong_in_a_file_is_told_by_its_place),
        TEST(what_is_no_url_in_a_file_is_told_by_its_place),
        TEST(only_demo_mode_listens_beyond_loopback),
        TEST(listener_that_requires_certificates_may_be_anywhere),
        TEST(what_belongs_together_for_tls_is_there_or_not),
        TEST(models_are_managed_on_loopback_only_whatever_the_mode),
        TEST(environment_sets_scalars_and_leaves_strangers_alone),
        TEST(peer_is_a_host_and_a_port_and_nothing_else),
        TEST(unknown_key_names_its_neighbour),
        TEST(single_settings_are_set_by_key),
        TEST(file_that_is_not_there_is_named),
        TEST(what_is_read_at_the_start_only_is_named_when_it_changed),
        TEST(values_are_compared_and_not_bytes),
        TEST(only_what_may_change_is_taken_over),
        TEST(written_settings_are_read_back_to_the_same),
    };
    return cmocka_run_group_tests_name("settings", tests, NULL, NULL);
}
