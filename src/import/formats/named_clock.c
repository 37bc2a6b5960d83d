/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sweeps write one file a clock and put the clock into its name; when setting it
 * failed, the name is all that tells.
 *
 * A number in a name is taken for an SM clock if NVIDIA's boards could run at it:
 * steps of 7.5 MHz, cut to whole ones, between 300 and 2600 MHz. Batch sizes and
 * token counts, powers of two, are not on these steps; product names are left out.
 */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "math/numbers.h"
#include "import/formats/named_clock.h"
#include "trace/stream.h"

static const char *const products[] = { "gtx", "rtx", "titan", "quadro", "gt", "rx", "mi" };

/* What a number counts when it is followed by one of these is no clock. */
static const char *const others[] = { "w", "ms", "s", "us", "p", "x", "k",
                                      "mb", "gb", "j" };

static bool ends_in_product(const char *begin, const char *end)
{
    const char *word = end;
    while (word > begin && isalpha((unsigned char)word[-1]))
        word--;
    for (size_t i = 0; i < ERG_COUNT(products); i++)
        if (strlen(products[i]) == (size_t)(end - word)
            && strncasecmp(word, products[i], (size_t)(end - word)) == 0)
            return true;
    return false;
}

static bool is_other(const char *suffix)
{
    size_t count = 0;
    while (isalpha((unsigned char)suffix[count]))
        count++;
    for (size_t i = 0; i < ERG_COUNT(others); i++)
        if (strlen(others[i]) == count && strncasecmp(suffix, others[i], count) == 0)
            return true;
    return false;
}

/* 2025-07-09 and 2025_07_09 begin with a year. */
static bool is_year(long value, const char *after)
{
    return value >= 2000 && value < 2100 && strchr("-_.", *after) && *after
        && isdigit((unsigned char)after[1]) && isdigit((unsigned char)after[2])
        && !isdigit((unsigned char)after[3]);
}

int erg_named_clock(const char **at)
{
    const char *begin = *at;
    for (const char *c = begin; *c;) {
        if (!isdigit((unsigned char)*c)) {
            c++;
            continue;
        }
        const char *word = c;
        char *end;
        long value = strtol(c, &end, 10);
        c = end;
        long steps = lround((double)value / 7.5);
        bool on_steps = value == (steps * 15) / 2;
        if (end - word <= 4 && value >= 300 && value <= 2600 && on_steps
            && !ends_in_product(begin, word) && !is_other(end) && !is_year(value, end)) {
            *at = end;
            return (int)value;
        }
    }
    *at = begin + strlen(begin);
    return 0;
}

static int sibling(const erg_trace *trace, int clock, erg_quantity quantity)
{
    int device = erg_trace_channel(trace, clock)->device;
    for (int i = 0; i < (int)erg_trace_channel_count(trace); i++) {
        const erg_channel_info *info = erg_trace_channel(trace, i);
        if (info->device == device && info->quantity == quantity)
            return i;
    }
    return -1;
}

/* Load is where use, else power, is in the upper half of its range. */
static double half_way(const erg_trace *trace, int channel)
{
    size_t count;
    const erg_sample *samples = erg_trace_samples(trace, channel, &count);
    double low = INFINITY, high = -INFINITY;
    for (size_t i = 0; i < count; i++) {
        erg_samples_pass(trace, channel, i);
        if (samples[i].value < low)
            low = samples[i].value;
        if (samples[i].value > high)
            high = samples[i].value;
    }
    return high > low ? (low + high) / 2 : -INFINITY;
}

typedef struct under_load {
    const erg_trace *trace;
    int clock, by;              /* by: the channel that tells load; -1: none */
    double from;
} under_load;

static bool each_clock(void *self, erg_numbers_take *take, void *to, erg_error *err)
{
    const under_load *of = self;
    size_t count, load_count = 0, at = 0;
    const erg_sample *seen = erg_trace_samples(of->trace, of->clock, &count);
    const erg_sample *load = erg_trace_samples(of->trace, of->by, &load_count);

    (void)err;
    for (size_t i = 0; i < count; i++) {
        while (at < load_count && load[at].t_ns < seen[i].t_ns)
            erg_samples_pass(of->trace, of->by, ++at);
        if (at >= load_count || !(load[at].value < of->from))
            take(to, &seen[i].value, 1);
        erg_samples_pass(of->trace, of->clock, i);
    }
    return true;
}

static void add_up(void *to, const double x[], size_t n)
{
    (void)x;
    *(size_t *)to += n;
}

static bool clock_under_load(const erg_trace *trace, int clock, double *mhz, erg_error *err)
{
    under_load of = { trace, clock, sibling(trace, clock, ERG_USE), -INFINITY };
    erg_numbers clocks = { .each = each_clock, .self = &of };
    size_t count;

    if (of.by < 0)
        of.by = sibling(trace, clock, ERG_POWER);
    if (of.by >= 0 && erg_trace_samples(trace, of.by, &count))
        of.from = half_way(trace, of.by);
    bool good = each_clock(&of, add_up, &clocks.count, err)
             && erg_quantile_of(&clocks, 0.5, mhz, err);
    *mhz *= 1e-6;
    return good;
}

bool erg_check_named_clock(erg_trace *trace, const char *file, int first, erg_error *err)
{
    const char *base = erg_path_base(file);
    for (int i = first; i < (int)erg_trace_channel_count(trace); i++) {
        const char *name = erg_trace_channel(trace, i)->name, *at = base;
        if (strcmp(name, "sm_clock") != 0 && strcmp(name, "sm_app_clock") != 0)
            continue;
        double seen_mhz = NAN;
        for (int named; (named = erg_named_clock(&at)) != 0;) {
            if (isnan(seen_mhz) && !clock_under_load(trace, i, &seen_mhz, err))
                return false;
            if (!(fabs(seen_mhz - named) > 0.02 * named))
                continue;
            erg_flag flag = { .code = ERG_FLAG_CLOCK_NOT_REACHED, .channel = i,
                              .span = erg_trace_span(trace) };
            snprintf(flag.text, sizeof(flag.text),
                     "%.80s: the name says %d MHz, but the SM clock "
                     "under load was %.0f MHz: check that the clock was set, "
                     "or rename the file", base, named, seen_mhz);
            if (!erg_trace_add_flag(trace, &flag, err))
                return false;
            break;
        }
    }
    return true;
}
