/* SPDX-License-Identifier: Apache-2.0 */
/* Source of the binary segmentation: Scott and Knott, Biometrics 30 (1974). */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "math/stats.h"
#include "couple/power_drop.h"

enum { SEGMENT_LEAST = 3, CHANGES_MOST = 64 };
#define PENALTY 3.0

/* ---- change points ---------------------------------------------------------- */

typedef struct levels {
    const double *sums;         /* running, of values without gaps */
    double penalty, least;
} levels;

static double mean_of(const levels *of, size_t from, size_t to)
{
    return (of->sums[to] - of->sums[from]) / (double)(to - from);
}

/* The best cut of [from, to); gain 0 where none is worth it. */
static size_t best_cut(const levels *of, size_t from, size_t to, double *gain)
{
    size_t best = from;

    *gain = 0;
    for (size_t cut = from + SEGMENT_LEAST; cut + SEGMENT_LEAST <= to; cut++) {
        double left = (double)(cut - from), right = (double)(to - cut);
        double step = mean_of(of, cut, to) - mean_of(of, from, cut);
        double gained = step * step * left * right / (left + right);
        if (gained > *gain && gained > of->penalty && fabs(step) >= of->least) {
            *gain = gained;
            best = cut;
        }
    }
    return best;
}

/* Cuts the segment that gains most, until none is worth its penalty. */
static size_t segment(const levels *of, size_t n, size_t cuts[], size_t most)
{
    size_t count = 0;

    while (count < most) {
        double most_gain = 0;
        size_t best = 0, at = 0;
        for (size_t i = 0; i <= count; i++) {
            double gain;
            size_t cut = best_cut(of, i ? cuts[i - 1] : 0, i < count ? cuts[i] : n, &gain);
            if (gain > most_gain) {
                most_gain = gain;
                best = cut;
                at = i;
            }
        }
        if (!(most_gain > 0))
            break;
        memmove(cuts + at + 1, cuts + at, (count - at) * sizeof(*cuts));
        cuts[at] = best;
        count++;
    }
    return count;
}

/* Noise from the mean size of differences: 2/sqrt(pi) deviations of a normal. A few steps
 * move it little, and unlike a median it is not 0 where a sensor has whole degrees. */
static double noise_of(const double x[], size_t n)
{
    double sum = 0;

    for (size_t i = 0; i + 1 < n; i++)
        sum += fabs(x[i + 1] - x[i]);
    return n > 1 ? sum / (double)(n - 1) * sqrt(M_PI) / 2 : 0;
}

size_t erg_change_points(const double x[], size_t n, double least, size_t places[],
                         size_t most)
{
    double *room = calloc(2 * n + 2, sizeof(*room)), *values = room, *sums = room + n;
    size_t *of_value = calloc(n + 1, sizeof(*of_value)), count = 0, cuts = 0;

    if (room && of_value && n > 0) {
        for (size_t t = 0; t < n; t++)
            if (isfinite(x[t])) {
                of_value[count] = t;
                values[count++] = x[t];
            }
        for (size_t i = 0; i < count; i++)
            sums[i + 1] = sums[i] + (values[i] - values[0]);
        double noise = noise_of(values, count);
        levels of = { sums, PENALTY * log((double)count + 1) * noise * noise, least };
        cuts = segment(&of, count, places, most);
    }
    for (size_t i = 0; i < cuts; i++)
        places[i] = of_value[places[i]];
    free(room);
    free(of_value);
    return cuts;
}

/* ---- causes ----------------------------------------------------------------- */

/* The first bin within one interval of `place` where it sets in; SIZE_MAX: it does not. */
typedef size_t onset(const double x[], size_t n, size_t place);

static size_t flag_onset(const double x[], size_t n, size_t place)
{
    for (size_t t = place > 1 ? place - 1 : 1; t <= place + 1 && t < n; t++)
        if (x[t] > 0 && !(x[t - 1] > 0))
            return t;
    return SIZE_MAX;
}

enum { NEAR = 3 };              /* bins that tell a level beside a step */

static double level_near(const double x[], size_t n, size_t from)
{
    double sum = 0, count = 0;

    for (size_t t = from; t < from + NEAR && t < n; t++)
        if (isfinite(x[t])) {
            sum += x[t];
            count++;
        }
    return count > 0 ? sum / count : NAN;
}

/* Where the level changes most, if by more than `least`; down_only: a rise is none. */
static size_t step_onset(const double x[], size_t n, size_t place, double least,
                         bool down_only)
{
    size_t best = SIZE_MAX;

    for (size_t t = place > 1 ? place - 1 : 1; t <= place + 1 && t < n; t++) {
        size_t from = t > NEAR ? t - NEAR : 0;
        double step = level_near(x, n, t) - level_near(x, t, from);
        double size = down_only ? -step : fabs(step);
        if (size > least) {
            least = size;
            best = t;
        }
    }
    return best;
}

static size_t load_onset(const double x[], size_t n, size_t place)
{
    return step_onset(x, n, place, 0.2, true);
}

static size_t fan_onset(const double x[], size_t n, size_t place)
{
    size_t moved = step_onset(x, n, place, 0.15, false);

    for (size_t t = place > 1 ? place - 1 : 1; t <= place + 1 && t < n; t++)
        if (isfinite(x[t]) && isfinite(x[t - 1]) && (x[t] > 0) != (x[t - 1] > 0))
            moved = t < moved ? t : moved;
    return moved;
}

/* Of causes that set in together, the one that stands first. */
static const struct {
    erg_drop_cause cause;
    size_t channel;             /* offset in erg_drop_channels */
    onset *onset;
} causes[] = {
    { ERG_DROP_HEAT, offsetof(erg_drop_channels, heat), flag_onset },
    { ERG_DROP_LIMIT, offsetof(erg_drop_channels, limit), flag_onset },
    { ERG_DROP_LOAD, offsetof(erg_drop_channels, load), load_onset },
    { ERG_DROP_COOLING, offsetof(erg_drop_channels, fan), fan_onset },
};

const char *erg_drop_cause_name(erg_drop_cause cause)
{
    static const char *const names[] = { "unknown", "thermal", "power limit", "load",
                                         "cooling" };
    return names[cause];
}

static erg_drop_cause cause_of(const erg_drop_channels *channels, size_t place)
{
    erg_drop_cause cause = ERG_DROP_UNKNOWN;
    size_t first = SIZE_MAX;

    for (size_t i = 0; i < ERG_COUNT(causes); i++) {
        const double *const *channel
            = (const double *const *)(const void *)((const char *)channels
                                                    + causes[i].channel);
        size_t at = *channel ? causes[i].onset(*channel, channels->n, place) : SIZE_MAX;
        if (at < first) {
            first = at;
            cause = causes[i].cause;
        }
    }
    return cause;
}

static double median_of(const double x[], size_t n)
{
    double *room = calloc(n + 1, sizeof(*room)), median = NAN;
    size_t count = 0;

    for (size_t t = 0; room && t < n; t++)
        if (isfinite(x[t]))
            room[count++] = x[t];
    if (room)
        median = erg_median(room, count);
    free(room);
    return median;
}

static bool is_near(const erg_power_drop drops[], size_t count, size_t place)
{
    for (size_t i = 0; i < count; i++)
        if (place <= drops[i].place + 1 && drops[i].place <= place + 1)
            return true;
    return false;
}

typedef struct found { erg_power_drop *drops; size_t count, most; } found;

/* Falls of one channel, appended unless one is there already. */
static void add_falls(const erg_drop_channels *channels, const double x[], bool is_clock,
                      found *add)
{
    size_t places[CHANGES_MOST], n = channels->n;
    double share = 0.05 * median_of(x, n);
    double least = is_clock ? share : channels->least_w > 0 ? channels->least_w
                                                            : fmax(10, share);
    size_t changes = erg_change_points(x, n, least, places, CHANGES_MOST);

    for (size_t i = 0; i < changes && add->count < add->most; i++) {
        size_t from = places[i] > NEAR ? places[i] - NEAR : 0;
        double before = level_near(x, places[i], from), after = level_near(x, n, places[i]);
        if (after < before && !is_near(add->drops, add->count, places[i]))
            add->drops[add->count++] = (erg_power_drop){
                places[i], before, after, is_clock, cause_of(channels, places[i])
            };
    }
}

static int by_place(const void *a, const void *b)
{
    const erg_power_drop *left = a, *right = b;

    return (left->place > right->place) - (left->place < right->place);
}

size_t erg_power_drops(const erg_drop_channels *channels, erg_power_drop drops[],
                       size_t most)
{
    found all = { drops, 0, most };

    if (channels->power_w)
        add_falls(channels, channels->power_w, false, &all);
    if (channels->clock_hz)
        add_falls(channels, channels->clock_hz, true, &all);
    qsort(drops, all.count, sizeof(*drops), by_place);
    return all.count;
}
