/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Detection: average precision at 101 recalls, as COCO computes it (Lin et al. 2014).
 *
 * Who matches whom is settled within an image, so that a draw of images only weighs what
 * was matched once.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "quality/metric.h"

enum { THRESHOLDS = 10, DETECTIONS_MOST = 100, RECALLS = 101 };

typedef struct box_detection {
    size_t image;
    double score;
    size_t order;                   /* in the file: of equal scores the first */
    unsigned matches;               /* bit t: at IoU threshold t */
} box_detection;

/* Of one class, in all images. */
typedef struct box_class {
    const char *kind;
    box_detection *detections;      /* by falling score */
    size_t count, capacity;
    size_t *truths;                 /* of each image */
} box_class;

typedef struct box_state {
    box_class *classes;
    size_t count, capacity, images;
    double *ups;                    /* precision at each detection: room for a draw */
    double *recalls;
    size_t detections_most;
    int first, last;                /* thresholds that the metric averages */
} box_state;

static void state_free(void *self)
{
    box_state *state = self;

    for (size_t i = 0; state && i < state->count; i++) {
        free(state->classes[i].detections);
        free(state->classes[i].truths);
    }
    if (state) {
        free(state->classes);
        free(state->ups);
        free(state->recalls);
    }
    free(state);
}

/* ---- matching ----------------------------------------------------------------------- */

static double area(const erg_box *box) { return (box->x1 - box->x0) * (box->y1 - box->y0); }

/* Continuous edges: no pixel is added. */
static double overlap(const erg_box *a, const erg_box *b)
{
    double width = fmin(a->x1, b->x1) - fmax(a->x0, b->x0);
    double height = fmin(a->y1, b->y1) - fmax(a->y0, b->y0);
    double shared = width > 0 && height > 0 ? width * height : 0;
    double both = area(a) + area(b) - shared;

    return both > 0 ? shared / both : 0;
}

/* .50, .55 .. .95, each the nearest double to its decimal. */
static double threshold(int index) { return (50 + 5 * index) / 100.0; }

/* The unused truth of the same class that a detection overlaps most, if enough. */
static bool take_truth(const erg_item *item, const erg_box *box, int at, bool used[])
{
    size_t best = item->truth_count;
    double most = threshold(at);

    for (size_t i = 0; i < item->truth_count; i++) {
        double one = overlap(box, &item->truths[i]);
        if (used[i] || strcmp(item->truths[i].kind, box->kind) != 0 || one < most
            || (best < item->truth_count && one <= most))
            continue;
        best = i;
        most = one;
    }
    return best < item->truth_count && (used[best] = true);
}

static int by_score(const void *a, const void *b)
{
    const box_detection *x = a, *y = b;

    if (x->score != y->score)
        return x->score > y->score ? -1 : 1;
    if (x->image != y->image)
        return x->image < y->image ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

static box_class *class_of(box_state *state, const char *kind, erg_error *err)
{
    for (size_t i = 0; i < state->count; i++)
        if (strcmp(state->classes[i].kind, kind) == 0)
            return &state->classes[i];
    if (!erg_grow((void **)&state->classes, &state->capacity, state->count,
                  sizeof(*state->classes), err))
        return NULL;
    box_class *made = &state->classes[state->count++];
    *made = (box_class){ .kind = kind,
                         .truths = calloc(state->images + 1, sizeof(size_t)) };
    if (!made->truths)
        erg_fail(err, ERG_NO_MEMORY, "out of memory");
    return made->truths ? made : NULL;
}

static bool add_detection(box_state *state, const char *kind, const box_detection *one,
                          erg_error *err)
{
    box_class *to = class_of(state, kind, err);

    if (!to || !erg_grow((void **)&to->detections, &to->capacity, to->count,
                         sizeof(*to->detections), err))
        return false;
    to->detections[to->count++] = *one;
    return true;
}

/* The detections of one image, by falling score; at most 100. */
static bool match_image(box_state *state, const erg_item *item, size_t image,
                        erg_error *err)
{
    box_detection *order = malloc((item->box_count + 1) * sizeof(*order));
    bool *used = malloc(item->truth_count + 1);
    bool ok = (order && used) || erg_fail(err, ERG_NO_MEMORY, "out of memory");

    for (size_t i = 0; ok && i < item->box_count; i++)
        order[i] = (box_detection){ image, item->boxes[i].score, i, 0 };
    if (ok)
        qsort(order, item->box_count, sizeof(*order), by_score);
    size_t count = item->box_count < DETECTIONS_MOST ? item->box_count : DETECTIONS_MOST;
    for (int at = 0; ok && at < THRESHOLDS; at++) {
        memset(used, 0, item->truth_count + 1);
        for (size_t i = 0; i < count; i++)
            if (take_truth(item, &item->boxes[order[i].order], at, used))
                order[i].matches |= 1u << at;
    }
    for (size_t i = 0; ok && i < count; i++)
        ok = add_detection(state, item->boxes[order[i].order].kind, &order[i], err);
    free(order);
    free(used);
    return ok;
}

static bool match_all(box_state *state, const erg_items *items, erg_tally *tally,
                      erg_error *err)
{
    for (size_t i = 0; i < items->count; i++) {
        const erg_item *item = &items->items[i];
        if (!item->has_truths)
            continue;
        for (size_t j = 0; j < item->box_count; j++)
            if (isnan(item->boxes[j].score))
                return erg_fail(err, ERG_BAD_INPUT,
                                "%s: a detection of item %zu has no score",
                                items->path, i + 1);
        for (size_t j = 0; j < item->truth_count; j++) {
            box_class *of = class_of(state, item->truths[j].kind, err);
            if (!of)
                return false;
            of->truths[i]++;
        }
        if (!match_image(state, item, i, err))
            return false;
        tally->is_scored[i] = true;
    }
    return true;
}

/* ---- average precision --------------------------------------------------------------- */

/* Weighed; NAN for a class without truth. */
static double precision_of(const box_state *state, const box_class *of, int at,
                           const uint32_t weights[])
{
    double truths = 0, found = 0, all = 0, sum = 0;
    size_t steps = 0, at_recall = 0;

    for (size_t i = 0; i < state->images; i++)
        truths += (double)weights[i] * (double)of->truths[i];
    if (!(truths > 0))
        return NAN;
    for (size_t i = 0; i < of->count; i++) {
        double weight = weights[of->detections[i].image];
        if (weight == 0)
            continue;
        all += weight;
        found += of->detections[i].matches >> at & 1 ? weight : 0;
        state->ups[steps] = found / all;
        state->recalls[steps++] = found;
    }
    for (size_t i = steps; i-- > 1;)
        state->ups[i - 1] = fmax(state->ups[i - 1], state->ups[i]);
    for (int r = 0; r < RECALLS; r++) {
        while (at_recall < steps && 100 * state->recalls[at_recall] < r * truths)
            at_recall++;
        sum += at_recall < steps ? state->ups[at_recall] : 0;
    }
    return sum / RECALLS;
}

static double weigh(const erg_tally *tally, const uint32_t weights[])
{
    const box_state *state = tally->state;
    double sum = 0, count = 0;

    for (int at = state->first; at <= state->last; at++)
        for (size_t i = 0; i < state->count; i++) {
            double one = precision_of(state, &state->classes[i], at, weights);
            sum += isnan(one) ? 0 : one;
            count += !isnan(one);
        }
    return count > 0 ? sum / count : NAN;
}

static bool sort_all(box_state *state, erg_error *err)
{
    for (size_t i = 0; i < state->count; i++) {
        box_class *of = &state->classes[i];
        if (of->count)
            qsort(of->detections, of->count, sizeof(*of->detections), by_score);
        if (of->count > state->detections_most)
            state->detections_most = of->count;
    }
    state->ups = malloc((state->detections_most + 1) * sizeof(double));
    state->recalls = malloc((state->detections_most + 1) * sizeof(double));
    return (state->ups && state->recalls) || erg_fail(err, ERG_NO_MEMORY, "out of memory");
}

/* metric->choice: 50, 75, or 0 for the mean over .50 to .95. */
bool erg_boxes_compute(const erg_metric *metric, const erg_quality_case *with,
                       erg_tally *tally, erg_error *err)
{
    const erg_items *items = with->mine.items;
    box_state *state = calloc(1, sizeof(*state));
    double detections = 0;

    if (!state)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory");
    state->images = items->count;
    state->first = metric->choice ? (metric->choice - 50) / 5 : 0;
    state->last = metric->choice ? state->first : THRESHOLDS - 1;
    tally->state = state;
    tally->free_state = state_free;
    tally->weigh = weigh;
    if (!erg_tally_make(tally, items->count, 1, err) || !match_all(state, items, tally, err)
        || !sort_all(state, err))
        return false;
    for (size_t i = 0; i < state->count; i++)
        detections += (double)state->classes[i].count;
    tally->cost = (state->last - state->first + 1)
                * (detections / (double)items->count + (double)state->count);
    return true;
}
