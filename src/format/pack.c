/* SPDX-License-Identifier: Apache-2.0 */
/* zstd and base64, both bounded by the size that the reader expects. */
#include <stdlib.h>
#include <string.h>
#include <zstd.h>
#include "format/pack.h"

enum { LEVEL = 19 };

static const char digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static char *text_of(const uint8_t *bytes, size_t count, erg_error *err)
{
    char *text = malloc((count + 2) / 3 * 4 + 1), *to = text;

    if (!text)
        return erg_fail(err, ERG_NO_MEMORY, "no memory for a packed text"), NULL;
    for (size_t i = 0; i < count; i += 3) {
        uint32_t three = (uint32_t)bytes[i] << 16
            | (i + 1 < count ? (uint32_t)bytes[i + 1] << 8 : 0)
            | (i + 2 < count ? bytes[i + 2] : 0);
        *to++ = digits[three >> 18];
        *to++ = digits[three >> 12 & 63];
        *to++ = i + 1 < count ? digits[three >> 6 & 63] : '=';
        *to++ = i + 2 < count ? digits[three & 63] : '=';
    }
    *to = '\0';
    return text;
}

static int digit_of(char letter)
{
    return letter >= 'A' && letter <= 'Z' ? letter - 'A'
         : letter >= 'a' && letter <= 'z' ? letter - 'a' + 26
         : letter >= '0' && letter <= '9' ? letter - '0' + 52
         : letter == '+' ? 62 : letter == '/' ? 63 : -1;
}

/* Bytes of the text into to, which has room for 3/4 of it; false: no base64. */
static bool bytes_of(const char *text, size_t length, uint8_t *to, size_t *count)
{
    size_t padding = length >= 2 && text[length - 1] == '='
                   ? 1 + (size_t)(text[length - 2] == '=') : 0;

    if (length % 4)
        return false;
    *count = length / 4 * 3 - padding;
    for (size_t i = 0; i < length; i += 4) {
        uint32_t three = 0;
        for (size_t j = 0; j < 4; j++) {
            bool is_padding = i + j >= length - padding;
            int digit = is_padding ? 0 : digit_of(text[i + j]);
            if (digit < 0)
                return false;
            three = three << 6 | (uint32_t)digit;
        }
        for (size_t j = 0; j < 3; j++)
            *to++ = (uint8_t)(three >> (16 - 8 * j));
    }
    return true;
}

char *erg_pack(const void *bytes, size_t count, erg_error *err)
{
    size_t room = ZSTD_compressBound(count);
    uint8_t *packed = malloc(room);
    char *text = NULL;

    if (!packed)
        return erg_fail(err, ERG_NO_MEMORY, "no memory to pack %zu bytes", count), NULL;
    size_t used = ZSTD_compress(packed, room, bytes, count, LEVEL);
    if (ZSTD_isError(used))
        erg_fail(err, ERG_NO_MEMORY, "zstd: %s", ZSTD_getErrorName(used));
    else
        text = text_of(packed, used, err);
    free(packed);
    return text;
}

bool erg_unpack(const char *text, void *to, size_t count, erg_error *err)
{
    size_t length = strlen(text), packed_count = 0;
    uint8_t *packed = length <= ZSTD_compressBound(count) * 2 + 4
        ? malloc(length + 4) : NULL;
    bool good = packed && bytes_of(text, length, packed, &packed_count)
             && ZSTD_decompress(to, count, packed, packed_count) == count;

    free(packed);
    return good || erg_fail(err, ERG_BAD_INPUT, "a packed text is damaged or does not hold "
                            "%zu bytes", count);
}
