/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of a log in memory, or of a file as it streams by. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "import/formats/importer.h"

enum { LINE_MOST = 1 << 20 };

typedef struct walk {
    const erg_source *source;
    erg_log_line_visit *visit;
    void *self;
    erg_log_line line;
} walk;

static bool show(walk *at, const char *text, size_t count, bool is_whole, erg_error *err)
{
    at->line.text = (erg_field){ text, count };
    at->line.number++;
    at->line.is_whole = is_whole;
    bool good = at->visit(at->self, &at->line, err);
    at->line.place += count + is_whole;
    return good;
}

/* The lines that end in a piece; *used: their bytes. */
static bool show_whole(walk *at, const char *bytes, size_t size, size_t *used,
                       erg_error *err)
{
    const char *c = bytes, *end = bytes + size, *newline;

    while ((newline = memchr(c, '\n', (size_t)(end - c)))) {
        if (!show(at, c, (size_t)(newline - c), true, err))
            return false;
        c = newline + 1;
    }
    *used = (size_t)(c - bytes);
    return true;
}

static bool too_long(const walk *at, erg_error *err)
{
    return erg_fail(err, ERG_BAD_INPUT, "%s:%zu: a line of more than %d KiB: is it a log?",
                    at->source->name, at->line.number + 1, LINE_MOST >> 10);
}

/* What is behind the last newline of a piece stays in front of the next. */
static bool show_file(walk *at, FILE *file, char *room, erg_error *err)
{
    size_t held = 0, used, got, skip = 0;
    bool is_first = true;

    while ((got = fread(room + held, 1, LINE_MOST, file)) > 0) {
        size_t size = held + got;
        skip = is_first && size >= 3 && memcmp(room, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
        is_first = false;
        if (!show_whole(at, room + skip, size - skip, &used, err))
            return false;
        held = size - skip - used;
        memmove(room, room + skip + used, held);
        if (held > LINE_MOST)
            return too_long(at, err);
    }
    if (ferror(file))
        return erg_fail(err, ERG_IO, "cannot read %s to its end: try again, or copy it to "
                        "another disk", at->source->name);
    return held == 0 || show(at, room, held, false, err);
}

static bool each_of_file(walk *at, erg_error *err)
{
    FILE *file = fopen(at->source->path, "rbe");
    char *room = file ? malloc(2 * (size_t)LINE_MOST) : NULL;
    bool good = false;

    if (!file)
        erg_fail(err, ERG_IO, "cannot read %s: %s", at->source->path, strerror(errno));
    else if (!room)
        erg_fail(err, ERG_NO_MEMORY, "out of memory while reading %s", at->source->name);
    else
        good = show_file(at, file, room, err);
    free(room);
    if (file)
        fclose(file);
    return good;
}

bool erg_log_lines_each(const erg_source *source, erg_log_line_visit *visit, void *self,
                    erg_error *err)
{
    walk at = { source, visit, self, { .number = 0 } };
    size_t used = 0;

    if (source->is_head)
        return each_of_file(&at, err);
    return show_whole(&at, source->bytes, source->size, &used, err)
        && (used == source->size
            || show(&at, source->bytes + used, source->size - used, false, err));
}
