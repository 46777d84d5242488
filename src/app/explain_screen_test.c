/* SPDX-License-Identifier: Apache-2.0 */
/* Screens, as a person sees them, of records that are made up. */
#include "app/explain_screen.h"

#include "app/screen.h"
#include "explain_rig.h"

static const struct explain_look bars = {.has_bars = true};
static const struct explain_look plain = {.has_bars = false};

static const char *screen(const struct explain_look *look)
{
    static char text[1 << 16];
    struct writer out;
    writer_init(&out, sizeof(text) - 1);
    explain_screen_put(&explanation, look, &out);
    EXPECT_OK(out.status);
    memcpy(text, writer_bytes(&out).data, out.size);
    text[out.size] = '\0';
    writer_deinit(&out);
    return text;
}

static void a_request_that_crossed_three_processes_is_one_screen(void **state)
{
    (void)state;
    add("preprocess", 1, 4, "infer",
        ",\"request_id\":\"request-1\",\"outcome\":\"ok\",\"out\":{\"status\":200},"
        "\"dur_us\":600");
    add("engine", 2, 3, "infer",
        ",\"request_id\":\"request-1\",\"outcome\":\"ok\",\"out\":{\"status\":200},"
        "\"dur_us\":1190,\"queue_us\":10,\"compute_us\":1180,\"batch_rows\":3");
    add("gateway", 3, 7, "infer",
        ",\"request_id\":\"request-1\",\"traceparent\":"
        "\"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\",\"actor\":{"
        "\"client_id\":\"ward-7\",\"sub\":\"nurse-12\",\"issuer\":"
        "\"https://issuer.example\"},\"subject_hmac\":\"" ZEROS_64
        "\",\"purpose\":\"TREAT\",\"outcome\":\"ok\",\"route\":\"infer\",\"model\":{"
        "\"name\":\"clinical-ner\",\"version\":3,\"arm\":\"canary\",\"arm_by\":\"subject\","
        "\"sha256\":\"" ZEROS_64
        "\"},\"in\":{\"media_type\":\"text/plain\",\"bytes\":1234},"
        "\"out\":{\"status\":200,\"bytes\":456},\"redact\":{\"policy\":\"research\","
        "\"sha256\":\"" ZEROS_64 "\",\"count\":5},\"upstream\":{\"addr\":\"10.0.0.7:8012\","
        "\"attempts\":2,\"failed\":\"engine 10.0.0.6:8012 unreached\"},\"dur_us\":2412,"
        "\"before_us\":210,\"preprocess_us\":900,\"infer_us\":1200");
    add("gateway", 9, 9, "shadow",
        ",\"request_id\":\"request-1\",\"outcome\":\"ok\",\"model\":{\"name\":"
        "\"clinical-ner\",\"version\":2},\"shadow\":{\"outputs\":3,\"differing\":1},"
        "\"dur_us\":900");
    explanation_settle(&explanation);
    approve(12);
    assert_string_equal(
        screen(&bars),
        "request   request-1\n"
        "          ok 200, 2.412 ms, 2026-11-25T20:55:16.000003Z\n"
        "\n"
        "asked by  ward-7, for nurse-12, by a token of https://issuer.example,\n"
        "          purpose TREAT, about a subject\n"
        "route     infer, 1234 bytes of text/plain in, 456 bytes out\n"
        "model     clinical-ner, version 3, canary by subject, network 000000000000\n"
        "policy    research, form 000000000000, 5 values hidden\n"
        "upstream  engine 10.0.0.7:8012, attempts 2, engine 10.0.0.6:8012 unreached\n"
        "trace     00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\n"
        "shadow    version 2, 1 of 3 outputs differ\n"
        "\n"
        "time      before          0.210 ms  ###\n"
        "          preprocess      0.900 ms     #################\n"
        "          infer           1.200 ms                      ######################\n"
        "          after           0.102 ms                                            ##\n"
        "\n"
        "records   gateway infer, ok 200, 2.412 ms\n"
        "          audit/gateway-20261125T205500Z-1a2b3c4d5e6f7081 seq 7\n"
        "          chain verifies, in the checkpoint of 12 records, root aaaaaaaaaaaa\n"
        "          preprocess infer, ok 200, 0.600 ms\n"
        "          audit/preprocess-20261125T205500Z-1a2b3c4d5e6f7081 seq 4\n"
        "          chain verifies, in the checkpoint of 12 records, root aaaaaaaaaaaa\n"
        "          engine infer, ok 200, 1.190 ms, queue 0.010 ms, compute 1.180 ms,\n"
        "          rows 3\n"
        "          audit/engine-20261125T205500Z-1a2b3c4d5e6f7081 seq 3\n"
        "          chain verifies, in the checkpoint of 12 records, root aaaaaaaaaaaa\n"
        "          gateway shadow, ok, 0.900 ms\n"
        "          audit/gateway-20261125T205500Z-1a2b3c4d5e6f7081 seq 9\n"
        "          chain verifies, in the checkpoint of 12 records, root aaaaaaaaaaaa\n");
}

static void a_refusal_says_why_and_no_more(void **state)
{
    (void)state;
    add("serve", 3, 7, "validate",
        ",\"request_id\":\"request-1\",\"actor\":{\"client_id\":\"unidentified\"},"
        "\"outcome\":\"refused\",\"reason\":\"schema\",\"route\":\"infer\",\"in\":{"
        "\"bytes\":12},\"out\":{\"status\":422,\"bytes\":150},\"dur_us\":16");
    explanation_settle(&explanation);
    approve(8);
    explanation.records[0].proof = EXPLAINED_UNCOVERED;
    assert_string_equal(screen(&bars),
                        "request   request-1\n"
                        "          refused 422 schema, 0.016 ms, "
                        "2026-11-25T20:55:16.000003Z\n"
                        "\n"
                        "asked by  unidentified\n"
                        "route     infer, 12 bytes in, 150 bytes out\n"
                        "\n"
                        "records   serve validate, refused 422 schema, 0.016 ms\n"
                        "          audit/serve-20261125T205500Z-1a2b3c4d5e6f7081 seq 7\n"
                        "          chain verifies, not yet covered by a checkpoint\n");
}

static void what_does_not_verify_is_said_aloud(void **state)
{
    (void)state;
    add("serve", 3, 7, "infer", ",\"request_id\":\"request-1\",\"outcome\":\"ok\"");
    approve(8);
    struct explained *it = &explanation.records[0];
    it->fault = (struct audit_fault){AUDIT_FAULT_HASH, 5};
    (void)snprintf(it->fault_file, sizeof(it->fault_file), "000001.ndjson");
    it->proof = EXPLAINED_UNPROVED;
    explanation.other_faulty_count = 2;
    const char *text = screen(&plain);
    EXPECT_CONTAINS(text,
                    "          DOES NOT VERIFY at seq 5 in 000001.ndjson\n"
                    "          the record's hash is not that of its bytes\n"
                    "          NOT PROVED by the checkpoint that covers it\n"
                    "          OTHER CHAINS DO NOT VERIFY: 2; see galen audit verify\n");
    assert_null(strstr(text, "chain verifies"));
}

static void bars_and_colours_are_for_terminals(void **state)
{
    const struct explain_look full = {.has_bars = true, .has_colours = true};
    (void)state;
    add("serve", 3, 7, "infer",
        ",\"outcome\":\"failed\",\"out\":{\"status\":502},\"dur_us\":4000,"
        "\"before_us\":1000,\"infer_us\":2000");
    approve(8);
    EXPECT_CONTAINS(screen(&plain), "infer           2.000 ms\n");
    assert_null(strchr(screen(&plain), '\033'));
    assert_null(strchr(screen(&bars), '\033'));
    EXPECT_CONTAINS(screen(&full), "\033[31mfailed 502\033[0m");
    EXPECT_CONTAINS(screen(&full), "\033[36m######################\033[0m\n");
}

static void text_from_outside_does_nothing_to_the_terminal(void **state)
{
    (void)state;
    add("serve", 3, 7, "infer",
        ",\"actor\":{\"client_id\":\"a\\u001b[2J\\u009b\\u202eb\\u000ac\"}");
    approve(8);
    EXPECT_CONTAINS(screen(&plain), "asked by  a?[2J??b?c\n");
}

/* The widest and the longest that there are. */
static void expect_fits(const char *text)
{
    struct bytes rest = bytes_from_string(text);
    size_t count = 0;
    while (rest.size > 0) {
        struct bytes line;
        rest = bytes_split(rest, '\n', &line);
        assert_in_range(bytes_count_code_points(line), 0, SCREEN_COLUMN_COUNT);
        count++;
    }
    assert_in_range(count, 1, EXPLAIN_LINE_COUNT);
}

#define LONG_8(text) text text text text text text text text
#define LONG LONG_8(LONG_8("\xC3\xA9lan"))

static void whatever_records_say_it_is_one_screen(void **state)
{
    (void)state;
    static const char *const services[] = {"serve", "engine", "preprocess"};
    static char trail[300];
    memset(trail, 't', sizeof(trail) - 1);
    for (unsigned i = 0; i < LIMIT_EXPLAINED_RECORD_COUNT_MAX; i++) {
        add_to(
            trail, services[i == 0 ? 0 : 1 + i % 2], i, UINT64_MAX, "infer",
            ",\"traceparent\":\"" LONG "\",\"actor\":{\"client_id\":\"" LONG
            "\",\"sub\":\"" LONG "\",\"issuer\":\"" LONG "\"},\"subject_hmac\":\"" ZEROS_64
            "\",\"purpose\":\"TREAT\",\"outcome\":\"cancelled\",\"reason\":"
            "\"a-word-of-ours-of-some-length-and-more\",\"route\":\"infer\",\"model\":{"
            "\"name\":\"" LONG "\",\"version\":18446744073709551615,\"arm\":\"canary\","
            "\"arm_by\":\"subject\",\"sha256\":\"" ZEROS_64
            "\"},\"in\":{\"media_type\":\"application/octet-stream\","
            "\"bytes\":18446744073709551615},\"out\":{\"status\":200,"
            "\"bytes\":18446744073709551615},\"redact\":{\"policy\":\"" LONG
            "\",\"sha256\":\"" ZEROS_64 "\",\"count\":18446744073709551615},"
            "\"upstream\":{\"addr\":\"" LONG "\",\"attempts\":4294967295,\"failed\":"
            "\"" LONG_8(
                "engine [2001:db8::1]:8000 late, ") "\"},"
                                                    "\"dur_us\":18446744073709551615,"
                                                    "\"before_us\":1844674407370955161,"
                                                    "\"preprocess_us\":"
                                                    "18446744073709551615,\"infer_us\":"
                                                    "18446744073709551615,"
                                                    "\"queue_us\":18446744073709551615,"
                                                    "\"compute_us\":18446744073709551615,"
                                                    "\"batch_rows\":18446744073709551615");
    }
    explanation_settle(&explanation);
    explanation.earlier_count = explanation.other_faulty_count = UINT64_MAX;
    for (size_t i = 0; i < explanation.count; i++) {
        explanation.records[i].is_checked = true;
        explanation.records[i].fault.kind = AUDIT_FAULT_STOP_UNSIGNED;
    }
    const char *text = screen(&bars);
    expect_fits(text);
    EXPECT_CONTAINS(text, "DOES NOT VERIFY");
    EXPECT_CONTAINS(text, "15 more: galen audit search");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        EXPLAIN_TEST(a_request_that_crossed_three_processes_is_one_screen),
        EXPLAIN_TEST(a_refusal_says_why_and_no_more),
        EXPLAIN_TEST(what_does_not_verify_is_said_aloud),
        EXPLAIN_TEST(bars_and_colours_are_for_terminals),
        EXPLAIN_TEST(text_from_outside_does_nothing_to_the_terminal),
        EXPLAIN_TEST(whatever_records_say_it_is_one_screen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
