/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hot and cold on this machine: a product that streams
 * its weights is slower from memory, one that computes is not. Skipped where others have
 * the processor, or where the cache is no faster than memory.
 */
#include <math.h>
#include <time.h>
#include <unistd.h>
#include "engine/engine.h"
#include "run/replay_bench.h"
#include "test.h"

enum { WEIGHTS = 1024 * 1024 };
static const double hot_bytes = 4.0 * WEIGHTS, apart_least = 1.3, alike = 0.15;
static const double told_apart = 1.5; /* of plain reads: less says nothing of products */

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static double load(void)
{
    FILE *file = fopen("/proc/loadavg", "r");
    double one = NAN;

    if (!file || fscanf(file, "%lf", &one) != 1)
        one = NAN;
    if (file)
        fclose(file);
    return one;
}

/* Best seconds of reading so many floats, a cache line after the other. */
static double read_s(const float *from, size_t count, int times)
{
    double best_s = INFINITY;
    volatile float kept = 0;

    for (int i = 0; i < times; i++) {
        float sums[16] = { 0 };
        double begin_s = now_s();
        for (size_t at = 0; at + 16 <= count; at += 16)
            for (int k = 0; k < 16; k++)
                sums[k] += from[at + (size_t)k];
        best_s = fmin(best_s, now_s() - begin_s);
        kept = sums[0] + sums[7];
    }
    (void)kept;
    return best_s;
}

/* How much slower 4 MB come from memory than from the cache. */
static double reading_ratio(double cache_bytes)
{
    size_t count = (size_t)(4 * cache_bytes / sizeof(float));
    float *all = calloc(count, sizeof(*all));

    CHECK(all != NULL);
    for (size_t i = 0; i < count; i += 16)
        all[i] = 1;
    double cold_s = read_s(all, count, 3) * WEIGHTS / (double)count;
    double hot_s = read_s(all, WEIGHTS, 50);
    free(all);
    return cold_s / hot_s;
}

static void add(erg_replay_plan *plan, const char *name, int64_t m, int64_t n, int64_t k)
{
    erg_error err = { 0 };
    erg_replay_kernel kernel;
    int32_t at;

    erg_replay_kernel_init(&kernel, name, "test");
    kernel.signature = (erg_signature){ .op = ERG_OP_LINEAR,
                                        .shape_known = true,
                                        .alpha = 1,
                                        .input_count = 2,
                                        .output_count = 1,
                                        .axis = -1,
                                        .m = m,
                                        .n = n,
                                        .k = k,
                                        .transpose_b = true,
                                        .in_bytes = 4 * (m * k + n * k),
                                        .out_bytes = 4 * m * n,
                                        .flop = 2 * m * n * k };
    kernel.signature.tensors[0] = (erg_signature_tensor){ .rank = 2, .dims = { m, k } };
    kernel.signature.tensors[1] = (erg_signature_tensor){ .rank = 2, .dims = { n, k } };
    kernel.signature.tensors[2] = (erg_signature_tensor){ .rank = 2, .dims = { m, n } };
    CHECK_OK(erg_replay_plan_add(plan, &kernel, &at, &err), err);
}

static double ratio_of(const erg_replay *replay, const char *name)
{
    double time_s[2] = { NAN, NAN };

    for (size_t i = 0; i < replay->kernel_count; i++)
        if (strcmp(replay->kernels[i].name, name) == 0)
            time_s[replay->kernels[i].state == ERG_STATE_COLD] =
                replay->kernels[i].median_s;
    return time_s[1] / time_s[0];
}

static void what_streams_is_slower_cold_and_what_computes_is_not(void)
{
    const erg_env env = { 0 };
    const erg_replay_run_options options = {
        .threads = 1, .runs = 100, .half_width = 0.02, .most_s = 2, .no_whole = true
    };
    double cache_bytes = erg_replay_cache_bytes(&env);
    erg_error err = { 0 };
    char why[200];

    if (!erg_engine_find("onednn")->find(why, sizeof(why)))
        SKIP(why);
    if (!(load() < 0.5 * (double)sysconf(_SC_NPROCESSORS_ONLN)))
        SKIP("the machine is busy");
    if (cache_bytes < 2 * hot_bytes || !(reading_ratio(cache_bytes) >= told_apart))
        SKIP("4 MB come no faster from this cache than from memory");
    erg_replay_plan *plan = erg_replay_plan_new(&err);
    add(plan, "streams", 1, 1024, 1024);
    add(plan, "computes", 128, 512, 256);
    plan->steps = 1;
    erg_replay *replay = erg_replay_run(&env, plan, &options, &err);
    CHECK_OK(replay != NULL, err);
    double streams = ratio_of(replay, "streams"), computes = ratio_of(replay, "computes");
    print_message("# cold over hot: 1x1024x1024 %.2f, 128x512x256 %.2f\n", streams,
                  computes);
    CHECK(streams >= apart_least);
    CHECK(fabs(computes - 1) <= alike);
    erg_replay_free(replay);
    erg_replay_plan_free(plan);
}

int main(void)
{
    static const test tests[] = {
        TEST(what_streams_is_slower_cold_and_what_computes_is_not),
    };
    return test_run(tests, ERG_COUNT(tests));
}
