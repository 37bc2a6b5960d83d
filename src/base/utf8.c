/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"

static size_t tail_of(unsigned char lead)
{
    return lead < 0x80 ? 0 : lead >= 0xc2 && lead < 0xe0 ? 1
        : lead >= 0xe0 && lead < 0xf0 ? 2
         : lead >= 0xf0 && lead < 0xf5 ? 3 : SIZE_MAX;
}

/* 0: not UTF-8 (RFC 3629: no surrogates, none over 10ffff, none longer than needed). */
static size_t decode(const char *text, const char *end, uint32_t *point)
{
    static const uint32_t least[] = { 0, 0x80, 0x800, 0x10000 };
    unsigned char lead = (unsigned char)*text;
    size_t tail = tail_of(lead);

    if (tail == SIZE_MAX || (size_t)(end - text) <= tail)
        return 0;
    uint32_t value = tail == 0 ? lead : lead & (0x3fu >> tail);
    for (size_t i = 1; i <= tail; i++) {
        unsigned char next = (unsigned char)text[i];
        if ((next & 0xc0) != 0x80)
            return 0;
        value = value << 6 | (next & 0x3fu);
    }
    *point = value;
    return value < least[tail] || value > 0x10ffff || (value >= 0xd800 && value < 0xe000)
         ? 0 : tail + 1;
}

uint32_t erg_code_point(const char **text, const char *end)
{
    uint32_t point = 0xfffd;
    size_t bytes = decode(*text, end, &point);

    *text += bytes ? bytes : 1;
    return bytes ? point : 0xfffd;
}

size_t erg_utf8_valid(const char *bytes, size_t count)
{
    uint32_t point;

    for (size_t i = 0, step; i < count; i += step)
        if ((step = decode(bytes + i, bytes + count, &point)) == 0)
            return i;
    return count;
}
