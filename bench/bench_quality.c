/* SPDX-License-Identifier: Apache-2.0 */
/*
 * erg quality: BLEU and ROUGE of 10,000 pairs of 30 words, FID of 5,000 rows of 2,048
 * columns, beside what the specification allows. Intervals are counted apart.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "quality/frechet.h"
#include "quality/metric.h"

enum { PAIRS = 10000, WORDS = 30, ROWS = 5000, COLUMNS = 2048 };

/* CPU time: the machine may have other work. */
static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static double uniform(void)
{
    static uint64_t state = 1;
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (double)(state >> 11) * 0x1p-53;
}

static char *sentence(void)
{
    erg_text text = { 0 };
    for (int i = 0; i < WORDS; i++)
        erg_text_add(&text, "%sword%d", i ? " " : "", (int)(2000 * uniform() * uniform()));
    return erg_text_take(&text);
}

static void text(const char *const names[], size_t name_count, double limit_s)
{
    static erg_item items[PAIRS];
    static const char *references[PAIRS];
    erg_items all = { .items = items, .count = PAIRS };
    erg_quality_case with = { .mine = { .items = &all } };
    double score_s = 0, spread_s = 0;

    for (size_t i = 0; i < PAIRS; i++) {
        references[i] = sentence();
        items[i] = (erg_item){ .output = sentence(), .references = &references[i],
                               .reference_count = 1, .loss = NAN };
    }
    for (size_t i = 0; i < name_count; i++)
        for (size_t j = 0; j < erg_metric_count; j++) {
            erg_tally tally = { 0 };
            erg_spread spread;
            bool too_long;
            if (strcmp(erg_metrics[j].name, names[i]) != 0)
                continue;
            double begin_s = now_s();
            erg_metrics[j].compute(&erg_metrics[j], &with, &tally, NULL);
            score_s += now_s() - begin_s, begin_s = now_s();
            erg_tally_spread(&tally, ERG_DRAWS, &spread, &too_long, NULL);
            spread_s += now_s() - begin_s;
            erg_tally_free(&tally);
        }
    printf("quality: bleu, rouge-1, rouge-2 of %d pairs: %.2f s (limit %.0f s: %s); "
           "%d draws: %.2f s\n", PAIRS, score_s, limit_s,
           score_s < limit_s ? "met" : "missed", ERG_DRAWS, spread_s);
    for (size_t i = 0; i < PAIRS; i++) {
        free((char *)(uintptr_t)references[i]);
        free((char *)(uintptr_t)items[i].output);
    }
}

static void features(double limit_s)
{
    erg_array *a = erg_array_new((size_t[]){ ROWS, COLUMNS }, 2, NULL);
    erg_array *b = erg_array_new((size_t[]){ ROWS, COLUMNS }, 2, NULL);
    double *pulls = calloc(ROWS, sizeof(*pulls));
    erg_frechet found;
    erg_error err = { 0 };

    for (size_t i = 0; a && b && i < (size_t)ROWS * COLUMNS; i++) {
        a->values[i] = uniform();
        b->values[i] = uniform() + 0.1;
    }
    double begin_s = now_s();
    if (!a || !b || !pulls || !erg_frechet_distance(a, b, &found, pulls, &err))
        printf("quality: no fid: %s\n", err.text);
    else {
        double took_s = now_s() - begin_s;
        printf("quality: fid of %d x %d with its interval: %.1f s (limit %.0f s: "
               "%s)\n", ROWS, COLUMNS, took_s, limit_s,
               took_s < limit_s ? "met" : "missed");
    }
    erg_array_free(a);
    erg_array_free(b);
    free(pulls);
}

int main(void)
{
    text((const char *const[]){ "bleu", "rouge-1", "rouge-2" }, 3, 1);
    features(20);
    return 0;
}
