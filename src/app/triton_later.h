/* SPDX-License-Identifier: Apache-2.0 */
/* What Tritons are told a while after a release of a program that goes on. */
#pragma once

#include "app/background.h"
#include "app/model_release.h"

/* Has model_triton_settle done what `made` says. What goes wrong is logged; with the
 * program's end it is left to the next release. */
void triton_later(struct background *background, const struct settings *settings,
                  const char *model, const struct model_made *made);
