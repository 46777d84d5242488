/* SPDX-License-Identifier: Apache-2.0 */
/* Tensors and datatypes for folders that may not include the public headers themselves. */
#pragma once

#include "galen/tensor.h"
