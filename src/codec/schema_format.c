/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/schema_format.h"

static bool is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

static bool is_hex(uint8_t byte)
{
    const uint8_t lower = byte | 0x20;
    return is_digit(byte) || (lower >= 'a' && lower <= 'f');
}

/* Takes exactly count digits off the front. */
static bool take_number(struct bytes *text, size_t count, unsigned *out_value)
{
    unsigned value = 0;
    if (text->size < count) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (!is_digit(text->data[i])) {
            return false;
        }
        value = 10 * value + (text->data[i] - '0');
    }
    *text = bytes_from(*text, count);
    *out_value = value;
    return true;
}

static bool take_byte(struct bytes *text, uint8_t byte)
{
    if (text->size == 0 || text->data[0] != byte) {
        return false;
    }
    *text = bytes_from(*text, 1);
    return true;
}

static size_t take_digits(struct bytes *text)
{
    size_t count = 0;
    while (count < text->size && is_digit(text->data[count])) {
        count++;
    }
    *text = bytes_from(*text, count);
    return count;
}

/* RFC 3339: date, time, date-time. */

static unsigned days_of(unsigned year, unsigned month)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return days[month - 1] + (month == 2 && is_leap ? 1u : 0u);
}

static bool take_date(struct bytes *text)
{
    unsigned year;
    unsigned month;
    unsigned day;
    return take_number(text, 4, &year) && take_byte(text, '-') &&
           take_number(text, 2, &month) && take_byte(text, '-') &&
           take_number(text, 2, &day) && month >= 1 && month <= 12 && day >= 1 &&
           day <= days_of(year, month);
}

/* Minutes that are to be taken off for UTC. */
static bool take_zone(struct bytes *text, int *out_minutes)
{
    unsigned hour;
    unsigned minute;
    const bool is_east = text->size > 0 && text->data[0] == '+';
    *out_minutes = 0;
    if (take_byte(text, 'Z') || take_byte(text, 'z')) {
        return true;
    }
    if (!(take_byte(text, '+') || take_byte(text, '-')) || !take_number(text, 2, &hour) ||
        !take_byte(text, ':') || !take_number(text, 2, &minute) || hour > 23 ||
        minute > 59) {
        return false;
    }
    *out_minutes = (int)(60 * hour + minute) * (is_east ? 1 : -1);
    return true;
}

static bool take_time(struct bytes *text)
{
    enum { MINUTES_OF_A_DAY = 24 * 60 };
    unsigned hour;
    unsigned minute;
    unsigned second;
    int zone_minutes;
    if (!take_number(text, 2, &hour) || !take_byte(text, ':') ||
        !take_number(text, 2, &minute) || !take_byte(text, ':') ||
        !take_number(text, 2, &second)) {
        return false;
    }
    if ((take_byte(text, '.') && take_digits(text) == 0) ||
        !take_zone(text, &zone_minutes) || hour > 23 || minute > 59 || second > 60) {
        return false;
    }
    const int utc = (int)(60 * hour + minute) - zone_minutes + MINUTES_OF_A_DAY;
    return second < 60 ||
           utc % MINUTES_OF_A_DAY == MINUTES_OF_A_DAY - 1; /* a leap second */
}

static bool is_date(struct bytes text)
{
    return take_date(&text) && text.size == 0;
}

static bool is_time(struct bytes text)
{
    return take_time(&text) && text.size == 0;
}

static bool is_date_time(struct bytes text)
{
    return take_date(&text) && (take_byte(&text, 'T') || take_byte(&text, 't')) &&
           take_time(&text) && text.size == 0;
}

/* RFC 3339, appendix A: durations. */

/* Numbers with these units, in their order and without a gap. *out_count: how many. */
static bool take_units(struct bytes *text, const char *units, size_t *out_count)
{
    size_t next = 0;
    *out_count = 0;
    while (text->size > 0 && is_digit(text->data[0])) {
        (void)take_digits(text);
        const uint8_t unit = text->size > 0 ? text->data[0] : 0;
        size_t i = next;
        while (units[i] != '\0' && (uint8_t)units[i] != unit) {
            i++;
        }
        if (units[i] == '\0' || (*out_count > 0 && i != next)) {
            return false;
        }
        *text = bytes_from(*text, 1);
        next = i + 1;
        (*out_count)++;
    }
    return true;
}

static bool is_duration(struct bytes text)
{
    size_t date_count;
    size_t time_count = 0;
    if (!take_byte(&text, 'P')) {
        return false;
    }
    if (text.size > 0 && text.data[text.size - 1] == 'W') {
        return take_digits(&text) > 0 && text.size == 1;
    }
    if (!take_units(&text, "YMD", &date_count)) {
        return false;
    }
    if (take_byte(&text, 'T') &&
        (!take_units(&text, "HMS", &time_count) || time_count == 0)) {
        return false;
    }
    return text.size == 0 && date_count + time_count > 0;
}

/* RFC 4122. */
static bool is_uuid(struct bytes text)
{
    enum { UUID_SIZE = 36 };
    for (size_t i = 0; i < text.size && i < UUID_SIZE; i++) {
        const bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (is_dash ? text.data[i] != '-' : !is_hex(text.data[i])) {
            return false;
        }
    }
    return text.size == UUID_SIZE;
}

/* RFC 2673 section 3.2. */
static bool is_ipv4(struct bytes text)
{
    for (size_t i = 0; i < 4; i++) {
        struct bytes rest = text;
        uint64_t value;
        const size_t count = take_digits(&rest);
        if (!bytes_parse_u64(bytes_first(text, count), 255, &value) ||
            (i < 3 && !take_byte(&rest, '.'))) {
            return false;
        }
        text = rest;
    }
    return text.size == 0;
}

static size_t hex_count(struct bytes text)
{
    size_t count = 0;
    while (count < text.size && is_hex(text.data[count])) {
        count++;
    }
    return count;
}

/* RFC 4291 section 2.2: groups of four digits, one run of zeros may be left out. */
static bool is_ipv6(struct bytes text)
{
    size_t group_count = 0;
    bool has_gap = bytes_starts_with(text, BYTES("::"));
    text = bytes_from(text, has_gap ? 2 : 0);
    while (text.size > 0) {
        const size_t count = hex_count(text);
        if (count < text.size && text.data[count] == '.') {
            return is_ipv4(text) && (has_gap ? group_count < 6 : group_count == 6);
        }
        if (count == 0 || count > 4 || ++group_count > 8) {
            return false;
        }
        text = bytes_from(text, count);
        if (text.size == 0) {
            break;
        }
        const bool is_gap = bytes_starts_with(text, BYTES("::"));
        if (!take_byte(&text, ':') || (is_gap && has_gap) || (!is_gap && text.size == 0)) {
            return false;
        }
        has_gap = has_gap || is_gap;
        text = bytes_from(text, is_gap ? 1 : 0);
    }
    return has_gap ? group_count < 8 : group_count == 8;
}

/* RFC 6901. */
static bool is_json_pointer(struct bytes text)
{
    if (text.size > 0 && text.data[0] != '/') {
        return false;
    }
    for (size_t i = 0; i < text.size; i++) {
        const bool is_escaped =
            i + 1 < text.size && (text.data[i + 1] == '0' || text.data[i + 1] == '1');
        if (text.data[i] == '~' && !is_escaped) {
            return false;
        }
    }
    return true;
}

static bool is_relative_json_pointer(struct bytes text)
{
    const struct bytes whole = text;
    const size_t count = take_digits(&text);
    if (count == 0 || (count > 1 && whole.data[0] == '0')) {
        return false;
    }
    return bytes_equal(text, BYTES("#")) || is_json_pointer(text);
}

static const struct {
    const char *name;
    schema_format_fn is_one;
} formats[] = {
    {"date", is_date},
    {"time", is_time},
    {"date-time", is_date_time},
    {"duration", is_duration},
    {"uuid", is_uuid},
    {"ipv4", is_ipv4},
    {"ipv6", is_ipv6},
    {"json-pointer", is_json_pointer},
    {"relative-json-pointer", is_relative_json_pointer},
};

schema_format_fn schema_format_find(struct bytes name)
{
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        if (bytes_equal_string(name, formats[i].name)) {
            return formats[i].is_one;
        }
    }
    return NULL;
}
