/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Does the sum of its kernels explain a network? The four of the issue, hot and cold,
 * beside the measured whole on this processor. Ratios hold on a quiet machine only: the
 * load is printed, and so is a whole put together from medians of its launches, which a
 * busy machine spoils less.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "bench.h"
#include "replay/replay.h"

static const double allowed = 0.10, widest_allowed = 0.02;
static const struct {
    const char *name;
    int64_t seq;
} networks[] = {
    { "zoo:resnet18", 0 },
    { "zoo:mobilenet-v2", 0 },
    { "zoo:bert-base", 128 },
    { "zoo:gpt2", 128 },
};

static double sum_of(const erg_replay *replay, erg_replay_state state)
{
    double sum = 0;

    for (size_t i = 0; i < replay->kernel_count; i++)
        if (replay->kernels[i].state == state)
            sum += replay->kernels[i].count * replay->kernels[i].time_s;
    return sum;
}

/* Half of the interval over the time: the worst of all, and how many are too wide. */
static double widest(const erg_replay *replay, size_t *wide)
{
    double most = 0;

    *wide = 0;
    for (size_t i = 0; i < replay->kernel_count; i++) {
        const erg_kernel_timing *row = &replay->kernels[i];
        double width = 0.5 * (row->high_s - row->low_s) / row->time_s;
        most = fmax(most, width);
        *wide += width > widest_allowed;
    }
    return most;
}

static void print(const char *name, const erg_replay *replay)
{
    double hot_s = sum_of(replay, ERG_STATE_HOT), cold_s = sum_of(replay, ERG_STATE_COLD);
    double whole_s = replay->whole.time_s, traced_s = replay->whole.traced_s;
    double load[3] = { 0 };
    size_t wide;
    double width = widest(replay, &wide);
    bool brackets = hot_s <= (1 + allowed) * whole_s && cold_s >= (1 - allowed) * whole_s;

    getloadavg(load, 3);
    printf(
        "replay: %s: %zu kernels, %.0f passes, load %.1f\n"
        "  whole %.3f ms (median %.3f), of stamped launches %.3f (%.3f of the pass)\n"
        "  sum hot %.3f, cold %.3f ms; hot/whole %.3f, cold/whole %.3f; to stamped %.3f, "
        "%.3f\n"
        "  bracketed within 10 %%: %s; widest interval %.2f %% (limit 2 %%: %s), "
        "%zu of %zu above\n", name, replay->kernel_count / 2, replay->whole.runs, load[0],
        1e3 * whole_s, 1e3 * replay->whole.median_s, 1e3 * traced_s,
        replay->whole.traced_share,
        1e3 * hot_s, 1e3 * cold_s, hot_s / whole_s, cold_s / whole_s, hot_s / traced_s,
        cold_s / traced_s, brackets ? "met" : "missed", 100 * width,
        width <= widest_allowed ? "met" : "missed", wide, replay->kernel_count);
    fflush(stdout);
}

static bool play(const char *name, int64_t seq, double runs)
{
    const erg_env env = { 0 };
    const erg_replay_plan_options reading = { .graph = { .seq = seq } };
    const erg_replay_run_options options = { .runs = runs, .no_energy = true,
                                             .half_width = 0.015, .most_s = 10 };
    erg_error err = { 0 };
    erg_replay_plan *plan = erg_replay_plan_load(&name, 1, &reading, &err);
    erg_replay *replay = plan ? erg_replay_run(&env, plan, &options, &err) : NULL;

    if (replay)
        print(name, replay);
    else
        printf("replay: %s: %s\n", name, err.text);
    erg_replay_free(replay);
    erg_replay_plan_free(plan);
    return replay != NULL;
}

/* Arguments: passes (20), and one network (all). */
int main(int argc, char *argv[])
{
    double runs = argc > 1 ? strtod(argv[1], NULL) : 20;
    bool good = true;

    for (size_t i = 0; i < sizeof(networks) / sizeof(networks[0]); i++)
        if (argc < 3 || strcmp(argv[2], networks[i].name) == 0)
            good = play(networks[i].name, networks[i].seq, runs) && good;
    return good ? 0 : 1;
}
