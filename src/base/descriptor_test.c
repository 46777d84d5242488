/* SPDX-License-Identifier: Apache-2.0 */
#include "base/descriptor.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "expect.h"

enum { LIMIT = 1000 };

static void what_fits_is_written_whole(void **state)
{
    (void)state;
    char read_back[8] = "";
    FILE *file = tmpfile();
    assert_non_null(file);
    assert_true(descriptor_write(fileno(file), BYTES_NONE));
    assert_true(descriptor_write(fileno(file), BYTES("aspirin")));
    assert_int_equal(pread(fileno(file), read_back, sizeof(read_back), 0), 7);
    assert_string_equal(read_back, "aspirin");
    (void)fclose(file);
}

/* The first call writes a part, the second says why. */
static void what_does_not_fit_is_written_up_to_there(void **state)
{
    (void)state;
    static uint8_t much[LIMIT + 1];
    struct rlimit before;
    FILE *file = tmpfile();
    assert_non_null(file);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    const struct rlimit less = {.rlim_cur = LIMIT, .rlim_max = before.rlim_max};
    assert_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &less), 0);

    assert_false(descriptor_write(fileno(file), bytes_of(much, sizeof(much))));
    assert_int_equal(errno, EFBIG);
    assert_int_equal(lseek(fileno(file), 0, SEEK_END), LIMIT);

    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    (void)fclose(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_fits_is_written_whole),
        cmocka_unit_test(what_does_not_fit_is_written_up_to_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
