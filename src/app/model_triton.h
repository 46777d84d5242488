/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NVIDIA Tritons that serve the repository in explicit mode (setting models.triton) and
 * know no tags: what is to serve is loaded there before a tag names it, and what no tag
 * names any more is unloaded a while after (docs/releases.md).
 *
 * Blocking: on the disk and on them. Without the setting nothing is done. Threads: any.
 */
#pragma once

#include "model/release.h"
#include "service/settings.h"

/* Before what is planned is committed, unless the model is disabled then, which must not
 * wait: version_policy names what tags name before and
 * after, and each of them has loaded that. GALEN_INVALID: the setting, or config.pbtxt;
 * GALEN_UNAVAILABLE: one of them cannot be asked, or refuses; as far as that can be, all is
 * then as it was. Others: as release_widen_policy. */
MUST_USE enum galen_status model_triton_prepare(const struct settings *settings,
                                                const char *model, struct release *release,
                                                struct error *out_error);

/* After release `number`, which is closed, once nobody asks for what gave way: has that
 * unloaded, or the model where it is disabled; each of them is told, whatever becomes of
 * the others. Nothing is done where another release has been made meanwhile: that one does
 * it. GALEN_UNAVAILABLE: one of them could not be told; others as release_narrow_policy. */
MUST_USE enum galen_status model_triton_settle(const struct settings *settings,
                                               const char *model, uint64_t number,
                                               struct error *out_error);
