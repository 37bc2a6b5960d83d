/* SPDX-License-Identifier: Apache-2.0 */
/* JSON Lines: one answer a line. Unknown keys are left to those who wrote them. */
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "quality/items_inside.h"

/* The line that is read, for sentences. */
typedef struct record_line { erg_items *items; size_t number; erg_error *err; } record_line;

static bool wrong(const record_line *line, const char *key, const char *what)
{
    return erg_fail(line->err, ERG_BAD_INPUT, "%s:%zu: \"%s\" is not %s", line->items->path,
                    line->number, key, what);
}

static const char *keep(const record_line *line, const char *text)
{
    return erg_arena_text(line->items->arena, text, line->err);
}

/* A text, or a whole number as one. */
static bool read_word(const record_line *line, const char *key, const json_t *value,
                      const char **to)
{
    char number[32];

    if (json_is_integer(value)) {
        snprintf(number, sizeof(number), "%" JSON_INTEGER_FORMAT,
                 json_integer_value(value));
        return (*to = keep(line, number)) != NULL;
    }
    return json_is_string(value) ? (*to = keep(line, json_string_value(value))) != NULL
                                 : wrong(line, key, "a text or a whole number");
}

static bool read_words(const record_line *line, const char *key, const json_t *list,
                       const char ***to, size_t *count)
{
    size_t size = json_array_size(list);

    if (!json_is_array(list)) {
        *to = erg_arena_take(line->items->arena, sizeof(**to), line->err);
        *count = 1;
        return *to && read_word(line, key, list, *to);
    }
    *to = erg_arena_take(line->items->arena, size * sizeof(**to), line->err);
    for (size_t i = 0; *to && i < size; i++)
        if (!read_word(line, key, json_array_get(list, i), *to + i))
            return false;
    *count = size;
    return *to != NULL;
}

/* Numbers; null is a token that was not scored; "-inf" a probability of 0. */
static bool read_logprobs(const record_line *line, erg_item *item, const json_t *list)
{
    size_t size = json_array_size(list);
    double *to = erg_arena_take(line->items->arena, size * sizeof(*to), line->err);

    if (!json_is_array(list) || !to)
        return to && wrong(line, "logprobs", "a list");
    for (size_t i = 0; i < size; i++) {
        const json_t *one = json_array_get(list, i);
        bool none = json_is_string(one) && strcmp(json_string_value(one), "-inf") == 0;
        to[i] = json_is_number(one) ? json_number_value(one) : none ? -INFINITY : NAN;
        if (!json_is_number(one) && !none && !json_is_null(one))
            return wrong(line, "logprobs", "of numbers, null and \"-inf\"");
        if (to[i] > 0)
            return wrong(line, "logprobs",
                         "of logarithms of probabilities: one is above 0");
    }
    item->logprobs = to;
    item->logprob_count = size;
    return true;
}

static bool read_box(const record_line *line, const char *key, const json_t *list,
                     erg_box *to)
{
    double *edges[] = { &to->x0, &to->y0, &to->x1, &to->y1, &to->score };
    size_t size = json_array_size(list), numbers = size - 1;

    if (!json_is_array(list) || (size != 5 && size != 6))
        return wrong(line, key,
                     "of [x0,y0,x1,y1,score,class] or, for truths, without score");
    to->score = NAN;
    for (size_t i = 0; i < numbers; i++) {
        const json_t *one = json_array_get(list, i);
        if (!json_is_number(one))
            return wrong(line, key, "of numbers");
        *edges[i] = json_number_value(one);
    }
    if (to->x1 < to->x0 || to->y1 < to->y0)
        return wrong(line, key, "of boxes with x0 <= x1 and y0 <= y1");
    return read_word(line, key, json_array_get(list, size - 1), &to->kind);
}

static bool read_boxes(const record_line *line, const char *key, const json_t *list,
                       const erg_box **to, size_t *count)
{
    size_t size = json_array_size(list);
    erg_box *boxes = erg_arena_take(line->items->arena, size * sizeof(*boxes), line->err);

    if (!json_is_array(list) || !boxes)
        return boxes && wrong(line, key, "a list");
    for (size_t i = 0; i < size; i++)
        if (!read_box(line, key, json_array_get(list, i), &boxes[i]))
            return false;
    *to = boxes;
    *count = size;
    return true;
}

/* ---- keys ------------------------------------------------------------------------- */

typedef bool key_reader(const record_line *line, erg_item *item, const json_t *value);

static bool key_id(const record_line *line, erg_item *item, const json_t *value)
{
    return read_word(line, "id", value, &item->id);
}

static bool key_output(const record_line *line, erg_item *item, const json_t *value)
{
    return json_is_string(value)
        ? (item->output = keep(line, json_string_value(value))) != NULL
        : wrong(line, "output", "a text");
}

static bool key_references(const record_line *line, erg_item *item, const json_t *value)
{
    return read_words(line, "references", value, &item->references, &item->reference_count);
}

static bool key_sentences(const record_line *line, erg_item *item, const json_t *value)
{
    return read_words(line, "sentences", value, &item->sentences, &item->sentence_count);
}

static bool key_boxes(const record_line *line, erg_item *item, const json_t *value)
{
    item->has_boxes = true;
    return read_boxes(line, "boxes", value, &item->boxes, &item->box_count);
}

static bool key_truths(const record_line *line, erg_item *item, const json_t *value)
{
    item->has_truths = true;
    return read_boxes(line, "truths", value, &item->truths, &item->truth_count);
}

static bool key_label(const record_line *line, erg_item *item, const json_t *value)
{
    return read_word(line, "label", value, &item->label);
}

static bool key_predicted(const record_line *line, erg_item *item, const json_t *value)
{
    return read_words(line, "predicted", value, &item->predicted, &item->predicted_count);
}

static bool key_loss(const record_line *line, erg_item *item, const json_t *value)
{
    item->loss = json_number_value(value);
    return json_is_number(value) || wrong(line, "loss", "a number");
}

/* Perplexity of other tokens, or of another scorer, is another quantity. */
static bool same(const record_line *line, const char *key, const json_t *value,
                 const char **all)
{
    const char *word = NULL;

    if (!read_word(line, key, value, &word))
        return false;
    if (*all && strcmp(*all, word) != 0)
        return erg_fail(line->err, ERG_BAD_INPUT,
                        "%s:%zu: the %s is %s, and %s before: their "
                        "figures do not compare", line->items->path, line->number,
                        key, word, *all);
    *all = word;
    return true;
}

static bool key_tokenizer(const record_line *line, erg_item *item, const json_t *value)
{
    (void)item;
    return same(line, "tokenizer", value, &line->items->tokenizer);
}

static bool key_model(const record_line *line, erg_item *item, const json_t *value)
{
    (void)item;
    return same(line, "model", value, &line->items->model);
}

static bool key_scorer(const record_line *line, erg_item *item, const json_t *value)
{
    (void)item;
    return same(line, "scorer", value, &line->items->scorer);
}

static const struct { const char *name; key_reader *read; } keys[] = {
    { "id", key_id },               { "output", key_output },
    { "references", key_references }, { "logprobs", read_logprobs },
    { "sentences", key_sentences }, { "boxes", key_boxes },
    { "truths", key_truths },       { "label", key_label },
    { "predicted", key_predicted }, { "loss", key_loss },
    { "tokenizer", key_tokenizer }, { "model", key_model },
    { "scorer", key_scorer },
};

static bool read_record(const record_line *line, const char *text, size_t count)
{
    json_error_t at;
    json_t *record = json_loadb(text, count, JSON_REJECT_DUPLICATES, &at);
    erg_item *item = record ? erg_items_add(line->items, line->err) : NULL;
    bool ok = item != NULL;

    if (!record)
        return erg_fail(line->err, ERG_BAD_INPUT, "%s:%zu: %s", line->items->path,
                        line->number, at.text);
    if (ok && !json_is_object(record))
        ok = erg_fail(line->err, ERG_BAD_INPUT, "%s:%zu: a record is an object",
                      line->items->path, line->number);
    for (size_t i = 0; ok && i < ERG_COUNT(keys); i++) {
        const json_t *value = json_object_get(record, keys[i].name);
        ok = !value || json_is_null(value) || keys[i].read(line, item, value);
    }
    json_decref(record);
    return ok;
}

static bool is_blank_line(const char *text, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!strchr(" \t\r", text[i]) || !text[i])
            return false;
    return true;
}

static bool read_all(erg_items *items, const char *bytes, size_t count, erg_error *err)
{
    record_line line = { items, 0, err };
    size_t named = 0;

    for (size_t at = 0; at < count;) {
        const char *end = memchr(bytes + at, '\n', count - at);
        size_t stop = end ? (size_t)(end - bytes) : count;
        line.number++;
        if (!is_blank_line(bytes + at, stop - at)
            && (!erg_items_check_line(items, line.number, bytes + at, stop - at, err)
                || !read_record(&line, bytes + at, stop - at)))
            return false;
        at = stop + 1;
    }
    for (size_t i = 0; i < items->count; i++)
        named += items->items[i].id != NULL;
    items->has_ids = named > 0;
    if (named && named < items->count)
        return erg_fail(err, ERG_BAD_INPUT, "%s: only %zu of %zu records have an id",
                        items->path, named, items->count);
    return items->count > 0
        || erg_fail(err, ERG_NO_DATA, "%s holds no record", items->path);
}

erg_items *erg_items_parse_records(const char *path, const char *bytes, size_t count,
                                   erg_error *err)
{
    erg_items *items = erg_items_new(path, err);

    if (items && read_all(items, bytes, count, err))
        return items;
    erg_items_free(items);
    return NULL;
}

erg_items *erg_items_load_records(const char *path, erg_error *err)
{
    return erg_items_load(path, erg_items_parse_records, err);
}
