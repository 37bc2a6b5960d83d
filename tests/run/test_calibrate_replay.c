/* SPDX-License-Identifier: Apache-2.0 */
/* Kernels of known rates become the record of this processor, with source and date. */
#include <sys/stat.h>
#include "erg/hardware.h"
#include "replay/replay.h"
#include "test.h"

static const double FLOP_PER_S = 5e10, BYTES_PER_S = 8e9;
static const int64_t WRITTEN_NS = 1767312000 * ERG_NS_PER_S;    /* 2026-01-02 */

typedef struct machine {
    char root[300], user[300];
    erg_env env;
    erg_catalog catalog;
} machine;

static void put(const machine *on, const char *name, const char *text)
{
    char path[400];
    snprintf(path, sizeof(path), "%s/proc/%s", on->root, name);
    test_write(path, text);
}

static void machine_make(machine *to)
{
    char path[400];

    snprintf(to->root, sizeof(to->root), "%s", test_folder());
    snprintf(to->user, sizeof(to->user), "%s", test_folder());
    snprintf(path, sizeof(path), "%s/proc", to->root);
    CHECK(mkdir(path, 0700) == 0);
    put(to, "cpuinfo", "processor\t: 0\ncpu MHz\t: 4000\nflags\t: fma\n");
    put(to, "meminfo", "MemTotal: 24576 kB\n");
    to->env = (erg_env){ .root = to->root };
    to->catalog = (erg_catalog){ .user_dir = to->user };
}

/* All kernels of a network at the two rates, in the states given. */
static erg_replay *replay_of(const erg_replay_state states[], size_t count)
{
    const char *workload = "zoo:resnet18";
    erg_error err = { 0 };
    erg_replay *replay = erg_replay_new(&err);

    replay->plan =
        erg_replay_plan_load(&workload, 1, &(erg_replay_plan_options){ 0 }, &err);
    CHECK_OK(replay->plan != NULL, err);
    replay->steps = 1;
    replay->written_ns = WRITTEN_NS;
    for (size_t i = 0; i < replay->plan->kernel_count * count; i++) {
        erg_kernel_timing timing = erg_kernel_timing_unknown();
        const erg_signature *s = &replay->plan->kernels[i / count].signature;
        double bytes = (double)(s->in_bytes + s->out_bytes);
        timing.kernel = (int32_t)(i / count);
        timing.state = states[i % count];
        timing.count = (double)replay->plan->kernels[i / count].count;
        timing.time_s = timing.state == ERG_STATE_HOT ? (double)s->flop / FLOP_PER_S
                                                      : bytes / BYTES_PER_S;
        CHECK(erg_replay_add(replay, &timing, &err));
    }
    return replay;
}

static erg_hardware *calibrated(const machine *on, const erg_replay *replay)
{
    erg_error err = { 0 };
    erg_result *result =
        erg_replay_calibrate_cpu(&on->env, &on->catalog, replay, "a replay", &err);
    CHECK_OK(result != NULL, err);
    erg_result_free(result);
    erg_hardware *cpu = erg_hardware_load(&on->env, &on->catalog, "this-cpu", &err);
    CHECK_OK(cpu != NULL, err);
    return cpu;
}

static void sustained_rates_are_kept_with_source_and_date(void)
{
    static const erg_replay_state both[] = { ERG_STATE_HOT, ERG_STATE_COLD };
    machine on;

    machine_make(&on);
    erg_replay *replay = replay_of(both, 2);
    erg_hardware *cpu = calibrated(&on, replay);
    const erg_number *flop = erg_hardware_number(cpu, "gemm_flop_per_s.vector.fp32");
    CHECK_NEAR(flop->value / FLOP_PER_S, 1, 1e-9);
    CHECK_NEAR(cpu->memory_bytes_per_s / BYTES_PER_S, 1, 1e-9);
    CHECK_TEXT(flop->source, "a replay");
    CHECK_TEXT(flop->date, "2026-01-02");
    CHECK_TEXT(flop->grade, "measured");
    erg_hardware_free(cpu);
    erg_replay_free(replay);
}

/* Hot streams run from a cache: they say nothing of memory, and what was known stays. */
static void what_a_replay_does_not_show_stays_as_it_was(void)
{
    static const erg_replay_state cold[] = { ERG_STATE_COLD }, hot[] = { ERG_STATE_HOT };
    machine on;

    machine_make(&on);
    erg_replay *first = replay_of(cold, 1), *second = replay_of(hot, 1);
    erg_hardware *cpu = calibrated(&on, first);
    CHECK(!erg_hardware_number(cpu, "gemm_flop_per_s.vector.fp32"));
    erg_hardware_free(cpu);
    cpu = calibrated(&on, second);
    CHECK_NEAR(cpu->memory_bytes_per_s / BYTES_PER_S, 1, 1e-9);
    CHECK(erg_hardware_number(cpu, "gemm_flop_per_s.vector.fp32") != NULL);
    erg_hardware_free(cpu);
    erg_replay_free(first);
    erg_replay_free(second);
}

static void a_replay_without_shapes_says_nothing(void)
{
    static const erg_replay_state hot[] = { ERG_STATE_HOT };
    machine on;
    erg_error err = { 0 };

    machine_make(&on);
    erg_replay *replay = replay_of(hot, 1);
    erg_replay_plan_free(replay->plan);
    replay->plan = NULL;
    CHECK(!erg_replay_calibrate_cpu(&on.env, &on.catalog, replay, "a replay", &err));
    CHECK(err.code == ERG_NO_DATA);
    erg_replay_free(replay);
}

int main(void)
{
    static const test tests[] = {
        TEST(sustained_rates_are_kept_with_source_and_date),
        TEST(what_a_replay_does_not_show_stays_as_it_was),
        TEST(a_replay_without_shapes_says_nothing),
    };
    return test_run(tests, ERG_COUNT(tests));
}
