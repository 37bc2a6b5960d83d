/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compat mode against figures of the estimator of 2025-10-28 that were carried
 * over (branes-ai/graphs, MIT), one layer by hand, and its rules one by one.
 */
#include "estimate/compat.h"
#include "test.h"

static const erg_catalog catalog = { .data_dir = ERG_TEST_SOURCE "/data" };

typedef struct run { erg_graph *graph; erg_hardware *hardware; erg_compat *compat; } run;

static run run_with(const char *spec, const char *hardware, erg_graph_options options)
{
    erg_error err = { 0 };
    run r = { .graph = erg_graph_load(spec, &options, &err) };

    r.hardware = r.graph ? erg_hardware_load(NULL, &catalog, hardware, &err) : NULL;
    r.compat = r.hardware ? erg_compat_new(r.graph, r.hardware, &err) : NULL;
    if (!r.compat)
        fail_msg("%s on %s: %s", spec, hardware, err.text);
    return r;
}

static void run_free(run *r)
{
    erg_compat_free(r->compat);
    erg_hardware_free(r->hardware);
    erg_graph_free(r->graph);
}

static void totals_are_the_known_ones(void)
{
    static const struct {
        const char *spec, *hardware;
        erg_precision precision;
        bool folds;
        int parts;
        double latency_ms, compute_uj, memory_uj, static_uj, total_mj;
    } rows[] = {
        { "zoo:resnet18", "compat-gpu-a100", ERG_FP32, false, 68,
          0.560624, 72872.5, 1169.5, 131186.0, 205.228 },
        { "zoo:resnet18", "compat-gpu-a100", ERG_FP16, false, 68,
          0.415209, 36436.3, 1169.5, 777272.0, 814.878 },
        { "zoo:resnet18", "compat-edge-jetson", ERG_FP32, false, 68,
          3.298063, 364362.6, 5847.5, 296825.7, 667.036 },
        { "zoo:mobilenet_v2", "compat-gpu-a100", ERG_FP32, false, 151,
          0.874059, 12825.2, 1728.2, 204529.8, 219.083 },
        { "zoo:resnet18", "compat-gpu-a100", ERG_FP32, true, 48,
          0.447797, 72624.15, 970.23, 104784.44, 178.379 },
        { "zoo:resnet18", "compat-edge-jetson", ERG_FP32, true, 48,
          2.998603, NAN, NAN, NAN, 637.846 },
    };
    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        run r = run_with(rows[i].spec, rows[i].hardware,
                         (erg_graph_options){ .precision = rows[i].precision,
                                              .fold_batch_norm = rows[i].folds });
        const erg_compat_energy *e = &r.compat->energy;
        assert_int_equal(r.compat->part_count, rows[i].parts);
        CHECK_NEAR(1e3 * e->total_j, rows[i].total_mj, 5.1e-4);
        CHECK_NEAR(1e3 * e->latency_s, rows[i].latency_ms, 5.1e-7);
        if (!isnan(rows[i].compute_uj)) {
            CHECK_NEAR(1e6 * e->compute_j, rows[i].compute_uj, 0.051);
            CHECK_NEAR(1e6 * e->memory_j, rows[i].memory_uj, 0.051);
            CHECK_NEAR(1e6 * e->static_j, rows[i].static_uj, 0.051);
        }
        CHECK_NEAR(e->compute_j + e->memory_j + e->static_j, e->total_j, 1e-12);
        run_free(&r);
    }
}

static void the_first_convolution_is_what_one_gets_by_hand(void)
{
    run r = run_with("zoo:resnet18", "compat-gpu-a100", (erg_graph_options){ 0 });
    const erg_compat_part *conv1 = &r.compat->parts[0];
    double compute_j = 2 * 118013952.0 * 20e-12;
    double memory_j = (602112 + 3211264 + 37632) * 10e-12;
    double latency_s = 2 * 118013952.0 / 19.5e12 + 5e-6;
    double idle_w = 0.3 * 2 * 19.5e12 * 20e-12;

    CHECK_TEXT(conv1->node->name, "conv1");
    CHECK_NEAR(conv1->energy.compute_j, compute_j, 1e-15);
    CHECK_NEAR(conv1->energy.memory_j, memory_j, 1e-15);
    CHECK_NEAR(conv1->energy.static_j, idle_w * latency_s, 1e-15);
    CHECK_NEAR(1e6 * conv1->energy.total_j, 8761.40, 0.005);
    /* The stride once more: 56 x 56, where the output has 112 x 112. */
    assert_int_equal(conv1->node->threads, 56 * 56 * 64);
    erg_text text = { 0 };
    CHECK(erg_compat_explain(conv1, &text));
    CHECK_TEXT(text.data, "conv1: 8761.4μJ total, compute dominant (53.9%)");
    erg_text_free(&text);
    run_free(&r);
}

static void memory_and_fusion_are_the_known_ones(void)
{
    static const struct { const char *spec; int nodes, chains; int64_t unfused, fused; }
    rows[] = {
        { "zoo:resnet18", 69, 32, 97749056, 78581824 },
        { "zoo:mobilenet_v2", 153, 66, 121813440, 70677824 },
        { "zoo:resnet50", 175, 73, 342908992, 260018240 },
        { "zoo:efficientnet_b0", 249, 71, 144111504, 77266864 },
    };
    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        run r = run_with(rows[i].spec, "compat-gpu-a100", (erg_graph_options){ 0 });
        assert_int_equal(r.compat->node_count, rows[i].nodes);
        assert_int_equal(r.compat->fusion.chain_count, rows[i].chains);
        assert_int_equal(r.compat->fusion.unfused_bytes, rows[i].unfused);
        assert_int_equal(r.compat->fusion.fused_bytes, rows[i].fused);
        run_free(&r);
    }
    run r = run_with("zoo:resnet18", "compat-gpu-a100", (erg_graph_options){ 0 });
    assert_int_equal(r.compat->memory.peak_bytes, 57636512);
    assert_int_equal(r.compat->memory.peak_step, 22);
    assert_int_equal(r.compat->memory.weights_bytes, 46796448);
    assert_int_equal(r.compat->concurrency.stages, 10);
    assert_int_equal(r.compat->concurrency.widest, 12);
    assert_int_equal(r.compat->concurrency.speedup, 12);
    run_free(&r);
}

/* Bytes are those of fp32 at every precision; an unlisted precision costs as fp32. */
static void precision_scales_compute_and_leaves_memory(void)
{
    static const struct { erg_precision precision; double scale; } rows[] = {
        { ERG_FP32, 1 }, { ERG_FP16, 0.5 }, { ERG_INT8, 0.25 }, { ERG_BF16, 1 },
    };
    run one = run_with("zoo:resnet18", "compat-gpu-a100", (erg_graph_options){ 0 });

    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        run r = run_with("zoo:resnet18", "compat-gpu-a100",
                         (erg_graph_options){ .precision = rows[i].precision });
        CHECK_NEAR(r.compat->energy.compute_j,
                   rows[i].scale * one.compat->energy.compute_j, 1e-12);
        CHECK_NEAR(r.compat->energy.memory_j, one.compat->energy.memory_j, 0);
        /* int8 has no peak on this record: fp32's. */
        if (rows[i].precision == ERG_INT8)
            CHECK_NEAR(r.compat->machine.cap_w, 2 * 19.5e12 * 5e-12, 1e-9);
        run_free(&r);
    }
    run_free(&one);
}

static void a_processor_idles_at_a_tenth_and_launches_for_nothing(void)
{
    run r = run_with("zoo:resnet18", "compat-gpu-a100", (erg_graph_options){ 0 });
    erg_hardware cpu = *r.hardware;
    erg_thermal_point points[] = { { .name = "default", .cap_w = 100 } };
    erg_error err = { 0 };

    cpu.kind = ERG_CPU;
    erg_compat *compat = erg_compat_new(r.graph, &cpu, &err);
    assert_non_null(compat);
    CHECK_NEAR(r.compat->machine.idle_w, 234, 1e-9);
    CHECK_NEAR(compat->machine.idle_w, 78, 1e-9);
    CHECK_NEAR(compat->energy.overhead_s, 0, 0);
    erg_compat_free(compat);

    cpu.thermal = points;
    cpu.thermal_count = 1;
    compat = erg_compat_new(r.graph, &cpu, &err);
    assert_non_null(compat);
    CHECK_NEAR(compat->machine.idle_w, 10, 1e-12);
    erg_compat_free(compat);
    run_free(&r);
}

static void missing_latencies_are_a_millisecond_and_none_a_plain_roofline(void)
{
    run r = run_with("zoo:resnet18", "compat-gpu-a100", (erg_graph_options){ 0 });
    const double two_ms[] = { 2e-3 };
    double roofline_s = r.compat->energy.latency_s;

    erg_compat_energy_fill(r.compat, two_ms, 1);
    CHECK_NEAR(r.compat->energy.latency_s, 2e-3 + 67 * 1e-3, 1e-12);
    erg_compat_energy_fill(r.compat, NULL, 0);
    CHECK_NEAR(r.compat->energy.latency_s, roofline_s, 1e-15);
    run_free(&r);
}

static void consumers_are_sorted_and_equal_ones_keep_their_order(void)
{
    run r = run_with("zoo:mobilenet_v2", "compat-gpu-a100", (erg_graph_options){ 0 });
    erg_error err = { 0 };
    const int32_t *rank = erg_compat_rank(r.compat, &err);

    assert_non_null(rank);
    for (int32_t i = 1; i < r.compat->part_count; i++) {
        double before_j = r.compat->parts[rank[i - 1]].energy.total_j;
        double after_j = r.compat->parts[rank[i]].energy.total_j;
        CHECK(before_j > after_j || (before_j == after_j && rank[i - 1] < rank[i]));
    }
    run_free(&r);
}

static bool hints_at(erg_compat *compat, const char *word)
{
    erg_error err = { 0 };

    CHECK_OK(erg_compat_hints_fill(compat, &err), err);
    for (int32_t i = 0; i < compat->energy_hints.count; i++)
        if (strstr(compat->energy_hints.list[i].text, word))
            return true;
    return false;
}

/* At a threshold there is no hint: the old comparisons are strict. */
static void each_hint_comes_on_its_side_of_the_threshold_only(void)
{
    run r = run_with("zoo:resnet18", "compat-gpu-a100", (erg_graph_options){ 0 });
    erg_compat_energy *e = &r.compat->energy;
    static const struct { double value; bool hints; } shares[] = {
        { 0.39, false }, { 0.40, false }, { 0.41, true },
    };
    for (size_t i = 0; i < ERG_COUNT(shares); i++) {
        *e = (erg_compat_energy){ .total_j = 1, .static_j = shares[i].value,
                                  .utilization = 0.9 };
        CHECK(hints_at(r.compat, "Reduce latency") == shares[i].hints);
        *e = (erg_compat_energy){ .total_j = 1, .memory_j = shares[i].value,
                                  .utilization = 0.9 };
        CHECK(hints_at(r.compat, "Reduce data movement") == shares[i].hints);
        *e = (erg_compat_energy){ .total_j = 1, .utilization = 0.9 - shares[i].value };
        CHECK(hints_at(r.compat, "Improve utilization") == shares[i].hints);
        CHECK(hints_at(r.compat, "Quantization (FP32→INT8)"));
    }
    run_free(&r);
    r = run_with("zoo:resnet18", "compat-gpu-a100",
                 (erg_graph_options){ .precision = ERG_FP16 });
    CHECK(!hints_at(r.compat, "Quantization"));
    run_free(&r);
}

/* Classes and reasons are counted as texts: an enumeration compared with a text
 * once printed that nothing was bound by memory. */
static void classes_follow_intensity_and_work_without_flop_is_balanced(void)
{
    run r = run_with("zoo:efficientnet_b0", "compat-gpu-a100", (erg_graph_options){ 0 });
    int by_class[4] = { 0 };

    for (int32_t i = 0; i < r.compat->part_count; i++) {
        const erg_compat_part *p = &r.compat->parts[i];
        const char *want = p->intensity > 50 ? "compute_bound"
            : p->intensity > 10 || p->node->flop == 0 ? "balanced"
            : p->intensity > 1 ? "memory_bound" : "bandwidth_bound";
        CHECK_TEXT(p->static_class, want);
        by_class[1] += strcmp(p->static_class, "memory_bound") == 0;
        by_class[2] += strcmp(p->static_class, "bandwidth_bound") == 0;
        by_class[3] += strcmp(p->static_class, "balanced") == 0;
    }
    assert_int_equal(by_class[1], 18);
    assert_int_equal(by_class[2], 109);
    assert_int_equal(by_class[3], 112);
    run_free(&r);
}

static void a_record_without_energies_is_refused_by_name(void)
{
    run r = run_with("zoo:resnet18", "compat-gpu-a100", (erg_graph_options){ 0 });
    erg_hardware other = *r.hardware;
    erg_error err = { 0 };

    other.byte_j = NAN;
    assert_null(erg_compat_new(r.graph, &other, &err));
    assert_int_equal(err.code, ERG_UNSUPPORTED);
    assert_non_null(strstr(err.text, "compat-gpu-a100"));
    run_free(&r);
}

static void units_wanted_follow_the_kind(void)
{
    run r = run_with("zoo:mobilenet_v2", "compat-gpu-a100", (erg_graph_options){ 0 });

    for (int32_t i = 0; i < r.compat->part_count; i++) {
        const erg_compat_part *p = &r.compat->parts[i];
        erg_compat_units units = erg_compat_units_of(p);
        bool deep = strcmp(p->node->type, "conv2d_depthwise") == 0;
        bool plain = strcmp(p->node->type, "batchnorm") == 0;
        CHECK(units.most == 2 * units.optimal && units.optimal >= 1);
        CHECK(units.optimal <= (deep || plain ? 32 : 128));
        if (deep)
            CHECK(units.independent == p->node->spatial && units.efficiency == 0.3);
        if (plain)
            CHECK(units.independent == p->node->threads / 2 && units.efficiency == 0.5);
    }
    run_free(&r);
}

/* Physical mode refuses the two machines that do not exist; compat mode is for them. */
static void an_estimation_of_compat_mode_says_that_it_is_not_physical(void)
{
    run r = run_with("zoo:resnet18", "compat-gpu-a100", (erg_graph_options){ 0 });
    erg_error err = { 0 };

    assert_null(erg_estimate_run(r.graph, r.hardware, NULL, NULL, &err));
    assert_int_equal(err.code, ERG_UNSUPPORTED);
    erg_estimation *e = erg_estimate_run(
        r.graph, r.hardware, NULL, &(erg_estimate_options){ .mode = ERG_COMPAT }, &err);
    if (!e)
        fail_msg("%s", err.text);
    CHECK_NEAR(1e3 * e->total.total_j, 205.228, 5e-4);
    CHECK_NEAR(e->peak_memory_bytes, 57636512, 0);
    CHECK(e->compat && e->partition->subgraph_count == 68 && isnan(e->total.low_j));
    CHECK_TEXT(e->partition->subgraphs[0].why, "fusion_opportunity");
    assert_non_null(strstr(e->notes[0], "not physical"));
    erg_estimation_free(e);
    run_free(&r);
}

static void a_measured_latency_is_spread_in_proportion(void)
{
    run r = run_with("zoo:resnet18", "compat-gpu-a100", (erg_graph_options){ 0 });
    erg_error err = { 0 };
    erg_estimation *e = erg_estimate_run(
        r.graph, r.hardware, NULL,
        &(erg_estimate_options){ .mode = ERG_COMPAT, .measured_latency_s = 1e-3 }, &err);
    double scale = 1e-3 / r.compat->energy.latency_s;

    assert_non_null(e);
    CHECK_NEAR(e->latency_s, 1e-3, 1e-15);
    CHECK_NEAR(e->latency[0].total_s, scale * r.compat->parts[0].latency.total_s, 1e-15);
    CHECK_NEAR(e->total.static_j, 234 * 1e-3, 1e-12);
    CHECK_NEAR(e->total.compute_j, r.compat->energy.compute_j, 0);
    erg_estimation_free(e);
    run_free(&r);
}

/* An export that keeps its batch norms is the module graph under other names. */
static void an_onnx_export_costs_what_its_modules_cost(void)
{
    const char *path = test_data("onnx/torchvision/resnet18.onnx");
    erg_error err = { 0 };
    run zoo = run_with("zoo:resnet18", "compat-gpu-a100", (erg_graph_options){ 0 });
    erg_graph *graph = erg_graph_load(path, NULL, &err);
    if (!graph)
        fail_msg("%s", err.text);
    erg_compat *compat = erg_compat_new(graph, zoo.hardware, &err);
    assert_non_null(compat);
    assert_int_equal(compat->part_count, 68);
    CHECK_NEAR(compat->energy.total_j, zoo.compat->energy.total_j, 1e-12);
    CHECK_NEAR(compat->energy.wasted_j, zoo.compat->energy.wasted_j, 1e-12);
    assert_int_equal(compat->fusion.chain_count, zoo.compat->fusion.chain_count);
    assert_int_equal(compat->memory.peak_bytes, zoo.compat->memory.peak_bytes);
    erg_compat_free(compat);
    erg_graph_free(graph);
    run_free(&zoo);
}

int main(void)
{
    static const test tests[] = {
        TEST(totals_are_the_known_ones),
        TEST(the_first_convolution_is_what_one_gets_by_hand),
        TEST(memory_and_fusion_are_the_known_ones),
        TEST(precision_scales_compute_and_leaves_memory),
        TEST(a_processor_idles_at_a_tenth_and_launches_for_nothing),
        TEST(missing_latencies_are_a_millisecond_and_none_a_plain_roofline),
        TEST(consumers_are_sorted_and_equal_ones_keep_their_order),
        TEST(each_hint_comes_on_its_side_of_the_threshold_only),
        TEST(classes_follow_intensity_and_work_without_flop_is_balanced),
        TEST(a_record_without_energies_is_refused_by_name),
        TEST(an_estimation_of_compat_mode_says_that_it_is_not_physical),
        TEST(a_measured_latency_is_spread_in_proportion),
        TEST(an_onnx_export_costs_what_its_modules_cost),
        TEST(units_wanted_follow_the_kind),
    };
    return test_run(tests, ERG_COUNT(tests));
}
