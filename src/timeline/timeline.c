/* SPDX-License-Identifier: Apache-2.0 */
/*
 * erg timeline: a recording and the events of other tools, told over time.
 * Here the channel is picked and the joules of every class get their interval.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "trace/summary.h"
#include "timeline/timeline_inside.h"

static const char unattributed[] = "unattributed";

/* ---- which channel ------------------------------------------------------------------ */

static bool pick_first(erg_timeline_case *all)
{
    size_t count;
    erg_pick *picks = erg_picks_of(all->trace, &count, all->err);

    all->channel = -1;
    for (size_t i = 0; i < count && all->channel < 0; i++)
        if (picks[i].counted)
            all->channel = picks[i].channel;
    free(picks);
    return all->channel >= 0
        || erg_fail(all->err, ERG_NO_DATA,
                    "nothing measured power or energy in this recording: "
                    "erg run --sensor adds it, erg import reads logs");
}

static bool pick_channel(erg_timeline_case *all)
{
    const char *name = all->options->channel;

    if (!name)
        return pick_first(all);
    all->channel = erg_trace_find_channel(all->trace, name);
    const erg_channel_info *info = all->channel < 0 ? NULL
                                 : erg_trace_channel(all->trace, all->channel);
    if (info && (info->quantity == ERG_POWER || info->quantity == ERG_ENERGY))
        return true;
    return erg_fail(all->err, ERG_BAD_INPUT, "%s is no channel of power or energy of this "
                    "recording: erg show --table devices lists them", name);
}

static double meta_s(const erg_timeline_case *all, const char *key)
{
    const char *text = erg_trace_meta(all->trace, key);
    double s = 0;
    return text && erg_number_parse(text, strlen(text), '.', &s) ? s : 0;
}

/* A meter of another machine has a clock of its own, and so have events without a date. */
static double clock_u_s(const erg_timeline_case *all)
{
    const erg_channel_info *info = erg_trace_channel(all->trace, all->channel);
    char key[80];

    snprintf(key, sizeof(key), "clock_offset_u_s:%s",
             erg_trace_device(all->trace, info->device)->name);
    return 2 * hypot(meta_s(all, key), meta_s(all, "events_clock_u_s"));
}

static bool open_case(erg_timeline_case *all)
{
    if (!pick_channel(all))
        return false;
    bool counts = erg_trace_channel(all->trace, all->channel)->quantity == ERG_ENERGY;
    int beside = counts ? erg_power_beside(all->trace, all->channel) : -1;
    all->power = beside >= 0 ? beside : all->channel;
    all->span = erg_trace_span(all->trace);
    all->clock_u_s = clock_u_s(all);
    all->resolution_s = erg_timeline_resolution_s(all);
    return erg_timeline_points(all);
}

/* ---- spikes ------------------------------------------------------------------------- */

static bool find_spikes(erg_timeline_case *all)
{
    erg_spike_rule rule = {
        .ramp_w_per_s = all->options->ramp_w_per_s,
        .merge_s = all->resolution_s,
    };
    char source[ERG_CHANNEL_PATH_MOST];

    if (!erg_spike_level(&all->points, &rule.above_w, all->err))
        return false;
    all->above_w = rule.above_w;
    erg_trace_channel_path(all->trace, all->power, source);
    return erg_spikes_find(&all->points, &rule, &all->spikes, all->err)
        && erg_result_note(all->result, all->err, "spikes are readings of %s above %.4g W; "
                           "resolution %.4g s: the sensor shows nothing finer", source,
                           rule.above_w, all->resolution_s);
}

/* ---- joules ------------------------------------------------------------------------- */

/* To the figure that erg show gives: the ends of a counter are held in steps, not in it. */
static erg_step_list steps_of(const erg_timeline_case *all, double energy_j)
{
    double sum_j = erg_sum_value(&all->steps_j);

    return (erg_step_list){ .aside = &all->steps, .count = erg_spill_count(&all->steps),
                            .factor = sum_j != 0 ? energy_j / sum_j : 1 };
}

static double free_w(const erg_timeline_case *all)
{
    const erg_stream *stream = erg_stream_of(all->trace, all->channel, NULL);
    return !stream ? NAN : isnan(stream->before.w) ? stream->after.w : stream->before.w;
}

static bool put_part(erg_timeline_case *all, erg_table *table, const erg_whole *total,
                     const erg_class *class, const erg_part *part)
{
    double share = part->energy_j / total->energy.energy_j;
    erg_bounds ends = erg_timeline_ends(total, part);
    double mean_w = part->duration_s > 0 ? part->energy_j / part->duration_s : NAN;
    double each_j = class->count > 0 ? part->energy_j / (double)class->count : NAN;

    return erg_table_row(table, all->err)
        && erg_table_text(table, "name", class->name, all->err)
        && erg_table_text(table, "kind", class->kind, all->err)
        && erg_table_integer(table, "count", class->count ? class->count : ERG_NONE,
                             all->err)
        && erg_table_real(table, "duration_s", class->duration_s, all->err)
        && erg_table_real(table, "energy_j", part->energy_j, all->err)
        && erg_table_real(table, "energy_low_j", ends.low, all->err)
        && erg_table_real(table, "energy_high_j", ends.high, all->err)
        && erg_table_real(table, "share", share, all->err)
        && erg_table_real(table, "mean_w", mean_w, all->err)
        && erg_table_real(table, "energy_each_j", each_j, all->err);
}

/* Of all classes and the remainder. */
static double sum_u_j(const erg_part parts[], size_t classes)
{
    double sum_j = parts[classes].u_j;

    for (size_t i = 0; i < classes; i++)
        sum_j += parts[i].u_j;
    return sum_j;
}

typedef struct ranked { size_t at; double energy_j; } ranked;

static int most_first(const void *a, const void *b)
{
    const ranked *x = a, *y = b;
    if (x->energy_j != y->energy_j)
        return x->energy_j > y->energy_j ? -1 : 1;
    return x->at < y->at ? -1 : x->at > y->at;
}

/* What ran, by joules; then the rest in one row, then what is in none. */
static bool put_parts(erg_timeline_case *all, const erg_whole *total,
                      const erg_part parts[])
{
    const erg_class *classes = all->classes.items;
    size_t n = all->classes.count, shown = 0;
    ranked *order = calloc(n + 1, sizeof(*order));
    erg_table *table = all->tables.attribution;
    erg_class rest = { .name = "(all others)", .kind = "rest" };
    erg_part rest_part = { 0 };
    bool ok = order != NULL;

    if (!order)
        return erg_fail(all->err, ERG_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < n; i++)
        order[i] = (ranked){ i, parts[i].energy_j };
    qsort(order, n, sizeof(*order), most_first);
    for (size_t i = 0; ok && i < n; i++) {
        const erg_class *class = &classes[order[i].at];
        const erg_part *part = &parts[order[i].at];
        if (class->count == 0)
            continue;
        if (!all->options->top || shown++ < all->options->top) {
            ok = put_part(all, table, total, class, part);
            continue;
        }
        rest.count += class->count;
        rest.duration_s += class->duration_s;
        rest_part.duration_s += part->duration_s;
        rest_part.energy_j += part->energy_j;
        rest_part.most_j += part->most_j;
        rest_part.u_j += part->u_j;     /* they may well err together */
    }
    erg_class none = { .name = unattributed, .kind = "remainder",
                       .duration_s = parts[n].duration_s };
    ok = ok && (rest.count == 0 || put_part(all, table, total, &rest, &rest_part))
      && put_part(all, table, total, &none, &parts[n]);
    free(order);
    return ok;
}

static bool put_summary(erg_timeline_case *all, const erg_whole *total,
                        const erg_sharing *sharing)
{
    const erg_energy *energy = &total->energy;
    erg_table *table = all->tables.summary;
    erg_bounds ends = erg_bounds_of(energy->method, energy->energy_j, energy->spread_j);
    const erg_figure figures[] = {
        { "duration_s", erg_s_from_ns(all->span.end_ns - all->span.begin_ns) },
        { "energy_j", energy->energy_j }, { "energy_low_j", ends.low },
        { "energy_high_j", ends.high }, { "above_w", all->above_w },
        { "resolution_s", all->resolution_s }, { "noise_w", sharing->noise_w },
        { "clock_offset_s", all->offset_s }, { "clock_offset_low_s", all->offset.low },
        { "clock_offset_high_s", all->offset.high },
        { "crest", erg_timeline_crest(all) }, { "thd", erg_timeline_thd(all) },
    };
    char source[ERG_CHANNEL_PATH_MOST];

    erg_trace_channel_path(all->trace, all->channel, source);
    return erg_table_row(table, all->err)
        && erg_table_text(table, "source", source, all->err)
        && erg_table_text(table, "by", all->by, all->err)
        && erg_table_text(table, "method", erg_method_name(energy->method), all->err)
        && erg_table_text(table, "quality", erg_quality_name(energy->quality), all->err)
        && erg_table_integer(table, "spikes", (int64_t)all->spikes.count, all->err)
        && erg_put_figures(table, figures, ERG_COUNT(figures), all->err);
}

static bool note_sharing(erg_timeline_case *all, const erg_whole *total,
                         const erg_sharing *sharing)
{
    const erg_energy *energy = &total->energy;
    char source[ERG_CHANNEL_PATH_MOST];

    erg_trace_channel_path(all->trace, all->channel, source);
    if (!erg_result_note(all->result, all->err,
                         "total %.10g J of %s (%s, %s), 95 %% %.6g .. "
                         "%.6g; rows and remainder add up to it", energy->energy_j, source,
                         erg_method_name(energy->method), erg_quality_name(energy->quality),
                         energy->energy_j - energy->spread_j,
                         energy->energy_j + energy->spread_j))
        return false;
    if (!all->by)
        return erg_result_note(all->result, all->err,
                               "no kernel, operator or region is recorded: "
                               "all joules are unattributed");
    if (!sharing->has_learnt)
        return erg_result_note(all->result, all->err,
                               "joules are shared by time alone: the "
                               "sensor says nothing of watts");
    return erg_result_note(all->result, all->err,
                           "watts of each %s are those that explain %zu "
                           "looks of the sensor best, to %.3g W a look; "
                           "what the looks cannot tell apart has a wide interval; each row "
                           "is gross, with its part of the device's base", all->by,
                           erg_spill_count(&all->steps), sharing->noise_w);
}

static bool put_nothing(erg_timeline_case *all, const erg_error *why)
{
    const erg_whole none = { erg_energy_none(), NAN, NAN };

    return erg_can_do_without(why, all->err)
        && put_summary(all, &none, &(erg_sharing){ .noise_w = NAN })
        && erg_result_note(all->result, all->err, "no joules to share: %s", why->text);
}

static bool share(erg_timeline_case *all)
{
    double *expected_w = calloc(all->classes.count + 1, sizeof(*expected_w));
    erg_part *parts = calloc(all->classes.count + 1, sizeof(*parts));
    bool is_aside = all->works.filed > 0;
    erg_work_list work = { .items = is_aside ? NULL : all->works.held.items,
                           .aside = is_aside ? &all->works : NULL,
                           .count = erg_spill_count(&all->works),
                           .classes = all->classes.count };
    erg_prior prior = { .free_w = free_w(all),
                        .class_w = all->options->prior ? expected_w : NULL };
    erg_error why = { 0 };
    erg_sharing sharing;
    erg_whole total;

    bool ok = parts && expected_w
        ? !all->options->prior || erg_timeline_prior(all, expected_w)
        : erg_fail(all->err, ERG_NO_MEMORY, "out of memory");
    bool is_known = ok
        && erg_trace_energy(all->trace, all->channel, all->span, &total.energy, &why);
    if (ok && !is_known) {
        ok = put_nothing(all, &why);
    } else if (ok) {
        double u_j = total.energy.spread_j / 2, gain_j = total.energy.gain_u_j;
        total.rest_u_j = u_j > gain_j ? sqrt(u_j * u_j - gain_j * gain_j) : 0;
        erg_step_list steps = steps_of(all, total.energy.energy_j);
        ok = erg_share_energy(&work, &steps, &prior, parts, &sharing, all->err)
          && erg_timeline_widen(all, &(erg_shared){ &work, &steps, &prior, parts });
        total.parts_u_j = sum_u_j(parts, all->classes.count);
        ok = ok && put_parts(all, &total, parts) && erg_timeline_split(all, &total, parts)
          && put_summary(all, &total, &sharing)
          && note_sharing(all, &total, &sharing);
    }
    free(parts);
    free(expected_w);
    return ok;
}

/* ---- all of it ---------------------------------------------------------------------- */

static bool note_method(const erg_timeline_case *all)
{
    erg_method method = erg_trace_channel(all->trace, all->channel)->method;

    if (method == ERG_METHOD_SIMULATED)
        return erg_result_note(all->result, all->err, "simulated: no power was measured");
    return method != ERG_METHOD_MODEL
        || erg_result_note(all->result, all->err, "modelled: no power was measured");
}

static bool tell(erg_timeline_case *all)
{
    if (!erg_timeline_add_tables(all) || !open_case(all) || !find_spikes(all))
        return false;
    erg_aftermath *after = calloc(all->spikes.count + 1, sizeof(*after));
    if (!after)
        return erg_fail(all->err, ERG_NO_MEMORY, "out of memory");
    bool ok = erg_timeline_after(all, after) && erg_timeline_causes(all, after)
           && erg_timeline_questions(all, after);
    free(after);
    return ok && erg_timeline_works(all) && erg_timeline_offset(all)
        && erg_timeline_steps(all) && share(all) && erg_timeline_labels(all)
        && note_method(all);
}

erg_result *erg_timeline(const erg_trace *trace, const erg_timeline_options *options,
                         erg_error *err)
{
    erg_timeline_options defaults = { 0 };
    erg_timeline_case all = { .trace = trace, .options = options ? options : &defaults,
                              .works = { .size = sizeof(erg_work) },
                              .steps = { .size = sizeof(erg_sensor_step) }, .err = err };
    bool ok;

    all.result = erg_result_new("timeline", err);
    ok = all.result && tell(&all);
    erg_rows_free(&all.points);
    free(all.spikes.items);
    erg_spill_free(&all.steps);
    erg_spill_free(&all.works);
    free(all.classes.items);
    if (!ok) {
        erg_result_free(all.result);
        all.result = NULL;
    }
    return all.result;
}
