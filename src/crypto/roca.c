/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/roca.h"

enum { GENERATOR = 65537, BYTE_VALUES = 256 };

/* The odd primes up to 167, which all have 39 factors or more of every M in use. */
static const uint8_t primes[] = {
    3,   5,   7,   11,  13,  17,  19,  23,  29,  31,  37,  41,  43,
    47,  53,  59,  61,  67,  71,  73,  79,  83,  89,  97,  101, 103,
    107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
};

static unsigned remainder_of(struct bytes number, unsigned prime)
{
    unsigned left = 0;
    for (size_t i = 0; i < number.size; i++) {
        left = (left * BYTE_VALUES + number.data[i]) % prime;
    }
    return left;
}

static bool is_power(unsigned value, unsigned prime)
{
    unsigned power = 1;
    do {
        if (power == value) {
            return true;
        }
        power = power * (GENERATOR % prime) % prime;
    } while (power != 1);
    return false;
}

bool roca_has_print(struct bytes modulus)
{
    for (size_t i = 0; i < sizeof(primes); i++) {
        if (!is_power(remainder_of(modulus, primes[i]), primes[i])) {
            return false;
        }
    }
    return true;
}
