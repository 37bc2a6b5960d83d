/* SPDX-License-Identifier: Apache-2.0 */
/* Time against closed forms, and the laws that no constants may break. */
#include "estimate/latency.h"
#include "test.h"

/* A device of round numbers: 100 units of 1 TFLOP/s, 1 TB/s. */
static erg_hardware round_gpu(void)
{
    erg_hardware gpu = { .name = "round", .kind = ERG_GPU, .units = 100,
                         .lanes_per_unit = 64, .threads_per_unit = 2048, .warp = 32,
                         .memory_bytes_per_s = 1e12, .l2_bytes = 10e6,
                         .l2_bytes_per_s = NAN, .launch_s = NAN, .host_s = NAN };

    for (int i = 0; i < ERG_PRECISIONS; i++)
        gpu.peak_flop_per_s[ERG_UNIT_VECTOR][i] =
            gpu.peak_flop_per_s[ERG_UNIT_TENSOR][i] = NAN;
    gpu.peak_flop_per_s[ERG_UNIT_VECTOR][ERG_FP32] = 1e14;
    gpu.peak_clock_hz[ERG_UNIT_VECTOR] = gpu.peak_clock_hz[ERG_UNIT_TENSOR] = 1e9;
    return gpu;
}

static const erg_time_terms ideal = {
    .share = 1, .tile_64 = 1, .tile_32 = 1, .bandwidth = { 1, 1, 1, 1 },
};

static double tile_time(double m, double n, double k, const erg_time_terms *terms)
{
    erg_hardware gpu = round_gpu();
    erg_product product = { 1, m, n, k, 1e12, false };

    return erg_tile_time(&product, &gpu, (erg_unit){ ERG_UNIT_VECTOR, 1e14 }, terms);
}

static void a_full_wave_of_large_tiles_takes_its_flop_at_the_peak(void)
{
    /* 10 x 10 tiles of 128 x 128 on 100 units. */
    CHECK_NEAR(tile_time(1280, 1280, 128, &ideal), 2.0 * 1280 * 1280 * 128 / 1e14, 1e-15);
}

static void one_tile_more_than_units_costs_half_a_wave(void)
{
    erg_time_terms large_only = ideal;
    large_only.tile_64 = large_only.tile_32 = 1e-3;
    double full = tile_time(12800, 128, 128, &large_only);
    double more = tile_time(12801, 128, 128, &large_only);

    CHECK_NEAR(more / full, 0.5 * 2 + 0.5 * 1.01, 1e-9);
    CHECK_NEAR(tile_time(12801, 128, 128, &large_only),
               tile_time(12928, 128, 128, &large_only), 1e-15);
}

static void a_long_product_of_few_outputs_is_split(void)
{
    double one = 2.0 * 128 * 128 * 16384 / 1e12;        /* on a single unit */

    CHECK(tile_time(128, 128, 16384, &ideal) < one / 10);
    CHECK(tile_time(128, 128, 16384, &ideal) > one / 100);
}

static void rows_far_apart_slow_products_of_many_tiles(void)
{
    erg_time_terms far = ideal;
    far.long_k = 4096;
    far.long_cost = 0.5;
    double near_by = tile_time(12800, 12800, 4096, &ideal);
    double wide = tile_time(12800, 12800, 8192, &ideal);
    double narrow = tile_time(1280, 1280, 8192, &ideal);

    CHECK_NEAR(tile_time(12800, 12800, 4096, &far) / near_by, 1, 1e-12);
    CHECK_NEAR(tile_time(12800, 12800, 8192, &far) / wide,      /* tiles */
               1 + 0.5 * log(2) * 10000 / 10192, 1e-12);
    CHECK_NEAR(tile_time(1280, 1280, 8192, &far) / narrow,      /* few */
               1 + 0.5 * log(2) * 100 / 292, 1e-12);
    erg_hardware gpu = round_gpu();
    erg_product gathered = { 1, 12800, 12800, 8192, 1e12, true };
    CHECK_NEAR(erg_tile_time(&gathered, &gpu, (erg_unit){ ERG_UNIT_VECTOR, 1e14 }, &far),
               wide, 1e-15);
}

/* A library without kernels of 64 columns runs batches of them in those of 128. */
static void a_batch_without_a_narrow_kernel_runs_in_a_wide_one(void)
{
    erg_hardware gpu = round_gpu();
    erg_unit unit = { ERG_UNIT_VECTOR, 1e14 };
    erg_time_terms wide = ideal;
    wide.batched_columns = 0.5;
    erg_product columns = { 1000, 1024, 64, 1024, 1e12, false }, rows = columns;
    erg_product full = columns, single = columns;

    rows.m = 64, rows.n = 1024, full.n = 128, single.batch = 1, single.m = 1024000;
    double half = erg_tile_time(&rows, &gpu, unit, &wide);
    CHECK_NEAR(erg_tile_time(&columns, &gpu, unit, &ideal) / half, 1, 1e-12);
    CHECK_NEAR(erg_tile_time(&columns, &gpu, unit, &wide) / half, 2, 1e-12);
    CHECK_NEAR(erg_tile_time(&full, &gpu, unit, &wide) / half, 2, 1e-12);
    CHECK_NEAR(erg_tile_time(&single, &gpu, unit, &wide) / half, 1, 1e-12);
    wide.batched_rows = 0.5;
    CHECK_NEAR(erg_tile_time(&rows, &gpu, unit, &wide) / half, 2, 1e-12);
}

static void no_product_beats_the_roof_and_more_work_takes_longer(void)
{
    test_random random = { 7 };

    for (int i = 0; i < 2000; i++) {
        double m = ceil(4096 * test_uniform(&random)),
               n = ceil(4096 * test_uniform(&random));
        double k = ceil(8192 * test_uniform(&random));
        double t = tile_time(m, n, k, &ideal);
        CHECK(t >= 2 * m * n * k / 1e14 * (1 - 1e-12));
        CHECK(tile_time(m + 1, n, k, &ideal) >= t * (1 - 1e-12));
        CHECK(tile_time(m, n + 1, k, &ideal) >= t * (1 - 1e-12));
        CHECK(tile_time(m, n, k + 64, &ideal) >= t * (1 - 1e-12));
        CHECK_NEAR(tile_time(n, m, k, &ideal), t, t * 1e-12);
    }
}

/* Reads of a tiled loop nest, counted step by step. */
static double counted_reads(int m, int n, int k, int side)
{
    double elements = 0;

    for (int i = 0; i < m; i += side)
        for (int j = 0; j < n; j += side) {
            int rows = m - i < side ? m - i : side, columns = n - j < side ? n - j : side;
            elements += (double)rows * k + (double)k * columns + (double)rows * columns;
        }
    return elements;
}

static void product_traffic_is_that_of_the_tiled_loop_and_never_below_compulsory(void)
{
    test_random random = { 3 };

    for (int i = 0; i < 300; i++) {
        int m = 16 + (int)(100 * test_uniform(&random)),
            n = 16 + (int)(100 * test_uniform(&random));
        int k = 1 + (int)(50 * test_uniform(&random)),
            side = 4 + (int)(10 * test_uniform(&random));
        erg_product p = { 1, m, n, k, 0, false };
        double got = erg_traffic_product(&p, 4, 12.0 * side * side);
        double once = 4.0 * (m * k + k * n + m * n);
        CHECK(got >= once);
        if (once > 12.0 * side * side)
            CHECK_NEAR(got, 4 * counted_reads(m, n, k, side), 1e-6);
        CHECK_NEAR(erg_traffic_product(&p, 4, INFINITY), once, 1e-9);
    }
}

/* ---- whole networks -------------------------------------------------------- */

typedef struct run { erg_graph *graph; erg_partition *partition; erg_latency *parts; } run;

static double time_of(const char *spec, const erg_graph_options *options, double clock_hz,
                      const erg_time_terms terms[ERG_UNIT_CLASSES])
{
    erg_error err = { 0 };
    erg_hardware gpu = round_gpu();
    erg_graph *graph = erg_graph_load(spec, options, &err);
    erg_fusion fusion = options->runtime == ERG_EAGER
        ? ERG_FUSION_NONE : ERG_FUSION_RUNTIME;
    erg_partition *partition = graph ? erg_graph_partition(graph, fusion, &err) : NULL;
    bool host_bound;
    if (!partition)
        fail_msg("%s: %s", spec, err.text);
    erg_latency *parts = calloc((size_t)partition->subgraph_count, sizeof(*parts));
    erg_timing timing = { partition, &gpu, terms, options->runtime, clock_hz, 0, 1 };
    double total = erg_latency_graph(&timing, parts, &host_bound), sum = 0;
    for (int32_t i = 0; i < partition->subgraph_count; i++) {
        sum += parts[i].total_s;
        CHECK(parts[i].total_s >= parts[i].roof_s * (1 - 1e-9));
        CHECK(parts[i].utilization >= 0 && parts[i].utilization <= 1);
    }
    CHECK_NEAR(sum, total, total * 1e-9);
    free(parts);
    erg_partition_free(partition);
    erg_graph_free(graph);
    return total;
}

static void networks_slow_with_batch_and_speed_with_clock_fusion_and_graphs(void)
{
    erg_hardware gpu = round_gpu();
    erg_time_terms terms[] = { erg_time_shared(&gpu, ERG_UNIT_VECTOR),
                               erg_time_shared(&gpu, ERG_UNIT_TENSOR) };
    double last = 0;

    for (int64_t batch = 1; batch <= 64; batch *= 2) {
        double t = time_of("zoo:resnet18", &(erg_graph_options){ .batch = batch },
                           0, terms);
        CHECK(t >= last);
        last = t;
    }
    double slow = time_of("zoo:resnet18", &(erg_graph_options){ .batch = 64 },
                          0.5e9, terms);
    double fused = time_of("zoo:resnet18", &(erg_graph_options){ .batch = 64,
                           .runtime = ERG_FUSED }, 0, terms);
    double graph = time_of("zoo:resnet18", &(erg_graph_options){ .batch = 64,
                           .runtime = ERG_GRAPH }, 0, terms);
    CHECK(slow > last && slow <= 2 * last);
    CHECK(fused < last && graph < fused);
}

static void a_small_network_waits_for_the_host(void)
{
    erg_time_terms slow_host = ideal;
    slow_host.host_s = 1e-3;
    erg_time_terms terms[] = { slow_host, slow_host };

    /* 17 conv, 3 of 1 x 1, 20 norms, 17 ReLU, 8 adds, 2 pools, 1 linear. */
    CHECK_NEAR(time_of("zoo:resnet18", &(erg_graph_options){ .batch = 1 }, 0, terms), 68e-3,
               1e-9);
}

/* The same partition that knows of no likeness: everything is priced by itself. */
static erg_partition without_likeness(const erg_partition *cut)
{
    size_t count = (size_t)cut->subgraph_count;
    erg_subgraph *copy = calloc(count, sizeof(*copy));
    erg_partition apart = *cut;

    memcpy(copy, cut->subgraphs, count * sizeof(*copy));
    for (size_t i = 0; i < count; i++)
        copy[i].alike_back = 0;
    apart.subgraphs = copy;
    return apart;
}

static void check_likeness(const char *spec, erg_fusion fusion, int32_t least)
{
    erg_hardware gpu = round_gpu();
    gpu.l2_bytes_per_s = 5e12;          /* what lies between likes decides what is cached */
    erg_time_terms terms[] = { erg_time_shared(&gpu, ERG_UNIT_VECTOR),
                               erg_time_shared(&gpu, ERG_UNIT_TENSOR) };
    erg_graph *graph = erg_graph_load(spec, &(erg_graph_options){ .batch = 4 }, NULL);
    erg_partition *cut = erg_graph_partition(graph, fusion, NULL);
    erg_partition apart = without_likeness(cut);
    size_t count = (size_t)cut->subgraph_count;
    erg_latency *a = calloc(count, sizeof(*a)), *b = calloc(count, sizeof(*b));
    erg_timing timing = { .partition = cut, .hardware = &gpu, .terms = terms };
    int32_t alike = 0;
    bool host_bound;

    double together_s = erg_latency_graph(&timing, a, &host_bound);
    timing.partition = &apart;
    CHECK(erg_latency_graph(&timing, b, &host_bound) == together_s);
    for (size_t i = 0; i < count; i++) {
        CHECK(a[i].total_s == b[i].total_s && a[i].compute_s == b[i].compute_s
              && a[i].memory_s == b[i].memory_s && a[i].roof_s == b[i].roof_s);
        alike += cut->subgraphs[i].alike_back > 0;
    }
    CHECK(alike >= least);
    free(a);
    free(b);
    free((void *)apart.subgraphs);
    erg_partition_free(cut);
    erg_graph_free(graph);
}

static void launches_that_are_alike_take_what_each_takes_by_itself(void)
{
    check_likeness("zoo:resnet50", ERG_FUSION_NONE, 100);
    check_likeness("zoo:resnet50", ERG_FUSION_RUNTIME, 30);
    check_likeness("zoo:gpt2", ERG_FUSION_NONE, 200);
    check_likeness("zoo:lstm", ERG_FUSION_NONE, 0);
}

/* Rows that ran under a cap hold what it took: a cap no lower changes nothing more. */
static void a_share_fitted_under_a_cap_is_not_capped_again(void)
{
    erg_hardware gpu = round_gpu();
    erg_time_terms terms[] = { ideal, ideal };
    erg_error err = { 0 };
    erg_graph *graph = erg_graph_load("zoo:resnet18", &(erg_graph_options){ .batch = 64 },
                                      &err);
    erg_partition *cut = erg_graph_partition(graph, ERG_FUSION_NONE, &err);
    erg_latency *parts = calloc((size_t)cut->subgraph_count, sizeof(*parts));
    erg_timing timing = { cut, &gpu, terms, ERG_EAGER, 0.5e9, 250, 1 };
    bool host_bound;

    double throttled = erg_latency_graph(&timing, parts, &host_bound);
    terms[ERG_UNIT_VECTOR].cap_w = 250;
    double held = erg_latency_graph(&timing, parts, &host_bound);
    timing.free_cap_w = 200;
    double lower = erg_latency_graph(&timing, parts, &host_bound);
    timing.free_cap_w = 0;
    double locked = erg_latency_graph(&timing, parts, &host_bound);
    CHECK(held < throttled);
    CHECK(lower == throttled && locked == throttled);
    free(parts);
    erg_partition_free(cut);
    erg_graph_free(graph);
}

static void a_precision_without_a_unit_runs_at_its_share_of_fp32(void)
{
    erg_hardware gpu = round_gpu();
    erg_operator product = { .kind = ERG_OP_MATMUL, .precision = ERG_BF16, .macs = 1 };

    CHECK_NEAR(erg_unit_of(&product, &gpu, 0).flop_per_s, 1e14, 1);
    gpu.emulated_share[ERG_BF16] = 0.25;
    CHECK_NEAR(erg_unit_of(&product, &gpu, 0).flop_per_s, 0.25e14, 1);
    product.precision = ERG_FP32;
    gpu.emulated_share[ERG_FP32] = 0.25;
    CHECK_NEAR(erg_unit_of(&product, &gpu, 0).flop_per_s, 1e14, 1);
}

static void nothing_narrower_stands_in_for_fp64(void)
{
    erg_hardware gpu = round_gpu();
    erg_operator product = { .kind = ERG_OP_MATMUL, .precision = ERG_FP64, .macs = 1 };

    CHECK(!(erg_unit_of(&product, &gpu, 0).flop_per_s > 0));
    gpu.emulated_share[ERG_FP64] = 0.25;
    CHECK_NEAR(erg_unit_of(&product, &gpu, 0).flop_per_s, 0.25e14, 1);
    gpu.peak_flop_per_s[ERG_UNIT_VECTOR][ERG_FP64] = 1e12;
    CHECK_NEAR(erg_unit_of(&product, &gpu, 0).flop_per_s, 1e12, 1);
}

static void shared_terms_are_shares_whatever_the_device(void)
{
    for (int kind = 0; kind < ERG_HARDWARE_KINDS; kind++)
        for (int unit = 0; unit < ERG_UNIT_CLASSES; unit++) {
            erg_hardware any = round_gpu();
            any.kind = (erg_hardware_kind)kind;
            erg_time_terms terms = erg_time_shared(&any, (erg_unit_class)unit);
            CHECK(terms.share > 0 && terms.share <= 1);
            CHECK(terms.tile_64 > 0 && terms.tile_64 <= 1
                  && terms.tile_32 <= terms.tile_64);
            CHECK(terms.batched_rows > 0 && terms.batched_rows <= 1
                  && terms.batched_columns > 0 && terms.batched_columns <= 1);
            for (int i = 0; i < ERG_BYTE_CLASSES; i++)
                CHECK(terms.bandwidth[i] > 0 && terms.bandwidth[i] <= 1);
            CHECK(terms.half_width >= 0.4);     /* never calibrated on */
        }
}

/* As data sheets tell boards apart: by tensor units, lanes and the memory's bus. */
static void what_a_board_reaches_follows_from_its_data_sheet(void)
{
    static const struct {
        double tensor, tf32, bus_bits;
        int lanes;
        double pass, product, rows, columns;
    } boards[] = {
        { NAN,   NAN,   256, 128, 0.74, 0.82, 1, 0.55 },        /* like the p4 */
        { NAN,   NAN,  4096,  64, 0.74, 0.82, 1, 0.55 },        /* p100 */
        { 65e12, NAN,   256,  64, 0.74, 0.95, 1, 0.8 },         /* t4 */
        { 1e14,  NAN,  4096,  64, 0.90, 0.95, 1, 0.8 },         /* v100 */
        { 1e14,  5e13,  384, 128, 0.74, 0.78, 0.6, 0.6 },       /* a10 */
        { 1e14,  5e13, 5120, 128, 0.90, 0.78, 0.6, 0.6 },       /* h100 */
        { 1e14,  NAN,   NAN,  64, 0.82, 0.95, 1, 0.8 },         /* of unknown memory */
    };

    for (size_t i = 0; i < ERG_COUNT(boards); i++) {
        erg_hardware gpu = round_gpu();
        gpu.peak_flop_per_s[ERG_UNIT_TENSOR][ERG_FP16] = boards[i].tensor;
        gpu.peak_flop_per_s[ERG_UNIT_TENSOR][ERG_TF32] = boards[i].tf32;
        gpu.memory_bus_bits = boards[i].bus_bits;
        gpu.lanes_per_unit = boards[i].lanes;
        erg_time_terms terms = erg_time_shared(&gpu, ERG_UNIT_VECTOR);
        CHECK_NEAR(terms.bandwidth[ERG_BYTES_ELEMENTWISE], boards[i].pass, 1e-12);
        CHECK_NEAR(terms.share, boards[i].product, 1e-12);
        CHECK_NEAR(terms.batched_rows, boards[i].rows, 1e-12);
        CHECK_NEAR(terms.batched_columns, boards[i].columns, 1e-12);
        CHECK(terms.long_k == (isnan(boards[i].tensor) ? 5200 : 24000));
    }
}

int main(void)
{
    static const test tests[] = {
        TEST(a_full_wave_of_large_tiles_takes_its_flop_at_the_peak),
        TEST(one_tile_more_than_units_costs_half_a_wave),
        TEST(a_long_product_of_few_outputs_is_split),
        TEST(rows_far_apart_slow_products_of_many_tiles),
        TEST(a_batch_without_a_narrow_kernel_runs_in_a_wide_one),
        TEST(no_product_beats_the_roof_and_more_work_takes_longer),
        TEST(product_traffic_is_that_of_the_tiled_loop_and_never_below_compulsory),
        TEST(networks_slow_with_batch_and_speed_with_clock_fusion_and_graphs),
        TEST(a_small_network_waits_for_the_host),
        TEST(launches_that_are_alike_take_what_each_takes_by_itself),
        TEST(a_share_fitted_under_a_cap_is_not_capped_again),
        TEST(a_precision_without_a_unit_runs_at_its_share_of_fp32),
        TEST(nothing_narrower_stands_in_for_fp64),
        TEST(shared_terms_are_shares_whatever_the_device),
        TEST(what_a_board_reaches_follows_from_its_data_sheet),
    };
    return test_run(tests, ERG_COUNT(tests));
}
