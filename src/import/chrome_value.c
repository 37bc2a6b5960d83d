/* SPDX-License-Identifier: Apache-2.0 */
/* Values of a Chrome trace: words, microseconds, whole numbers, lists. */
#include <string.h>
#include "import/chrome.h"

bool erg_chrome_is(const erg_chrome_text *text, const char *word)
{
    size_t count = strlen(word);
    return text->count == count && memcmp(text->at, word, count) == 0;
}

bool erg_chrome_has(const erg_chrome_text *text, const char *part)
{
    size_t count = strlen(part);
    return text->count >= count && memmem(text->at, text->count, part, count) != NULL;
}

/* ---- numbers ---------------------------------------------------------------------- */

typedef struct reading {
    const char *at, *end;
} reading;

static bool is_digit(const reading *from)
{
    return from->at < from->end && *from->at >= '0' && *from->at <= '9';
}

static bool takes(reading *from, const char *either)
{
    if (from->at == from->end || !strchr(either, *from->at) || !*from->at)
        return false;
    from->at++;
    return true;
}

typedef struct decimal {
    uint64_t digits;
    int scale;      /* the number is digits / 10^scale */
    bool rounds_up; /* the first digit that had no room */
    bool negative;
} decimal;

static const uint64_t ROOM = 1000000000000000000; /* below it one more digit fits */

static bool take_digits(reading *from, decimal *to, bool behind_point)
{
    const char *begin = from->at;
    bool full = false;

    for (; is_digit(from); from->at++) {
        unsigned digit = (unsigned)(*from->at - '0');
        if (to->digits < ROOM && !full) {
            to->digits = 10 * to->digits + digit;
            to->scale += behind_point;
        } else {
            to->rounds_up = full ? to->rounds_up : digit >= 5;
            to->scale -= !behind_point;
            full = true;
        }
    }
    return from->at > begin;
}

static bool take_exponent(reading *from, decimal *to)
{
    bool negative = takes(from, "-");
    int exponent = 0;

    if (!negative)
        takes(from, "+");
    if (!is_digit(from))
        return false;
    for (; is_digit(from); from->at++)
        exponent = exponent < 1000 ? 10 * exponent + (*from->at - '0') : exponent;
    to->scale -= negative ? -exponent : exponent;
    return true;
}

static bool take_decimal(const erg_chrome_text *text, decimal *to)
{
    const char *at = text->at ? text->at : "";
    reading from = { at, at + text->count };

    *to = (decimal){ .negative = takes(&from, "-") };
    return take_digits(&from, to, false)
           && (!takes(&from, ".") || take_digits(&from, to, true))
           && (!takes(&from, "eE") || take_exponent(&from, to)) && from.at == from.end;
}

/* Rounded once, half away from zero: two roundings move stamps of 2026 by a nanosecond. */
static bool scaled(const decimal *from, int by, int64_t *out)
{
    uint64_t value = from->digits, unit = 1;
    int shift = by - from->scale;

    for (; shift > 0 && value; shift--)
        if (__builtin_mul_overflow(value, 10, &value))
            return false;
    for (; shift < 0 && unit <= ROOM; shift++)
        unit *= 10;
    if (shift < 0)
        value = 0;
    else if (unit > 1)
        value = value / unit + (value % unit >= unit - value % unit);
    else
        value += from->rounds_up;
    if (value > INT64_MAX)
        return false;
    *out = from->negative ? -(int64_t)value : (int64_t)value;
    return true;
}

/* As most are written: up to 15 digits, a point, up to three more. */
static bool plain_ns(const erg_chrome_text *text, int64_t *ns)
{
    int64_t value = 0;
    size_t at = 0, point;

    if (text->count > 19)
        return false;
    for (; at < text->count && text->at[at] >= '0' && text->at[at] <= '9'; at++)
        value = 10 * value + (text->at[at] - '0');
    if (at == 0 || at > 15)
        return false;
    point = at;
    for (at += at < text->count && text->at[at] == '.';
         at < text->count && text->at[at] >= '0' && text->at[at] <= '9'; at++)
        value = 10 * value + (text->at[at] - '0');
    size_t digits = at > point ? at - point - 1 : 0;
    if (at < text->count || digits > 3 || (at > point && digits == 0))
        return false;
    static const int64_t units[] = { 1000, 100, 10, 1 };
    *ns = value * units[digits];
    return true;
}

bool erg_chrome_ns(const erg_chrome_text *text, int64_t *ns)
{
    decimal number;
    return plain_ns(text, ns) || (take_decimal(text, &number) && scaled(&number, 3, ns));
}

static bool take_whole(reading *from, int64_t *out)
{
    bool negative = takes(from, "-");
    int64_t value = 0;

    if (!is_digit(from))
        return false;
    for (; is_digit(from); from->at++)
        if (__builtin_mul_overflow(value, 10, &value)
            || __builtin_add_overflow(value, *from->at - '0', &value))
            return false;
    *out = negative ? -value : value;
    return true;
}

bool erg_chrome_whole(const erg_chrome_text *text, int64_t *out)
{
    const char *at = text->at ? text->at : "";
    reading from = { at, at + text->count };
    return take_whole(&from, out) && from.at == from.end;
}

static void pass_space(reading *from)
{
    while (takes(from, " \t\r\n"))
        ;
}

int erg_chrome_list(const erg_chrome_text *text, int64_t out[], int most)
{
    const char *at = text->at ? text->at : "";
    reading from = { at, at + text->count };
    int count = 0;

    if (!takes(&from, "["))
        return -1;
    pass_space(&from);
    while (!takes(&from, "]")) {
        if (count == most || !take_whole(&from, &out[count]))
            return -1;
        count++;
        pass_space(&from);
        if (takes(&from, ","))
            pass_space(&from);
        else if (from.at == from.end || *from.at != ']')
            return -1;
    }
    return count;
}

/* ---- texts ------------------------------------------------------------------------ */

static int hex_of(reading *from)
{
    int value = 0;

    for (int i = 0; i < 4; i++) {
        int c = from->at < from->end ? *from->at++ | 0x20 : 0;
        if (c >= ('0' | 0x20) && c <= ('9' | 0x20))
            value = 16 * value + (c - '0');
        else if (c >= 'a' && c <= 'f')
            value = 16 * value + (c - 'a' + 10);
        else
            return -1;
    }
    return value;
}

/* Behind "\u"; halves of a pair that miss the other are U+FFFD. */
static uint32_t unicode_of(reading *from)
{
    int first = hex_of(from);

    if (first < 0 || (first >= 0xdc00 && first < 0xe000))
        return 0xfffd;
    if (first < 0xd800 || first >= 0xe000)
        return (uint32_t)first;
    reading next = *from;
    int second = takes(&next, "\\") && takes(&next, "u") ? hex_of(&next) : -1;
    if (second < 0xdc00 || second >= 0xe000)
        return 0xfffd;
    *from = next;
    return 0x10000 + ((uint32_t)(first - 0xd800) << 10) + (uint32_t)(second - 0xdc00);
}

static uint32_t point_of(reading *from)
{
    static const char signs[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";

    if (*from->at != '\\')
        return erg_code_point(&from->at, from->end);
    if (++from->at == from->end)
        return 0xfffd;
    char sign = *from->at++;
    if (sign == 'u')
        return unicode_of(from);
    const char *there = sign ? strchr(signs, sign) : NULL;
    return there ? (uint32_t)meant[there - signs] : 0xfffd;
}

static size_t utf8_of(uint32_t point, char to[4])
{
    if (point < 0x80)
        return to[0] = (char)point, 1;
    size_t count = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    for (size_t i = count - 1; i > 0; i--, point >>= 6)
        to[i] = (char)(0x80 | (point & 0x3f));
    to[0] = (char)((0xf00u >> count & 0xf0u) | point);
    return count;
}

void erg_chrome_put(const erg_chrome_text *text, char *to, size_t size)
{
    const char *at = text->at ? text->at : "";
    reading from = { at, at + text->count };
    size_t count = 0;
    char one[4];

    while (from.at < from.end) {
        uint32_t point = point_of(&from);
        /* A terminal must not be told what to do. */
        size_t some = utf8_of(point < ' ' || point == 0x7f ? ' ' : point, one);
        if (count + some >= size)
            break;
        memcpy(to + count, one, some);
        count += some;
    }
    if (size)
        to[count] = '\0';
}
