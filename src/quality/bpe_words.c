/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text before its bytes are joined:
 * 's|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+
 */
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>
#include "quality/bpe_inside.h"

enum { DOTTED_I = 0x130, DOT_ABOVE = 0x307 };

static bool add_point(erg_text *to, uint32_t point)
{
    unsigned char bytes[4];
    utf8proc_ssize_t count = utf8proc_encode_char((utf8proc_int32_t)point, bytes);

    erg_text_add_bytes(to, (const char *)bytes, (size_t)count);
    return !to->failed;
}

char *erg_bpe_normal(const char *what, const char *text, erg_error *err)
{
    utf8proc_uint8_t *composed = NULL;
    utf8proc_ssize_t count = utf8proc_map((const utf8proc_uint8_t *)text,
                                          (utf8proc_ssize_t)strlen(text), &composed,
                                          UTF8PROC_STABLE | UTF8PROC_COMPOSE);
    erg_text lower = { 0 };

    if (count < 0) {
        erg_fail(err, count == UTF8PROC_ERROR_NOMEM ? ERG_NO_MEMORY : ERG_BAD_INPUT,
                 "%s: %s", what, utf8proc_errmsg(count));
        return NULL;
    }
    erg_text_add(&lower, "%s", "");
    for (const char *at = (char *)composed, *end = at + count; at < end;) {
        uint32_t point = erg_code_point(&at, end);
        /* The only character whose lower case is two. */
        bool two = point == DOTTED_I;
        add_point(&lower, two ? 'i' : (uint32_t)utf8proc_tolower((utf8proc_int32_t)point));
        if (two)
            add_point(&lower, DOT_ABOVE);
    }
    free(composed);
    char *made = erg_text_take(&lower);
    if (!made)
        erg_fail(err, ERG_NO_MEMORY, "out of memory");
    return made;
}

typedef enum point_kind { BLANK, LETTER, NUMBER, OTHER } point_kind;

static point_kind kind_of(uint32_t point)
{
    utf8proc_category_t category = utf8proc_category((utf8proc_int32_t)point);

    if ((point >= '\t' && point <= '\r') || point == 0x85
        || (category >= UTF8PROC_CATEGORY_ZS && category <= UTF8PROC_CATEGORY_ZP))
        return BLANK;
    if (category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO)
        return LETTER;
    return category >= UTF8PROC_CATEGORY_ND && category <= UTF8PROC_CATEGORY_NO ? NUMBER
                                                                                : OTHER;
}

/* Bytes of a contraction that begins here; 0: none. */
static size_t contraction(const char *at, const char *end)
{
    static const char *const all[] = { "'s", "'t", "'re", "'ve", "'m", "'ll", "'d" };

    for (size_t i = 0; i < ERG_COUNT(all); i++)
        if (strlen(all[i]) <= (size_t)(end - at)
            && memcmp(at, all[i], strlen(all[i])) == 0)
            return strlen(all[i]);
    return 0;
}

static point_kind kind_at(const char *at, const char *end, const char **behind)
{
    *behind = at;
    return kind_of(erg_code_point(behind, end));
}

const char *erg_bpe_word(const char **at, const char *end, size_t *count)
{
    const char *behind;

    while (*at < end && kind_at(*at, end, &behind) == BLANK)
        *at = behind;
    const char *begin = *at;
    if (begin == end)
        return NULL;
    if ((*count = contraction(begin, end)) > 0) {
        *at += *count;
        return begin;
    }
    point_kind kind = kind_at(begin, end, at);
    while (kind != NUMBER && *at < end && kind_at(*at, end, &behind) == kind)
        *at = behind;
    *count = (size_t)(*at - begin);
    return begin;
}
