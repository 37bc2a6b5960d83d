/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A metric over items, ready to be drawn again and again.
 *
 * Most metrics are a function of sums over items (BLEU of its matches, perplexity of its
 * logarithms): they give the counts of each item, and value of the sums. The others
 * (KID, mean average precision) answer for weights of items: weigh.
 */
#ifndef ERG_QUALITY_TALLY_H
#define ERG_QUALITY_TALLY_H

#include "base/base.h"

typedef struct erg_tally erg_tally;

struct erg_tally {
    size_t items, width;
    double *counts;             /* items x width */
    bool *is_scored;            /* an item that is n/a counts for nothing */
    /* NAN where the draw holds nothing to score. */
    double (*value)(const erg_tally *tally, const double sums[]);
    double (*item)(const erg_tally *tally, const double counts[]);     /* NULL: value */
    double (*weigh)(const erg_tally *tally, const uint32_t weights[]); /* NULL: by sums */
    double cost;                /* of one weigh, in items; 0: one each */
    bool has_no_items;          /* an item alone has no score */
    void *state;
    void (*free_state)(void *state);
};

/* Zeroed counts, nothing scored. */
bool erg_tally_make(erg_tally *tally, size_t items, size_t width, erg_error *err);
void erg_tally_free(erg_tally *tally);
double erg_tally_value(const erg_tally *tally);     /* of all items, once each */
double erg_tally_item(const erg_tally *tally, size_t item);
size_t erg_tally_scored(const erg_tally *tally);
/* value for a metric that is a mean: counts are (sum, n). */
double erg_tally_mean(const erg_tally *tally, const double sums[]);

/* How a score turns into retention: 1 is as good as the baseline. */
typedef enum erg_retention_rule {
    ERG_RETAIN_HIGHER,      /* m / base */
    ERG_RETAIN_LOWER,       /* base / m */
    ERG_RETAIN_ERROR,       /* (1 - m) / (1 - base), 0 if negative */
    ERG_RETAIN_DISTANCE,    /* 1 - m: m is against the baseline itself */
    ERG_RETAIN_NONE
} erg_retention_rule;

double erg_retention_of(erg_retention_rule rule, double value, double baseline);

typedef struct erg_spread { double low, high; } erg_spread;

enum { ERG_DRAWS = 2000 };
/* 95 % percentile bootstrap over items. All n^n draws where they are no more than draws.
 * NAN for under two scored items, or where the draws would take minutes (*too_long). */
bool erg_tally_spread(const erg_tally *tally, size_t draws, erg_spread *out, bool *too_long,
                      erg_error *err);
/* Both one-sided 95 % bounds of retention, the same items drawn for both. An item that
 * either lacks is left out of both. */
bool erg_retention_spread(erg_retention_rule rule, const erg_tally *mine,
                          const erg_tally *baseline, size_t draws, erg_spread *out,
                          erg_error *err);

#endif
