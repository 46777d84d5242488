/* SPDX-License-Identifier: Apache-2.0 */
#include "net/address.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "expect.h"

/* A listener on loopback that shares its port; the caller closes it. */
static int listen_sharing(uint16_t *out_port)
{
    const int on = 1;
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(listener >= 0);
    assert_int_equal(setsockopt(listener, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)), 0);
    assert_int_equal(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), 0);
    assert_int_equal(bind(listener, (const struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    *out_port = ntohs(address.sin_port);
    return listener;
}

static void shared_port_is_not_free(void **state)
{
    (void)state;
    struct error error;
    uint16_t port;
    const int listener = listen_sharing(&port);

    EXPECT_STATUS(GALEN_UNAVAILABLE, address_check_free("127.0.0.1", port, &error));

    assert_non_null(strstr(error.text, "address already in use"));
    (void)close(listener);
}

static void port_is_free_again_when_its_listener_is_gone(void **state)
{
    (void)state;
    struct error error;
    uint16_t port;
    (void)close(listen_sharing(&port));

    EXPECT_STATUS(GALEN_OK, address_check_free("127.0.0.1", port, &error));
}

static void any_port_is_free(void **state)
{
    (void)state;
    struct error error;

    EXPECT_STATUS(GALEN_OK, address_check_free("127.0.0.1", 0, &error));
}

static void address_of_another_host_is_unavailable(void **state)
{
    (void)state;
    struct error error;

    EXPECT_STATUS(GALEN_UNAVAILABLE, address_check_free("192.0.2.1", 0, &error));
}

static void numbers_of_either_kind_are_addresses(void **state)
{
    (void)state;
    struct sockaddr_storage address = {.ss_family = 0};

    assert_true(address_parse("127.0.0.1", 80, &address));
    assert_int_equal(address.ss_family, AF_INET);
    assert_true(address_parse("::1", 80, &address));
    assert_int_equal(address.ss_family, AF_INET6);
    assert_false(address_parse("localhost", 80, &address));
    assert_false(address_parse("[::1]", 80, &address));
}

static void name_is_no_address(void **state)
{
    (void)state;
    struct error error;

    EXPECT_STATUS(GALEN_INVALID, address_check_free("localhost", 0, &error));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shared_port_is_not_free),
        cmocka_unit_test(port_is_free_again_when_its_listener_is_gone),
        cmocka_unit_test(any_port_is_free),
        cmocka_unit_test(address_of_another_host_is_unavailable),
        cmocka_unit_test(name_is_no_address),
        cmocka_unit_test(numbers_of_either_kind_are_addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
