/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an NVIDIA Triton that reads the same folder is to serve: the versions that tags
 * name, written into version_policy of the model's config.pbtxt, since Triton knows no
 * tags.
 *
 * Blocking: on the disk. Statuses: those of release_folder.h.
 */
#pragma once

#include "model/release_folder.h"

/* config.pbtxt names each version that a tag of either state names, ascending, and no
 * other; all else in it stays. Where it is so already, or there are no tags, nothing is
 * written, and *out_changed is false. It is replaced by one rename(2), and made where there
 * is none. The folder is locked. other may be NULL. */
MUST_USE enum galen_status release_policy_put(const struct release_folder *folder,
                                              const struct release_state *state,
                                              const struct release_state *other,
                                              bool *out_changed, struct error *out_error);
