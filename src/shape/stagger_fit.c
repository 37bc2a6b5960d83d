/* SPDX-License-Identifier: Apache-2.0 */
/*
 * By falling AC energy each profile goes where the running sum peaks lowest, of equals
 * where its squares are least; then single ones are taken out and put back, as long as that
 * helps. The same moves start from no shift and from even ones as well: the best is kept.
 */
#include <math.h>
#include <stdbool.h>
#include <string.h>
#include "shape/stagger_fit.h"

enum { SWEEPS = 10, BINS = ERG_PROFILE_BINS };
#define SAME 1e-12              /* relative: less is rounding */

typedef struct score { double peak_w, squares; } score;
typedef struct sum { double power_w[BINS]; } sum;

static void add(sum *to, const erg_profile *profile, int shift, double sign)
{
    for (int k = 0; k < BINS; k++)
        to->power_w[(k + shift) % BINS] += sign * profile->power_w[k];
}

static score score_of(const sum *of)
{
    score is = { -INFINITY, 0 };

    for (int k = 0; k < BINS; k++) {
        is.peak_w = fmax(is.peak_w, of->power_w[k]);
        is.squares += of->power_w[k] * of->power_w[k];
    }
    return is;
}

static bool is_less(double a, double b)
{
    return a < b - SAME * fabs(b);
}

static bool is_better(score a, score b)
{
    return is_less(a.peak_w, b.peak_w)
        || (!is_less(b.peak_w, a.peak_w) && is_less(a.squares, b.squares));
}

/* Of this profile at this shift on top of the others. A peak above most_w is not better. */
static score try_at(const sum *others, const erg_profile *profile, int shift, double most_w)
{
    score is = { -INFINITY, 0 };

    for (int k = 0, at = shift; k < BINS; k++, at = at + 1 == BINS ? 0 : at + 1) {
        double power_w = others->power_w[at] + profile->power_w[k];
        is.peak_w = fmax(is.peak_w, power_w);
        is.squares += power_w * power_w;
        if (power_w > most_w)
            break;
    }
    return is;
}

/* Where it is now, unless another place is better. */
static int best_shift(const sum *others, const erg_profile *profile, int now)
{
    score best = try_at(others, profile, now, INFINITY);
    int found = now;

    for (int shift = 0; shift < BINS; shift++) {
        score is = try_at(others, profile, shift, best.peak_w + SAME * fabs(best.peak_w));
        if (is_better(is, best)) {
            best = is;
            found = shift;
        }
    }
    return found;
}

static double ac_of(const erg_profile *profile)
{
    double mean_w = 0, ac = 0;

    for (int k = 0; k < BINS; k++)
        mean_w += profile->power_w[k] / BINS;
    for (int k = 0; k < BINS; k++)
        ac += (profile->power_w[k] - mean_w) * (profile->power_w[k] - mean_w);
    return ac;
}

/* By falling AC energy; equal ones as given. */
static void put_in_order(const erg_profile profiles[], size_t n, size_t order[])
{
    double ac[ERG_PROFILES_MOST];

    for (size_t i = 0; i < n; i++) {
        size_t at = i;
        ac[i] = ac_of(&profiles[i]);
        for (; at > 0 && ac[order[at - 1]] < ac[i]; at--)
            order[at] = order[at - 1];
        order[at] = i;
    }
}

static void place_all(const erg_profile profiles[], size_t n, const size_t order[],
                      int shifts[])
{
    sum running = { { 0 } };

    for (size_t i = 0; i < n; i++) {
        size_t g = order[i];
        shifts[g] = i ? best_shift(&running, &profiles[g], 0) : 0;
        add(&running, &profiles[g], shifts[g], 1);
    }
}

static score settle(const erg_profile profiles[], size_t n, const size_t order[],
                    int shifts[])
{
    sum all = { { 0 } };
    bool moved = true;

    for (size_t g = 0; g < n; g++)
        add(&all, &profiles[g], shifts[g], 1);
    for (int sweep = 0; moved && sweep < SWEEPS; sweep++) {
        moved = false;
        for (size_t i = 0; i < n; i++) {
            size_t g = order[i];
            int before = shifts[g];
            add(&all, &profiles[g], before, -1);
            shifts[g] = best_shift(&all, &profiles[g], before);
            add(&all, &profiles[g], shifts[g], 1);
            moved |= shifts[g] != before;
        }
    }
    return score_of(&all);
}

static void place_evenly(size_t n, int shifts[])
{
    for (size_t g = 0; g < n; g++)
        shifts[g] = (int)(g * BINS / n);
}

double erg_stagger_fit(const erg_profile profiles[], size_t n, int shifts[])
{
    size_t order[ERG_PROFILES_MOST] = { 0 };
    int tried[ERG_PROFILES_MOST] = { 0 };

    memset(shifts, 0, n * sizeof(*shifts));
    put_in_order(profiles, n, order);
    score best = settle(profiles, n, order, shifts);
    for (int from = 0; from < 2; from++) {
        if (from == 0)
            place_evenly(n, tried);
        else
            place_all(profiles, n, order, tried);
        score is = settle(profiles, n, order, tried);
        if (!is_better(is, best))
            continue;
        best = is;
        memcpy(shifts, tried, n * sizeof(*shifts));
    }
    return erg_stagger_peak_w(profiles, n, shifts);
}

double erg_stagger_peak_w(const erg_profile profiles[], size_t n, const int shifts[])
{
    sum all = { { 0 } };

    for (size_t g = 0; g < n; g++)
        add(&all, &profiles[g], shifts[g], 1);
    return n ? score_of(&all).peak_w : 0;
}
