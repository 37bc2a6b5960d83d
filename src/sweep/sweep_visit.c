/* SPDX-License-Identifier: Apache-2.0 */
/* One visit of a sweep: told, turned, settled, warmed, measured, judged and written. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "math/random.h"
#include "sweep/sweep_inside.h"

static const double settle_s = 2, timeout_s = 1800, agreed = 0.05;
enum { FIRST_WARMUPS_MOST = 5 };

bool erg_sweep_asked(const erg_sweep *s)
{
    return s->options->ask_stop && *s->options->ask_stop;
}

/* ---- progress ------------------------------------------------------------------------ */

static void tell(const erg_sweep *s, const erg_sweep_place *at)
{
    char text[200], setting[100], left[40] = "";
    double spent_s = erg_s_from_ns(erg_env_now_ns(s->env) - s->begin_ns);
    double left_s =
        s->done ? spent_s / (double)s->done * (double)(s->planned - s->done) : NAN;

    if (!s->options->progress)
        return;
    if (left_s >= 90)
        snprintf(left, sizeof(left), ", about %.0f min left", left_s / 60);
    else if (left_s >= 0)
        snprintf(left, sizeof(left), ", about %.0f s left", left_s);
    erg_sweep_put_setting(&s->setup.settings[at->setting], setting, sizeof(setting));
    snprintf(text, sizeof(text), "visit %zu of %zu, block %d%s%s", s->done + 1, s->planned,
             at->block + 1, setting, left);
    s->options->progress(s->options->progress_self, text);
}

/* ---- one visit ----------------------------------------------------------------------- */

static double share_done(const erg_sweep *s, const erg_sweep_place *at)
{
    double per_block = (double)(erg_sweep_block_most(s->setup.count));
    double all = per_block * erg_sweep_blocks(s->options);
    return all > 1 ? (per_block * at->block + at->place) / (all - 1) : 0;
}

static bool run_once(erg_sweep *s, const erg_sweep_place *at, int number,
                     const char *region, erg_bench_seen *seen, erg_error *err)
{
    const erg_knob_setting *setting = &s->setup.settings[at->setting];
    erg_sweep_job job = s->options->jobs[at->job];
    char **step = NULL, **set = NULL;
    uint64_t luck = s->options->random + (uint64_t)at->job * 0x100000001b3u;
    luck = erg_random_mix(luck) ^ (uint64_t)at->block << 32 ^ (uint64_t)at->place << 8;
    const erg_bench_run what = {
        .job = &job,
        .setting = setting,
        .region = region,
        .number = luck ^ (uint64_t)number,
        .progress = share_done(s, at),
        .timeout_s = erg_sweep_or(s->options->timeout_s, timeout_s),
        .ask_stop = s->options->ask_stop,
    };
    if (job.argv && erg_sweep_has_env(&s->setup)) {
        set = erg_sweep_env_argv(&s->setup, setting, job.argv, err);
        if (!set)
            return false;
        job.argv = set;
    }
    if (job.argv && erg_sweep_by_srun(&s->setup)) {
        step = erg_sweep_srun_argv(&s->setup, setting, job.argv, err);
        if (!step) {
            free(set);
            return false;
        }
        job.argv = step;
    }
    bool good = s->bench->kind->run(s->bench, &what, seen, err);
    free(step);
    free(set);
    return good;
}

/* The first visit of a job is warm when two runs in a row agree: caches, downloads and
 * compilers are behind it then. */
static bool warm_up(erg_sweep *s, const erg_sweep_place *at, erg_error *err)
{
    bool is_first = !s->was_warmed[at->job];
    int wanted = s->options->warmup < 0   ? 0
                 : s->options->warmup > 0 ? s->options->warmup
                                          : 1;
    int most = is_first && wanted ? FIRST_WARMUPS_MOST : wanted;
    double last_s = NAN;

    s->was_warmed[at->job] = true;
    for (int i = 1; i <= most && !erg_sweep_asked(s); i++) {
        erg_bench_seen seen;
        if (!run_once(s, at, i, "warmup", &seen, err))
            return false;
        if (seen.is_timeout || seen.exit_status != 0)
            return true; /* the visit itself will tell */
        if (is_first && i >= wanted && fabs(seen.time_s - last_s) <= agreed * last_s)
            return true;
        last_s = seen.time_s;
    }
    return true;
}

static erg_visit visit_of(const erg_sweep *s, const erg_sweep_place *at,
                          const erg_bench_seen *seen)
{
    const erg_knob_setting *setting = &s->setup.settings[at->setting];
    erg_visit visit = {
        .application = s->applications[at->job],
        .setting = erg_sweep_kept(setting),
        .block = at->block,
        .place = at->place,
        .start_ns = seen->start_ns,
        .time_s = seen->time_s,
        .energy_j = seen->energy_j,
        .mean_w = seen->mean_w,
        .peak_w = seen->peak_w,
        .temp_c = seen->temp_c,
        .sm_clock_seen_hz = seen->sm_clock_hz,
        .fp_active = seen->fp_active,
        .dram_active = seen->dram_active,
        .units = seen->units,
        .llc_misses = seen->llc_misses,
        .state = erg_sweep_judge(&s->setup, setting, seen),
        .exit_status = seen->exit_status,
    };

    erg_text_put(visit.output_hash, sizeof(visit.output_hash), seen->output_hash);
    return visit;
}

static bool note_doubts(erg_sweep *s, const erg_knob_setting *setting,
                        const erg_bench_seen *seen, erg_error *err)
{
    const struct { bool holds; const char *text; } doubts[] = {
        { !isnan(setting->at[ERG_SM_CLOCK]) && isnan(seen->sm_clock_hz),
          "CLOCK_NOT_SEEN: no sample of the clock lies in the work, or the device was "
          "never in use in it: that it was reached is not shown; let a run take some "
          "seconds" },
        { seen->is_short, "TOO_SHORT: a run holds too few updates of the sensor: let the "
                          "command repeat its work" },
        { seen->includes_start,
          "INCLUDES_START: time and energy are of the whole command, with its start-up; "
          "mark a region `work` in it to leave that out" },
    };

    for (size_t i = 0; i < ERG_COUNT(doubts); i++)
        if (doubts[i].holds && !erg_points_note(s->points, err, "%s", doubts[i].text))
            return false;
    return true;
}

static bool add_visit(erg_sweep *s, const erg_sweep_place *at, const erg_bench_seen *seen,
                      erg_error *err)
{
    erg_visit visit = visit_of(s, at, seen);
    erg_application *app = erg_points_application_edit(s->points, visit.application);

    if (*seen->unit)
        erg_text_put(app->unit, sizeof(app->unit), seen->unit);
    if (!erg_points_add(s->points, &visit, err))
        return false;
    if (visit.state == ERG_VISIT_FAILED
        && !erg_points_note(s->points, err, "FAILED: status %d%s%s", seen->exit_status,
                            *seen->said ? "; it last said: " : "", seen->said))
        return false;
    if (!note_doubts(s, &s->setup.settings[at->setting], seen, err))
        return false;
    s->bench->kind->take_store(s->bench);
    bool good = erg_sweep_writer_flush(&s->writer, err);
    s->bench->kind->give_store(s->bench);
    return good;
}

bool erg_sweep_visit(erg_sweep *s, const erg_sweep_place *at, erg_error *err)
{
    erg_bench_seen seen;

    tell(s, at);
    if (!erg_sweep_turn(&s->setup, &s->setup.settings[at->setting], s->options->shared,
                        err))
        return false;
    if (erg_sweep_first(&s->setup))
        erg_env_sleep_until_ns(
            s->env, erg_env_now_ns(s->env)
                        + erg_ns_from_s(erg_sweep_or(s->options->settle_s, settle_s)));
    if (!warm_up(s, at, err))
        return false;
    if (erg_sweep_asked(s) || !run_once(s, at, 0, "run", &seen, err))
        return erg_sweep_asked(s);
    if (erg_sweep_asked(s))
        return true; /* cut short: it is not a visit */
    s->done++;
    return add_visit(s, at, &seen, err);
}
