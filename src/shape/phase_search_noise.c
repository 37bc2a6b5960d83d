/* SPDX-License-Identifier: Apache-2.0 */
/* What the search knows of its load: how noisy it is, and whether it is still the same. */
#include <math.h>
#include "shape/phase_search_inside.h"

#define OFF 0.09531017980432493     /* ln 1.1 */
#define OFF_SIGMA 4.0               /* what is noisier than that is not another load */
#define DF_MOST 32.0                /* of the noise: what is older counts for half */

enum { HOME_MOST = 16 };

void phase_search_forget_home(erg_phase_search *search)
{
    search->home_ln_w = search->home_ln_rate = NAN;
    search->home_count = 0;
    search->worse[0] = search->worse[1] = NAN;
    search->off = 0;
}

static double off_limit(double ss, double df)
{
    return df < 4 ? OFF : fmax(OFF, OFF_SIGMA * sqrt(ss / df));
}

bool phase_search_differ(const erg_phase_search *search, double ln_w, double ln_rate)
{
    return fabs(ln_w) > off_limit(search->w_ss, search->df)
        || fabs(ln_rate) > off_limit(search->rate_ss, search->df);
}

bool phase_search_joins_home(erg_phase_search *search, const erg_search_dwell *dwell)
{
    double more_ln_w = dwell->ln_w - search->home_ln_w;
    double more_ln_rate = dwell->ln_rate - search->home_ln_rate;

    if (search->home_count > 0 && phase_search_differ(search, more_ln_w, more_ln_rate))
        return false;
    search->off = 0;
    /* Later ones do not join, so that a slow change shows, too. */
    if (search->home_count >= HOME_MOST)
        return true;
    double n = ++search->home_count;
    bool is_first = search->home_count == 1;
    double ln_w = is_first ? dwell->ln_w : search->home_ln_w;
    double ln_rate = is_first ? dwell->ln_rate : search->home_ln_rate;
    search->home_ln_w = ln_w + (dwell->ln_w - ln_w) / n;
    search->home_ln_rate = ln_rate + (dwell->ln_rate - ln_rate) / n;
    return true;
}

static double square(double x)
{
    return x * x;
}

void phase_search_learn_noise(erg_phase_search *search)
{
    const erg_search_dwell *d = search->dwells;
    double scale = search->each / 2.0;      /* two of them, and each a mean */

    if (search->df >= DF_MOST) {
        search->df /= 2;
        search->score_ss /= 2, search->w_ss /= 2, search->rate_ss /= 2;
    }
    search->df += 2;
    for (int i = 0; i < 2; i++) {
        const erg_search_dwell *a = &d[i], *b = &d[3 - i];
        search->score_ss += scale * square(a->score - b->score);
        search->w_ss += scale * square(a->ln_w - b->ln_w);
        search->rate_ss += scale * square(a->ln_rate - b->ln_rate);
    }
}

void phase_search_gather(erg_search_dwell *mean, const erg_search_dwell *dwell, int n)
{
    erg_search_dwell was = n > 1 ? *mean : *dwell;

    mean->ln_w = was.ln_w + (dwell->ln_w - was.ln_w) / n;
    mean->ln_rate = was.ln_rate + (dwell->ln_rate - was.ln_rate) / n;
    mean->score = was.score + (dwell->score - was.score) / n;
}
