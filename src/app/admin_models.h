/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is asked of models on the admin listener is done by the code of `galen model`, in
 * the background of the role: what is read as what changes.
 *
 * Threads: the first worker's loop.
 */
#pragma once

#include "app/role.h"
#include "manage/front.h"

/* For manage_front_options; context: the role. Statuses of background_start. */
MUST_USE enum galen_status admin_models_submit(void *context, struct manage_call *call,
                                               struct error *out_error);
