/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a patient's data is held in. Writers of logs, errors, metrics and audit take struct
 * bytes or C strings, so handing them a struct phi does not compile. phi_reveal is callable
 * only from the files that tools/layers.txt lists.
 */
#pragma once

#include "base/bytes.h"

struct phi {
    struct bytes bytes_;
};

static inline struct phi phi_hide(struct bytes bytes)
{
    return (struct phi){bytes};
}

static inline struct bytes phi_reveal(struct phi phi)
{
    return phi.bytes_;
}
