/* SPDX-License-Identifier: Apache-2.0 */
#include "manual_mailbox.h"

#include "base/list.h"
#include "expect.h"

struct counter {
    struct task task;
    struct manual_mailbox *again; /* posts itself there once more */
    size_t run_count;
};

static void count(struct task *task)
{
    struct counter *counter = LIST_ITEM(task, struct counter, task);
    counter->run_count++;
    if (counter->again != NULL) {
        mailbox_post(&counter->again->base, task);
        counter->again = NULL;
    }
}

static void *post_from_elsewhere(void *context)
{
    struct manual_mailbox *mailbox = context;
    static struct counter counter = {.task = {.run = count}};
    mailbox_post(&mailbox->base, &counter.task);
    return NULL;
}

static void posted_task_runs_when_the_test_says_so(void **state)
{
    (void)state;
    struct manual_mailbox mailbox;
    struct counter first = {.task = {.run = count}};
    struct counter second = {.task = {.run = count}};
    manual_mailbox_init(&mailbox);

    mailbox_post(&mailbox.base, &first.task);
    mailbox_post(&mailbox.base, &second.task);
    assert_int_equal(first.run_count, 0);

    assert_int_equal(manual_mailbox_run(&mailbox), 2);
    assert_int_equal(first.run_count, 1);
    assert_int_equal(second.run_count, 1);
    manual_mailbox_deinit(&mailbox);
}

static void task_may_post_itself_again(void **state)
{
    (void)state;
    struct manual_mailbox mailbox;
    manual_mailbox_init(&mailbox);
    struct counter counter = {.task = {.run = count}, .again = &mailbox};
    mailbox_post(&mailbox.base, &counter.task);

    assert_int_equal(manual_mailbox_run(&mailbox), 1);
    assert_int_equal(manual_mailbox_run(&mailbox), 1);

    assert_int_equal(counter.run_count, 2);
    manual_mailbox_deinit(&mailbox);
}

static void wait_sees_what_another_thread_posts(void **state)
{
    (void)state;
    struct manual_mailbox mailbox;
    pthread_t thread;
    manual_mailbox_init(&mailbox);

    assert_int_equal(pthread_create(&thread, NULL, post_from_elsewhere, &mailbox), 0);
    assert_int_equal(manual_mailbox_wait(&mailbox, 10000), 1);

    assert_int_equal(pthread_join(thread, NULL), 0);
    manual_mailbox_deinit(&mailbox);
}

static void wait_ends_when_nothing_comes(void **state)
{
    (void)state;
    struct manual_mailbox mailbox;
    manual_mailbox_init(&mailbox);
    assert_int_equal(manual_mailbox_wait(&mailbox, 0), 0);
    manual_mailbox_deinit(&mailbox);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(posted_task_runs_when_the_test_says_so),
        cmocka_unit_test(task_may_post_itself_again),
        cmocka_unit_test(wait_sees_what_another_thread_posts),
        cmocka_unit_test(wait_ends_when_nothing_comes),
    };
    return cmocka_run_group_tests_name("manual_mailbox", tests, NULL, NULL);
}
