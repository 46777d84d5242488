/* SPDX-License-Identifier: Apache-2.0 */
/* The folder of keys where a command names none: GALEN_KEYS_DIRECTORY of the environment,
 * else `keys`. */
#pragma once

const char *keys_folder_default(void);
