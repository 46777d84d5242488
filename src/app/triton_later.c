/* SPDX-License-Identifier: Apache-2.0 */
#include "app/triton_later.h"

#include <stdio.h>
#include <stdlib.h>

#include "app/model_triton.h"
#include "base/limits.h"
#include "base/log.h"

struct settling {
    struct background_job job;
    struct settings settings;
    char model[LIMIT_MODEL_NAME_SIZE_BYTES_MAX + 1];
    struct model_made made;
    enum galen_status status;
    struct error error;
};

static void run(struct background_job *job)
{
    struct settling *settling = LIST_ITEM(job, struct settling, job);
    if (settling->made.linger_ms == 0 || background_pause(job, settling->made.linger_ms)) {
        settling->status = model_triton_settle(&settling->settings, settling->model,
                                               settling->made.number, &settling->error);
    }
}

static void tell(const char *model, const char *why)
{
    log_event(LOG_ERROR, "triton.untold", LOG_STR("model", model), LOG_STR("why", why));
}

static void on_done(struct background_job *job)
{
    struct settling *settling = LIST_ITEM(job, struct settling, job);
    if (settling->status != GALEN_OK) {
        tell(settling->model, settling->error.text);
    }
    free(settling);
}

void triton_later(struct background *background, const struct settings *settings,
                  const char *model, const struct model_made *made)
{
    struct error error = {.text = "out of memory"};
    struct settling *settling = made->number == 0 ? NULL : calloc(1, sizeof(*settling));
    if (made->number == 0) {
        return;
    }
    if (settling != NULL) {
        settling->job = (struct background_job){.run = run, .done = on_done};
        settling->made = *made;
        settings_copy(&settling->settings, settings);
        (void)snprintf(settling->model, sizeof(settling->model), "%s", model);
    }
    if (settling == NULL ||
        background_start(background, &settling->job, &error) != GALEN_OK) {
        tell(model, error.text);
        free(settling);
    }
}
