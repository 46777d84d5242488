/* SPDX-License-Identifier: Apache-2.0 */
/* A body that a change takes says only what that change may, within its limits; one that it
 * does not take leaves nothing behind and says where, never what. The first byte chooses
 * the change. */
#include "fuzz.h"
#include "manage/order.h"
#include "model/release_record.h"

enum { SIZE_BYTES_MAX = 1 << 26 };

static void expect_canary_alone(const struct manage_order *order,
                                enum manage_operation operation)
{
    const bool is_of_canary =
        order->has_share || order->has_shadow || order->has_promotes || order->stops;
    INVARIANT(!is_of_canary || operation == MANAGE_CANARY);
    INVARIANT(!order->stops || (order->version == 0 && !order->has_share &&
                                !order->has_shadow && !order->has_promotes));
}

static void expect_within_limits(const struct manage_order *order,
                                 enum manage_operation operation)
{
    expect_canary_alone(order, operation);
    INVARIANT(order->version <= INT64_MAX && order->expected <= INT64_MAX);
    INVARIANT(order->share < RELEASE_WHOLE && order->shadow <= RELEASE_WHOLE);
    INVARIANT(release_text_is_valid(order->reason));
    INVARIANT(order->tag[0] == '\0' ||
              (operation == MANAGE_PROMOTE && release_tag_may_move(order->tag)));
    INVARIANT(order->version == 0 || operation == MANAGE_CANARY ||
              operation == MANAGE_PROMOTE || operation == MANAGE_ROLLBACK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct error error = {"", ""};
    struct manage_order order = {.tag = "untouched"};
    const unsigned choice =
        size == 0 ? 0 : data[0] % (MANAGE_OPERATION_COUNT - MANAGE_CANARY);
    const enum manage_operation operation = MANAGE_CANARY + choice;
    const struct bytes body = bytes_from(bytes_of(data, size), size == 0 ? 0 : 1);
    arena_init(&arena, SIZE_BYTES_MAX);
    if (manage_order_read(operation, body, &arena, &order, &error) == GALEN_OK) {
        expect_within_limits(&order, operation);
    } else {
        INVARIANT(error.text[0] != '\0');
        INVARIANT(strcmp(order.tag, "untouched") == 0);
    }
    arena_deinit(&arena);
    return 0;
}
