/* SPDX-License-Identifier: Apache-2.0 */
/* An explanation as one JSON object (docs/explain.md). Pure. */
#pragma once

#include "app/explanation.h"
#include "base/writer.h"

/* Puts the object and a line feed. The writer's failure is sticky. */
void explain_json_put(const struct explanation *explanation, struct writer *out);
