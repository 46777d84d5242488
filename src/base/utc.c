/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utc.h"

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

/* Days since 1970 of a day in the calendar: the way of from_ns, backwards. */
static uint64_t days_of(uint64_t year, uint64_t month, uint64_t day)
{
    const uint64_t march_year = month <= 2 ? year - 1 : year;
    const uint64_t march_month = month <= 2 ? month + 9 : month - 3;
    const uint64_t year_of_era = march_year % 400;
    const uint64_t day_of_era = 365 * year_of_era + year_of_era / 4 - year_of_era / 100 +
                                (153 * march_month + 2) / 5 + day - 1;
    return march_year / 400 * DAYS_PER_ERA + day_of_era - DAYS_TO_1970;
}

/* "0" in the pattern is any digit. */
static bool has_form(struct bytes text, const char *pattern)
{
    if (text.size != strlen(pattern)) {
        return false;
    }
    for (size_t i = 0; i < text.size; i++) {
        const uint8_t byte = text.data[i];
        if (pattern[i] == '0' ? byte < '0' || byte > '9' : byte != (uint8_t)pattern[i]) {
            return false;
        }
    }
    return true;
}

static uint64_t number_at(struct bytes text, size_t index, size_t digit_count)
{
    uint64_t number = 0;
    for (size_t i = index; i < index + digit_count; i++) {
        number = number * 10 + (uint64_t)(text.data[i] - '0');
    }
    return number;
}

bool utc_read(struct bytes text, uint64_t *out_wall_ns)
{
    if (!has_form(text, "0000-00-00T00:00:00.000000Z")) {
        return false;
    }
    const uint64_t year = number_at(text, 0, 4);
    if (year < 1970 || year > 2553) {
        return false;
    }
    const uint64_t days = days_of(year, number_at(text, 5, 2), number_at(text, 8, 2));
    const uint64_t seconds = days * SECONDS_PER_DAY + number_at(text, 11, 2) * 3600 +
                             number_at(text, 14, 2) * 60 + number_at(text, 17, 2);
    const uint64_t wall_ns = seconds * 1000000000 + number_at(text, 20, 6) * 1000;
    char again[UTC_SIZE];
    utc_write(wall_ns, again);
    if (memcmp(again, text.data, text.size) != 0) {
        return false; /* the 30th of February, 24:00 */
    }
    *out_wall_ns = wall_ns;
    return true;
}
