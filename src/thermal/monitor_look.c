/* SPDX-License-Identifier: Apache-2.0 */
/* How steady a log is: its period, gaps, and whether two programs wrote it. */
#include <math.h>
#include <string.h>
#include "math/numbers.h"
#include "math/stats.h"
#include "thermal/monitor_inside.h"

enum { RUN_OF_ROWS = 20 };
#define CROWDED 0.7     /* of the usual interval: two combs of stamps in one file */
#define COMB 0.3        /* of it: how far a stamp may lie from its own comb */
#define UNEVEN 0.15     /* of two intervals: by so much do those of two combs differ */
#define MOSTLY 0.6      /* of the intervals */
#define GAP_S 1.5

/* From row i - apart to row i. */
static double distance_s(erg_stamped of, size_t i, size_t apart)
{
    const char *at = (const char *)of.rows->items + i * of.size;
    int64_t t_ns, before_ns;

    memcpy(&t_ns, at, sizeof(t_ns));
    memcpy(&before_ns, at - apart * of.size, sizeof(before_ns));
    erg_rows_pass(of.rows, i);
    return erg_s_from_ns(t_ns - before_ns);
}

static double interval_s(erg_stamped of, size_t i) { return distance_s(of, i, 1); }

typedef struct distances { erg_stamped of; size_t apart; } distances;

static bool each_distance(void *self, erg_numbers_take *take, void *to, erg_error *err)
{
    const distances *all = self;

    (void)err;
    for (size_t i = all->apart; i < all->of.rows->count; i++) {
        double x_s = distance_s(all->of, i, all->apart);
        take(to, &x_s, 1);
    }
    return true;
}

static bool median_s(erg_stamped of, size_t apart, double *out, erg_error *err)
{
    distances all = { of, apart };
    size_t count = of.rows->count > apart ? of.rows->count - apart : 0;

    return erg_quantile_of(&(erg_numbers){ each_distance, &all, count }, 0.5, out, err);
}

/* The most frequent interval, in steps of a hundredth of the median: the median itself
 * is of both writers where two wrote half of the file. */
static bool find_usual(erg_stamped of, double *usual_s, erg_error *err)
{
    enum { BINS = 400 };
    size_t hits[BINS] = { 0 }, best = 0;
    double step_s;

    if (!median_s(of, 1, &step_s, err))
        return false;
    step_s *= 0.02;
    for (size_t i = 1; i < of.rows->count; i++) {
        double bin = step_s > 0 ? interval_s(of, i) / step_s : -1;
        if (bin >= 0 && bin < BINS)
            hits[(size_t)bin]++;
    }
    for (size_t i = 1; i < BINS; i++)
        if (hits[i] > hits[best])
            best = i;
    *usual_s = ((double)best + 0.5) * step_s;
    return true;
}

/* Where two wrote most of the file, a short interval follows a long one and both together
 * are the period of either; 0: one wrote, or they took turns evenly. */
static bool find_alternating(erg_stamped of, double *period_s, erg_error *err)
{
    size_t n = of.rows->count - 2, alternating = 0;
    double both_s;

    *period_s = 0;
    if (of.rows->count < RUN_OF_ROWS)
        return true;
    if (!median_s(of, 2, &both_s, err))
        return false;
    for (size_t i = 0; i < n; i++) {
        double one_s = interval_s(of, i + 1), next_s = interval_s(of, i + 2);
        alternating += fabs(one_s + next_s - both_s) < 0.1 * both_s
                    && fabs(one_s - next_s) > UNEVEN * both_s;
    }
    *period_s = (double)alternating > MOSTLY * (double)n ? both_s : 0;
    return true;
}

static int64_t stamp_ns(erg_stamped of, size_t i)
{
    int64_t t_ns;

    memcpy(&t_ns, (const char *)of.rows->items + i * of.size, sizeof(t_ns));
    return t_ns;
}

/* begin_ns INT64_MIN: nowhere. */
static erg_span crowded(erg_stamped of, double usual_s)
{
    erg_span where = { INT64_MIN, INT64_MIN };
    double some[RUN_OF_ROWS];

    for (size_t i = 1; i + RUN_OF_ROWS <= of.rows->count; i++) {
        for (size_t j = 0; j < RUN_OF_ROWS; j++)
            some[j] = interval_s(of, i + j);
        if (erg_median(some, RUN_OF_ROWS) >= CROWDED * usual_s)
            continue;
        if (where.begin_ns == INT64_MIN)
            where.begin_ns = stamp_ns(of, i - 1);
        where.end_ns = stamp_ns(of, i + RUN_OF_ROWS - 1);
    }
    return where;
}

bool erg_stamped_writers(erg_stamped of, erg_span *where, double *usual_s, erg_error *err)
{
    double alternating_s;

    *where = (erg_span){ INT64_MIN, INT64_MIN };
    *usual_s = 0;
    if (of.rows->count < 2)
        return true;
    if (!find_usual(of, usual_s, err) || !find_alternating(of, &alternating_s, err))
        return false;
    *usual_s = fmax(*usual_s, alternating_s);
    if (*usual_s > 0)
        *where = crowded(of, *usual_s);
    return true;
}

/* A stamp a whole number of intervals after the last one kept is of the same comb. */
static void keep_writer(erg_monitor_rows *rows, double usual, int writer)
{
    size_t kept = 0;
    int64_t last_ns = rows->rows[0].t_ns;

    for (size_t i = 0; i < rows->info.count; i++) {
        double steps = erg_s_from_ns(rows->rows[i].t_ns - last_ns) / usual;
        bool is_first = i == 0
            || (round(steps) >= 1 && fabs(steps - round(steps)) <= COMB);
        if (is_first)
            last_ns = rows->rows[i].t_ns;
        if (is_first == (writer == 1))
            rows->rows[kept++] = rows->rows[i];
    }
    rows->info.count = kept;
}

static bool look_at(erg_monitor_rows *rows, int writer, erg_error *err)
{
    erg_rows own = { .items = rows->rows, .count = rows->info.count };
    const erg_stamped of = { &own, sizeof(*rows->rows) };
    erg_span both;
    double usual_s;

    if (own.count < 2)
        return true;
    if (!erg_stamped_writers(of, &both, &usual_s, err))
        return false;
    rows->info.two_writers_ns = both.begin_ns;
    rows->info.two_writers_end_ns = both.end_ns;
    rows->info.is_split = both.begin_ns != INT64_MIN && writer > 0;
    if (rows->info.is_split)
        keep_writer(rows, usual_s, writer);
    own.count = rows->info.count;
    rows->info.gaps = 0;
    if (!median_s(of, 1, &rows->info.period_s, err))
        return false;
    for (size_t i = 1; i < own.count; i++)
        rows->info.gaps += interval_s(of, i) > fmax(GAP_S, 1.5 * rows->info.period_s);
    return true;
}

bool erg_monitor_look(erg_monitor *monitor, int writer, erg_error *err)
{
    for (size_t i = 0; i < monitor->device_count; i++)
        if (!look_at(&monitor->devices[i], writer, err))
            return false;
    return true;
}

bool erg_monitor_one_writer(const erg_monitor_device *device, double begin_s, double end_s,
                            erg_error *err)
{
    char from[40], to[40];

    if (device->two_writers_ns == INT64_MIN || device->is_split || !device->count)
        return true;
    double from_s = erg_s_from_ns(device->two_writers_ns - device->rows[0].t_ns);
    double to_s = erg_s_from_ns(device->two_writers_end_ns - device->rows[0].t_ns);
    if ((begin_s > 0 && begin_s >= to_s) || (end_s > 0 && end_s <= from_s))
        return true;
    erg_utc_format(device->two_writers_ns, 3, from, sizeof(from));
    erg_utc_format(device->two_writers_end_ns, 3, to, sizeof(to));
    return erg_fail(err, ERG_BAD_INPUT,
                    "TWO_WRITERS: two programs wrote rows of %s from about %s to %s: "
                    "--writer 1 or 2 keeps one of them", device->name, from, to);
}

/* ---- said --------------------------------------------------------------------- */

static bool note_torn(const erg_monitor *monitor, erg_result *result, erg_error *err)
{
    if (!monitor->torn_count)
        return true;
    return erg_result_note(result, err,
                           "TORN: %zu rows were torn and left out, the first in "
                           "line %zu", monitor->torn_count, monitor->torn[0]);
}

/* Times of day alone place nothing beside another log; seconds within one are right. */
static bool note_chosen(const erg_monitor *monitor, erg_result *result, erg_error *err)
{
    if (!monitor->chosen)
        return true;
    return erg_result_note(result, err, "columns chosen by their names: %s; --map takes "
                           "others", monitor->chosen)
        && (!monitor->lacks_zone
            || erg_result_note(result, err,
                               "stamps are times of day of nobody knows which zone, taken "
                               "for UTC; --tz says which"));
}

bool erg_monitor_notes(const erg_monitor *monitor, erg_result *result, erg_error *err)
{
    bool ok = note_torn(monitor, result, err) && note_chosen(monitor, result, err)
        && (!monitor->joined || erg_result_note(result, err, "%s", monitor->joined))
        && (!monitor->is_cut
            || erg_result_note(result, err,
                               "INTERRUPTED: the recording was killed: its last second and "
                               "what came behind the run are missing"));

    for (size_t i = 0; ok && i < monitor->device_count; i++) {
        const erg_monitor_device *one = &monitor->devices[i].info;
        char at[40];
        if (one->gaps)
            ok = erg_result_note(result, err, "GAPS: rows of %s have gaps: %zu", one->name,
                                 one->gaps);
        if (ok && one->two_writers_ns != INT64_MIN) {
            erg_utc_format(one->two_writers_ns, 3, at, sizeof(at));
            ok = erg_result_note(result, err,
                                 "TWO_WRITERS: two programs wrote rows of %s from "
                                 "about %s on; %s", one->name, at, one->is_split
                                 ? "the rows of one of them are left out"
                                 : "--writer 1 or 2 keeps one");
        }
    }
    return ok;
}
