/* SPDX-License-Identifier: Apache-2.0 */
/* Figures as cells, each with its interval; source, method and quality are of the row. */
#include <math.h>
#include <string.h>
#include "trace/ends.h"
#include "trace/summary.h"

#define CO2_G_PER_KWH 400.0     /* near the world's mean grid; IEA, Electricity 2024 */
#define J_PER_WH 3600.0

static bool has_column(const erg_table *table, const char *name)
{
    for (size_t i = 0; i < erg_table_column_count(table); i++)
        if (strcmp(erg_table_column(table, i)->name, name) == 0)
            return true;
    return false;
}

bool erg_put_figures(erg_table *table, const erg_figure figures[], size_t count,
                     erg_error *err)
{
    bool good = true;
    for (size_t i = 0; i < count && good; i++)
        if (has_column(table, figures[i].column))
            good = erg_table_real(table, figures[i].column, figures[i].value, err);
    return good;
}

/* Of the net figures. */
static const char *idle_policy_of(const erg_trace *trace)
{
    const char *policy = erg_trace_meta(trace, "idle_state");
    return policy ? policy : erg_idle_policy_name(ERG_IDLE_CONTEXT);
}

/* What summary, devices and regions have in common. */
bool erg_put_energy(summary *all, erg_table *table, const erg_energy *energy)
{
    const erg_energy_ends ends = erg_energy_ends_of(energy);
    const erg_figure figures[] = {
        { "energy_j", energy->energy_j },
        { "energy_low_j", ends.gross_j.low },
        { "energy_high_j", ends.gross_j.high },
        { "net_energy_j", energy->net_j },
        { "net_energy_low_j", ends.net_j.low },
        { "net_energy_high_j", ends.net_j.high },
        { "idle_w", energy->idle_w },
        { "mean_w", energy->mean_w },
        { "peak_w", energy->peak_w },
        { "min_w", energy->min_w },
        { "covered", energy->covered },
        { "mean_low_w", ends.mean_w.low }, { "mean_high_w", ends.mean_w.high },
        { "peak_low_w", ends.peak_w.low }, { "peak_high_w", ends.peak_w.high },
        { "min_low_w", ends.min_w.low }, { "min_high_w", ends.min_w.high },
        { "idle_low_w", ends.idle_w.low }, { "idle_high_w", ends.idle_w.high },
    };
    const char *idle = isfinite(energy->net_j) ? idle_policy_of(all->trace)
                                               : erg_idle_policy_name(ERG_IDLE_GROSS);
    bool known = energy->quality != ERG_QUALITY_NO_DATA;
    char flags[512], peak_source[ERG_CHANNEL_PATH_MOST] = "";

    if (energy->peak_channel >= 0 && isfinite(energy->peak_w))
        erg_trace_channel_path(all->trace, energy->peak_channel, peak_source);
    erg_flags_text(energy->flags, flags, sizeof(flags));
    all->qualities |= 1u << energy->quality;
    return erg_put_figures(table, figures, ERG_COUNT(figures), all->err)
        && erg_table_text(table, "idle_policy", known ? idle : NULL, all->err)
        && erg_table_text(table, "quality", erg_quality_name(energy->quality), all->err)
        && erg_table_integer(table, "updates", known ? energy->updates : ERG_NONE, all->err)
        && erg_table_text(table, "peak_source", *peak_source ? peak_source : NULL, all->err)
        && erg_table_text(table, "flags", *flags ? flags : NULL, all->err);
}

bool erg_put_origin(summary *all, erg_table *table, const erg_pick *pick)
{
    const erg_channel_info *info = erg_trace_channel(all->trace, pick->channel);
    char source[ERG_CHANNEL_PATH_MOST];

    erg_trace_channel_path(all->trace, pick->channel, source);
    return erg_table_text(table, "source", source, all->err)
        && erg_table_text(table, "method", erg_method_name(info->method), all->err)
        && erg_table_text(table, "scope", erg_scope_name(info->scope), all->err);
}

/* Runs that read alike do not make the sensor's steps and edges go away. */
erg_run_spread erg_run_spread_of(const erg_trace *trace, const char *region,
                                 const erg_pick picks[], size_t count,
                                 const erg_energy *total, double runs)
{
    erg_run_spread out = { total->spread_j / runs, false };
    erg_interval scatter;

    if (!region || !erg_runs_scatter(trace, region, picks, count, &scatter))
        return out;
    out.half_j = fmax(out.half_j, hypot(scatter.half_width, 2 * total->gain_u_j / runs));
    out.scatters = true;
    return out;
}

/* The same joules in other units: their intervals are of the joules, too. */
bool erg_put_converted(summary *all, erg_table *table, const erg_energy *total)
{
    double factor = all->options->co2_g_per_kwh > 0 ? all->options->co2_g_per_kwh
                                                    : CO2_G_PER_KWH;
    double wh = total->energy_j / J_PER_WH, g_per_j = factor / 1000 / J_PER_WH;
    erg_bounds of = erg_bounds_of(total->method, total->energy_j, total->spread_j);
    const erg_figure figures[] = {
        { "energy_wh", wh },
        { "energy_low_wh", of.low / J_PER_WH },
        { "energy_high_wh", of.high / J_PER_WH },
        { "co2_g", wh / 1000 * factor },
        { "co2_low_g", of.low * g_per_j },
        { "co2_high_g", of.high * g_per_j },
    };
    return erg_put_figures(table, figures, ERG_COUNT(figures), all->err)
        && (!isfinite(wh) || erg_result_note(all->result, all->err,
                "CO2: %.3g g at %.0f g per kWh; name your grid's factor with --co2.",
                wh / 1000 * factor, factor));
}
