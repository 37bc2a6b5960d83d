/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A recording as tables: summary, devices, regions, sampling.
 *
 * The summary is over the regions named "run", if there are any: warm-up and idle
 * do not count. Otherwise it is over the whole recording, or what was asked for.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "math/stats.h"
#include "trace/summary.h"

static bool is_failed(const erg_trace *trace)
{
    const char *status = erg_trace_meta(trace, "exit_status");
    return (status && strtol(status, NULL, 10) != 0)
        || erg_trace_has_flag(trace, ERG_FLAG_COMMAND_FAILED);
}

/* Its recording was killed, or goes on. */
static bool has_open_run(const erg_trace *trace)
{
    for (size_t i = 0; i < erg_trace_region_count(trace); i++) {
        const erg_region *region = erg_trace_region(trace, i);
        if (region->end_ns == INT64_MAX && strcmp(region->name, "run") == 0)
            return true;
    }
    return false;
}

/* Energy of one run is refused when the runs are in doubt. */
bool erg_summary_per_run_refused(const erg_trace *trace)
{
    return is_failed(trace) || has_open_run(trace)
        || erg_trace_has_flag(trace, ERG_FLAG_TIME_MISMATCH)
        || erg_trace_has_flag(trace, ERG_FLAG_STALE_RESULT);
}

static bool put_device(summary *all, erg_table *table, const erg_pick *pick,
                       const erg_energy *energy)
{
    const erg_device_info *device = erg_trace_device(all->trace, pick->device);
    const char *channel = erg_trace_channel(all->trace, pick->channel)->name;

    return erg_table_row(table, all->err) && erg_put_origin(all, table, pick)
        && erg_put_energy(all, table, energy)
        && erg_table_text(table, "device", device->name, all->err)
        && erg_table_text(table, "driver", device->driver, all->err)
        && erg_table_text(table, "channel", channel, all->err)
        && erg_table_text(table, "model", *device->model ? device->model : NULL, all->err)
        && erg_table_text(table, "uuid", *device->uuid ? device->uuid : NULL, all->err)
        && erg_table_truth(table, "counted", pick->counted, all->err);
}

static bool note_inside(summary *all, const erg_pick *pick)
{
    char inner[ERG_CHANNEL_PATH_MOST], outer[ERG_CHANNEL_PATH_MOST];

    erg_trace_channel_path(all->trace, pick->channel, inner);
    erg_trace_channel_path(all->trace, all->picks[pick->inside].channel, outer);
    return erg_result_note(all->result, all->err,
                           "%s lies in what %s measures, so it is not added to the total.",
                           inner, outer);
}

/* Others' columns may be readings of one meter or meters of their own: who gave them knows.
 * A meter's own sum holds its parts. */
static bool note_others(summary *all, const erg_pick *pick)
{
    const erg_channel_info *told = erg_trace_channel(all->trace, pick->channel);
    char mine[ERG_CHANNEL_PATH_MOST], other[ERG_CHANNEL_PATH_MOST];
    bool good = true;

    if (strcmp(erg_trace_device(all->trace, pick->device)->driver, "import") != 0
        || strcmp(told->name, "sum") == 0)
        return true;
    erg_trace_channel_path(all->trace, pick->channel, mine);
    for (int i = 0; good && i < (int)erg_trace_channel_count(all->trace); i++) {
        const erg_channel_info *info = erg_trace_channel(all->trace, i);
        if (i == pick->channel || info->device != pick->device || info->scope != told->scope
            || !erg_has_joules(info->quantity))
            continue;
        erg_trace_channel_path(all->trace, i, other);
        good = erg_result_note(all->result, all->err, "%s is taken for another reading of "
                               "what %s measures, and is not added to the total.", other,
                               mine);
    }
    return good;
}

static const erg_channel_info *info_of(const summary *all, const erg_pick *pick)
{
    return erg_trace_channel(all->trace, pick->channel);
}

static erg_method weaker(erg_method a, erg_method b)
{
    return a > b ? a : b;
}

/* Rows of devices; their total is built on the way. */
static bool add_devices(summary *all, erg_energy *total)
{
    erg_table *table = erg_result_add(all->result, "devices", erg_device_columns,
                                      erg_device_column_count, all->err);
    bool good = table != NULL, first = true;

    *total = erg_energy_none();
    for (size_t i = 0; good && i < all->pick_count; i++) {
        const erg_pick *pick = &all->picks[i];
        erg_energy energy;
        good = erg_summary_measure(all, pick, &all->where, &energy)
               && erg_summary_raised(all, &energy, pick->channel, all->region)
               && put_device(all, table, pick, &energy);
        if (good && !pick->counted)
            good = note_inside(all, pick);
        good = good && note_others(all, pick);
        if (!good || !pick->counted)
            continue;
        all->method = weaker(all->method, info_of(all, pick)->method);
        if (!isfinite(energy.energy_j))
            continue;
        erg_energy_join(total, &energy, first);
        first = false;
    }
    return good;
}

static void join_words(erg_text *to, const char *word)
{
    if (!to->data || !strstr(to->data, word))
        erg_text_add(to, "%s%s", to->count ? " + " : "", word);
}

/* "nvml:0/energy + rapl:package-0/energy", and "board + package". */
static bool put_sources(summary *all, erg_table *table)
{
    erg_text sources = { 0 }, scopes = { 0 };
    char source[ERG_CHANNEL_PATH_MOST];

    for (size_t i = 0; i < all->pick_count; i++) {
        if (!all->picks[i].counted)
            continue;
        erg_trace_channel_path(all->trace, all->picks[i].channel, source);
        erg_text_add(&sources, "%s%s", sources.count ? " + " : "", source);
        join_words(
            &scopes,
            erg_scope_name(erg_trace_channel(all->trace, all->picks[i].channel)->scope));
    }
    bool good = !sources.failed && !scopes.failed
             && erg_table_text(table, "source", sources.data, all->err)
             && erg_table_text(table, "scope", scopes.data, all->err);
    erg_text_free(&sources);
    erg_text_free(&scopes);
    return good;
}

static double number_of(const erg_trace *trace, const char *key)
{
    const char *text = erg_trace_meta(trace, key);
    double number = NAN;

    if (text)
        erg_number_parse(text, strlen(text), '.', &number);
    return number;
}

/* What --until went by: what repeating cannot remove stands apart. */
static bool note_rule(summary *all, const erg_energy *total, double runs)
{
    double count = number_of(all->trace, "observations"),
           cut = number_of(all->trace, "observations_warmup"),
           gain_j = 2 * total->gain_u_j / runs;
    char before[80] = "", apart[80] = "";

    if (!(count >= 2))
        return true;
    if (cut > 0)
        snprintf(before, sizeof(before), " after %.0f of warm-up (their runs are 'warmup')",
                 cut);
    if (gain_j > 0)
        snprintf(apart, sizeof(apart), "; the sensor's gain, +- %.2g J, is apart", gain_j);
    return erg_result_note(all->result, all->err,
                           "Stopping rule: %.0f observations%s, %.4g J +- %.2g J per "
                           "run%s.",
                           count - (cut > 0 ? cut : 0), before,
                           number_of(all->trace, "observation_mean_j"),
                           number_of(all->trace, "observation_half_width_j"), apart);
}

/* Energy of one run, with the scatter of the runs where there are several. */
static bool put_per_run(summary *all, erg_table *table, const erg_energy *total)
{
    double runs = all->where.runs;
    if (all->where.cut)
        return erg_result_note(all->result, all->err, "No energy per run: the window cuts "
                               "%s, and how many runs are in the part is not known.",
                               all->region ? all->region : "a region");
    if (!isfinite(runs) && strcmp(all->region ? all->region : "", "run") == 0)
        runs = (double)all->where.occurrences;
    if (!isfinite(runs) || runs < 1)
        return true;
    if (!erg_table_integer(table, "repeats", (int64_t)(runs + 0.5), all->err))
        return false;
    if (all->is_refused)
        return erg_result_note(all->result, all->err, "No energy per run: %s",
            is_failed(all->trace)
            ? "the command failed, so its runs are not counted."
            : has_open_run(all->trace)
            ? "the last run has no end: it was cut off, or goes on."
            : "the runs do not fit the window; see the flags.");

    double one_j = total->energy_j / runs;
    erg_run_spread of = erg_run_spread_of(all->trace, all->region, all->picks,
                                          all->pick_count, total, runs);
    if (of.scatters && !erg_result_note(all->result, all->err,
            "Energy per repeat: the interval holds the scatter of %d runs and the "
            "sensor's gain, which repeating does not remove.",
            (int)all->where.occurrences))
        return false;
    erg_bounds bounds = erg_bounds_of(total->method, one_j, of.half_j);
    return note_rule(all, total, runs)
        && erg_table_real(table, "energy_per_repeat_j", one_j, all->err)
        && erg_table_real(table, "energy_per_repeat_low_j", bounds.low, all->err)
        && erg_table_real(table, "energy_per_repeat_high_j", bounds.high, all->err);
}

static bool put_summary(summary *all, erg_table *table, const erg_energy *total)
{
    const char *status = erg_trace_meta(all->trace, "exit_status");

    return erg_table_row(table, all->err) && erg_put_energy(all, table, total)
        && put_sources(all, table) && put_per_run(all, table, total)
        && erg_table_text(table, "method",
                          all->pick_count ? erg_method_name(all->method) : NULL, all->err)
        && erg_table_text(table, "command", erg_trace_meta(all->trace, "command"), all->err)
        && erg_table_integer(table, "exit_status",
                             status ? strtol(status, NULL, 10) : ERG_NONE, all->err)
        && erg_table_real(table, "duration_s", all->duration_s, all->err)
        && erg_table_text(table, "file", all->options->file, all->err)
        && erg_put_converted(all, table, total);
}

/* What the summary is about: the region asked for, the runs, or all of it. */
static bool choose_window(summary *all)
{
    const erg_summary_options *options = all->options;
    bool windowed = options->window.end_ns > options->window.begin_ns;
    bool asked = options->region != NULL;

    all->region = asked ? options->region : "run";
    if (!erg_stretches_of(all->trace, all->region, options->window, &all->where, all->err))
        return false;
    if (asked && all->where.occurrences == 0)
        return erg_fail(all->err, ERG_NOT_FOUND,
                        "there is no region '%s' in this recording%s", options->region,
                        windowed ? " within the window" : "");
    if (!asked && (windowed || all->where.occurrences == 0)) {
        erg_stretches_free(&all->where);
        all->region = NULL;
        if (!erg_stretches_single(windowed ? options->window : erg_trace_span(all->trace),
                                  &all->where, all->err))
            return false;
    }
    for (size_t i = 0; i < all->where.count; i++)
        all->duration_s += erg_s_from_ns(all->where.spans[i].end_ns
                                         - all->where.spans[i].begin_ns);
    return true;
}

static bool fill(summary *all)
{
    erg_table *table = erg_result_add(all->result, "summary", erg_summary_columns,
                                      erg_summary_column_count, all->err);
    erg_energy total;

    return table && choose_window(all) && add_devices(all, &total)
        && put_summary(all, table, &total) && erg_summary_regions(all)
        && (!all->options->trace_facts || erg_summary_sampling(all))
        && erg_summary_hints(all) && erg_summary_notes(all);
}

erg_result *erg_trace_summary(const erg_trace *trace, const erg_summary_options *options,
                              erg_error *err)
{
    summary all = { .trace = trace, .options = options, .err = err,
                    .is_refused = erg_summary_per_run_refused(trace) };

    all.flags = erg_flag_groups_of(trace, err);
    all.result = all.flags
        ? erg_result_new(options->command ? options->command : "show", err) : NULL;
    all.picks = all.result ? erg_picks_of(trace, &all.pick_count, err) : NULL;
    bool good = all.picks && fill(&all);
    free(all.picks);
    free(all.raised.items);
    free(all.units.items);
    erg_stretches_free(&all.where);
    if (good)
        return all.result;
    erg_result_free(all.result);
    return NULL;
}
