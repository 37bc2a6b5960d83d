/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of text as items; references and baselines brought into their order. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "quality/items_inside.h"
#include "quality/words.h"

void erg_items_free(erg_items *items)
{
    if (!items)
        return;
    erg_arena_free(items->arena);
    free(items->items);
    free(items);
}

erg_items *erg_items_new(const char *path, erg_error *err)
{
    erg_items *items = calloc(1, sizeof(*items));

    if (items && (items->arena = erg_arena_new(err))
        && (items->path = erg_arena_text(items->arena, path, err)))
        return items;
    erg_items_free(items);
    erg_fail(err, ERG_NO_MEMORY, "out of memory");
    return NULL;
}

erg_item *erg_items_add(erg_items *items, erg_error *err)
{
    if (!erg_grow((void **)&items->items, &items->capacity, items->count,
                  sizeof(*items->items), err))
        return NULL;
    erg_item *item = &items->items[items->count++];
    *item = (erg_item){ .loss = NAN };
    return item;
}

bool erg_items_check_line(const erg_items *items, size_t line, const char *text,
                          size_t count, erg_error *err)
{
    const char *nul = memchr(text, '\0', count);
    size_t valid = erg_utf8_valid(text, nul ? (size_t)(nul - text) : count);

    return valid == count
        || erg_fail(err, ERG_BAD_INPUT, "%s:%zu: byte %zu is not UTF-8 text",
                    items->path, line, valid + 1);
}

/* Arena blocks are of 16 KiB: lines are cut in one copy of the file. */
static bool cut_lines(erg_items *items, char *text, size_t count, erg_error *err)
{
    for (size_t at = 0; at < count;) {
        const char *end = memchr(text + at, '\n', count - at);
        size_t next = end ? (size_t)(end - text) : count, stop = next;
        if (stop > at && text[stop - 1] == '\r')
            stop--;
        erg_item *item = erg_items_add(items, err);
        if (!item || !erg_items_check_line(items, items->count, text + at, stop - at, err))
            return false;
        text[stop] = '\0';
        item->output = text + at;
        at = next + 1;
    }
    return items->count > 0
        || erg_fail(err, ERG_NO_DATA, "%s holds no line", items->path);
}

erg_items *erg_items_parse_text(const char *path, const char *bytes, size_t count,
                                erg_error *err)
{
    erg_items *items = erg_items_new(path, err);
    char *text = items ? erg_arena_take(items->arena, count + 1, err) : NULL;

    if (text && cut_lines(items, memcpy(text, bytes, count), count, err))
        return items;
    erg_items_free(items);
    return NULL;
}

erg_items *erg_items_load(const char *path, erg_items_parser *parse, erg_error *err)
{
    size_t count = 0;
    char *bytes = erg_file_read(path, (size_t)1 << 30, &count, err);
    erg_items *items = bytes ? parse(path, bytes, count, err) : NULL;

    free(bytes);
    return items;
}

erg_items *erg_items_load_text(const char *path, erg_error *err)
{
    return erg_items_load(path, erg_items_parse_text, err);
}

/* ---- by id ------------------------------------------------------------------------ */

static int compare_ids(const void *a, const void *b)
{
    const erg_item *const *x = a, *const *y = b;
    return strcmp((*x)->id, (*y)->id);
}

static const erg_item **sorted(const erg_items *items, erg_error *err)
{
    const erg_item **by_id = malloc((items->count + 1) * sizeof(void *));

    if (!by_id) {
        erg_fail(err, ERG_NO_MEMORY, "out of memory");
        return NULL;
    }
    for (size_t i = 0; i < items->count; i++)
        by_id[i] = &items->items[i];
    qsort(by_id, items->count, sizeof(void *), compare_ids);
    return by_id;
}

static bool match_by_id(const erg_items *items, const erg_items *others,
                        const erg_item *found[], erg_error *err)
{
    const erg_item **by_id = sorted(others, err);
    bool ok = by_id != NULL;

    for (size_t i = 1; ok && i < others->count; i++)
        if (strcmp(by_id[i - 1]->id, by_id[i]->id) == 0)
            ok = erg_fail(err, ERG_BAD_INPUT, "%s has the id '%s' twice", others->path,
                          by_id[i]->id);
    for (size_t i = 0; ok && i < items->count; i++) {
        const erg_item *key = &items->items[i];
        const erg_item **hit = bsearch(&key, by_id, others->count, sizeof(void *),
                                       compare_ids);
        if (!hit)
            ok = erg_fail(err, ERG_BAD_INPUT, "%s has no item '%s', which is in %s",
                          others->path, key->id, items->path);
        else
            found[i] = *hit;
    }
    free(by_id);
    return ok;
}

/* For each item the other's, in found[items->count]. */
static bool match(const erg_items *items, const erg_items *others, const erg_item *found[],
                  erg_error *err)
{
    if (items->count != others->count)
        return erg_fail(err, ERG_BAD_INPUT, "%s has %zu items, %s has %zu: they cannot be "
                        "paired", items->path, items->count, others->path, others->count);
    if (items->has_ids && others->has_ids)
        return match_by_id(items, others, found, err);
    for (size_t i = 0; i < items->count; i++)
        found[i] = &others->items[i];
    return true;
}

/* ---- references and baselines ------------------------------------------------------ */

static bool add_reference(erg_items *items, erg_item *item, const erg_item *other,
                          erg_error *err)
{
    size_t count = item->reference_count;
    const char **more = other->output
        ? erg_arena_take(items->arena, (count + 1) * sizeof(*more), err) : NULL;

    if (other->output && !more)
        return false;
    if (other->output) {
        if (count)
            memcpy(more, item->references, count * sizeof(*more));
        more[count] = erg_arena_text(items->arena, other->output, err);
        item->references = more;
        item->reference_count = count + 1;
        if (!more[count])
            return false;
    }
    if (!other->has_truths && !other->has_boxes)
        return true;
    size_t boxes = other->has_truths ? other->truth_count : other->box_count;
    erg_box *copy = erg_arena_take(items->arena, boxes * sizeof(*copy), err);
    if (!copy)
        return false;
    for (size_t i = 0; i < boxes; i++) {
        copy[i] = other->has_truths ? other->truths[i] : other->boxes[i];
        copy[i].kind = erg_arena_text(items->arena, copy[i].kind, err);
        if (!copy[i].kind)
            return false;
    }
    item->truths = copy;
    item->truth_count = boxes;
    return item->has_truths = true;
}

bool erg_items_refer(erg_items *items, const erg_items *references, erg_error *err)
{
    const erg_item **found = malloc((items->count + 1) * sizeof(void *));
    bool ok = found ? match(items, references, found, err)
                    : erg_fail(err, ERG_NO_MEMORY, "out of memory");

    for (size_t i = 0; ok && i < items->count; i++) {
        ok = add_reference(items, &items->items[i], found[i], err);
        if (ok && found[i]->label && !items->items[i].label)
            ok = (items->items[i].label
                      = erg_arena_text(items->arena, found[i]->label, err)) != NULL;
    }
    free(found);
    return ok;
}

bool erg_items_pair(const erg_items *items, erg_items *baseline, erg_error *err)
{
    const erg_item **found = malloc((items->count + 1) * sizeof(void *));
    erg_item *ordered = malloc((items->count + 1) * sizeof(*ordered));
    bool ok = found && ordered ? match(items, baseline, found, err)
                               : erg_fail(err, ERG_NO_MEMORY, "out of memory");

    for (size_t i = 0; ok && i < items->count; i++)
        ordered[i] = *found[i];
    if (ok) {
        free(baseline->items);
        baseline->items = ordered;
        baseline->capacity = items->count + 1;
    } else {
        free(ordered);
    }
    free(found);
    return ok;
}
