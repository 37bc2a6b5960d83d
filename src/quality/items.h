/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was answered, item by item: lines of text or JSON records.
 *
 * Missing is NULL, count 0 or NAN. One arena holds all of it.
 */
#ifndef ERG_QUALITY_ITEMS_H
#define ERG_QUALITY_ITEMS_H

#include "base/base.h"

typedef struct erg_box { double x0, y0, x1, y1, score; const char *kind; } erg_box;

typedef struct erg_item {
    const char *id;             /* pairs it with the baseline's */
    const char *output;
    const char **references;
    size_t reference_count;
    const double *logprobs;     /* as in the file; NAN: not scored */
    size_t logprob_count;
    const char **sentences;
    size_t sentence_count;
    const erg_box *boxes, *truths;
    size_t box_count, truth_count;
    bool has_boxes, has_truths; /* an image without any is an image */
    const char *label;
    const char **predicted;     /* best first */
    size_t predicted_count;
    double loss;
} erg_item;

typedef struct erg_items {
    erg_arena *arena;
    const char *path;
    erg_item *items;
    size_t count, capacity;
    const char *tokenizer, *model, *scorer;     /* of all records, or NULL */
    bool has_ids;
} erg_items;

void erg_items_free(erg_items *items);
/* UTF-8, one item a line. */
erg_items *erg_items_load_text(const char *path, erg_error *err);
/* JSON Lines, docs/formats.md "Records of answers". */
erg_items *erg_items_load_records(const char *path, erg_error *err);
erg_items *erg_items_parse_text(const char *path, const char *bytes, size_t count,
                                erg_error *err);
erg_items *erg_items_parse_records(const char *path, const char *bytes, size_t count,
                                   erg_error *err);
/* Adds one reference to every item: the outputs of the other, by line or by id; or its
 * boxes as truths. */
bool erg_items_refer(erg_items *items, const erg_items *references, erg_error *err);
/* Finds the sentences of answers whose records list none: each ends behind . ! or ?, and
 * quotes or brackets, before white space, or at a line's end. */
bool erg_items_cut(erg_items *items, erg_error *err);
/* The baseline in the order of items: by id if both have ids, else by place. Where their
 * ids or counts differ: a sentence that names one. */
bool erg_items_pair(const erg_items *items, erg_items *baseline, erg_error *err);

#endif
