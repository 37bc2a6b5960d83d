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
    { "core", ERG_SCOPE_CORE },       { "cores", ERG_SCOPE_CORE },
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

static size_t run_of(const char *c, int (*is_of)(int))
{
    size_t count = 0;

    while (is_of((unsigned char)c[count]))
        count++;
    return count;
}

static void add(char part[32], const char *text, size_t count)
{
    size_t used = strlen(part);

    snprintf(part + used, 32 - used, "%.*s", (int)count, text);
}

bool erg_part_of(const char *name, char part[32], erg_scope *scope)
{
    const part_row *last = NULL;
    bool is_behind = false, has_board = false;  /* a part: the number may be its own */

    for (const char *c = name; *c;) {
        size_t letters = run_of(c, isalpha), digits = run_of(c, isdigit);
        const part_row *here = part_at(c, letters);
        bool is_last = !c[digits];
        if (here && !last)
            part[0] = '\0';
        if (here) {
            last = here;
            has_board |= here->scope == ERG_SCOPE_BOARD;
            add(part, c, letters);
        }
        if (digits && last && (is_behind || is_last))
            add(part, c, digits);
        /* One sign may lie between them: package-0. */
        is_behind = letters ? here != NULL : !digits && is_behind;
        c += letters + digits ? letters + digits : 1;
    }
    if (last)
        *scope = has_board && last->scope != ERG_SCOPE_BOARD ? ERG_SCOPE_CHIP : last->scope;
    return last;
}
