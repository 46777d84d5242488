/* SPDX-License-Identifier: Apache-2.0 */
#include "preprocess/image_process/confined_decoder.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "image_stub.h"

enum { FILE_SIZE_MAX = 4096, TENSOR_SIZE = IMAGE_STUB_SIDE * IMAGE_STUB_SIDE };

static struct confined_decoder *decoder;
static uint8_t tensor[TENSOR_SIZE];
static struct error error;

static int set_up(void **state)
{
    (void)state;
    const struct confined_decoder_options options = {image_stub_command, FILE_SIZE_MAX};
    memset(tensor, 0xEE, sizeof(tensor));
    error_clear(&error);
    EXPECT_OK(confined_decoder_open(&options, &decoder, &error));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    confined_decoder_close(decoder);
    return 0;
}

static enum galen_status run_within(const char *file, uint64_t time_ms)
{
    return confined_decoder_run(decoder, &image_stub_spec, IMAGE_PNG,
                                bytes_from_string(file),
                                clock_monotonic_ns() + time_ms * NS_PER_MS, tensor, &error);
}

static enum galen_status run(const char *file)
{
    return run_within(file, 60000);
}

static void tensor_comes_back_as_it_was_made(void **state)
{
    (void)state;
    EXPECT_OK(run("fA"));
    for (size_t i = 0; i < sizeof(tensor); i++) {
        assert_int_equal(tensor[i], 'A');
    }
}

static void nothing_is_left_for_the_next_image(void **state)
{
    (void)state;
    EXPECT_OK(run("fA"));
    EXPECT_OK(run("k"));
    for (size_t i = 0; i < sizeof(tensor); i++) {
        assert_int_equal(tensor[i], 0);
    }
}

static void refusal_comes_back_with_its_text(void **state)
{
    (void)state;
    assert_int_equal(run("r"), GALEN_INVALID);
    assert_string_equal(error.text, "ends at byte offset 2");
    assert_int_equal(tensor[0], 0xEE);
    EXPECT_OK(run("fB"));
}

static void text_that_is_not_plain_is_not_told(void **state)
{
    (void)state;
    assert_int_equal(run("c"), GALEN_INVALID);
    assert_string_equal(error.text, "");
}

static void worker_that_crashes_costs_one_image(void **state)
{
    (void)state;
    assert_int_equal(run("t"), GALEN_INTERNAL);
    assert_int_equal(confined_decoder_lost_count(decoder), 1);
    EXPECT_OK(run("fC"));
    assert_int_equal(tensor[TENSOR_SIZE - 1], 'C');
    assert_int_equal(confined_decoder_lost_count(decoder), 1);
}

/* The only child that we have. */
static long worker_id(void)
{
    char path[64];
    long id = 0;
    (void)snprintf(path, sizeof(path), "/proc/self/task/%ld/children", (long)getpid());
    FILE *children = fopen(path, "r");
    assert_non_null(children);
    assert_int_equal(fscanf(children, "%ld", &id), 1);
    (void)fclose(children);
    return id;
}

static void worker_that_ends_between_two_images_costs_none(void **state)
{
    (void)state;
    const pid_t id = (pid_t)worker_id();
    siginfo_t how;
    assert_int_equal(kill(id, SIGKILL), 0);
    assert_int_equal(waitid(P_PID, (id_t)id, &how, WEXITED | WNOWAIT), 0);
    EXPECT_OK(run("fE"));
    assert_int_equal(confined_decoder_lost_count(decoder), 1);
}

/* Of the worker, as /proc has it: a bit a signal, from 1. */
static uint64_t blocked_signals(void)
{
    char path[64];
    char line[256];
    uint64_t mask = UINT64_MAX;
    (void)snprintf(path, sizeof(path), "/proc/%ld/status", worker_id());
    FILE *status = fopen(path, "r");
    assert_non_null(status);
    while (fgets(line, sizeof(line), status) != NULL) {
        if (strncmp(line, "SigBlk:", 7) == 0) {
            mask = strtoull(line + 7, NULL, 16);
        }
    }
    (void)fclose(status);
    return mask;
}

static void worker_hears_its_alarm_and_not_what_ends_the_program(void **state)
{
    (void)state;
    const uint64_t expected = UINT64_C(1) << (SIGINT - 1) | UINT64_C(1) << (SIGTERM - 1) |
                              UINT64_C(1) << (SIGHUP - 1);
    sigset_t all;
    sigset_t before;
    assert_int_equal(kill((pid_t)worker_id(), SIGTERM), 0);
    EXPECT_OK(run("fF"));
    assert_int_equal(confined_decoder_lost_count(decoder), 0);
    assert_int_equal(blocked_signals(), expected);
    (void)sigfillset(&all); /* as a thread of preprocess's starts the next one */
    (void)sigprocmask(SIG_SETMASK, &all, &before);
    assert_int_equal(run("t"), GALEN_INTERNAL);
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
    assert_int_equal(blocked_signals(), expected);
}

static void children_need_not_be_waited_for(void **state)
{
    (void)state;
    (void)signal(SIGCHLD, SIG_IGN);
    assert_int_equal(run("t"), GALEN_INTERNAL);
    EXPECT_OK(run("fG"));
    confined_decoder_close(decoder);
    decoder = NULL;
    (void)signal(SIGCHLD, SIG_DFL);
}

static void worker_that_does_not_end_is_ended(void **state)
{
    (void)state;
    assert_int_equal(run_within("l", 50), GALEN_TIMEOUT);
    EXPECT_OK(run("fD"));
    assert_int_equal(confined_decoder_lost_count(decoder), 1);
}

static void worker_has_no_files_network_processes_or_output(void **state)
{
    (void)state;
    static const char *const deeds[] = {"o", "n", "p", "e"};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(run(deeds[i]), GALEN_INTERNAL);
        assert_int_equal(confined_decoder_lost_count(decoder), i + 1);
    }
    EXPECT_OK(run("m"));
}

static void file_has_a_largest_size(void **state)
{
    (void)state;
    static const uint8_t large[FILE_SIZE_MAX + 1];
    assert_int_equal(confined_decoder_run(decoder, &image_stub_spec, IMAGE_PNG,
                                          bytes_of(large, sizeof(large)), CLOCK_NEVER,
                                          tensor, &error),
                     GALEN_TOO_LARGE);
    assert_int_equal(confined_decoder_lost_count(decoder), 0);
}

static void worker_inherits_no_environment(void **state)
{
    (void)state;
    assert_int_equal(setenv("GALEN_TEST_SECRET", "1", 1), 0);
    EXPECT_OK(run("v"));
    assert_int_equal(tensor[0], 0);
}

static void worker_inherits_no_files(void **state)
{
    (void)state;
    char path[64];
    (void)snprintf(path, sizeof(path), "/proc/%ld/fd", worker_id());
    DIR *folder = opendir(path);
    if (folder == NULL) { /* it is not dumpable, which hides it from all but root */
        skip();
        return;
    }
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        assert_true(entry->d_name[0] == '.' ||
                    strtol(entry->d_name, NULL, 10) <= IMAGE_WORKER_OUTCOMES);
    }
    (void)closedir(folder);
}

static void program_that_is_no_worker_is_told(void **state)
{
    (void)state;
    static const char *const commands[][2] = {{"/bin/true", NULL}, {"/nonexistent", NULL}};
    for (size_t i = 0; i < 2; i++) {
        const struct confined_decoder_options options = {commands[i], FILE_SIZE_MAX};
        struct confined_decoder *none = NULL;
        error_clear(&error);
        assert_int_equal(confined_decoder_open(&options, &none, &error), GALEN_UNAVAILABLE);
        assert_string_equal(error.text, "an image worker does not start");
        assert_null(none);
    }
}

int main(int argument_count, char **arguments)
{
    image_stub_main(argument_count, arguments);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(tensor_comes_back_as_it_was_made, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(nothing_is_left_for_the_next_image, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(refusal_comes_back_with_its_text, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(text_that_is_not_plain_is_not_told, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(worker_that_crashes_costs_one_image, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(worker_that_ends_between_two_images_costs_none,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            worker_hears_its_alarm_and_not_what_ends_the_program, set_up, tear_down),
        cmocka_unit_test_setup_teardown(children_need_not_be_waited_for, set_up, tear_down),
        cmocka_unit_test_setup_teardown(worker_that_does_not_end_is_ended, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(worker_has_no_files_network_processes_or_output,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(file_has_a_largest_size, set_up, tear_down),
        cmocka_unit_test_setup_teardown(worker_inherits_no_environment, set_up, tear_down),
        cmocka_unit_test_setup_teardown(worker_inherits_no_files, set_up, tear_down),
        cmocka_unit_test(program_that_is_no_worker_is_told),
    };
    return cmocka_run_group_tests_name("confined_decoder", tests, NULL, NULL);
}
