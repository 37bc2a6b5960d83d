/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long the cost of one kernel takes: bench_kernel DATA. Shapes are drawn at random,
 * so that no two in a row touch the same part of the model; the median of batches.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include "bench.h"
#include "erg/kernel.h"

enum { SHAPES = 4096, ROUNDS = 31 };

static uint64_t state = 1;

static int64_t up_to(int64_t most)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return 1 + (int64_t)((state >> 33) % (uint64_t)most);
}

static erg_kernel_shape any_shape(erg_kernel_kind kind)
{
    erg_kernel_shape shape = { .kind = kind, .type = ERG_KERNEL_BF16, .m = up_to(16384),
        .n = up_to(16384), .k = up_to(16384), .batch = up_to(64), .seq = up_to(8192),
        .kv_heads = up_to(8), .head_dim = 128 };

    shape.heads = shape.kv_heads * up_to(8);
    return shape;
}

static double once_s(const erg_kernels *model, const erg_kernel_shape shapes[])
{
    double begin_s = bench_now_s(CLOCK_PROCESS_CPUTIME_ID), sum = 0;

    for (int i = 0; i < SHAPES; i++) {
        erg_kernel_cost cost;
        if (erg_kernels_cost(model, &shapes[i], &cost, NULL))
            sum += cost.latency_s.value;
    }
    if (!(sum > 0))
        fprintf(stderr, "no shape could be answered\n");
    return (bench_now_s(CLOCK_PROCESS_CPUTIME_ID) - begin_s) / SHAPES;
}

int main(int argc, char *argv[])
{
    static erg_kernel_shape shapes[SHAPES];
    const erg_catalog catalog = { .data_dir = argc > 1 ? argv[1] : "data" };
    erg_error err = { 0 };
    double times_s[ROUNDS], begin_s = bench_now_s(CLOCK_PROCESS_CPUTIME_ID);
    erg_kernels *model = erg_kernels_load(&catalog, "h200-sxm-141gb", NULL, &err);
    double load_s = bench_now_s(CLOCK_PROCESS_CPUTIME_ID) - begin_s;

    if (!model)
        return fprintf(stderr, "%s\n", err.text), 1;
    bench_print(&(bench_row){ .name = "load the kernel model of the h200",
                              .unit = "ms", .n = 1, .value = 1e3 * load_s, .floor = NAN,
                              .limit = NAN });
    for (int kind = 0; kind < ERG_KERNEL_KINDS; kind++) {
        char name[64];
        for (int i = 0; i < SHAPES; i++)
            shapes[i] = any_shape((erg_kernel_kind)kind);
        for (int i = 0; i < ROUNDS; i++)
            times_s[i] = once_s(model, shapes);
        snprintf(name, sizeof(name), "time, power, energy of a %s",
                 erg_kernel_kind_name((erg_kernel_kind)kind));
        bench_print(&(bench_row){ .name = name, .unit = "us", .floor = NAN, .limit = 1,
                                  .value = 1e6 * bench_median(times_s, ROUNDS),
                                  .n = ROUNDS });
    }
    erg_kernels_free(model);
    return 0;
}
