/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The metrics: one table. Adding one is a compute function and a row.
 */
#ifndef ERG_QUALITY_METRIC_H
#define ERG_QUALITY_METRIC_H

#include "quality/array.h"
#include "quality/image.h"
#include "quality/items.h"
#include "quality/lpips.h"
#include "quality/tally.h"

/* What one setting gave. NULL: was not given. */
typedef struct erg_answers {
    const erg_items *items;
    const erg_array *features;      /* a row an item, or a sentence */
    const erg_layers *layers;
    const erg_folder *images;
    const double *distances;        /* of each image from its partner: LPIPS */
} erg_answers;

/* What a metric may look at. */
typedef struct erg_quality_case {
    erg_answers mine;
    const erg_answers *baseline;
    const erg_array *against;   /* features of real ones */
    const erg_array *texts;     /* features of what was asked for, an item a row */
    const erg_layers *against_layers, *weights;
    const erg_folder *against_images;
    double log_base;            /* of logprobs */
    /* Which encoders made features (or distances) and texts; NULL: they were given. */
    const char *features_by, *texts_by;
} erg_quality_case;

/* A metric computes where all that it needs was given. */
typedef enum erg_need {
    ERG_NEED_OUTPUT = 1 << 0, ERG_NEED_REFERENCE = 1 << 1, ERG_NEED_LOGPROBS = 1 << 2,
    ERG_NEED_BASELINE = 1 << 3, ERG_NEED_LABEL = 1 << 4, ERG_NEED_BOXES = 1 << 5,
    ERG_NEED_LOSS = 1 << 6, ERG_NEED_FEATURES = 1 << 7, ERG_NEED_AGAINST = 1 << 8,
    ERG_NEED_TEXTS = 1 << 9, ERG_NEED_LAYERS = 1 << 10, ERG_NEED_OTHER_LAYERS = 1 << 11,
    ERG_NEED_WEIGHTS = 1 << 12, ERG_NEED_PREDICTED = 1 << 13, ERG_NEED_TRUTHS = 1 << 14,
    ERG_NEED_IMAGES = 1 << 15, ERG_NEED_OTHER_IMAGES = 1 << 16
} erg_need;

typedef struct erg_metric erg_metric;
struct erg_metric {
    const char *name;           /* "rouge-1" */
    const char *family;         /* "rouge": asks for all of them */
    const char *about;
    unsigned needs;             /* erg_need, or-ed */
    erg_retention_rule rule;    /* also says whether higher is better */
    bool on_request;            /* not shown unless asked for */
    int choice;                 /* for the compute function: which of its kin */
    /* Fills tally. ERG_NO_DATA: n/a, err says why; anything else is a failure. */
    bool (*compute)(const erg_metric *metric, const erg_quality_case *with,
                    erg_tally *tally, erg_error *err);
    const char *beside;         /* shown with this family as well */
};

extern const erg_metric erg_metrics[];
extern const size_t erg_metric_count;

/* The needs that a case fulfils. */
unsigned erg_needs_given(const erg_quality_case *with);
/* "no reference (--reference)": of the first need that is not given. */
const char *erg_need_reason(unsigned missing);

/* Compute functions, by file. */
typedef bool erg_compute(const erg_metric *metric, const erg_quality_case *with,
                         erg_tally *tally, erg_error *err);
erg_compute erg_bleu_compute, erg_rouge_compute, erg_error_rate_compute,
    erg_agreement_compute, erg_perplexity_compute, erg_variety_compute,
    erg_frechet_compute, erg_kernel_compute, erg_clip_compute, erg_coherence_compute,
    erg_lpips_compute, erg_classes_compute, erg_loss_compute, erg_boxes_compute,
    erg_psnr_compute;

/* 10 counts of one answer: matches, totals of n = 1..4, length, reference length. */
enum { ERG_BLEU_COUNTS = 10 };
double erg_bleu_value(const double counts[ERG_BLEU_COUNTS], bool effective_order);

#endif
