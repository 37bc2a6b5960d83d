/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Four questions after a spike, each answered in a note with its figure: did a collective
 * or an operator begin just before, did the device throttle, was a supply near its end,
 * was a link busy. What was not recorded is said to be unknown, never 0.
 */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "timeline/timeline_inside.h"

static const double SINE_CREST = 1.4142135623730951;    /* high is above that */
static const double LINK_BUSY = 0.85;
static const int64_t LATE_NS = ERG_NS_PER_S;    /* a BMC is asked once a second, or less */

/* ---- the wave ----------------------------------------------------------------------- */

static double rms_w(const erg_timeline_case *all)
{
    const erg_power_point *at = all->points.items;
    erg_sum squares = { 0 };

    for (size_t i = 0; i < all->points.count; i++) {
        erg_sum_add(&squares, at[i].w * at[i].w);
        erg_rows_pass(&all->points, i);
    }
    return sqrt(erg_sum_value(&squares) / (double)all->points.count);
}

double erg_timeline_crest(const erg_timeline_case *all)
{
    const erg_power_point *at = all->points.items;
    double peak_w = NAN;

    for (size_t i = 0; i < all->points.count; i++) {
        peak_w = fmax(peak_w, at[i].w);
        erg_rows_pass(&all->points, i);
    }
    return peak_w / rms_w(all);
}

/* thd_ratio of an exec sensor, or outlet1_thd_ratio. */
static bool is_thd(const char *name)
{
    size_t count = strlen(name);

    return strcmp(name, "thd") == 0 || strncmp(name, "thd_", 4) == 0
        || (count > 4 && strcmp(name + count - 4, "_thd") == 0);
}

double erg_timeline_thd(const erg_timeline_case *all)
{
    double most = NAN;

    for (int c = 0; c < (int)erg_trace_channel_count(all->trace); c++) {
        size_t n = 0;
        const erg_sample *at = is_thd(erg_trace_channel(all->trace, c)->name)
            ? erg_trace_samples(all->trace, c, &n) : NULL;
        for (size_t i = 0; i < n; i++)
            most = fmax(most, at[i].value);
    }
    return most;
}

/* ---- did work begin ----------------------------------------------------------------- */

static void tell_begins(const erg_timeline_case *all, erg_begin_group group,
                        const char *what, erg_text *to)
{
    const erg_lift *of = &all->begun[group];

    if (!of->begins)
        erg_text_add(to, "no %s is recorded", what);
    else
        erg_text_add(to, "a %s begins just before %.4g %% of %zu (lift %.4g)", what,
                     100 * (double)of->near / (double)all->spikes_tried, all->spikes_tried,
                     of->lift);
}

static bool tell_aligned(const erg_timeline_case *all, const erg_aftermath after[],
                         erg_text *to)
{
    (void)after;
    tell_begins(all, ERG_BEGIN_COLLECTIVE, "collective", to);
    erg_text_add(to, "; ");
    tell_begins(all, ERG_BEGIN_WORK, "kernel, operator or region", to);
    return true;
}

/* ---- did it throttle ---------------------------------------------------------------- */

static bool tell_throttle(const erg_timeline_case *all, const erg_aftermath after[],
                          erg_text *to)
{
    size_t held = 0;

    for (size_t i = 0; i < all->spikes.count; i++)
        held += after[i].throttle != NULL;
    if (all->has_counter)
        erg_text_add(to, "a counter of throttled time rises within 200 ms of %zu of %zu",
                     held, all->spikes.count);
    else
        erg_text_add(to, "unknown: no counter of throttled time was recorded");
    return true;
}

/* ---- was a supply near its end ------------------------------------------------------ */

static bool is_over_current(const char *name)
{
    char folded[64];
    size_t kept = 0;

    for (; *name && kept < sizeof(folded) - 1; name++)
        if (isalnum((unsigned char)*name))
            folded[kept++] = (char)tolower((unsigned char)*name);
    folded[kept] = '\0';
    return strstr(folded, "overcurrent") || strcmp(folded, "ocp") == 0;
}

static int by_time(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* Spikes with an over-current event between their begin and soon after their end, of all
 * such events. */
static bool count_over_current(const erg_timeline_case *all, size_t *out, size_t *events)
{
    const erg_spike *spikes = all->spikes.items;
    size_t marks = erg_trace_mark_count(all->trace), n = 0, first = 0;
    int64_t *at_ns = malloc((marks + 1) * sizeof(*at_ns));

    *out = 0;
    if (!at_ns)
        return erg_fail(all->err, ERG_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < marks; i++)
        if (is_over_current(erg_trace_mark(all->trace, i)->name))
            at_ns[n++] = erg_trace_mark(all->trace, i)->t_ns;
    qsort(at_ns, n, sizeof(*at_ns), by_time);
    for (size_t i = 0; i < all->spikes.count; i++) {
        int64_t early_ns = spikes[i].begin_ns - erg_ns_from_s(all->resolution_s);
        while (first < n && at_ns[first] < early_ns)
            first++;
        *out += first < n && at_ns[first] <= spikes[i].end_ns + LATE_NS;
    }
    free(at_ns);
    *events = n;
    return true;
}

static bool tell_supply(const erg_timeline_case *all, const erg_aftermath after[],
                        erg_text *to)
{
    const erg_spike *spikes = all->spikes.items;
    double least_w = SINE_CREST * rms_w(all), thd = erg_timeline_thd(all);
    size_t over, events, high = 0;

    (void)after;
    if (!count_over_current(all, &over, &events))
        return false;
    for (size_t i = 0; i < all->spikes.count; i++)
        high += spikes[i].peak_w > least_w;
    if (events)
        erg_text_add(to, "an over-current event follows %zu of %zu within 1 s", over,
                     all->spikes.count);
    else
        erg_text_add(to, "no over-current event is recorded");
    erg_text_add(to, "; %zu of %zu have a crest above 1.414, a sine's; ", high,
                 all->spikes.count);
    if (isnan(thd))
        erg_text_add(to, "harmonics are unknown: no meter gave a THD");
    else
        erg_text_add(to, "a meter gave a THD of up to %.4g", thd);
    return true;
}

/* ---- was a link busy ---------------------------------------------------------------- */

/* At any reading of the spike, or the first after it. */
static bool is_busy(const erg_timeline_case *all, int channel, const erg_spike *spike)
{
    size_t n;
    const erg_sample *at = erg_trace_samples(all->trace, channel, &n);

    for (size_t i = erg_sample_from(at, n, spike->begin_ns); i < n; i++) {
        if (at[i].value >= LINK_BUSY)
            return true;
        if (at[i].t_ns >= spike->end_ns)
            break;
    }
    return false;
}

static bool tell_links(const erg_timeline_case *all, const erg_aftermath after[],
                       erg_text *to)
{
    static const char *const names[] = { "fabric_use", "pcie_use" };
    const erg_spike *spikes = all->spikes.items;
    int device = erg_trace_channel(all->trace, all->channel)->device;
    int channels[ERG_COUNT(names)], known = 0;
    size_t busy = 0;

    (void)after;
    for (size_t k = 0; k < ERG_COUNT(names); k++) {
        int channel = erg_channel_named(all->trace, device, names[k]);
        if (channel >= 0)
            channels[known++] = channel;
    }
    for (size_t i = 0; i < all->spikes.count; i++) {
        bool is = false;
        for (int k = 0; k < known && !is; k++)
            is = is_busy(all, channels[k], &spikes[i]);
        busy += is;
    }
    if (known)
        erg_text_add(to, "NVLink or PCIe is at 85 %% or more in %zu of %zu", busy,
                     all->spikes.count);
    else
        erg_text_add(to, "unknown: the use of no link was recorded");
    return true;
}

/* ---- all four ----------------------------------------------------------------------- */

static const struct {
    const char *asked;
    bool (*tell)(const erg_timeline_case *all, const erg_aftermath after[], erg_text *to);
} questions[] = {
    { "spikes and work", tell_aligned },
    { "spikes and throttling", tell_throttle },
    { "spikes and supply", tell_supply },
    { "spikes and links", tell_links },
};

bool erg_timeline_questions(erg_timeline_case *all, const erg_aftermath after[])
{
    bool ok = true;

    for (size_t i = 0; ok && all->spikes.count && i < ERG_COUNT(questions); i++) {
        erg_text text = { 0 };
        ok = questions[i].tell(all, after, &text);
        char *told = ok ? erg_text_take(&text) : NULL;
        if (ok && !told)
            ok = erg_fail(all->err, ERG_NO_MEMORY, "out of memory");
        ok = ok && erg_result_note(all->result, all->err, "%s: %s", questions[i].asked,
                                   told);
        free(told);
        erg_text_free(&text);
    }
    return ok;
}
