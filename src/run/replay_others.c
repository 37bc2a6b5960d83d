/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>
#include "math/stats.h"
#include "run/replay_others.h"

enum { TURNS = 4 };
static const size_t nobody = SIZE_MAX;
static const double quartile = 0.25, quickest = 0.05, too_far = 3;

static int by_time(const void *a, const void *b)
{
    double x = ((const erg_drift_point *)a)->at_s, y = ((const erg_drift_point *)b)->at_s;

    return (x > y) - (x < y);
}

static bool gather(const erg_others *others, int kind, size_t but, erg_drift *out,
                   erg_error *err)
{
    *out = (erg_drift){ 0 };
    for (size_t i = 0; i < others->count; i++) {
        const erg_time_blocks *row = &others->rows[i];

        if (i == but || others->rows[i].kind != kind || !(others->levels_s[i] > 0)
            || others->spreads[i] > too_far * others->usual[i])
            continue;
        for (size_t k = 0; k < row->count; k++)
            if (!erg_drift_add(out, row->all[k].at_s,
                               row->all[k].time_s / others->levels_s[i], err))
                return false;
    }
    if (out->count > 0)
        qsort(out->points, out->count, sizeof(*out->points), by_time);
    return true;
}

/* drift NULL: as they are. room: as many as there are blocks. */
static double level_of(const erg_time_blocks *row, const erg_drift *drift, double room[])
{
    for (size_t k = 0; k < row->count; k++)
        room[k] = row->all[k].time_s
                / (drift ? erg_drift_at(drift, row->all[k].at_s) : 1);
    return row->count > 0 ? erg_quantile(room, row->count, quartile) : NAN;
}

static void set_levels(erg_others *others, int kind, const erg_drift *drift,
                       double room[])
{
    for (size_t i = 0; i < others->count; i++)
        if (others->rows[i].kind == kind)
            others->levels_s[i] = level_of(&others->rows[i], drift, room);
}

/* A crowd makes blocks slower: how far the quick ones are apart is the kernel's own. */
static void set_spreads(erg_others *others, int kind, double room[], double kinds[])
{
    size_t count = 0;

    for (size_t i = 0; i < others->count; i++) {
        const erg_time_blocks *row = &others->rows[i];
        if (row->kind != kind)
            continue;
        double level = level_of(row, NULL, room); /* puts room in order */
        others->spreads[i] =
            row->count > 0 ? 1 - erg_quantile(room, row->count, quickest) / level : NAN;
        if (row->count > 0)
            kinds[count++] = others->spreads[i];
    }
    double usual = count > 0 ? erg_quantile(kinds, count, 0.5) : NAN;
    for (size_t i = 0; i < others->count; i++)
        if (others->rows[i].kind == kind)
            others->usual[i] = usual;
}

static bool refine(erg_others *others, int kind, double room[], erg_error *err)
{
    bool good = true;

    set_levels(others, kind, NULL, room);
    for (int turn = 0; good && turn < TURNS; turn++) {
        erg_drift all;
        good = gather(others, kind, nobody, &all, err);
        if (good && all.count > 0)
            set_levels(others, kind, &all, room);
        erg_drift_free(&all);
    }
    return good;
}

/* Whether no row before this one is of its kind. */
static bool is_first(const erg_others *others, size_t row)
{
    for (size_t i = 0; i < row; i++)
        if (others->rows[i].kind == others->rows[row].kind)
            return false;
    return true;
}

bool erg_others_open(erg_others *others, const erg_time_blocks rows[], size_t count,
                     erg_error *err)
{
    size_t most = 1;

    *others = (erg_others){ .rows = rows, .count = count };
    for (size_t i = 0; i < count; i++)
        most = rows[i].count > most ? rows[i].count : most;
    others->levels_s = malloc(3 * (count + 1) * sizeof(double));
    double *room = malloc((most + count) * sizeof(*room));
    bool good = (others->levels_s && room)
        || erg_fail(err, ERG_NO_MEMORY, "no memory for the drift of %zu kernels", count);
    if (good) {
        others->spreads = others->levels_s + count;
        others->usual = others->spreads + count;
    }
    for (size_t i = 0; good && i < count; i++)
        if (is_first(others, i)) {
            set_spreads(others, rows[i].kind, room, room + most);
            good = refine(others, rows[i].kind, room, err);
        }
    free(room);
    if (!good)
        erg_others_close(others);
    return good;
}

bool erg_others_drift(const erg_others *others, size_t row, erg_drift *out, erg_error *err)
{
    bool good = gather(others, others->rows[row].kind, row, out, err);

    if (!good)
        erg_drift_free(out);
    return good;
}

void erg_others_close(erg_others *others)
{
    free(others->levels_s);
    *others = (erg_others){ 0 };
}
