/* SPDX-License-Identifier: Apache-2.0 */
/* What an answer can be used for next. Pure. */
#pragma once

#include "codec/json_writer.h"
#include "gateway/operation.h"

/* The member `links` of a success, where there is any. */
void links_put(const struct operation *operation, struct json_writer *json);
