/* SPDX-License-Identifier: Apache-2.0 */
/* Table regions: one row per region name and channel that speaks for a device. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/search.h"
#include "math/stats.h"
#include "trace/summary.h"

enum { TIMES = 5, NOTES_MOST = 20 };

static void time_figures(const erg_stretches *where, erg_figure erg_figures[TIMES])
{
    size_t n = where->occurrences;
    double *copy = where->lengths_s, total_s = 0;
    for (size_t i = 0; i < where->count; i++)
        total_s += erg_s_from_ns(where->spans[i].end_ns - where->spans[i].begin_ns);
    erg_figures[0] = (erg_figure){ "duration_s", total_s };
    erg_figures[1] = (erg_figure){ "time_mean_s", erg_mean(copy, n) };
    erg_figures[2] = (erg_figure){ "time_median_s", erg_median(copy, n) };
    erg_figures[3] = (erg_figure){ "time_min_s", erg_quantile(copy, n, 0) };
    erg_figures[4] = (erg_figure){ "time_max_s", erg_quantile(copy, n, 1) };
}

/* The device, or device/channel where a device has several scopes. */
static void track_name(const summary *all, const erg_pick *pick,
                       char to[ERG_CHANNEL_PATH_MOST])
{
    size_t same = 0;
    for (size_t i = 0; i < all->pick_count; i++)
        same += all->picks[i].device == pick->device;
    if (same > 1)
        erg_trace_channel_path(all->trace, pick->channel, to);
    else
        erg_text_put(to, ERG_CHANNEL_PATH_MOST,
                     erg_trace_device(all->trace, pick->device)->name);
}

typedef struct unit { int64_t t_ns; double value; } unit;

static int by_time(const void *a, const void *b)
{
    const unit *left = a, *right = b;
    return (left->t_ns > right->t_ns) - (left->t_ns < right->t_ns);
}

/* In the order of time, so that no region looks at the marks of all others. */
static bool find_units(summary *all)
{
    const char *per = all->options->per;

    for (size_t i = 0; per && i < erg_trace_mark_count(all->trace); i++) {
        const erg_mark_row *mark = erg_trace_mark(all->trace, i);
        unit one = { mark->t_ns, mark->value };
        if (strcmp(mark->name, per) == 0
            && !erg_rows_add(&all->units, &one, 1, sizeof(one), all->err))
            return false;
    }
    if (all->units.count)
        qsort(all->units.items, all->units.count, sizeof(unit), by_time);
    return true;
}

static double units_inside(const summary *all, const erg_stretches *where)
{
    const unit *units = all->units.items;
    const erg_timed_rows stamps = { units, all->units.count, sizeof(*units),
                                    offsetof(unit, t_ns) };
    erg_sum sum = { 0 };
    bool any = false;

    for (size_t k = 0; units && k < where->count; k++)
        for (size_t i = erg_first_from(stamps, where->spans[k].begin_ns);
             i < stamps.count && units[i].t_ns < where->spans[k].end_ns; i++) {
            erg_sum_add(&sum, units[i].value);
            any = true;
        }
    return any ? erg_sum_value(&sum) : NAN;
}

/* Energy per token, step or request: whatever the program's marks count. */
static bool put_units(summary *all, erg_table *table, const erg_stretches *where,
                      const erg_energy *energy)
{
    double units = units_inside(all, where);
    if (!(units > 0))
        units = NAN;
    erg_bounds bounds = erg_bounds_of(energy->method, energy->energy_j, energy->spread_j);
    const erg_figure figures[] = {
        { "units", units },
        { "energy_per_unit_j", energy->energy_j / units },
        { "energy_per_unit_low_j", bounds.low / units },
        { "energy_per_unit_high_j", bounds.high / units },
    };
    return erg_put_figures(table, figures, ERG_COUNT(figures), all->err);
}

/* runs NAN: refused, or not known. */
static bool put_per_run(summary *all, erg_table *table, const char *name,
                        const erg_pick *pick, const erg_energy *energy, double runs)
{
    double one_j = energy->energy_j / runs;
    bool is_run = strcmp(name, "run") == 0;
    erg_pick alone = *pick;
    alone.counted = true;
    erg_run_spread of = erg_run_spread_of(all->trace, is_run ? name : NULL, &alone, 1,
                                          energy, runs);
    erg_bounds bounds = erg_bounds_of(energy->method, one_j, of.half_j);
    const erg_figure figures[] = {
        { "energy_per_run_j", one_j },
        { "energy_per_run_low_j", bounds.low },
        { "energy_per_run_high_j", bounds.high },
    };
    return erg_put_figures(table, figures, ERG_COUNT(figures), all->err);
}

/* Of a moving mean what comes before its rise and after its fall is of the region alone:
 * begin + delay + window to end - delay - window. */
static double attributable_s(const erg_channel_info *info)
{
    double delay_s = info->delay_s > 0 ? info->delay_s : 0;

    return info->kind == ERG_SMOOTHED && info->window_s > 0
        ? 2 * (delay_s + info->window_s) : 0;
}

static bool note_attribution(summary *all, const char *name, const erg_stretches *where,
                             const erg_pick *pick)
{
    const erg_channel_info *info = erg_trace_channel(all->trace, pick->channel);
    double least_s = attributable_s(info), longest_s = 0;
    char source[ERG_CHANNEL_PATH_MOST];

    for (size_t i = 0; i < where->count; i++)
        longest_s = fmax(longest_s, erg_s_from_ns(where->spans[i].end_ns
                                                  - where->spans[i].begin_ns));
    if (longest_s > least_s || least_s <= 0 || all->shorter++ >= NOTES_MOST)
        return true;
    erg_trace_channel_path(all->trace, pick->channel, source);
    return erg_result_note(all->result, all->err,
                           "%s lasts %.3g s at most: what was drawn in it alone cannot be "
                           "attributed to it, as %s is a mean over %.3g s; take over "
                           "%.3g s, or a counter.", name, longest_s, source,
                           info->window_s, least_s);
}

static bool put_region(summary *all, erg_table *table, const char *name,
                       const erg_stretches *where, const erg_pick *pick)
{
    char track[ERG_CHANNEL_PATH_MOST];
    erg_figure times[TIMES];
    erg_energy energy;
    bool counted = !all->is_refused && !where->cut;
    bool is_run = strcmp(name, "run") == 0;
    double runs = isfinite(where->runs) ? where->runs
                : is_run ? (double)where->occurrences : NAN;

    track_name(all, pick, track);
    time_figures(where, times);
    return erg_summary_measure(all, pick, where, &energy)
        && erg_summary_raised(all, &energy, pick->channel, name)
        && erg_table_row(table, all->err)
        && erg_put_origin(all, table, pick) && erg_put_energy(all, table, &energy)
        && erg_put_figures(table, times, ERG_COUNT(times), all->err)
        && put_units(all, table, where, &energy)
        && erg_table_text(table, "region", name, all->err)
        && erg_table_text(table, "track", track, all->err)
        && erg_table_integer(table, "count", (int64_t)where->occurrences, all->err)
        && erg_table_real(table, "runs", where->runs, all->err)
        && put_per_run(all, table, name, pick, &energy, counted ? runs : NAN);
}

static bool add_region(summary *all, erg_table *table, const char *name)
{
    erg_stretches where;
    bool good = erg_stretches_of(all->trace, name, all->options->window, &where, all->err);

    if (good && where.overlapped)
        good = erg_result_note(
            all->result, all->err,
            "Stretches of region %s overlap; the joules of the overlap are counted once.",
            name);
    for (size_t i = 0; good && where.count && i < all->pick_count; i++)
        good = put_region(all, table, name, &where, &all->picks[i])
            && note_attribution(all, name, &where, &all->picks[i]);
    erg_stretches_free(&where);
    return good;
}

bool erg_summary_regions(summary *all)
{
    erg_table *table = erg_result_add(all->result, "regions", erg_region_columns,
                                      erg_region_column_count, all->err);
    const erg_region_names *names = erg_region_names_of(all->trace, all->err);
    const char *only = all->options->region;
    bool good = table && names && find_units(all);

    for (size_t i = 0; good && i < names->count; i++) {
        const char *name = erg_interned_at(&names->words, (int32_t)i);
        if (!only || strcmp(only, name) == 0)
            good = add_region(all, table, name);
    }
    return good;
}

