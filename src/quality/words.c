/* SPDX-License-Identifier: Apache-2.0 */
/* Rules that cut text, and the lexicon that numbers its words. */
#include <stdlib.h>
#include <string.h>
#include "quality/words.h"

static bool is_blank(uint32_t point)
{
    return (point >= 9 && point <= 13) || (point >= 28 && point <= 32) || point == 0x85
        || point == 0xa0 || point == 0x1680 || (point >= 0x2000 && point <= 0x200a)
        || point == 0x2028 || point == 0x2029 || point == 0x202f || point == 0x205f
        || point == 0x3000;
}

bool erg_words_plain(const char *text, size_t count, erg_text *to, erg_error *err)
{
    (void)err;
    erg_text_add_bytes(to, text, count);
    return true;
}

/* ---- the lexicon --------------------------------------------------------------- */

typedef struct lexicon_slot { const char *word; size_t count; uint32_t id; } lexicon_slot;

struct erg_lexicon {
    erg_arena *arena;
    lexicon_slot *slots;
    size_t used, capacity;      /* a power of two */
};

enum { SLOTS_FIRST = 1024 };

erg_lexicon *erg_lexicon_new(erg_error *err)
{
    erg_lexicon *lexicon = calloc(1, sizeof(*lexicon));

    if (lexicon) {
        lexicon->arena = erg_arena_new(err);
        lexicon->slots = calloc(SLOTS_FIRST, sizeof(*lexicon->slots));
        lexicon->capacity = SLOTS_FIRST;
    }
    if (lexicon && lexicon->arena && lexicon->slots)
        return lexicon;
    erg_lexicon_free(lexicon);
    erg_fail(err, ERG_NO_MEMORY, "out of memory");
    return NULL;
}

void erg_lexicon_free(erg_lexicon *lexicon)
{
    if (!lexicon)
        return;
    erg_arena_free(lexicon->arena);
    free(lexicon->slots);
    free(lexicon);
}

/* FNV-1a, 64 bits (Fowler, Noll, Vo). */
static lexicon_slot *slot_of(lexicon_slot *slots, size_t capacity, const char *word,
                             size_t count)
{
    uint64_t hash = 14695981039346656037u;

    for (size_t i = 0; i < count; i++)
        hash = (hash ^ (unsigned char)word[i]) * 1099511628211u;
    for (size_t at = (size_t)(hash ^ hash >> 32);; at++) {
        lexicon_slot *slot = &slots[at & (capacity - 1)];
        if (!slot->word || (slot->count == count && memcmp(slot->word, word, count) == 0))
            return slot;
    }
}

static bool lexicon_grow(erg_lexicon *lexicon, erg_error *err)
{
    size_t capacity = 2 * lexicon->capacity;
    lexicon_slot *slots = calloc(capacity, sizeof(*slots));

    if (!slots)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < lexicon->capacity; i++)
        if (lexicon->slots[i].word)
            *slot_of(slots, capacity, lexicon->slots[i].word, lexicon->slots[i].count)
                = lexicon->slots[i];
    free(lexicon->slots);
    lexicon->slots = slots;
    lexicon->capacity = capacity;
    return true;
}

static bool word_id(erg_lexicon *lexicon, const char *word, size_t count, uint32_t *id,
                    erg_error *err)
{
    if (2 * lexicon->used >= lexicon->capacity && !lexicon_grow(lexicon, err))
        return false;
    lexicon_slot *slot = slot_of(lexicon->slots, lexicon->capacity, word, count);
    if (!slot->word) {
        char *copy = erg_arena_take(lexicon->arena, count, err);
        if (!copy)
            return false;
        *slot = (lexicon_slot){ memcpy(copy, word, count), count,
                                (uint32_t)lexicon->used++ };
    }
    *id = slot->id;
    return true;
}

/* ---- cutting -------------------------------------------------------------------- */

static bool add_word(erg_lexicon *lexicon, const char *word, size_t count, erg_words *words,
                     erg_error *err)
{
    return erg_grow((void **)&words->ids, &words->capacity, words->count,
                    sizeof(*words->ids), err)
        && word_id(lexicon, word, count, &words->ids[words->count++], err);
}

static bool split(erg_lexicon *lexicon, const erg_text *text, erg_words *words,
                  erg_error *err)
{
    const char *at = text->data, *end = at + text->count, *word = NULL;

    while (at < end) {
        const char *here = at;
        bool blank = is_blank(erg_code_point(&at, end));
        if (blank && word && !add_word(lexicon, word, (size_t)(here - word), words, err))
            return false;
        word = blank ? NULL : word ? word : here;
    }
    return !word || add_word(lexicon, word, (size_t)(end - word), words, err);
}

bool erg_words_cut(erg_lexicon *lexicon, erg_word_rule *rule, const char *text,
                   size_t count, erg_words *words, erg_error *err)
{
    erg_text cut = { 0 };

    words->count = 0;
    erg_text_add_bytes(&cut, "", 0);
    bool ok = rule(text, count, &cut, err)
           && (!cut.failed || erg_fail(err, ERG_NO_MEMORY, "out of memory"))
           && split(lexicon, &cut, words, err);
    erg_text_free(&cut);
    return ok;
}
