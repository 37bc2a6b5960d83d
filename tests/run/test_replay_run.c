/* SPDX-License-Identifier: Apache-2.0 */
/* A replay on the engine of this processor, to its end, stopped, and killed. */
#include <math.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include "engine/engine.h"
#include "replay/replay.h"
#include "run/sampler.h"
#include "test.h"

static const char *const reports[] = {
    "full_model_timing.json", "isolated_kernels_timing.json", "comparison_report.json",
    "kernel_energy_report.json",
};
static char folder[64];

static const char *in_folder(const char *name)
{
    static char path[128];

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

static bool is_there(const char *name)
{
    struct stat facts;

    return stat(in_folder(name), &facts) == 0;
}

static bool can_be_loaded(const char *name)
{
    erg_trace *trace = is_there(name) ? erg_trace_load(in_folder(name), NULL) : NULL;

    erg_trace_free(trace);
    return trace != NULL;
}

/* x [8,64] through two layers of 64. */
static erg_replay_plan *begin(void)
{
    char why[200];
    erg_error err = { 0 };
    const erg_engine *engine = erg_engine_find("onednn");
    erg_replay_plan *plan;
    erg_replay_kernel kernel;

    if (!engine->find(why, sizeof(why)))
        SKIP(why);
    strcpy(folder, "/tmp/erg-replay-XXXXXX");
    CHECK(mkdtemp(folder));
    plan = erg_replay_plan_new(&err);
    erg_replay_kernel_init(&kernel, "linear", "test");
    kernel.signature = (erg_signature){ .op = ERG_OP_LINEAR, .shape_known = true,
                                        .alpha = 1, .input_count = 2, .output_count = 1,
                                        .axis = -1, .m = 8, .n = 64, .k = 64,
                                        .transpose_b = true, .in_bytes = 18432,
                                        .out_bytes = 2048, .flop = 65536 };
    for (int i = 0; i < 3; i++)
        kernel.signature.tensors[i] =
            (erg_signature_tensor){ .rank = 2, .dims = { i == 1 ? 64 : 8, 64 } };
    for (int i = 0; i < 2; i++) {
        erg_replay_launch launch =
            { .tensors = { 2 * i, 2 * i + 1, 2 * i + 2, -1, -1, -1 } };

        CHECK_OK(erg_replay_plan_add(plan, &kernel, &launch.kernel, &err), err);
        CHECK_OK(erg_replay_plan_launch(plan, &launch, &err), err);
    }
    plan->tensor_count = 5;
    plan->steps = 1;
    return plan;
}

static void end(erg_replay_plan *plan)
{
    for (size_t i = 0; i < ERG_COUNT(reports); i++)
        unlink(in_folder(reports[i]));
    unlink(in_folder("run.erg"));
    rmdir(folder);
    erg_replay_plan_free(plan);
}

static const char *const sensor = "sim:a100-sxm4-80gb";

static erg_replay_run_options brief(void)
{
    return (erg_replay_run_options){ .folder = folder, .sensors = &sensor,
                                     .sensor_count = 1, .runs = 5, .warmup = 2,
                                     .no_energy = true, .half_width = 1 };
}

static void a_replay_leaves_its_recording_and_reports(void)
{
    const erg_env env = { 0 };
    erg_replay_plan *plan = begin();
    erg_replay_run_options options = brief();
    erg_error err = { 0 };
    erg_replay *replay = erg_replay_run(&env, plan, &options, &err);

    CHECK_OK(replay != NULL, err);
    CHECK_OK(erg_replay_report(replay, folder, &err), err);
    CHECK(replay->kernel_count == 2);       /* one kernel, hot and cold */
    CHECK(replay->whole.time_s > 0);
    CHECK(replay->whole.runs >= 5);
    CHECK(strstr(replay->plan->kernels[0].signature.algo, ":"));
    for (size_t i = 0; i < 2; i++) {
        const erg_kernel_timing *row = &replay->kernels[i];
        double window_s = erg_s_from_ns(row->span.end_ns - row->span.begin_ns);

        CHECK(row->count == 2);
        CHECK(row->min_s > 0 && row->min_s <= row->median_s);
        /* The times are as of when the whole ran, the window is as it was. */
        CHECK(row->drift > 0);
        CHECK(window_s >= 0.99 * row->runs_executed * row->min_s / row->drift);
        CHECK(window_s < 30);
    }
    CHECK(is_there("full_model_timing.json"));
    CHECK(is_there("isolated_kernels_timing.json"));
    CHECK(!erg_trace_has_flag(replay->trace, ERG_FLAG_INTERRUPTED));
    erg_result *table = erg_replay_run_table(replay, &err);
    CHECK_OK(table != NULL, err);
    erg_result_free(table);
    erg_replay_free(replay);
    end(plan);
}

/* Energy of a simulated board of known power: joules are power times time. */
static void joules_are_those_of_the_windows(void)
{
    const char *const steady = "sim:a100-sxm4-80gb,load=constant:200";
    const erg_env env = { 0 };
    erg_replay_plan *plan = begin();
    erg_replay_run_options options = brief();
    erg_error err = { 0 };

    options.sensors = &steady;
    options.no_energy = false;
    options.no_cold = options.no_whole = true;
    options.idle_s = 0.3;
    erg_replay *replay = erg_replay_run(&env, plan, &options, &err);
    if (!replay)
        print_message("# %s\n", err.text);
    CHECK(replay != NULL);
    const erg_kernel_timing *row = &replay->kernels[0];
    CHECK_TEXT(row->method, "simulated");
    CHECK(row->updates >= 40);
    double window_s = erg_s_from_ns(row->span.end_ns - row->span.begin_ns);
    CHECK(window_s >= 5);
    CHECK_NEAR(row->gross_j * row->runs_executed / window_s / row->mean_w, 1, 0.01);
    erg_replay_free(replay);
    end(plan);
}

static bool has_power(const erg_trace *trace)
{
    for (int i = 0; i < (int)erg_trace_channel_count(trace); i++)
        if (erg_sampled_is_energy(erg_trace_channel(trace, i)))
            return true;
    return false;
}

/* Not in memory, and not in what the folder says when it is read again. */
static void without_energy_no_joule_is_left(void)
{
    const erg_env env = { 0 };
    erg_replay_plan *plan = begin();
    erg_replay_run_options options = brief();
    erg_error err = { 0 };
    erg_replay *replay = erg_replay_run(&env, plan, &options, &err);

    CHECK_OK(replay != NULL, err);
    CHECK_OK(erg_replay_report(replay, folder, &err), err);
    erg_replay_free(replay);
    CHECK(!is_there("kernel_energy_report.json"));
    replay = erg_replay_load(&(erg_replay_source){ .folder = folder }, &err);
    CHECK_OK(replay != NULL, err);
    CHECK(replay->trace && !has_power(replay->trace) && replay->channel < 0);
    CHECK(isnan(replay->whole.energy_j) && isnan(replay->stated_j));
    for (size_t i = 0; i < replay->kernel_count; i++)
        CHECK(isnan(replay->kernels[i].gross_j));
    erg_replay_free(replay);
    end(plan);
}

static void stopped_it_leaves_a_recording_and_no_report(void)
{
    const erg_env env = { 0 };
    erg_replay_plan *plan = begin();
    erg_replay_run_options options = brief();
    volatile int stop = SIGINT;
    erg_error err = { 0 };

    options.ask_stop = &stop;
    CHECK(fclose(fopen(in_folder(reports[0]), "w")) == 0);
    CHECK(!erg_replay_run(&env, plan, &options, &err));
    CHECK(err.code == ERG_REFUSED);
    for (size_t i = 0; i < ERG_COUNT(reports); i++)
        CHECK(!is_there(reports[i]));
    erg_trace *trace = erg_trace_load(in_folder("run.erg"), &err);
    CHECK_OK(trace != NULL, err);
    CHECK(!erg_trace_has_flag(trace, ERG_FLAG_INTERRUPTED));
    erg_trace_free(trace);
    end(plan);
}

static void killed_it_leaves_a_readable_recording(void)
{
    const erg_env env = { 0 };
    erg_replay_plan *plan = begin();
    erg_replay_run_options options = brief();
    erg_error err = { 0 };

    options.runs = 1e7;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        erg_replay_run(&env, plan, &options, NULL);
        _exit(0);
    }
    for (int i = 0; i < 1500 && !can_be_loaded("run.erg"); i++)
        nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    erg_trace *trace = erg_trace_load(in_folder("run.erg"), &err);
    CHECK_OK(trace != NULL, err);
    CHECK(erg_trace_has_flag(trace, ERG_FLAG_INTERRUPTED));
    for (size_t i = 0; i < ERG_COUNT(reports); i++)
        CHECK(!is_there(reports[i]));
    erg_trace_free(trace);
    end(plan);
}

static void put_log(const char *path, int64_t from_ns, int64_t to_ns, double power_w)
{
    FILE *out = fopen(path, "w");
    char stamp[40];

    fprintf(out, "timestamp, index, power.draw [W]\n");
    for (int64_t at_ns = from_ns; at_ns < to_ns; at_ns += 100 * ERG_NS_PER_MS) {
        time_t second = (time_t)(at_ns / ERG_NS_PER_S);
        struct tm utc;

        strftime(stamp, sizeof(stamp), "%Y/%m/%d %H:%M:%S", gmtime_r(&second, &utc));
        fprintf(out, "%s.%03d, 0, %.2f W\n", stamp,
                (int)(at_ns / ERG_NS_PER_MS % 1000), power_w);
    }
    fclose(out);
}

/* A log made by hand: 150 W, whatever our own sensor says. */
static void joules_come_from_the_log_that_is_given(void)
{
    const erg_env env = { 0 };
    erg_replay_plan *plan = begin();
    erg_replay_run_options options = brief();
    int64_t now_ns = erg_env_utc_ns(&env);
    erg_error err = { 0 };
    char log[128];

    snprintf(log, sizeof(log), "%s", in_folder("power.csv"));
    put_log(log, now_ns - 5 * ERG_NS_PER_S, now_ns + 120 * ERG_NS_PER_S, 150);
    options.no_energy = false;
    options.no_cold = options.no_whole = true;
    options.idle_s = 0.3;
    options.power_log = log;
    options.tz = "UTC";
    erg_replay *replay = erg_replay_run(&env, plan, &options, &err);
    CHECK_OK(replay != NULL, err);
    CHECK_NEAR(replay->kernels[0].mean_w, 150, 0.5);
    CHECK_TEXT(replay->kernels[0].method, "measured");
    erg_replay_free(replay);
    unlink(log);
    end(plan);
}

/* Without one, nvidia-smi is started before the first idle and ended after the last. */
static void a_logger_is_started_and_ended(void)
{
    erg_replay_plan *plan = begin();
    erg_env env = { .path = folder };
    erg_replay_run_options options = brief();
    erg_error err = { 0 };
    char log[128], program[128];

    snprintf(log, sizeof(log), "%s", in_folder("power.csv"));
    snprintf(program, sizeof(program), "%s", in_folder("nvidia-smi"));
    options.no_cold = options.no_whole = true;
    options.power_log = log;
    options.tz = "UTC";
    CHECK(!erg_replay_run(&env, plan, &options, &err));
    CHECK(err.code == ERG_UNSUPPORTED && strstr(err.text, "nvidia-smi"));
    FILE *script = fopen(program, "w");
    fputs("#!/bin/sh\ntrap 'echo $$ >\"$0.ended\"; exit' TERM\n"
          "echo 'timestamp, index, power.draw [W]'\n"
          "while :; do date -u '+%Y/%m/%d %H:%M:%S.%3N, 0, 210.00 W'; sleep 0.05; done\n",
          script);
    fclose(script);
    CHECK(chmod(program, 0755) == 0);
    err = (erg_error){ 0 };
    erg_replay *replay = erg_replay_run(&env, plan, &options, &err);
    CHECK_OK(replay != NULL, err);
    CHECK(is_there("power.csv"));
    CHECK(is_there("nvidia-smi.ended"));
    erg_replay_free(replay);
    unlink(log);
    unlink(program);
    unlink(in_folder("nvidia-smi.ended"));
    end(plan);
}

/* A machine that has a kilobyte left; sensors and engine are the real ones. */
static void what_does_not_fit_in_memory_leaves_nothing_behind(void)
{
    char root[80], path[128], made[128];
    erg_replay_plan *plan = begin();
    erg_replay_run_options options = brief();
    const erg_env env = { .root = root };

    snprintf(root, sizeof(root), "%s/root", folder);
    snprintf(path, sizeof(path), "%s/proc", root);
    CHECK(mkdir(root, 0700) == 0 && mkdir(path, 0700) == 0);
    strcat(path, "/meminfo");
    test_write(path, "MemTotal: 8 kB\nMemAvailable: 1 kB\n");
    snprintf(made, sizeof(made), "%s/made", folder);
    for (int is_new = 0; is_new < 2; is_new++) {
        erg_error err = { 0 };
        options.folder = is_new ? made : folder;
        CHECK(!erg_replay_run(&env, plan, &options, &err));
        CHECK(err.code == ERG_BAD_INPUT && strstr(err.text, "GB are free"));
        CHECK(!is_there("run.erg") && !is_there("made"));
        CHECK(is_there("root"));        /* and what was there before stays */
    }
    unlink(path);
    path[strlen(path) - strlen("/meminfo")] = '\0';
    CHECK(rmdir(path) == 0 && rmdir(root) == 0);
    end(plan);
}

static void an_engine_that_is_not_there_is_named(void)
{
    const erg_env env = { 0 };
    erg_replay_plan *plan = begin();
    erg_replay_run_options options = brief();
    erg_error err = { 0 };

    options.engine = "abacus";
    CHECK(!erg_replay_run(&env, plan, &options, &err));
    CHECK(err.code == ERG_BAD_INPUT && strstr(err.text, "abacus"));
    erg_result *engines = erg_replay_engines(&err);
    CHECK_OK(engines != NULL, err);
    CHECK_TEXT(erg_table_find(erg_result_table(engines, 0), 0, "engine").text, "onednn");
    erg_result_free(engines);
    end(plan);
}

int main(void)
{
    static const test tests[] = {
        TEST(a_replay_leaves_its_recording_and_reports),
        TEST(joules_are_those_of_the_windows),
        TEST(without_energy_no_joule_is_left),
        TEST(stopped_it_leaves_a_recording_and_no_report),
        TEST(killed_it_leaves_a_readable_recording),
        TEST(joules_come_from_the_log_that_is_given),
        TEST(a_logger_is_started_and_ended),
        TEST(what_does_not_fit_in_memory_leaves_nothing_behind),
        TEST(an_engine_that_is_not_there_is_named),
    };
    return test_run(tests, ERG_COUNT(tests));
}
