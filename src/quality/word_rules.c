/* SPDX-License-Identifier: Apache-2.0 */
/* How each metric cuts text into words. */
#include <locale.h>
#include <string.h>
#include <wctype.h>
#include "quality/words.h"

/* ---- 13a -------------------------------------------------------------------------
 * The passes of mteval-v13a.pl, each left to right without overlap. They look at
 * single characters: UTF-8 may be read bytewise, as no byte of a longer character
 * is one of theirs, and "not a digit" holds for its last byte as for the whole. */

typedef struct pass {
    /* Bytes that match at text (count are left), 0: none; writes what replaces them. */
    size_t (*match)(const char *text, size_t count, char to[8]);
} pass;

static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool is_stop(char c) { return c == '.' || c == ','; }

static size_t match_symbol(const char *text, size_t count, char to[8])
{
    unsigned char c = (unsigned char)*text;
    bool symbol = (c >= '{' && c <= '~') || (c >= '[' && c <= '`') || (c >= ' ' && c <= '&')
               || (c >= '(' && c <= '+') || (c >= ':' && c <= '@') || c == '/';
    (void)count;
    if (!symbol)
        return 0;
    to[0] = ' ', to[1] = (char)c, to[2] = ' ', to[3] = '\0';
    return 1;
}

static size_t match_stop_after(const char *text, size_t count, char to[8])
{
    if (count < 2 || is_digit(text[0]) || !is_stop(text[1]))
        return 0;
    to[0] = text[0], to[1] = ' ', to[2] = text[1], to[3] = ' ', to[4] = '\0';
    return 2;
}

static size_t match_stop_before(const char *text, size_t count, char to[8])
{
    if (count < 2 || !is_stop(text[0]) || is_digit(text[1]))
        return 0;
    to[0] = ' ', to[1] = text[0], to[2] = ' ', to[3] = text[1], to[4] = '\0';
    return 2;
}

static size_t match_dash(const char *text, size_t count, char to[8])
{
    if (count < 2 || !is_digit(text[0]) || text[1] != '-')
        return 0;
    to[0] = text[0], to[1] = ' ', to[2] = '-', to[3] = ' ', to[4] = '\0';
    return 2;
}

static const pass passes[] = { { match_symbol }, { match_stop_after },
                               { match_stop_before }, { match_dash } };

static void replace(const pass *with, const erg_text *from, erg_text *to)
{
    char other[8] = "";
    size_t kept = 0;

    for (size_t i = 0, some; i < from->count; i += some ? some : 1) {
        some = with->match(from->data + i, from->count - i, other);
        if (!some)
            continue;
        erg_text_add_bytes(to, from->data + kept, i - kept);
        erg_text_add_bytes(to, other, strlen(other));
        kept = i + some;
    }
    erg_text_add_bytes(to, from->data + kept, from->count - kept);
}

typedef struct entity { const char *name, *text; } entity;

/* One after the other, so that "&amp;lt;" ends as "<". */
static const entity entities[] = { { "<skipped>", "" }, { "-\n", "" }, { "\n", " " },
    { "&quot;", "\"" }, { "&amp;", "&" }, { "&lt;", "<" }, { "&gt;", ">" } };

static void replace_entity(const entity *one, const erg_text *from, erg_text *to)
{
    size_t size = strlen(one->name), kept = 0;
    const char *end = from->data + from->count;

    for (const char *at = from->data;
         (at = memmem(at, (size_t)(end - at), one->name, size)); at += size) {
        erg_text_add_bytes(to, from->data + kept, (size_t)(at - from->data) - kept);
        erg_text_add_bytes(to, one->text, strlen(one->text));
        kept = (size_t)(at - from->data) + size;
    }
    erg_text_add_bytes(to, from->data + kept, from->count - kept);
}

static void swap_in(erg_text *now, erg_text *next)
{
    erg_text_free(now);
    *now = *next;
    *next = (erg_text){ 0 };
}

static size_t without_end(const char *text, size_t count)
{
    while (count && strchr(" \t\n\v\f\r", text[count - 1]))
        count--;
    return count;
}

bool erg_words_13a(const char *text, size_t count, erg_text *to, erg_error *err)
{
    erg_text now = { 0 }, next = { 0 }, padded = { 0 };

    erg_text_add_bytes(&now, text, without_end(text, count));
    for (size_t i = 0; i < ERG_COUNT(entities) && !now.failed; i++) {
        replace_entity(&entities[i], &now, &next);
        swap_in(&now, &next);
    }
    erg_text_add(&padded, " ");
    erg_text_add_bytes(&padded, now.data, now.failed ? 0 : now.count);
    erg_text_add(&padded, " ");
    padded.failed |= now.failed;
    swap_in(&now, &padded);
    for (size_t i = 0; i < ERG_COUNT(passes) && !now.failed; i++) {
        replace(&passes[i], &now, &next);
        swap_in(&now, &next);
    }
    bool ok = !now.failed;
    if (ok)
        erg_text_add_bytes(to, now.data, now.count);
    erg_text_free(&now);
    return ok || erg_fail(err, ERG_NO_MEMORY, "out of memory");
}

/* ---- ROUGE ------------------------------------------------------------------------ */

bool erg_words_rouge(const char *text, size_t count, erg_text *to, erg_error *err)
{
    const char *at = text, *end = text + count;
    bool was_word = false;

    (void)err;
    while (at < end) {
        uint32_t point = erg_code_point(&at, end);
        /* The two characters beyond ASCII whose lower case begins within it. */
        char c = point == 0x212a ? 'k' : point == 0x130 ? 'i'
               : point >= 'A' && point <= 'Z' ? (char)(point + 32)
               : point < 0x80 ? (char)point : ' ';
        bool is_word = is_digit(c) || (c >= 'a' && c <= 'z');
        if (is_word || was_word)
            erg_text_add_bytes(to, is_word ? &c : " ", 1);
        was_word = is_word && point != 0x130;
        if (point == 0x130)
            erg_text_add_bytes(to, " ", 1);
    }
    return true;
}

/* ---- spoken words ------------------------------------------------------------------ */

static void add_point(erg_text *to, uint32_t point)
{
    char bytes[4];
    size_t count = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    static const unsigned char leads[] = { 0, 0, 0xc0, 0xe0, 0xf0 };

    for (size_t i = count; i-- > 1; point >>= 6)
        bytes[i] = (char)(0x80 | (point & 0x3f));
    bytes[0] = (char)(leads[count] | point);
    erg_text_add_bytes(to, bytes, count);
}

bool erg_words_spoken(const char *text, size_t count, erg_text *to, erg_error *err)
{
    const char *at = text, *end = text + count;
    locale_t locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);

    if (!locale)
        return erg_fail(err, ERG_UNSUPPORTED,
                        "the C library has no locale C.UTF-8, by which "
                        "text is brought to lower case");
    while (at < end) {
        uint32_t point = erg_code_point(&at, end);
        if (point == 0x2019)        /* the curly apostrophe */
            point = '\'';
        if (point == '\'' || !iswpunct_l((wint_t)point, locale))
            add_point(to, (uint32_t)towlower_l((wint_t)point, locale));
    }
    freelocale(locale);
    return true;
}
