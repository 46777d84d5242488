/* SPDX-License-Identifier: Apache-2.0 */
/* For tests: configurations of a model "m", read from text, and the backends there are. */
#pragma once

#include <string.h>

#include "model/config.h"

#include "expect.h"

enum { CONFIG_RIG_SIZE_BYTES_MAX = 4 << 20 };

static const struct galen_backend_ops config_rig_onnxruntime = {.name = "onnxruntime",
                                                                .file_name = "model.onnx"};
static const struct galen_backend_ops config_rig_identity = {.name = "identity",
                                                             .file_name = "model.identity"};
static const struct galen_backend_ops *const config_rig_backends[] = {
    &config_rig_onnxruntime, &config_rig_identity, NULL};

struct config_rig {
    struct arena arena;
    struct model_config config;
    struct error error;
};

static struct config_rig config_rig;

static inline int config_rig_set_up(void **state)
{
    (void)state;
    config_rig = (struct config_rig){0};
    arena_init(&config_rig.arena, CONFIG_RIG_SIZE_BYTES_MAX);
    return 0;
}

static inline int config_rig_tear_down(void **state)
{
    (void)state;
    arena_deinit(&config_rig.arena);
    return 0;
}

#define CONFIG_RIG_TEST(test) \
    cmocka_unit_test_setup_teardown(test, config_rig_set_up, config_rig_tear_down)

static inline enum galen_status config_rig_read(const char *text)
{
    static const struct model_config_source source = {"config.pbtxt", "m",
                                                      config_rig_backends};
    return model_config_read(bytes_from_string(text), &source, &config_rig.arena,
                             &config_rig.config, &config_rig.error);
}

static inline const struct model_config *config_rig_config(const char *text)
{
    if (config_rig_read(text) != GALEN_OK) {
        fail_msg("%s", config_rig.error.text);
    }
    return &config_rig.config;
}

static inline void config_rig_refuses(const char *text, enum galen_status status,
                                      const char *why)
{
    EXPECT_STATUS(status, config_rig_read(text));
    assert_string_equal(why, config_rig.error.text);
}
