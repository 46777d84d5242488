/* SPDX-License-Identifier: Apache-2.0 */
/* Text as a YAML value that every reader takes for a string, whatever it says. */
#pragma once

#include "base/writer.h"

/* In double quotes on one line (YAML 1.2.2 section 7.3.1), so that "no", "12", "# x" and
 * "a: b" stay text. What is not printable is escaped; yaml_parse refuses it nevertheless.
 * Text that is no UTF-8 makes the writer fail with GALEN_INVALID. */
void yaml_put_string(struct writer *out, struct bytes text);
