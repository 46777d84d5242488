/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utc.h"

#include <string.h>

enum { SECONDS_PER_DAY = 86400, DAYS_PER_ERA = 146097, DAYS_TO_1970 = 719468 };

struct utc {
    uint64_t year;
    uint64_t month;
    uint64_t day;
    uint64_t second; /* of the day */
    uint64_t microsecond;
};

/* A year that begins in March ends with its leap day, and 400 years are an era of a fixed
 * length: so months and years follow from the days by division. */
static struct utc from_ns(uint64_t wall_ns)
{
    const uint64_t seconds = wall_ns / 1000000000;
    const uint64_t days = seconds / SECONDS_PER_DAY + DAYS_TO_1970; /* since 0000-03-01 */
    const uint64_t day_of_era = days % DAYS_PER_ERA;
    const uint64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 -
                                  day_of_era / (DAYS_PER_ERA - 1)) /
                                 365;
    const uint64_t day_of_year =
        day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const uint64_t march_month = (5 * day_of_year + 2) / 153; /* 0: March */
    const uint64_t month = march_month < 10 ? march_month + 3 : march_month - 9;
    return (struct utc){
        .year = year_of_era + days / DAYS_PER_ERA * 400 + (month <= 2),
        .month = month,
        .day = day_of_year - (153 * march_month + 2) / 5 + 1,
        .second = seconds % SECONDS_PER_DAY,
        .microsecond = wall_ns / 1000 % 1000000,
    };
}

/* As many digits as there are, with zeros in front. Returns what comes behind. */
static char *put(char *at, uint64_t number, int digit_count)
{
    for (int i = digit_count - 1; i >= 0; i--) {
        at[i] = (char)('0' + number % 10);
        number /= 10;
    }
    return at + digit_count;
}

static char *put_sign(char *at, char sign)
{
    *at = sign;
    return at + 1;
}

void utc_write(uint64_t wall_ns, char *out_text)
{
    const struct utc utc = from_ns(wall_ns);
    char *at = put_sign(put(out_text, utc.year, 4), '-');
    at = put_sign(put(at, utc.month, 2), '-');
    at = put_sign(put(at, utc.day, 2), 'T');
    at = put_sign(put(at, utc.second / 3600, 2), ':');
    at = put_sign(put(at, utc.second / 60 % 60, 2), ':');
    at = put_sign(put(at, utc.second % 60, 2), '.');
    memcpy(put(at, utc.microsecond, 6), "Z", 2);
}

void utc_write_compact(uint64_t wall_ns, char *out_text)
{
    const struct utc utc = from_ns(wall_ns);
    char *at = put(put(put(out_text, utc.year, 4), utc.month, 2), utc.day, 2);
    at = put(put_sign(at, 'T'), utc.second / 3600, 2);
    memcpy(put(put(at, utc.second / 60 % 60, 2), utc.second % 60, 2), "Z", 2);
}
