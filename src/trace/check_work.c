/* SPDX-License-Identifier: Apache-2.0 */
/* Is the window the work, all of the work, and did the work succeed? */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/search.h"
#include "math/stats.h"
#include "trace/check.h"

static const double TIME_SHARE = 0.1;
static const double STILL_AT_LOAD = 0.5;    /* of the way from idle to load */
static const double CLEAR_LOAD = 0.2;       /* load above idle, as a share of load */
static const double SKEW_HALF_WIDTHS = 2.0;
enum { FEWEST_RUNS = 5, LOOKS = 10, MOST_RUNS = 1000, MOST_ENDS = 100000 };

/* ---- COMMAND_FAILED --------------------------------------------------------- */

bool erg_check_command(erg_trace *trace, erg_error *err)
{
    const char *status = erg_trace_meta(trace, "exit_status");

    for (size_t i = 0; i < erg_trace_flag_count(trace); i++)
        if (erg_trace_flag(trace, i)->code == ERG_FLAG_COMMAND_FAILED)
            return true;
    return !status || strtol(status, NULL, 10) == 0
           || erg_raise(trace, &(erg_flag){ ERG_FLAG_COMMAND_FAILED, -1, { 0, 0 }, "" },
                        err, "the command ended with status %s: no energy per run is given",
                        status);
}

/* ---- TIME_MISMATCH ----------------------------------------------------------- */

/* Marks of one name by their time; of equal times the first that was set. */
typedef struct set_time { int64_t t_ns; size_t row; double value; } set_time;
typedef struct times { set_time *at; size_t count; const char *name; } times;

static int by_time(const void *a, const void *b)
{
    const set_time *left = a, *right = b;
    return left->t_ns != right->t_ns ? (left->t_ns > right->t_ns ? 1 : -1)
                                     : (left->row > right->row) - (left->row < right->row);
}

static bool find_times(const erg_trace *trace, const char *name, times *to, erg_error *err)
{
    size_t count = 0;

    for (size_t i = 0; i < erg_trace_mark_count(trace); i++)
        count += strcmp(erg_trace_mark(trace, i)->name, name) == 0;
    *to = (times){ calloc(count + 1, sizeof(*to->at)), 0, name };
    if (!to->at)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < erg_trace_mark_count(trace); i++) {
        const erg_mark_row *mark = erg_trace_mark(trace, i);
        if (strcmp(mark->name, name) == 0)
            to->at[to->count++] = (set_time){ mark->t_ns, i, mark->value };
    }
    qsort(to->at, to->count, sizeof(*to->at), by_time);
    return true;
}

/* How long one run took (single_s), or the window without runs (setup_s): a mark of
 * that name in the region, or meta "single_s:REGION". */
static double stated(const erg_trace *trace, const erg_region *region, const times *marks)
{
    const erg_timed_rows rows = { marks->at, marks->count, sizeof(*marks->at),
                                  offsetof(set_time, t_ns) };
    char key[96];
    double value_s;

    snprintf(key, sizeof(key), "%s:%s", marks->name, region->name);
    const char *text = erg_trace_meta(trace, key);
    if (text && erg_number_parse(text, strlen(text), '.', &value_s))
        return value_s;
    size_t i = erg_first_from(rows, region->begin_ns);
    return i < marks->count && marks->at[i].t_ns <= region->end_ns ? marks->at[i].value
                                                                   : NAN;
}

static bool check_time(erg_trace *trace, const erg_region *region, const times *single,
                       const times *setup, erg_error *err)
{
    double single_s = stated(trace, region, single);
    double setup_s = stated(trace, region, setup);
    double window_s = erg_s_from_ns(region->end_ns - region->begin_ns);
    double runs_s = region->runs * single_s + (setup_s > 0 ? setup_s : 0);
    erg_span span = { region->begin_ns, region->end_ns };

    if (isnan(runs_s) || fabs(window_s - runs_s) <= TIME_SHARE * window_s)
        return true;
    return erg_raise(trace, &(erg_flag){ ERG_FLAG_TIME_MISMATCH, -1, span, "" }, err,
                     "%s: %.0f runs of %.6g s are %.6g s but its window "
                     "is %.6g s: check the stamps, their zone and the number of runs",
                     region->name, region->runs, single_s, runs_s, window_s);
}

/* Asked once: a program may mark each of a million steps, and each region looks at all. */
static bool any_stated(const erg_trace *trace)
{
    const char *key, *value;

    for (size_t i = 0; erg_trace_meta_at(trace, i, &key, &value); i++)
        if (strncmp(key, "single_s:", 9) == 0)
            return true;
    for (size_t i = 0; i < erg_trace_mark_count(trace); i++)
        if (strcmp(erg_trace_mark(trace, i)->name, "single_s") == 0)
            return true;
    return false;
}

bool erg_check_times(erg_trace *trace, erg_error *err)
{
    times single = { 0 }, setup = { 0 };

    if (!any_stated(trace))
        return true;
    bool good = find_times(trace, "single_s", &single, err)
             && find_times(trace, "setup_s", &setup, err);
    for (size_t i = 0; good && i < erg_trace_region_count(trace); i++) {
        const erg_region *region = erg_trace_region(trace, i);
        if (region->end_ns != INT64_MAX && !isnan(region->runs))
            good = check_time(trace, region, &single, &setup, err);
    }
    free(single.at);
    free(setup.at);
    return good;
}

/* ---- OPEN_WORK ---------------------------------------------------------------- */

static bool is_accelerator_power(const erg_channel_info *info)
{
    return info->quantity == ERG_POWER && info->kind != ERG_COUNTER
        && info->kind != ERG_SMOOTHED
        && (info->scope == ERG_SCOPE_CHIP || info->scope == ERG_SCOPE_BOARD
            || info->scope == ERG_SCOPE_MODULE);
}

/* Is other work than what encloses region number at under way in the span? What comes next
 * mostly is, so the search begins there: regions stand in the order of their begins. */
static bool is_followed(const erg_trace *trace, size_t at, erg_span span)
{
    const erg_region *of = erg_trace_region(trace, at);
    size_t count = erg_trace_region_count(trace);

    for (size_t i = 1; i < count; i++) {
        const erg_region *other = erg_trace_region(trace, (at + i) % count);
        bool encloses = other->begin_ns <= of->begin_ns && other->end_ns >= of->end_ns;
        if (!encloses && other->begin_ns < span.end_ns
            && other->end_ns > span.begin_ns)
            return true;
    }
    return false;
}

static double low_w(const erg_trace *trace, int channel)
{
    size_t count;
    double *w = erg_values_in(trace, channel, erg_trace_span(trace), &count);
    double low = w ? erg_quantile(w, count, 0.05) : NAN;

    free(w);
    return low;
}

/* Ends in one region of a channel's samples; counted once for a name. */
static bool ends_at_load(const erg_trace *trace, const erg_stream *stream, double idle_w,
                         size_t at)
{
    const erg_region *region = erg_trace_region(trace, at);
    double settle_s = 2 * stream->update_s
                    + (stream->window_s > 0 ? stream->window_s : 0);
    int64_t settle_ns = erg_ns_from_s(settle_s);
    erg_span after = { region->end_ns, region->end_ns + settle_ns };
    erg_window inside =
        erg_window_of(stream, (erg_span){ region->begin_ns, region->end_ns });
    double load_w = inside.energy_j / inside.covered_s;

    return load_w - idle_w > CLEAR_LOAD * load_w && after.end_ns <= stream->seen.end_ns
        && erg_power_at(stream, after.end_ns) > idle_w + STILL_AT_LOAD * (load_w - idle_w)
        && !is_followed(trace, at, after);
}

static bool check_ends(erg_trace *trace, int channel, erg_error *err)
{
    const erg_stream *stream = erg_stream_of(trace, channel, err);
    size_t count = erg_trace_region_count(trace);
    double idle_w = low_w(trace, channel);

    if (!stream || count > MOST_ENDS || !(stream->update_s > 0))
        return stream != NULL;
    for (size_t i = 0; i < count; i++) {
        const erg_region *region = erg_trace_region(trace, i);
        erg_span span = { region->begin_ns, region->end_ns };
        if (erg_is_idle_record(region) || region->end_ns == INT64_MAX
            || !ends_at_load(trace, stream, idle_w, i))
            continue;
        return erg_raise(trace, &(erg_flag){ ERG_FLAG_OPEN_WORK, channel, span, "" }, err,
                         "%s ended while the device was still at load: wait for its stream "
                         "before the region ends", region->name);
    }
    return true;
}

bool erg_check_open_work(erg_trace *trace, erg_error *err)
{
    for (int i = 0; i < (int)erg_trace_channel_count(trace); i++)
        if (is_accelerator_power(erg_trace_channel(trace, i)) && !check_ends(trace, i, err))
            return false;
    return true;
}

/* ---- SKEWED ------------------------------------------------------------------- */

static size_t run_energies(const erg_trace *trace, int channel, double to[])
{
    size_t runs = 0;

    for (size_t i = 0; i < erg_trace_region_count(trace) && runs < MOST_RUNS; i++) {
        const erg_region *region = erg_trace_region(trace, i);
        erg_span span = { region->begin_ns, region->end_ns };
        erg_energy energy;
        if (strcmp(region->name, "run") == 0 && region->end_ns != INT64_MAX
            && erg_trace_energy(trace, channel, span, &energy, NULL))
            to[runs++] = energy.energy_j;
    }
    return runs;
}

static bool check_skew(erg_trace *trace, int channel, double scratch[], erg_error *err)
{
    size_t runs = run_energies(trace, channel, scratch);
    erg_interval of;
    char path[ERG_CHANNEL_PATH_MOST];

    if (runs < FEWEST_RUNS || !erg_interval_of(scratch, runs, LOOKS, &of)
        || !(fabs(of.mean - of.median) > SKEW_HALF_WIDTHS * of.half_width))
        return true;
    erg_trace_channel_path(trace, channel, path);
    return erg_raise(
        trace, &(erg_flag){ ERG_FLAG_SKEWED, channel, { 0, 0 }, "" }, err,
        "%s: mean %.4g J and median %.4g J of %zu runs are far apart: look at the "
        "single runs",
        path, of.mean, of.median, runs);
}

bool erg_check_skewed(erg_trace *trace, erg_error *err)
{
    double *scratch = malloc(MOST_RUNS * sizeof(*scratch));
    bool ok = scratch || erg_fail(err, ERG_NO_MEMORY, "out of memory");

    for (int i = 0; ok && i < (int)erg_trace_channel_count(trace); i++)
        if (erg_has_joules(erg_trace_channel(trace, i)->quantity))
            ok = check_skew(trace, i, scratch, err);
    free(scratch);
    return ok;
}
