/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plan, period by period: the load works for the share of each that the plan asks for of
 * its highest power and is stopped for the rest (SIGSTOP, SIGCONT to its process group), or
 * works all the time under a power limit that is turned. Periods are far below any time
 * constant that is looked for.
 */
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include "sweep/plan_inside.h"
#include "thermal/settle.h"
#include "trace/stream.h"

static const double period_s = 0.2, look_s = 1;
/* A limit is a request to firmware: what moves by less is not worth one. */
static const double limit_step_w = 1;

void erg_plan_say(const erg_plan_stage *of, const char *format, ...)
{
    char line[200];
    va_list list;

    if (!of->options->say)
        return;
    va_start(list, format);
    vsnprintf(line, sizeof(line), format, list);
    va_end(list);
    of->options->say(of->options->say_self, line);
}

static bool asked(const erg_plan_stage *of)
{
    return of->options->ask_stop && *of->options->ask_stop;
}

static double now_s(const erg_plan_stage *of)
{
    return erg_s_from_ns(erg_env_now_ns(of->env));
}

static void wait_until(const erg_plan_stage *of, double at_s)
{
    erg_recording_run_until(of->rec, erg_ns_from_s(at_s), of->options->ask_stop);
}

/* ---- what moves the power ------------------------------------------------------------ */

static bool write_share(const erg_plan_stage *of, double share, erg_error *err)
{
    FILE *file = of->options->drive ? fopen(of->options->drive, "we") : NULL;

    if (!of->options->drive)
        return true;
    bool good = file && fprintf(file, "%.4f\n", share) > 0;
    return (file && fclose(file) == 0 && good)
        || erg_fail(err, ERG_IO, "cannot write %s: %s", of->options->drive,
                    strerror(errno));
}

static bool let_work(const erg_plan_stage *of, bool works, erg_error *err)
{
    if (!of->has_load)
        return true;
    return (!erg_spawn_has_ended(&of->load)
            && kill(-of->load.pid, works ? SIGCONT : SIGSTOP) == 0)
        || erg_fail(err, ERG_NO_DATA, "the load ended before its plan: "
                    "give it work for %.0f s", of->plan->duration_s);
}

static bool turn_limit(erg_plan_stage *of, double power_w, erg_error *err)
{
    double *now_w = &of->setting.at[ERG_POWER_LIMIT];

    if (!of->options->by_limit || !(power_w > 0) || fabs(power_w - *now_w) < limit_step_w)
        return true;
    *now_w = power_w;
    return erg_sweep_turn(&of->setup, &of->setting, of->options->shared, err);
}

/* One period: works for the share of it that the plan asks for;
 * under a limit, all of it. */
static bool play_period(erg_plan_stage *of, double plan_s, double at_s, erg_error *err)
{
    double power_w = erg_plan_power_w(of->plan, plan_s + period_s / 2);
    double asked_for = of->plan->high_w > 0 ? power_w / of->plan->high_w : 0;
    double share = of->options->by_limit ? power_w > 0 : asked_for;

    if (!turn_limit(of, power_w, err) || !write_share(of, asked_for, err)
        || (share > 0 && !let_work(of, true, err)))
        return false;
    double from_s = now_s(of);
    if (share > 0)
        wait_until(of, at_s + share * period_s);
    if (share < 1 && !let_work(of, false, err))
        return false;
    of->worked_s += share > 0 ? fmax(0, now_s(of) - from_s) : 0;
    of->wanted_s += share * period_s;
    wait_until(of, at_s + period_s);
    return true;
}

/* ---- a part -------------------------------------------------------------------------- */

static bool has_settled(const erg_plan_stage *of, int64_t since_ns, erg_settling *out)
{
    const erg_trace *trace = erg_recording_lock(of->rec);
    char name[120];
    size_t count = 0;

    snprintf(name, sizeof(name), "%s/temperature",
             erg_devices_info(of->setup.devices, of->device)->name);
    int channel = erg_trace_find_channel(trace, name);
    const erg_sample *samples =
        channel >= 0 ? erg_trace_samples(trace, channel, &count) : NULL;
    size_t from = samples ? erg_sample_from(samples, count, since_ns) : 0;
    double step_k = channel >= 0 ? erg_trace_channel(trace, channel)->resolution : 0;
    *out = erg_settling_of(samples ? samples + from : NULL, count - from, step_k);
    erg_recording_unlock(of->rec);
    return erg_is_settled(out);
}

static void say_soak(const erg_plan_stage *of, const erg_settling *seen, bool is_settled)
{
    if (isnan(seen->slope_k_per_s))
        erg_plan_say(of, "soak: no temperature to see it settle by");
    else
        erg_plan_say(of, "soak: %s, %+.2f K/min over %.0f s, at most %.2f either way%s",
                     is_settled ? "settled" : "not settled", 60 * seen->slope_k_per_s,
                     seen->window_s, 60 * seen->bound_k_per_s,
                     is_settled ? "" : ": a longer soak is needed to be sure of 0.1");
}

static void say_part(erg_plan_stage *of, const erg_plan_part *part, double over_s)
{
    const struct { const char *name; double value; } marks[] = {
        { "plan_duty", of->worked_s / over_s }, { "plan_wanted", of->wanted_s / over_s },
    };

    erg_plan_say(of, "%-5s %6.0f s  duty %.3f (asked for %.3f)",
                 erg_plan_kind_name(part->kind), over_s, marks[0].value, marks[1].value);
    for (size_t i = 0; i < ERG_COUNT(marks); i++) {
        erg_mark_row mark = { .t_ns = erg_env_now_ns(of->env), .value = marks[i].value };
        erg_text_put(mark.name, sizeof(mark.name), marks[i].name);
        erg_recording_mark(of->rec, &mark);
    }
    of->worked_s = of->wanted_s = 0;
}

/* A soak is looked at each second; all else takes its time. */
static bool play_part(erg_plan_stage *of, const erg_plan_part *part, erg_error *err)
{
    bool is_soak = part->kind == ERG_PLAN_SOAK, is_over = false, good = true;
    double from_s = now_s(of), looked_s = 0;
    int64_t from_ns = erg_env_now_ns(of->env);
    erg_settling seen = { NAN, INFINITY, 0 };
    char name[32];

    snprintf(name, sizeof(name), "plan_%s", erg_plan_kind_name(part->kind));
    int64_t region = erg_recording_region(of->rec, name, false);
    for (double t_s = 0; good && !is_over && t_s < part->duration_s - 1e-6 && !asked(of);
         t_s += period_s) {
        good = play_period(of, part->begin_s + t_s, from_s + t_s, err);
        if (is_soak && t_s - looked_s >= look_s) {
            is_over = has_settled(of, from_ns, &seen);
            looked_s = t_s;
        }
    }
    erg_recording_region_end(of->rec, region, NAN);
    if (is_soak && good)
        say_soak(of, &seen, is_over);
    say_part(of, part, fmax(now_s(of) - from_s, period_s));
    return good;
}

bool erg_plan_play(erg_plan_stage *of, erg_error *err)
{
    bool good = true;

    for (size_t i = 0; good && i < of->plan->count && !asked(of); i++)
        good = play_part(of, &of->plan->parts[i], err);
    return write_share(of, 0, good ? err : NULL) && good && !asked(of);
}
