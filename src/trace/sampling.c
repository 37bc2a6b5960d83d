/* SPDX-License-Identifier: Apache-2.0 */
/* Table sampling: what the sampler and the sensor truly delivered. */
#include <math.h>
#include "math/numbers.h"
#include "math/stats.h"
#include "trace/stream.h"
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

static size_t count_changes(const erg_trace *trace, int channel, size_t *errors)
{
    size_t count, changes = 0;
    const erg_sample *samples = erg_trace_samples(trace, channel, &count);

    for (size_t i = 0; i < count; i++) {
        *errors += isnan(samples[i].value) != 0;
        changes += i && samples[i].value != samples[i - 1].value
                && !isnan(samples[i].value) && !isnan(samples[i - 1].value);
        erg_samples_pass(trace, channel, i);
    }
    return changes;
}

static double known(double value) { return value > 0 ? value : NAN; }

/* Of a channel, which may be longer than memory: how far its gaps are from middle_s, or how
 * long each reading took. */
typedef struct times { const erg_trace *trace; int channel; bool reads; double middle_s; }
    times;

static bool each_time(void *self, erg_numbers_take *take, void *to, erg_error *err)
{
    enum { SOME = 512 };
    const times *of = self;
    double x[SOME];
    size_t count, n = 0;
    const erg_sample *at = erg_trace_samples(of->trace, of->channel, &count);

    (void)err;
    for (size_t i = 0; i < count; i++) {
        if (of->reads)
            x[n++] = 2 * erg_s_from_ns(at[i].half_width_ns);
        else if (i > 0)
            x[n++] = fabs(erg_s_from_ns(at[i].t_ns - at[i - 1].t_ns) - of->middle_s);
        if (n == SOME || i + 1 == count) {
            take(to, x, n);
            n = 0;
        }
        erg_samples_pass(of->trace, of->channel, i);
    }
    return true;
}

static bool find_median(times of, double *median_s, erg_error *err)
{
    size_t count;

    erg_trace_samples(of.trace, of.channel, &count);
    const erg_numbers numbers = { each_time, &of, of.reads || !count ? count : count - 1 };
    return erg_quantile_of(&numbers, 0.5, median_s, err);
}

static double longest_of(const erg_trace *trace, int channel, double usual_s,
                         size_t *missed)
{
    size_t count;
    const erg_sample *at = erg_trace_samples(trace, channel, &count);
    double longest_s = NAN;

    for (size_t i = 1; i < count; i++) {
        double gap_s = erg_s_from_ns(at[i].t_ns - at[i - 1].t_ns);
        longest_s = fmax(longest_s, gap_s);
        *missed += gap_s > 1.5 * usual_s;
        erg_samples_pass(trace, channel, i);
    }
    return longest_s;
}

static bool put_times(summary *all, erg_table *table, int channel)
{
    double median_s, spread_s, read_s;
    size_t missed = 0;

    if (!find_median((times){ all->trace, channel, false, 0 }, &median_s, all->err)
        || !find_median((times){ all->trace, channel, false, median_s }, &spread_s,
                        all->err)
        || !find_median((times){ all->trace, channel, true, 0 }, &read_s, all->err))
        return false;
    const erg_figure figures[] = {
        { "interval_s", median_s }, { "jitter_s", ERG_SIGMAS_OF_MAD * spread_s },
        { "longest_s", longest_of(all->trace, channel, median_s, &missed) },
        { "read_s", known(read_s) },
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
    char source[ERG_CHANNEL_PATH_MOST];

    erg_trace_samples(all->trace, channel, &count);
    size_t changes = count_changes(all->trace, channel, &errors);
    erg_trace_channel_path(all->trace, channel, source);
    return erg_table_row(table, all->err)
        && erg_table_text(table, "channel", source, all->err)
        && erg_table_integer(table, "polls", (int64_t)count, all->err)
        && erg_table_integer(table, "errors", (int64_t)errors, all->err)
        && erg_table_integer(table, "changes", (int64_t)changes, all->err)
        && put_times(all, table, channel)
        && put_facts(all, table, erg_trace_channel(all->trace, channel));
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
