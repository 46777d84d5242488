/* SPDX-License-Identifier: Apache-2.0 */
/* For tests: settings as they are by default, and then as a text has them. */
#pragma once

#include "service/settings.h"

#include "expect.h"

static struct settings settings;
static struct error error;

static inline int set_up(void **state)
{
    (void)state;
    settings_init(&settings);
    error_clear(&error);
    return 0;
}

static inline enum galen_status read_text(const char *text)
{
    return settings_read(&settings, bytes_from_string(text), "galen.yaml", &error);
}
