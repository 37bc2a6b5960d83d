/* SPDX-License-Identifier: Apache-2.0 */
/* erg replay run --clock: locked while it runs and put back, or refused before it does. */
#include <stdio.h>
#include "../device/machine.h"
#include "engine/engine.h"
#include "erg/replay.h"
#include "erg/trace.h"

#define MOST "/sys/devices/system/cpu/cpufreq/policy0/scaling_max_freq"

static double most_khz(const machine *box)
{
    char path[ERG_PATH_MOST], text[32];

    snprintf(path, sizeof(path), "%s" MOST, box->root);
    CHECK(erg_file_line(path, text, sizeof(text), NULL));
    return strtod(text, NULL);
}

static double seen_khz;

/* It is told what is being done: then the clock must be locked. */
static void look(void *self, const char *text)
{
    (void)text;
    seen_khz = most_khz(self);
}

static erg_replay_plan *one_product(const machine *box)
{
    char path[ERG_PATH_MOST];
    const char *const paths[] = { path };
    erg_error err = { 0 };

    snprintf(path, sizeof(path), "%s/log", box->root);
    FILE *out = fopen(path, "w");
    CHECK(out != NULL);
    fprintf(out, "onednn_verbose,exec,cpu,matmul,gemm:jit,undef,src_f32::blocked:ab:f0 "
                 "wei_f32::blocked:ab:f0 dst_f32::blocked:ab:f0,,,8x8:8x8:8x8,0.01\n");
    CHECK(fclose(out) == 0);
    erg_replay_plan *plan =
        erg_replay_plan_load(paths, 1, &(erg_replay_plan_options){ .steps = 1 }, &err);
    CHECK_OK(plan != NULL, err);
    return plan;
}

static erg_replay *play(machine *box, double clock_hz, const char *const *sensor,
                        erg_error *err)
{
    char folder[ERG_PATH_MOST];
    erg_env env = { .root = box->root, .state_dir = box->root };
    erg_replay_plan *plan = one_product(box);

    snprintf(folder, sizeof(folder), "%s/replay", box->root);
    erg_replay *replay = erg_replay_run(&env, plan,
                                        &(erg_replay_run_options){ .folder = folder,
                                                                   .sensors = sensor,
                                                                   .sensor_count = 1,
                                                                   .runs = 5,
                                                                   .warmup = 2,
                                                                   .half_width = 1,
                                                                   .no_cold = true,
                                                                   .no_energy = true,
                                                                   .clock_hz = clock_hz,
                                                                   .progress = look,
                                                                   .progress_self = box },
                                        err);
    erg_replay_plan_free(plan);
    return replay;
}

static void begin(machine *box)
{
    char why[200];

    if (!erg_engine_find("onednn")->find(why, sizeof(why)))
        SKIP(why);
    machine_open(box, "epyc-cpufreq");
    seen_khz = 0;
}

static void the_clock_is_locked_while_it_runs_and_then_put_back(void)
{
    static const char *const sensor = "cpufreq";
    machine box;
    erg_error err = { 0 };
    char path[ERG_PATH_MOST];

    begin(&box);
    erg_replay *replay = play(&box, 2e9, &sensor, &err);
    CHECK_OK(replay != NULL, err);
    CHECK(seen_khz == 2000000);
    CHECK(most_khz(&box) == 2800000);
    snprintf(path, sizeof(path), "%s/replay/run.erg", box.root);
    erg_trace *trace = erg_trace_load(path, &err);
    CHECK_OK(trace != NULL, err);
    CHECK_TEXT(erg_trace_meta(trace, "idle_state"), "clocks_locked_idle");
    erg_trace_free(trace);
    erg_replay_free(replay);
}

static void without_such_a_knob_nothing_runs(void)
{
    static const char *const sensor = "sim:a100-sxm4-80gb";
    machine box;
    erg_error err = { 0 };
    char path[ERG_PATH_MOST];

    begin(&box);
    CHECK(!play(&box, 2e9, &sensor, &err));
    CHECK(err.code == ERG_UNSUPPORTED && strstr(err.text, "cpu_clock"));
    snprintf(path, sizeof(path), "%s/replay", box.root);
    CHECK(access(path, F_OK) != 0);
}

int main(void)
{
    static const test tests[] = {
        TEST(the_clock_is_locked_while_it_runs_and_then_put_back),
        TEST(without_such_a_knob_nothing_runs),
    };
    return test_run(tests, ERG_COUNT(tests));
}
