/* SPDX-License-Identifier: Apache-2.0 */
/* How steady a log is: its period, gaps, and whether two programs wrote it. */
#include <math.h>
#include <stdlib.h>
#include "math/stats.h"
#include "thermal/monitor_inside.h"

enum { RUN_OF_ROWS = 20 };
#define CROWDED 0.7     /* of the usual interval: two combs of stamps in one file */
#define COMB 0.3        /* of it: how far a stamp may lie from its own comb */
#define UNEVEN 0.15     /* of two intervals: by so much do those of two combs differ */
#define MOSTLY 0.6      /* of the intervals */
#define GAP_S 1.5

static double interval_s(const erg_monitor_rows *rows, size_t i)
{
    return erg_s_from_ns(rows->rows[i].t_ns - rows->rows[i - 1].t_ns);
}

/* The most frequent interval, in steps of a hundredth of the median: the median itself
 * is of both writers where two wrote half of the file. */
static double usual_s(const erg_monitor_rows *rows, double *scratch)
{
    enum { BINS = 400 };
    size_t n = rows->info.count - 1, hits[BINS] = { 0 }, best = 0;

    for (size_t i = 0; i < n; i++)
        scratch[i] = interval_s(rows, i + 1);
    double step_s = 0.02 * erg_median(scratch, n);
    for (size_t i = 0; i < n; i++) {
        double bin = step_s > 0 ? scratch[i] / step_s : -1;
        if (bin >= 0 && bin < BINS)
            hits[(size_t)bin]++;
    }
    for (size_t i = 1; i < BINS; i++)
        if (hits[i] > hits[best])
            best = i;
    return ((double)best + 0.5) * step_s;
}

/* Where two wrote most of the file, a short interval follows a long one and both together
 * are the period of either; 0: one wrote, or they took turns evenly. */
static double alternating_s(const erg_monitor_rows *rows, double *scratch)
{
    size_t n = rows->info.count - 2, alternating = 0;

    if (rows->info.count < RUN_OF_ROWS)
        return 0;
    for (size_t i = 0; i < n; i++)
        scratch[i] = interval_s(rows, i + 1) + interval_s(rows, i + 2);
    double both_s = erg_median(scratch, n);
    for (size_t i = 0; i < n; i++) {
        double one_s = interval_s(rows, i + 1), next_s = interval_s(rows, i + 2);
        alternating += fabs(one_s + next_s - both_s) < 0.1 * both_s
                    && fabs(one_s - next_s) > UNEVEN * both_s;
    }
    return (double)alternating > MOSTLY * (double)n ? both_s : 0;
}

/* begin_ns INT64_MIN: nowhere. */
static erg_span crowded(const erg_monitor_rows *rows, double usual)
{
    erg_span where = { INT64_MIN, INT64_MIN };
    double some[RUN_OF_ROWS];

    for (size_t i = 1; i + RUN_OF_ROWS <= rows->info.count; i++) {
        for (size_t j = 0; j < RUN_OF_ROWS; j++)
            some[j] = interval_s(rows, i + j);
        if (erg_median(some, RUN_OF_ROWS) >= CROWDED * usual)
            continue;
        if (where.begin_ns == INT64_MIN)
            where.begin_ns = rows->rows[i - 1].t_ns;
        where.end_ns = rows->rows[i + RUN_OF_ROWS - 1].t_ns;
    }
    return where;
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

static void count_gaps(erg_monitor_rows *rows)
{
    rows->info.gaps = 0;
    for (size_t i = 1; i < rows->info.count; i++)
        rows->info.gaps += interval_s(rows, i) > fmax(GAP_S, 1.5 * rows->info.period_s);
}

static bool look_at(erg_monitor_rows *rows, int writer, erg_error *err)
{
    size_t n = rows->info.count;
    double *scratch = n > 1 ? calloc(n, sizeof(*scratch)) : NULL;

    if (n < 2)
        return true;
    if (!scratch)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory");
    double usual = fmax(usual_s(rows, scratch), alternating_s(rows, scratch));
    if (usual > 0) {
        erg_span both = crowded(rows, usual);
        rows->info.two_writers_ns = both.begin_ns;
        rows->info.two_writers_end_ns = both.end_ns;
    }
    rows->info.is_split = rows->info.two_writers_ns != INT64_MIN && writer > 0;
    if (rows->info.is_split)
        keep_writer(rows, usual, writer);
    for (size_t i = 1; i < rows->info.count; i++)
        scratch[i - 1] = interval_s(rows, i);
    rows->info.period_s = erg_median(scratch, rows->info.count ? rows->info.count - 1 : 0);
    count_gaps(rows);
    free(scratch);
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
