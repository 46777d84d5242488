/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys whose factors can be found from the modulus alone, since both primes were made as
 * k·M + (65537^a mod M) with M a product of small primes: CVE-2017-15361, Nemec et al.,
 * "The Return of Coppersmith's Attack", CCS 2017, section 2.3. Pure.
 */
#pragma once

#include "base/bytes.h"

/* Whether the modulus (big-endian) is a power of 65537 modulo each small prime: true of all
 * such keys, and of one other in 2^27. */
bool roca_has_print(struct bytes modulus);
