/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What would make residuals white in a run that is long already. Models look back 20 bins
 * at most: in wider bins that is longer, and what a sensor smears over its window lies
 * within one.
 */
#include <math.h>
#include <stdlib.h>
#include "math/stats.h"
#include "couple/couple_inside.h"

#define LONG_S 300.0
enum { BINS_LEAST = 60 };

/* Means of `width` bins where half of them are there. */
static void widen(const double from[], size_t n, size_t width, double to[])
{
    for (size_t k = 0; k < n / width; k++) {
        size_t inside = 0;
        double sum = 0;
        for (size_t i = k * width; i < (k + 1) * width; i++)
            if (isfinite(from[i])) {
                sum += from[i];
                inside++;
            }
        to[k] = 2 * inside >= width ? sum / (double)inside : NAN;
    }
}

static bool is_white_at(const erg_joint *joint, const erg_joint_pair *pair, size_t width,
                        erg_detrend detrend)
{
    size_t n = erg_joint_n(joint), wide = n / width;
    double *room = calloc(2 * wide + 1, sizeof(*room));
    const erg_pair_options how = { .lags = 1, .draws = 1, .detrend = detrend };
    erg_pair test = { .is_white = false };
    bool is_white = false;

    if (!room)
        return false;
    widen(erg_joint_run(joint, &joint->channels[pair->x]), n, width, room);
    widen(erg_joint_run(joint, &joint->channels[pair->y]), n, width, room + wide);
    if (erg_pair_test(room, room + wide, wide, &how, &test, NULL)) {
        is_white = test.is_white;
        erg_pair_free(&test);
    }
    free(room);
    return is_white;
}

void erg_joint_whiter(const erg_joint *joint, const erg_joint_pair *pair, char *to,
                      size_t size)
{
    static const size_t widths[] = { 2, 5, 10, 20, 50, 100 };
    size_t n = erg_joint_n(joint);

    to[0] = '\0';
    if ((double)n * joint->dt_s < LONG_S)
        return;         /* a longer record */
    for (size_t i = 0; i < ERG_COUNT(widths) && n / widths[i] >= BINS_LEAST; i++)
        if (is_white_at(joint, pair, widths[i], pair->detrend)) {
            snprintf(to, size, "wider bins: --grid %.4gs leaves white residuals",
                     (double)widths[i] * joint->dt_s);
            return;
        }
    bool is_diff = pair->detrend == ERG_DETREND_DIFF;
    snprintf(to, size, "%s", !is_diff && is_white_at(joint, pair, 1, ERG_DETREND_DIFF)
             ? "differences: --detrend diff leaves white residuals"
             : "neither wider bins nor --detrend diff help: it has steps or a beat; study "
               "a stretch without");
}
