/* SPDX-License-Identifier: Apache-2.0 */
/* Table sampling: what the sampler and the sensor truly delivered. */
#include <math.h>
#include <stdlib.h>
#include "math/stats.h"
#include "trace/summary.h"

static const erg_column columns[] = {
    { "channel", ERG_TEXT, "device and channel" },
    { "kind", ERG_TEXT, "what one number means in time" },
    { "polls", ERG_INTEGER, "our readings" },
    { "errors", ERG_INTEGER, "readings that failed" },
    { "changes", ERG_INTEGER, "readings that differ from the one before" },
    { "interval_s", ERG_REAL, "median time between polls" },
    { "jitter_s", ERG_REAL, "its robust standard deviation" },
    { "longest_s", ERG_REAL, "longest time between polls" },
    { "missed", ERG_INTEGER, "polls that came over 1.5 intervals late" },
    { "read_s", ERG_REAL, "median time one reading took" },
    { "update_period_s", ERG_REAL, "time between the sensor's own new values" },
    { "window_s", ERG_REAL, "time the sensor averages over" },
    { "seen", ERG_REAL, "share of the time the sensor looks, 0 to 1" },
    { "delay_s", ERG_REAL, "how late the sensor is" },
    { "gain_u", ERG_REAL, "relative standard uncertainty of its gain" },
    { "calibration", ERG_TEXT, "the calibration used" },
};

static size_t count_changes(const erg_sample samples[], size_t count, size_t *errors)
{
    size_t changes = 0;
    for (size_t i = 0; i < count; i++) {
        *errors += isnan(samples[i].value) != 0;
        changes += i && samples[i].value != samples[i - 1].value
                && !isnan(samples[i].value) && !isnan(samples[i - 1].value);
    }
    return changes;
}

static double known(double value) { return value > 0 ? value : NAN; }

/* work: room for count numbers. */
static bool put_times(summary *all, erg_table *table, const erg_sample samples[],
                      size_t count, double work[])
{
    size_t gaps = count ? count - 1 : 0, missed = 0;
    for (size_t i = 0; i < gaps; i++)
        work[i] = erg_s_from_ns(samples[i + 1].t_ns - samples[i].t_ns);
    double median_s = erg_median(work, gaps), longest_s = NAN;
    for (size_t i = 0; i < gaps; i++) {
        longest_s = fmax(longest_s, work[i]);
        missed += work[i] > 1.5 * median_s;
    }
    double jitter_s = erg_mad_sigma(work, gaps);
    for (size_t i = 0; i < count; i++)
        work[i] = 2 * erg_s_from_ns(samples[i].half_width_ns);
    const erg_figure figures[] = {
        { "interval_s", median_s }, { "jitter_s", jitter_s }, { "longest_s", longest_s },
        { "read_s", known(erg_median(work, count)) },
    };
    return erg_put_figures(table, figures, ERG_COUNT(figures), all->err)
        && erg_table_integer(table, "missed", (int64_t)missed, all->err);
}

static bool put_facts(summary *all, erg_table *table, const erg_channel_info *info)
{
    double share = info->window_s / info->update_s;
    const erg_figure figures[] = {
        { "update_period_s", known(info->update_s) },
        { "window_s", known(info->window_s) },
        { "seen",
          known(info->window_s) > 0 && known(info->update_s) > 0 ? fmin(1, share) : NAN },
        { "delay_s", info->delay_s },
        { "gain_u", known(info->gain_u) },
    };
    return erg_put_figures(table, figures, ERG_COUNT(figures), all->err)
           && erg_table_text(table, "kind", erg_kind_name(info->kind), all->err)
           && erg_table_text(table, "calibration",
                             *info->calibration ? info->calibration : NULL, all->err);
}

static bool add_channel(summary *all, erg_table *table, int channel)
{
    size_t count, errors = 0;
    const erg_sample *samples = erg_trace_samples(all->trace, channel, &count);
    double *work = calloc(count + 1, sizeof(*work));
    char source[ERG_CHANNEL_PATH_MOST];

    if (!work)
        return erg_fail(all->err, ERG_NO_MEMORY, "out of memory");
    size_t changes = count_changes(samples, count, &errors);
    erg_trace_channel_path(all->trace, channel, source);
    bool good = erg_table_row(table, all->err)
        && erg_table_text(table, "channel", source, all->err)
        && erg_table_integer(table, "polls", (int64_t)count, all->err)
        && erg_table_integer(table, "errors", (int64_t)errors, all->err)
        && erg_table_integer(table, "changes", (int64_t)changes, all->err)
        && put_times(all, table, samples, count, work)
        && put_facts(all, table, erg_trace_channel(all->trace, channel));
    free(work);
    return good;
}

bool erg_summary_sampling(summary *all)
{
    erg_table *table = erg_result_add(all->result, "sampling", columns, ERG_COUNT(columns),
                                      all->err);
    bool good = table != NULL;
    for (int c = 0; good && c < (int)erg_trace_channel_count(all->trace); c++)
        good = add_channel(all, table, c);
    return good;
}
