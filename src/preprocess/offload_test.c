/* SPDX-License-Identifier: Apache-2.0 */
#include "preprocess/offload.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "image_stub.h"

enum {
    TASK_COUNT = 64,
    FILE_SIZE_MAX = 4096,
    TENSOR_SIZE = IMAGE_STUB_SIDE * IMAGE_STUB_SIDE
};

/* A task that holds its thread until the gate opens, then decodes. */
struct deed {
    struct offload_task task;
    enum galen_status status;
    uint8_t tensor[TENSOR_SIZE];
    char file[3];
};

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static atomic_size_t begun_count;
static atomic_size_t done_count;
static struct deed deeds[TASK_COUNT];

static void run(struct offload_task *task, struct confined_decoder *decoder)
{
    struct deed *deed = LIST_ITEM(task, struct deed, task);
    struct error error = {.text = ""};
    atomic_fetch_add(&begun_count, 1);
    (void)pthread_mutex_lock(&gate);
    (void)pthread_mutex_unlock(&gate);
    deed->status = confined_decoder_run(decoder, &image_stub_spec, IMAGE_PNG,
                                        bytes_of((const uint8_t *)deed->file, 2),
                                        CLOCK_NEVER, deed->tensor, &error);
    atomic_fetch_add(&done_count, 1);
}

static struct offload *open_offload(size_t thread_count, size_t queue_count_max)
{
    const struct offload_options options = {
        .decoder = {image_stub_command, FILE_SIZE_MAX},
        .thread_count = thread_count,
        .queue_count_max = queue_count_max,
    };
    struct offload *offload = NULL;
    struct error error;
    error_clear(&error);
    EXPECT_OK(offload_create(&options, &offload, &error));
    return offload;
}

static int set_up(void **state)
{
    (void)state;
    atomic_store(&begun_count, 0);
    atomic_store(&done_count, 0);
    for (size_t i = 0; i < TASK_COUNT; i++) {
        deeds[i] =
            (struct deed){.task = {.run = run}, .file = {'f', (char)('0' + i), '\0'}};
    }
    return 0;
}

static void every_task_is_run_before_the_end(void **state)
{
    (void)state;
    struct offload *offload = open_offload(2, TASK_COUNT);
    for (size_t i = 0; i < TASK_COUNT; i++) {
        EXPECT_OK(offload_push(offload, &deeds[i].task));
    }
    offload_destroy(offload);
    assert_int_equal(atomic_load(&done_count), TASK_COUNT);
    for (size_t i = 0; i < TASK_COUNT; i++) {
        EXPECT_OK(deeds[i].status);
        assert_int_equal(deeds[i].tensor[0], '0' + i);
    }
}

static void crash_costs_one_task(void **state)
{
    (void)state;
    struct offload *offload = open_offload(1, TASK_COUNT);
    deeds[1].file[0] = 't';
    for (size_t i = 0; i < 4; i++) {
        EXPECT_OK(offload_push(offload, &deeds[i].task));
    }
    offload_destroy(offload);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(deeds[i].status, i == 1 ? GALEN_INTERNAL : GALEN_OK);
    }
}

/* Holds the only thread, so that what is pushed from now on waits. */
static void hold_thread(struct offload *offload)
{
    (void)pthread_mutex_lock(&gate);
    EXPECT_OK(offload_push(offload, &deeds[0].task));
    while (atomic_load(&begun_count) == 0) {
    }
}

static void full_queue_is_busy(void **state)
{
    (void)state;
    struct offload *offload = open_offload(1, 2);
    hold_thread(offload);
    EXPECT_OK(offload_push(offload, &deeds[1].task));
    EXPECT_OK(offload_push(offload, &deeds[2].task));
    assert_int_equal(offload_push(offload, &deeds[3].task), GALEN_BUSY);
    (void)pthread_mutex_unlock(&gate);
    offload_destroy(offload);
    assert_int_equal(atomic_load(&done_count), 3);
}

static void what_waits_can_be_taken_back(void **state)
{
    (void)state;
    struct offload *offload = open_offload(1, 4);
    hold_thread(offload);
    EXPECT_OK(offload_push(offload, &deeds[1].task));
    EXPECT_OK(offload_push(offload, &deeds[2].task));
    assert_true(offload_take_back(offload, &deeds[1].task));
    assert_false(offload_take_back(offload, &deeds[1].task));
    assert_false(offload_take_back(offload, &deeds[0].task));
    (void)pthread_mutex_unlock(&gate);
    offload_destroy(offload);
    assert_int_equal(atomic_load(&done_count), 2);
    assert_int_equal(deeds[1].tensor[0], 0);
}

static void without_workers_there_is_none(void **state)
{
    (void)state;
    static const char *const command[] = {"/bin/false", NULL};
    const struct offload_options options = {
        .decoder = {command, FILE_SIZE_MAX}, .thread_count = 2, .queue_count_max = 1};
    struct offload *offload = NULL;
    struct error error = {.text = ""};
    assert_int_equal(offload_create(&options, &offload, &error), GALEN_UNAVAILABLE);
    assert_null(offload);
}

int main(int argument_count, char **arguments)
{
    image_stub_main(argument_count, arguments);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(every_task_is_run_before_the_end, set_up),
        cmocka_unit_test_setup(crash_costs_one_task, set_up),
        cmocka_unit_test_setup(full_queue_is_busy, set_up),
        cmocka_unit_test_setup(what_waits_can_be_taken_back, set_up),
        cmocka_unit_test(without_workers_there_is_none),
    };
    return cmocka_run_group_tests_name("offload", tests, NULL, NULL);
}
