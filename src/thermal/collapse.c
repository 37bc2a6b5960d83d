/* SPDX-License-Identifier: Apache-2.0 */
/* Detectors of collapse: those of the old programs as they were, and a sound one. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/base.h"
#include "math/stats.h"
#include "thermal/rle_inside.h"
#include "thermal/throttle.h"

enum { LAST_RAW = 5 };
#define PEAK_KEPT 0.998         /* of the peak, a sample later */

/* ---- those that look back ------------------------------------------------------------ */

static void mark_v0(const erg_collapse_input in[], size_t n, bool hits[], double peaks[])
{
    double peak = 0;
    size_t run = 0;

    for (size_t i = 0; i < n; i++) {
        peak = fmax(peak, in[i].smoothed);
        bool low = in[i].smoothed < 0.70 * peak && (in[i].use > 0.50 || in[i].load > 0.60);
        run = low ? run + 1 : 0;
        hits[i] = run >= 5;
        if (peaks)
            peaks[i] = peak;
    }
}

static void mark_v2(const erg_collapse_input in[], size_t n, bool hits[], double peaks[])
{
    for (size_t i = 0; i < n; i++) {
        double most = 0;
        for (size_t j = i + 1 < LAST_RAW ? i + 1 : i + 1 - LAST_RAW; j <= i; j++)
            most = fmax(most, in[j].raw);
        double peak = !isnan(in[i].peak) ? in[i].peak
            : i + 1 < LAST_RAW ? 0 : PEAK_KEPT * most;
        hits[i] = in[i].raw < 0.65 * peak;
        if (peaks)
            peaks[i] = peak;
    }
}

/* A drop from a peak that fades, while a busy device gets hotter seven samples in a row.
 * With whole degrees once a second that cannot happen. */
static void mark_gated(const erg_collapse_input in[], size_t n, double off_s, bool hits[],
                       double peaks[])
{
    double peak = 0;
    size_t run = 0;

    for (size_t i = 0; i < n; i++) {
        bool is_off = off_s > 0 ? in[i].time_s - in[0].time_s < off_s : i + 1 < LAST_RAW;
        if (!is_off)
            peak = fmax(in[i].smoothed, PEAK_KEPT * peak);
        bool gate = i > 0 && (in[i].use > 0.60 || in[i].load > 0.75)
            && in[i].temp_k - in[i - 1].temp_k > 0.05;
        run = !is_off && gate && in[i].smoothed < 0.65 * peak ? run + 1 : 0;
        hits[i] = run >= 7 && (in[i].sustain_s < 60 || in[i].temp_k > in[i].limit_k - 5
                               || in[i].load > 0.95);
        if (peaks)
            peaks[i] = peak;
    }
}

static void mark_v1(const erg_collapse_input in[], size_t n, bool hits[], double peaks[])
{
    mark_gated(in, n, 60, hits, peaks);
}

static void mark_core(const erg_collapse_input in[], size_t n, bool hits[], double peaks[])
{
    mark_gated(in, n, 0, hits, peaks);
}

static void mark_peak(const erg_collapse_input in[], size_t n, bool hits[], double peaks[])
{
    double peak = 0;

    for (size_t i = 0; i < n; i++) {
        peak = fmax(peak, in[i].smoothed);
        hits[i] = in[i].smoothed < 0.65 * peak;
        if (peaks)
            peaks[i] = peak;
    }
}

static void mark_harness(const erg_collapse_input in[], size_t n, bool hits[],
                         double peaks[])
{
    double peak = 0;

    for (size_t i = 0; i < n; i++) {
        peak = in[i].raw > peak ? in[i].raw : PEAK_KEPT * peak;
        hits[i] = in[i].raw < 0.65 * peak;
        if (peaks)
            peaks[i] = peak;
    }
}

/* ---- those that look ahead ----------------------------------------------------------- */

static void mark_variance(const erg_collapse_input in[], size_t n, bool hits[],
                          double peaks[])
{
    enum { WINDOW = 30 };

    for (size_t i = 0; i < n; i++) {
        size_t begin = i < WINDOW / 2 ? 0 : i - WINDOW / 2;
        size_t end = begin + WINDOW < n ? begin + WINDOW : n;
        double sum = 0, squares = 0, count = (double)(end - begin);
        for (size_t j = begin; j < end; j++)
            sum += in[j].smoothed;
        for (size_t j = begin; j < end; j++)
            squares += (in[j].smoothed - sum / count) * (in[j].smoothed - sum / count);
        hits[i] = squares / count > 0.5 && in[i].smoothed - sum / count < -0.1;
        if (peaks)
            peaks[i] = NAN;
    }
}

static void mark_first_drop(const erg_collapse_input in[], size_t n, bool hits[],
                            double peaks[])
{
    double peak = 0;
    bool found = false;

    for (size_t i = 0; i < n; i++)
        peak = fmax(peak, in[i].smoothed);
    for (size_t i = 0; i < n; i++) {
        hits[i] = !found && in[i].smoothed < 0.8 * peak;
        found = found || hits[i];
        if (peaks)
            peaks[i] = peak;
    }
}

/* ---- sound --------------------------------------------------------------------------- */

#define BELOW 0.90              /* of the running median of work per joule */
#define AGAIN 0.95
#define FOR_S 7.0
#define SLOPE_S 20.0
#define SLOPE_LEAST 0.02        /* K/s */
#define MARGIN_K 5.0

/* Close to the limit and still getting hotter. */
static bool is_driven_by_heat(const erg_collapse_input in[], size_t i)
{
    size_t begin = i;
    double x[64], y[64];
    size_t n = 0;
    erg_line line;

    while (begin > 0 && in[i].time_s - in[begin - 1].time_s <= SLOPE_S
           && i - begin + 1 < 64)
        begin--;
    for (size_t j = begin; j <= i; j++, n++) {
        x[n] = in[j].time_s - in[begin].time_s;
        y[n] = erg_celsius(in[j].temp_k);
    }
    return in[i].temp_k >= in[i].limit_k - MARGIN_K && erg_line_fit(x, y, n, &line)
        && line.slope > SLOPE_LEAST;
}

/* The median of all that came before, kept in order as it grows. */
static void insert(double sorted[], size_t count, double value)
{
    size_t at = count;

    while (at > 0 && sorted[at - 1] > value) {
        sorted[at] = sorted[at - 1];
        at--;
    }
    sorted[at] = value;
}

/* The device says so itself, or it is close to its limit and still getting hotter. */
static bool is_evidence(const erg_collapse_input in[], size_t i)
{
    return erg_is_held_back(in[i].throttle) || is_driven_by_heat(in, i);
}

typedef struct sound_state {
    double low_since_s, high_since_s;   /* NAN: not so now */
    bool is_down, saw_heat;
} sound_state;

static void sound_step(sound_state *state, const erg_collapse_input in[], size_t i,
                       double usual)
{
    double now_s = in[i].time_s;
    bool low = in[i].work_per_j < BELOW * usual, high = in[i].work_per_j >= AGAIN * usual;

    state->low_since_s = !low ? NAN
        : isnan(state->low_since_s) ? now_s : state->low_since_s;
    state->high_since_s = !high ? NAN
        : isnan(state->high_since_s) ? now_s : state->high_since_s;
    if (!low)
        state->saw_heat = false;
    else if (is_evidence(in, i))
        state->saw_heat = true;
    if (now_s - state->low_since_s >= FOR_S && state->saw_heat)
        state->is_down = true;
    if (now_s - state->high_since_s >= FOR_S)
        state->is_down = false;
}

static void mark_sound(const erg_collapse_input in[], size_t n, bool hits[], double peaks[])
{
    double *sorted = calloc(n ? n : 1, sizeof(*sorted));
    sound_state state = { .low_since_s = NAN, .high_since_s = NAN };
    size_t count = 0;

    for (size_t i = 0; i < n; i++) {
        double usual = count ? sorted[count / 2] : NAN;
        hits[i] = false;
        if (peaks)
            peaks[i] = usual;
        if (!sorted || isnan(in[i].work_per_j))
            continue;
        sound_step(&state, in, i, usual);
        hits[i] = state.is_down;
        insert(sorted, count++, in[i].work_per_j);
    }
    free(sorted);
}

static const erg_collapse detectors[] = {
    { "sound", "work per joule below 0.90 of its median for 7 s, and heat or a "
               "throttle as the cause",
      false, mark_sound },
    { "v1", "below 0.65 of a fading peak while hotter seven samples in a row", false,
      mark_v1 },
    { "core", "as v1, from the fifth sample on", false, mark_core },
    { "v2", "below 0.65 of the largest of five: flags jitter", false, mark_v2 },
    { "v0", "below 0.70 of the largest ever for five busy samples", false, mark_v0 },
    { "peak", "below 0.65 of the largest ever", false, mark_peak },
    { "harness", "below 0.65 of a fading peak", false, mark_harness },
    { "variance", "low while the variance around it is high; looks ahead", true,
      mark_variance },
    { "first-drop", "the first below 0.8 of the largest; looks ahead", true,
      mark_first_drop },
};

size_t erg_collapse_count(void) { return ERG_COUNT(detectors); }

const erg_collapse *erg_collapse_at(size_t index) { return &detectors[index]; }

const erg_collapse *erg_collapse_find(const char *name)
{
    for (size_t i = 0; i < ERG_COUNT(detectors); i++)
        if (strcmp(detectors[i].name, name) == 0)
            return &detectors[i];
    return NULL;
}
