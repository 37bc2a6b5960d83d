/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The three shapes of a training log. Programs write bare NaN and Infinity into JSON, which
 * JSON does not know: outside of texts they become null before it is parsed.
 */
#include <ctype.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include "thermal/training_inside.h"

/* ---- JSON ------------------------------------------------------------------- */

static size_t bare_word(const char *at, size_t left)
{
    static const char *const words[] = { "-Infinity", "Infinity", "-NaN", "NaN" };

    for (size_t i = 0; i < ERG_COUNT(words); i++)
        if (strlen(words[i]) <= left && memcmp(at, words[i], strlen(words[i])) == 0)
            return strlen(words[i]);
    return 0;
}

char *erg_training_clean_json(const char *bytes, size_t size, size_t *count, erg_error *err)
{
    erg_text clean = { 0 };
    bool in_text = false;
    size_t kept = 0;

    for (size_t i = 0; i < size; i++) {
        if (in_text && bytes[i] == '\\') {
            i++;
            continue;
        }
        in_text ^= bytes[i] == '"';
        size_t word = in_text ? 0 : bare_word(bytes + i, size - i);
        if (!word)
            continue;
        erg_text_add_bytes(&clean, bytes + kept, i - kept);
        erg_text_add_bytes(&clean, "null", 4);
        kept = i + word;
        i = kept - 1;
    }
    erg_text_add_bytes(&clean, bytes + kept, size - kept);
    *count = clean.count;
    char *text = erg_text_take(&clean);
    if (!text)
        erg_fail(err, ERG_NO_MEMORY, "out of memory");
    return text;
}

static erg_training_cell cell_of(const json_t *value)
{
    const char *text = json_string_value(value);

    if (json_is_number(value))
        return (erg_training_cell){ .is_number = true, .number = json_number_value(value) };
    return (erg_training_cell){ .text = { text ? text : "", text ? strlen(text) : 0 } };
}

static bool take_object(erg_training_draft *draft, const json_t *object, erg_error *err)
{
    erg_training_record *record = erg_training_begin(draft, err);
    bool whole = json_is_object(object);

    if (!record)
        return false;
    for (void *at = json_object_iter((json_t *)object); at && whole;
         at = json_object_iter_next((json_t *)object, at)) {
        const char *key = json_object_iter_key(at);
        whole = erg_training_set(draft, record, (erg_field){ key, strlen(key) },
                                 cell_of(json_object_iter_value(at)));
    }
    if (!whole)
        erg_training_drop(draft);
    return true;
}

static bool read_array(erg_training_draft *draft, const char *bytes, size_t size,
                       erg_error *err)
{
    json_error_t fault;
    json_t *root = json_loadb(bytes, size, JSON_ALLOW_NUL, &fault);
    bool ok = root
              || erg_fail(err, ERG_BAD_INPUT, "%s: line %d: %s", draft->name, fault.line,
                          fault.text);

    for (size_t i = 0; ok && i < json_array_size(root); i++)
        ok = take_object(draft, json_array_get(root, i), err);
    json_decref(root);
    return ok;
}

/* A torn line is no object: it is counted. */
static bool read_line(erg_training_draft *draft, const char *line, size_t count,
                      erg_error *err)
{
    if (erg_field_trim((erg_field){ line, count }).count == 0)
        return true;
    json_t *object = json_loadb(line, count, JSON_ALLOW_NUL, NULL);
    bool ok = take_object(draft, object, err);
    json_decref(object);
    return ok;
}

static bool read_lines(erg_training_draft *draft, const char *bytes, size_t size,
                       erg_error *err)
{
    bool ok = true;

    for (size_t at = 0; ok && at < size;) {
        const char *end = memchr(bytes + at, '\n', size - at);
        size_t count = end ? (size_t)(end - bytes) - at : size - at;
        ok = read_line(draft, bytes + at, count, err);
        at += count + 1;
    }
    return ok;
}

bool erg_training_read_json(erg_training_draft *draft, const char *bytes, size_t size,
                            erg_error *err)
{
    size_t first = 0, count;
    char *text = erg_training_clean_json(bytes, size, &count, err);

    if (!text)
        return false;
    while (first < count && isspace((unsigned char)text[first]))
        first++;
    bool ok = first < count && text[first] == '[' ? read_array(draft, text, count, err)
                                                  : read_lines(draft, text, count, err);
    free(text);
    return ok;
}

/* ---- CSV -------------------------------------------------------------------- */

enum { COLUMNS_MOST = 256, NAME_MOST = 64 };

typedef struct sheet {
    erg_training_draft *draft;
    char names[COLUMNS_MOST][NAME_MOST];
    size_t columns;
    bool has_header;
} sheet;

static bool take_header(sheet *of, const erg_csv_row *row)
{
    for (; of->columns < row->count && of->columns < COLUMNS_MOST; of->columns++) {
        erg_field name = erg_field_trim(row->fields[of->columns]);
        if (name.count < NAME_MOST)
            memcpy(of->names[of->columns], name.text, name.count);
    }
    return of->has_header = true;
}

static bool take_row(void *self, const erg_csv_row *row, erg_error *err)
{
    sheet *of = self;
    bool whole = !row->has_nul;

    if (!of->has_header)
        return take_header(of, row);
    erg_training_record *record = erg_training_begin(of->draft, err);
    if (!record)
        return false;
    for (size_t i = 0; whole && i < of->columns && i < row->count; i++)
        whole = erg_training_set(of->draft, record,
                                 (erg_field){ of->names[i], strlen(of->names[i]) },
                                 (erg_training_cell){ .text = row->fields[i] });
    if (!whole)
        erg_training_drop(of->draft);
    return true;
}

bool erg_training_read_csv(erg_training_draft *draft, const char *bytes, size_t size,
                           erg_error *err)
{
    sheet *of = calloc(1, sizeof(*of));
    bool torn_last = false;

    if (!of)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory");
    of->draft = draft;
    const erg_csv csv = { .name = draft->name, .row = take_row, .self = of };
    bool ok = erg_csv_read(&csv, bytes, size, &torn_last, err);
    draft->torn += torn_last;
    free(of);
    return ok;
}
