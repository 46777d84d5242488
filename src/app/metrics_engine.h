/* SPDX-License-Identifier: Apache-2.0 */
/* The metrics of the engine: what its versions did, under the names that Triton has. */
#pragma once

#include "base/writer.h"
#include "infer/infer.h"

/* All samples of each metric together. Takes the lock of each version for a moment.
 * GALEN_NO_MEMORY: nothing is written. */
MUST_USE enum galen_status metrics_put_engine(struct writer *out,
                                              struct infer_service *engine);
