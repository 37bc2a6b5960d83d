/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stamps: a cursor over bytes that need not end in NUL.
 *
 * Seconds since 1970 in a double lose 2e-7 s, so everything stays integer.
 */
#include <string.h>
#include "format/stamp.h"

typedef struct cursor { const char *at, *end; char decimal; } cursor;

enum { FRACTION_DIGITS = 9 };

static bool is_digit(const cursor *c)
{
    return c->at < c->end && *c->at >= '0' && *c->at <= '9';
}

static bool take(cursor *c, char wanted)
{
    if (c->at == c->end || *c->at != wanted)
        return false;
    c->at++;
    return true;
}

/* least to most digits; digits (may be NULL) hears how many there were. */
static bool take_number(cursor *c, int least, int most, int64_t *out, int *digits)
{
    int count = 0;
    int64_t value = 0;
    while (count < most && is_digit(c)) {
        value = value * 10 + (*c->at++ - '0');
        count++;
    }
    *out = value;
    if (digits)
        *digits = count;
    return count >= least && !is_digit(c);
}

/* Digits after the point as parts of scale; those finer than it are cut off. */
static bool take_fraction(cursor *c, int64_t scale, int64_t *out)
{
    int64_t sum = 0;
    *out = 0;
    if (c->at == c->end || (*c->at != '.' && *c->at != ',' && *c->at != c->decimal))
        return true;        /* ISO 8601 has the comma too */
    c->at++;
    if (!is_digit(c))
        return false;
    for (; is_digit(c); c->at++) {
        scale /= 10;
        sum += (*c->at - '0') * scale;
    }
    *out = sum;
    return true;
}

static void take_blanks(cursor *c)
{
    while (c->at < c->end && (*c->at == ' ' || *c->at == '\t'))
        c->at++;
}

static bool days_of(int64_t year, int64_t month, int64_t day, int64_t *days)
{
    static const int lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    /* Nanoseconds in 64 bits reach from 1678 to 2262. */
    if (year < 1900 || year > 2200 || month < 1 || month > 12 || day < 1)
        return false;
    if (day > lengths[month - 1] + (month == 2 && leap))
        return false;
    *days = erg_days_from_date(year, (int)month, (int)day);
    return true;
}

static bool take_date(cursor *c, erg_date_order order, int64_t *days)
{
    int64_t a, b, d;
    int a_digits, d_digits;

    if (!take_number(c, 1, 4, &a, &a_digits) || c->at == c->end)
        return false;
    char mark = *c->at;
    if ((mark != '-' && mark != '/' && mark != '.') || !take(c, mark)
        || !take_number(c, 1, 2, &b, NULL) || !take(c, mark)
        || !take_number(c, 1, 4, &d, &d_digits))
        return false;
    if (a_digits == 4)
        return days_of(a, b, d, days);
    if (d_digits != 4)
        return false;
    if (order == ERG_DATE_MDY)
        return days_of(d, a, b, days);
    return (order == ERG_DATE_DMY || (order == ERG_DATE_UNSAID && mark == '.'))
        && days_of(d, b, a, days);
}

static bool take_clock(cursor *c, int64_t *seconds, int64_t *rest_ns)
{
    int64_t hour, minute, second = 0;
    *rest_ns = 0;
    if (!take_number(c, 1, 2, &hour, NULL) || !take(c, ':')
        || !take_number(c, 1, 2, &minute, NULL))
        return false;
    if (take(c, ':')
        && (!take_number(c, 1, 2, &second, NULL)
            || !take_fraction(c, ERG_NS_PER_S, rest_ns)))
        return false;
    *seconds = hour * 3600 + minute * 60 + second;
    return hour < 24 && minute < 60 && second <= 60;    /* 60: a leap second */
}

/* "Z", "+02:00", "+0200", "+02"; *has is false where there is none. */
static bool take_offset(cursor *c, int64_t *offset_s, bool *has)
{
    int64_t hour, minute = 0;
    int digits;
    *offset_s = 0;
    *has = true;
    take_blanks(c);
    if (take(c, 'Z') || take(c, 'z'))
        return true;
    if ((size_t)(c->end - c->at) == 3 && memcmp(c->at, "UTC", 3) == 0) {
        c->at += 3;
        return true;
    }
    bool minus = take(c, '-');
    if (!minus && !take(c, '+')) {
        *has = false;
        return true;
    }
    if (!take_number(c, 2, 4, &hour, &digits) || digits == 3)
        return false;
    if (digits == 4) {
        minute = hour % 100;
        hour /= 100;
    } else if (take(c, ':') && !take_number(c, 2, 2, &minute, NULL)) {
        return false;
    }
    *offset_s = (minus ? -1 : 1) * (hour * 3600 + minute * 60);
    return hour <= 15 && minute < 60;
}

static bool parse_date_and_time(cursor c, const erg_stamp_style *style, erg_stamp *out)
{
    int64_t days, seconds = 0, rest_ns = 0, offset_s;
    if (!take_date(&c, style->order, &days))
        return false;
    if (!take(&c, 'T') && !take(&c, 't') && !take(&c, ' '))
        return false;
    take_blanks(&c);
    if (!take_clock(&c, &seconds, &rest_ns) || !take_offset(&c, &offset_s, &out->has_zone)
        || c.at != c.end)
        return false;

    int64_t local_s = days * 86400 + seconds, earlier, later;
    earlier = later = local_s - offset_s;
    if (!out->has_zone)
        erg_zone_utc(style->zone, local_s, &earlier, &later);
    out->utc_ns = earlier * ERG_NS_PER_S + rest_ns;
    out->later_ns = later * ERG_NS_PER_S + rest_ns;
    return true;
}

bool erg_stamp_count(const char *text, size_t count, int64_t unit_ns, char decimal,
                     int64_t *out)
{
    cursor c = { text, text + count, decimal ? decimal : '.' };
    int64_t whole, rest;
    take_blanks(&c);
    bool minus = take(&c, '-');
    if (!take_number(&c, 1, 18, &whole, NULL) || !take_fraction(&c, unit_ns, &rest))
        return false;
    take_blanks(&c);
    if (c.at != c.end || whole > (INT64_MAX / 2) / unit_ns)
        return false;
    *out = (minus ? -1 : 1) * (whole * unit_ns + rest);
    return true;
}

/* A count since 1970 names its unit by its size: 1e11 s is the year 5138. */
static bool parse_epoch(const char *text, size_t count, char decimal, erg_stamp *out)
{
    static const struct { int digits; int64_t unit_ns; } units[] = {
        { 11, ERG_NS_PER_S }, { 14, ERG_NS_PER_MS }, { 17, ERG_NS_PER_US }, { 19, 1 },
    };
    int digits = 0;
    while ((size_t)digits < count && text[digits] >= '0' && text[digits] <= '9')
        digits++;
    if (digits == 19) {     /* one digit more than erg_stamp_count takes */
        int64_t value = 0;
        for (int i = 0; i < digits; i++)
            if (__builtin_mul_overflow(value, 10, &value)
                || __builtin_add_overflow(value, text[i] - '0', &value))
                return false;
        out->utc_ns = out->later_ns = value;
        return out->has_zone = (size_t)digits == count;
    }
    for (size_t i = 0; digits && i < ERG_COUNT(units); i++)
        if (digits <= units[i].digits) {
            out->has_zone = erg_stamp_count(text, count, units[i].unit_ns, decimal,
                                            &out->utc_ns);
            out->later_ns = out->utc_ns;
            return out->has_zone;
        }
    return false;
}

bool erg_stamp_parse(const char *text, size_t count, const erg_stamp_style *style,
                     erg_stamp *out)
{
    while (count && (*text == ' ' || *text == '\t'))
        text++, count--;
    while (count && (text[count - 1] == ' ' || text[count - 1] == '\t'))
        count--;
    char decimal = style->decimal ? style->decimal : '.';
    return parse_date_and_time((cursor){ text, text + count, decimal }, style, out)
        || parse_epoch(text, count, decimal, out);
}

int64_t erg_stamp_once(int64_t at_ns, int64_t last_ns, int64_t *twice_ns)
{
    const int64_t hour_ns = 3600 * ERG_NS_PER_S, near_ns = 2 * ERG_NS_PER_S;

    at_ns += *twice_ns;
    if (!*twice_ns && last_ns > INT64_MIN + 2 * hour_ns
        && at_ns >= last_ns - hour_ns - near_ns && at_ns <= last_ns - hour_ns + near_ns)
        at_ns += *twice_ns = hour_ns;
    return at_ns;
}

bool erg_date_order_parse(const char *name, erg_date_order *out, erg_error *err)
{
    static const struct { const char *name; erg_date_order order; } orders[] = {
        { "dmy", ERG_DATE_DMY }, { "mdy", ERG_DATE_MDY }, { "ymd", ERG_DATE_YMD },
    };
    *out = ERG_DATE_UNSAID;
    if (!name)
        return true;
    for (size_t i = 0; i < ERG_COUNT(orders); i++)
        if (strcmp(orders[i].name, name) == 0) {
            *out = orders[i].order;
            return true;
        }
    return erg_fail(err, ERG_BAD_INPUT, "'%s' is no order of a date: say dmy, mdy or ymd",
                    name);
}
