/* SPDX-License-Identifier: Apache-2.0 */
/* A name is words and numbers; the words that are parts of a machine say which one. */
#include <ctype.h>
#include <string.h>
#include <strings.h>
#include "base/base.h"
#include "import/formats/parts.h"

typedef struct part_row { const char *word; erg_scope scope; } part_row;

static const part_row parts[] = {
    { "cpu", ERG_SCOPE_PACKAGE },     { "package", ERG_SCOPE_PACKAGE },
    { "pkg", ERG_SCOPE_PACKAGE },     { "socket", ERG_SCOPE_PACKAGE },
    { "rapl", ERG_SCOPE_PACKAGE },    { "core", ERG_SCOPE_CORE },
    { "cores", ERG_SCOPE_CORE },      { "cor", ERG_SCOPE_CORE },
    { "ram", ERG_SCOPE_DRAM },        { "dram", ERG_SCOPE_DRAM },
    { "psys", ERG_SCOPE_PSYS },       { "gpu", ERG_SCOPE_BOARD },
    { "node", ERG_SCOPE_NODE },       { "wall", ERG_SCOPE_NODE },
};

static const part_row *part_at(const char *word, size_t count)
{
    for (size_t i = 0; i < ERG_COUNT(parts); i++)
        if (strlen(parts[i].word) == count && strncasecmp(parts[i].word, word, count) == 0)
            return &parts[i];
    return NULL;
}

static size_t digits_of(const char *c)
{
    return strspn(c, "0123456789");
}

/* PkgWatt is two words, and so is RAMWatt. */
static size_t letters_of(const char *c)
{
    size_t i = 0;

    for (; isalpha((unsigned char)c[i]); i++) {
        bool is_upper = i > 0 && isupper((unsigned char)c[i]);
        bool is_behind = is_upper && islower((unsigned char)c[i - 1]);
        if (is_behind || (is_upper && islower((unsigned char)c[i + 1])))
            break;
    }
    return i;
}

static void add(char part[32], const char *text, size_t count)
{
    size_t used = strlen(part);

    snprintf(part + used, 32 - used, "%.*s", (int)count, text);
}

/* "intel-rapl:0:1" is a zone of intel-rapl:0, though which one it does not say. */
static bool is_zone(const part_row *part, size_t numbers)
{
    return numbers > 1 && strcmp(part->word, "rapl") == 0;
}

bool erg_part_of(const char *name, char part[32], erg_scope *scope)
{
    const part_row *last = NULL;
    bool is_behind = false, has_board = false;  /* a part: the number may be its own */
    size_t numbers = 0;                         /* behind the last part */

    for (const char *c = name; *c;) {
        size_t letters = letters_of(c), digits = letters ? 0 : digits_of(c);
        const part_row *here = part_at(c, letters);
        if (here && !last)
            part[0] = '\0';
        if (here) {
            last = here;
            has_board |= here->scope == ERG_SCOPE_BOARD;
            add(part, c, letters);
        }
        numbers = here ? 0 : numbers + (digits > 0);
        if (digits && last && (is_behind || !c[digits]))
            add(part, c, digits);
        /* One sign may lie between them: package-0. */
        is_behind = letters ? here != NULL : !digits && is_behind;
        c += letters + digits ? letters + digits : 1;
    }
    if (last && is_zone(last, numbers))
        *scope = ERG_SCOPE_CORE;
    else if (last)
        *scope = has_board && last->scope != ERG_SCOPE_BOARD ? ERG_SCOPE_CHIP : last->scope;
    return last;
}
