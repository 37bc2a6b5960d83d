/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text: a growing buffer, numbers, and quantities with units.
 *
 * strtod obeys the locale of the program that we are loaded into, where the
 * decimal point may be a comma: numbers are read under a C locale of our own.
 */
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/base.h"

static bool make_room(erg_text *text, size_t more)
{
    if (text->failed || more > SIZE_MAX / 4 - text->count)
        return !(text->failed = true);

    size_t need = text->count + more + 1;
    if (text->data && need <= text->capacity)
        return true;

    size_t capacity = text->capacity ? text->capacity : 256;
    while (capacity < need)
        capacity *= 2;
    char *data = realloc(text->data, capacity);
    if (!data)
        return !(text->failed = true);
    text->data = data;
    text->capacity = capacity;
    return true;
}

void erg_text_add_bytes(erg_text *text, const char *bytes, size_t count)
{
    if (!make_room(text, count))
        return;
    if (count)
        memcpy(text->data + text->count, bytes, count);
    text->count += count;
    text->data[text->count] = '\0';
}

void erg_text_add(erg_text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int count = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (count < 0 || !make_room(text, (size_t)count))
        return;

    va_start(arguments, format);
    vsnprintf(text->data + text->count, (size_t)count + 1, format, arguments);
    va_end(arguments);
    text->count += (size_t)count;
}

char *erg_text_take(erg_text *text)
{
    if (!text->data)
        erg_text_add_bytes(text, "", 0);
    char *data = text->failed ? NULL : text->data;
    if (text->failed)
        free(text->data);
    *text = (erg_text){ 0 };
    return data;
}

void erg_text_free(erg_text *text)
{
    free(text->data);
    *text = (erg_text){ 0 };
}

char *erg_text_copy(const char *text)
{
    return text ? strdup(text) : NULL;
}

void erg_text_put(char *to, size_t size, const char *from)
{
    size_t count = from ? strlen(from) : 0;
    if (size == 0)
        return;
    if (count >= size) {
        count = size - 1;
        while (count > 0 && ((unsigned char)from[count] & 0xc0) == 0x80)
            count--;
    }
    if (count)
        memcpy(to, from, count);
    to[count] = '\0';
}

bool erg_text_ends(const char *text, const char *end)
{
    size_t count = strlen(text), tail = strlen(end);
    return count >= tail && strcmp(text + count - tail, end) == 0;
}

/* Up to 15 digits and a power of ten up to 22 are both exact doubles, so one
 * division rounds once: the same double as strtod, without its locale. */
static bool parse_short(const char *text, size_t count, char decimal, double *out)
{
    static const double tens[] = { 1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10,
                                   1e11, 1e12, 1e13, 1e14, 1e15 };
    size_t i = 0, digits = 0, after = 0;
    bool minus = text[0] == '-', point = false;
    int64_t value = 0;

    for (i = minus; i < count; i++) {
        if (text[i] >= '0' && text[i] <= '9') {
            value = value * 10 + (text[i] - '0');
            after += point;
            if (++digits > 15)
                return false;
        } else if (text[i] == decimal && !point) {
            point = true;
        } else {
            return false;
        }
    }
    if (digits == 0)
        return false;
    double magnitude = (double)value / tens[after];
    *out = minus ? -magnitude : magnitude;
    return true;
}

bool erg_number_parse(const char *text, size_t count, char decimal, double *out)
{
    char copy[64];
    while (count && (text[0] == ' ' || text[0] == '\t'))
        text++, count--;
    while (count && (text[count - 1] == ' ' || text[count - 1] == '\t'))
        count--;
    if (count == 0 || count >= sizeof(copy))
        return false;
    if (parse_short(text, count, decimal, out))
        return true;

    for (size_t i = 0; i < count; i++) {
        char c = text[i];
        if (c == decimal)
            c = '.';
        else if (!(c >= '0' && c <= '9') && c != '+' && c != '-' && c != 'e' && c != 'E')
            return false;
        copy[i] = c;
    }
    copy[count] = '\0';

    locale_t plain = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
    if (!plain)
        return false;
    char *end;
    double value = strtod_l(copy, &end, plain);
    freelocale(plain);
    if (end != copy + count || !isfinite(value))
        return false;
    *out = value;
    return true;
}

typedef struct unit_row { const char *text, *unit; double factor, shift; } unit_row;

/* What people type, the SI unit it belongs to, how many of those it is, and for
 * temperatures where its zero lies. */
static const unit_row units[] = {
    { "s", "s", 1, 0 }, { "ms", "s", 1e-3, 0 }, { "us", "s", 1e-6, 0 },
    { "ns", "s", 1e-9, 0 }, { "min", "s", 60, 0 }, { "h", "s", 3600, 0 },
    { "W", "W", 1, 0 }, { "mW", "W", 1e-3, 0 }, { "kW", "W", 1e3, 0 },
    { "MW", "W", 1e6, 0 }, { "Hz", "Hz", 1, 0 }, { "kHz", "Hz", 1e3, 0 },
    { "MHz", "Hz", 1e6, 0 }, { "GHz", "Hz", 1e9, 0 }, { "J", "J", 1, 0 },
    { "mJ", "J", 1e-3, 0 }, { "kJ", "J", 1e3, 0 }, { "Wh", "J", 3600, 0 },
    { "kWh", "J", 3.6e6, 0 }, { "uJ", "J", 1e-6, 0 }, { "nJ", "J", 1e-9, 0 },
    { "pJ", "J", 1e-12, 0 }, { "%", "%", 0.01, 0 },
    { "uW", "W", 1e-6, 0 }, { "B", "B", 1, 0 }, { "kB", "B", 1e3, 0 },
    { "MB", "B", 1e6, 0 }, { "GB", "B", 1e9, 0 }, { "KiB", "B", 1024, 0 },
    { "MiB", "B", 1048576, 0 }, { "GiB", "B", 1073741824, 0 }, { "K", "K", 1, 0 },
    { "C", "K", 1, 273.15 }, { "K/W", "K/W", 1, 0 },
    { "W/s", "W/s", 1, 0 }, { "kW/s", "W/s", 1e3, 0 },
    { "MW/s", "W/s", 1e6, 0 }, { "B/s", "B/s", 1, 0 }, { "kB/s", "B/s", 1e3, 0 },
    { "MB/s", "B/s", 1e6, 0 }, { "GB/s", "B/s", 1e9, 0 },
};

bool erg_quantity_parse(const char *text, const char *unit, double *out, erg_error *err)
{
    size_t digits = strspn(text, "+-0123456789.");
    if (text[digits] == 'e' && strspn(text + digits + 1, "+-0123456789") > 0)
        digits += 1 + strspn(text + digits + 1, "+-0123456789");

    double value;
    if (!erg_number_parse(text, digits, '.', &value))
        return erg_fail(err, ERG_BAD_INPUT, "'%s' is not a number with a unit", text);
    const char *typed = text + digits + strspn(text + digits, " ");
    if (!*unit && !*typed) {
        *out = value;
        return true;
    }
    for (size_t i = 0; i < ERG_COUNT(units); i++)
        if (strcmp(units[i].text, typed) == 0 && strcmp(units[i].unit, unit) == 0) {
            *out = value * units[i].factor + units[i].shift;
            return true;
        }
    if (!*unit)
        return erg_fail(err, ERG_BAD_INPUT, "'%s' is not a number: it has no unit", text);
    return erg_fail(err, ERG_BAD_INPUT, "'%s' needs a unit of %s, as in 1%s", text, unit,
                    unit);
}
