/* SPDX-License-Identifier: Apache-2.0 */
/* Findings of one device of a run. What a remedy saves is not known: joules are a bound. */
#include <math.h>
#include <string.h>
#include "math/stats.h"
#include "advise/advise_look.h"
#include "sweep/under_load.h"

static const double idle_told = 0.2, use_told = 0.5, throttled_told = 0.02, peak_told = 1.5;

static void look_at_idle(erg_look *to, erg_look_row of)
{
    double share = 1 - erg_look_real(of, "net_energy_j") / erg_look_real(of, "energy_j");

    if (!(share >= idle_told))
        return;
    erg_finding *one = erg_look_tell(to, of, fmin(share, 1),
                                     "finish sooner or share the device: "
                                     "larger batches, erg advise place");
    one->method = "model";
    one->low_j = one->high_j = NAN;
    erg_look_say(one, "idle power, %.4g W, makes %.0f %% of the joules",
                 erg_look_real(of, "idle_w"), 100 * share);
}

static double mean_use(const erg_look *from, const char *device)
{
    char name[96];
    erg_sum sum = { 0 };
    size_t count = 0, used = 0;

    snprintf(name, sizeof(name), "%s/use", device);
    int channel = erg_trace_find_channel(from->trace, name);
    const erg_sample *all =
        channel < 0 ? NULL : erg_trace_samples(from->trace, channel, &count);
    for (size_t i = 0; all && i < count; i++)
        for (size_t s = 0; s < from->span_count; s++)
            if (all[i].t_ns >= from->spans[s].begin_ns
                && all[i].t_ns < from->spans[s].end_ns && !isnan(all[i].value))
                erg_sum_add(&sum, all[i].value), used++;
    return used ? erg_sum_value(&sum) / (double)used : NAN;
}

static void look_at_use(erg_look *to, erg_look_row of)
{
    double use = mean_use(to, erg_look_text(of, "device"));

    if (!(use < use_told))
        return;
    erg_look_say(
        erg_look_tell(to, of, 1 - use,
                      "larger batches or less waiting between launches; else a lower "
                      "clock: erg sweep --knob sm_clock, then erg choose"),
        "the device is in use %.0f %% of the time", 100 * use);
}

typedef struct cause {
    const char *channel, *what, *advice;
} cause;

static const cause causes[] = {
    { "throttled_power", "its power limit",
      "a lower clock takes fewer joules for the same work: "
      "erg sweep, then erg choose" },
    { "throttled_sw_thermal", "heat", "cool it, or lower the limit: erg thermal forecast" },
    { "throttled_thermal", "heat", "cool it, or lower the limit: erg thermal forecast" },
    { "throttled_hw_thermal", "heat (hardware)", "cool it: erg thermal forecast" },
    { "throttled_brake", "the power brake of the supply", "lower peaks: erg shape" },
    { "throttled_reliability", "voltage limits", "a lower clock: erg sweep" },
    { "throttled_board", "the board's limit",
      "a lower power limit of your own: erg sweep" },
};

/* Seconds that a counter of throttled time rose by within the run;
 * 0: it did not, or none. */
static double rise_of(const erg_look *from, const char *device, const char *channel)
{
    char name[96];
    size_t count = 0;
    double rise = 0;

    snprintf(name, sizeof(name), "%s/%s", device, channel);
    int index = erg_trace_find_channel(from->trace, name);
    const erg_sample *all =
        index < 0 ? NULL : erg_trace_samples(from->trace, index, &count);
    for (size_t s = 0; all && s < from->span_count; s++) {
        double first = NAN, last = NAN;
        for (size_t i = 0; i < count && all[i].t_ns < from->spans[s].end_ns; i++)
            if (all[i].t_ns >= from->spans[s].begin_ns && !isnan(all[i].value)) {
                first = isnan(first) ? all[i].value : first;
                last = all[i].value;
            }
        rise += last > first ? last - first : 0;
    }
    return rise;
}

static double run_s(const erg_look *from)
{
    erg_sum sum = { 0 };

    for (size_t s = 0; s < from->span_count; s++)
        erg_sum_add(&sum, erg_s_from_ns(from->spans[s].end_ns - from->spans[s].begin_ns));
    return erg_sum_value(&sum);
}

/* Counters name the cause; without them the share of samples whose clock was taken away. */
static void look_at_throttling(erg_look *to, erg_look_row of)
{
    const char *device = erg_look_text(of, "device");
    double share = 0, total_s = run_s(to);
    const cause *why = NULL;
    erg_under_load load;

    for (size_t i = 0; i < ERG_COUNT(causes); i++) {
        double now = rise_of(to, device, causes[i].channel) / total_s;
        if (now > share)
            share = now, why = &causes[i];
    }
    if (!why
        && erg_under_load_read(to->trace, device, to->spans, to->span_count, &load, NULL))
        share = load.throttled;
    if (!(share >= throttled_told))
        return;
    share = fmin(share, 1);
    erg_look_say(erg_look_tell(to, of, share,
                               why ? why->advice
                                   : "a lower clock or limit of your own: erg sweep, "
                                     "then erg choose"),
                 "the clock is taken away %.0f %% of the time, by %s", 100 * share,
                 why ? why->what : "what the device does not tell apart in time");
}

static void look_at_peaks(erg_look *to, erg_look_row of)
{
    double ratio = erg_look_real(of, "peak_w") / erg_look_real(of, "mean_w");

    if (!(ratio >= peak_told))
        return;
    erg_finding *one =
        erg_look_tell(to, of, NAN, "what would flatten it, and at what cost: erg shape");
    one->method = erg_look_text(of, "method");
    erg_look_say(one, "the highest power, %.4g W, is %.2g times the mean",
                 erg_look_real(of, "peak_w"), ratio);
}

void erg_look_at_device(erg_look *to, erg_look_row of)
{
    static void (*const looks[])(erg_look * to, erg_look_row of) = {
        look_at_idle,
        look_at_use,
        look_at_throttling,
        look_at_peaks,
    };

    for (size_t i = 0; i < ERG_COUNT(looks); i++)
        looks[i](to, of);
}
