/* SPDX-License-Identifier: Apache-2.0 */
/* One estimate as a whole: parts sum up, the cap holds, nothing runs backwards. */
#include "estimate/estimate_room.h"
#include "estimate/operating_point.h"

static erg_estimation *estimate(const erg_graph *graph, const erg_hardware *hardware,
                                const erg_estimate_options *options)
{
    erg_error err = { 0 };
    erg_profile *profile = erg_profile_load(&room_catalog, hardware, NULL, &err);
    CHECK_OK(profile != NULL, err);
    erg_estimation *made = erg_estimate_run(graph, hardware, profile, options, &err);
    CHECK_OK(made != NULL, err);

    /* Notes are texts of the estimation: the profile may go. */
    erg_profile_free(profile);
    return made;
}

static void parts_sum_to_the_total(void)
{
    erg_hardware *a100 = room_hardware("a100-pcie-40gb");
    erg_graph *graph = room_graph("zoo:resnet18", 8, ERG_BF16);
    erg_estimation *made = estimate(graph, a100, NULL);
    erg_estimate sum = { 0 };
    double latency_s = 0;

    for (int32_t i = 0; i < made->partition->subgraph_count; i++) {
        const erg_estimate *e = &made->energy[i];
        CHECK_NEAR(e->compute_j + e->memory_j + e->static_j, e->total_j, 1e-12);
        CHECK(e->efficiency >= 0 && e->efficiency <= 1);
        CHECK(e->low_j < e->total_j && e->total_j < e->high_j);
        CHECK(made->latency[i].utilization > 0 && made->latency[i].utilization <= 1);
        sum.total_j += e->total_j;
        sum.wasted_j += e->wasted_j;
        latency_s += made->latency[i].total_s;
    }
    CHECK_NEAR(sum.total_j / made->total.total_j, 1, 1e-12);
    CHECK_NEAR(sum.wasted_j / made->total.wasted_j, 1, 1e-9);
    CHECK_NEAR(latency_s / made->latency_s, 1, 1e-12);
    CHECK_NEAR(made->mean_w * made->latency_s, made->total.total_j, 1e-9);
    CHECK(made->peak_w >= made->mean_w && made->marginal_j < made->total.total_j);
    CHECK(made->total.low_j < made->total.total_j
          && made->total.total_j < made->total.high_j);
    erg_estimation_free(made);
    erg_graph_free(graph);
    erg_hardware_free(a100);
}

static void power_keeps_the_cap_and_a_higher_cap_never_slows(void)
{
    static const char *const devices[] = { "a100-pcie-40gb", "t4", "l4", "mi210" };

    for (size_t d = 0; d < ERG_COUNT(devices); d++) {
        erg_hardware *hardware = room_hardware(devices[d]);
        erg_graph *graph = room_graph("zoo:bert_large", 16, ERG_FP32);
        double last_s = INFINITY, last_hz = 0;

        for (double cap_w = 0.25 * hardware->cap_w; cap_w < 8 * hardware->cap_w;
             cap_w *= 1.25) {
            erg_estimation *made =
                estimate(graph, hardware, &(erg_estimate_options){ .power_cap_w = cap_w });
            CHECK(made->mean_w <= ERG_CAP_SHARE * cap_w * (1 + 1e-12));
            CHECK(made->latency_s <= last_s * (1 + 1e-12));
            CHECK(made->clock_hz >= last_hz);
            CHECK(made->capped == (made->clock_hz < hardware->top_clock_hz * (1 - 1e-9)));
            last_s = made->latency_s;
            last_hz = made->clock_hz;
            erg_estimation_free(made);
        }
        CHECK_NEAR(last_hz, hardware->top_clock_hz, 1);
        erg_graph_free(graph);
        erg_hardware_free(hardware);
    }
}

static bool has_note(const erg_estimation *made, const char *words)
{
    for (size_t i = 0; i < made->note_count; i++)
        if (strstr(made->notes[i], words))
            return true;
    return false;
}

/* Its lowest clock is too fast for its cap, or nobody knows a clock of it. */
static void what_no_clock_brings_below_its_cap_stands_still_in_between(void)
{
    static const struct { const char *device; erg_precision precision; } cases[] = {
        { "mi210", ERG_FP64 }, { "tpu-v4", ERG_BF16 },
    };

    for (size_t i = 0; i < ERG_COUNT(cases); i++) {
        erg_hardware *hardware = room_hardware(cases[i].device);
        erg_graph *graph = room_graph("zoo:bert_large", 16, cases[i].precision);
        erg_estimation *held = estimate(graph, hardware, NULL);
        erg_estimation *free_of_it =
            estimate(graph, hardware, &(erg_estimate_options){ .power_cap_w = 5000 });
        CHECK_NEAR(held->mean_w / (ERG_CAP_SHARE * hardware->cap_w), 1, 1e-12);
        CHECK(held->latency_s > free_of_it->latency_s);
        CHECK(has_note(held, "stands still in between"));
        erg_estimation_free(held);
        erg_estimation_free(free_of_it);
        erg_graph_free(graph);
        erg_hardware_free(hardware);
    }
}

/* tf32 differs from fp32 within products alone. */
static void passes_of_tf32_are_those_of_fp32(void)
{
    erg_hardware *a100 = room_hardware("a100-pcie-40gb");
    erg_graph *wide = room_graph("zoo:bert_base", 32, ERG_FP32);
    erg_graph *narrow = room_graph("zoo:bert_base", 32, ERG_TF32);
    erg_estimate_options options = { .power_cap_w = 1000 };
    erg_estimation *a = estimate(wide, a100, &options);
    erg_estimation *b = estimate(narrow, a100, &options);

    for (int32_t i = 0; i < a->partition->subgraph_count; i++)
        if (wide->operators[i].macs == 0)
            CHECK_NEAR(a->latency[i].total_s, b->latency[i].total_s, 1e-15);
    CHECK(b->latency_s < a->latency_s);
    erg_estimation_free(a);
    erg_estimation_free(b);
    erg_graph_free(wide);
    erg_graph_free(narrow);
    erg_hardware_free(a100);
}

/* Under a cap time follows from joules: where nobody measured those it may be longer, and
 * shorter, too. */
static void joules_in_doubt_make_a_capped_time_doubtful(void)
{
    erg_hardware *t4 = room_hardware("t4");
    erg_graph *graph = room_graph("zoo:bert_large", 16, ERG_FP32);
    erg_estimation *capped = estimate(graph, t4, NULL);
    erg_estimation *uncapped =
        estimate(graph, t4, &(erg_estimate_options){ .power_cap_w = 1000 });
    erg_estimation *measured =
        estimate(graph, t4, &(erg_estimate_options){ .measured_latency_s = 1 });

    CHECK(capped->capped && !uncapped->capped);
    CHECK_NEAR(uncapped->latency_high_s / uncapped->latency_s, exp(0.4), 1e-9);
    CHECK_NEAR(uncapped->latency_low_s / uncapped->latency_s, exp(-0.4), 1e-9);
    CHECK(capped->latency_high_s / capped->latency_s > exp(0.45));
    CHECK(capped->latency_low_s / capped->latency_s < exp(-0.45));
    /* No longer than all of the doubt of the joules, 0.5, can make it. */
    CHECK(capped->latency_high_s / capped->latency_s <= exp(hypot(0.4, 0.55)));
    CHECK_NEAR(measured->latency_high_s, 1, 1e-12);
    erg_estimation_free(capped);
    erg_estimation_free(uncapped);
    erg_estimation_free(measured);
    erg_graph_free(graph);
    erg_hardware_free(t4);
}

static void a_higher_clock_is_faster_and_draws_more(void)
{
    erg_hardware *a100 = room_hardware("a100-pcie-40gb");
    erg_graph *graph = room_graph("zoo:bert_large", 32, ERG_BF16);
    double last_s = INFINITY, last_w = 0;

    for (double clock_hz = 510e6; clock_hz <= 1410e6; clock_hz += 90e6) {
        erg_estimate_options options = { .clock_hz = clock_hz, .power_cap_w = 1000 };
        erg_estimation *made = estimate(graph, a100, &options);
        CHECK_NEAR(made->clock_hz, clock_hz, 1);
        CHECK(made->latency_s < last_s && made->mean_w > last_w);
        last_s = made->latency_s;
        last_w = made->mean_w;
        erg_estimation_free(made);
    }
    erg_graph_free(graph);
    erg_hardware_free(a100);
}

static void a_clock_that_the_device_has_not_is_told(void)
{
    static const struct { double clock_hz; const char *says; } rows[] = {
        { 3e9, "no clock of 3000 MHz: its top one, 1410 MHz" },
        { 1e6, "no clock of 1 MHz: its lowest one, 210 MHz" },
        { 1410e6, NULL }, { 210e6, NULL }, { 0, NULL },
    };
    erg_hardware *a100 = room_hardware("a100-pcie-40gb");
    erg_graph *graph = room_graph("zoo:resnet18", 1, ERG_BF16);

    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        erg_estimate_options options = { .clock_hz = rows[i].clock_hz };
        erg_estimation *made = estimate(graph, a100, &options);
        CHECK(has_note(made, rows[i].says ? rows[i].says : "has no clock")
              == (rows[i].says != NULL));
        erg_estimation_free(made);
    }
    erg_graph_free(graph);
    erg_hardware_free(a100);
}

static void a_measured_time_is_spread_in_proportion(void)
{
    erg_hardware *a100 = room_hardware("a100-pcie-40gb");
    erg_graph *graph = room_graph("zoo:bert_large", 8, ERG_BF16);
    erg_estimation *free_run = estimate(graph, a100, NULL);
    erg_estimation *told =
        estimate(graph, a100, &(erg_estimate_options){ .measured_latency_s = 0.2 });
    double ratio = 0.2 / free_run->latency_s;

    CHECK_NEAR(told->latency_s, 0.2, 1e-12);
    CHECK(told->latency_low_s == told->latency_s
          && told->latency_high_s == told->latency_s);
    for (int32_t i = 0; i < told->partition->subgraph_count; i++)
        CHECK_NEAR(told->latency[i].total_s / free_run->latency[i].total_s, ratio, 1e-9);
    CHECK_NEAR(told->total.static_j / free_run->total.static_j, ratio, 1e-9);
    CHECK_NEAR(told->total.memory_j, free_run->total.memory_j, 1e-9);
    erg_estimation_free(told);
    erg_estimation_free(free_run);
    erg_graph_free(graph);
    erg_hardware_free(a100);
}

static void gating_turns_static_power_of_unused_units_off(void)
{
    erg_hardware *a100 = room_hardware("a100-pcie-40gb");
    erg_graph *graph = room_graph("zoo:resnet18", 1, ERG_FP32);
    erg_estimation *all = estimate(graph, a100, NULL);
    erg_estimation *gated = estimate(graph, a100,
                                     &(erg_estimate_options){ .power_gating = true });

    CHECK(gated->total.static_j < all->total.static_j);
    CHECK_NEAR(gated->total.compute_j, all->total.compute_j, 1e-12);
    CHECK(gated->total.static_j > all->total.static_j / a100->units * 0.999);
    erg_estimation_free(gated);
    erg_estimation_free(all);
    erg_graph_free(graph);
    erg_hardware_free(a100);
}

/* An A100 has int8 units: only depthwise convolutions do not run on them. */
static void a_product_too_thin_for_a_unit_is_told_apart(void)
{
    static const struct { const char *network, *device, *says; } cases[] = {
        { "zoo:mobilenet_v2", "a100-pcie-40gb", "int8: products too thin for its matrix" },
        { "zoo:mobilenet_v2", "v100-sxm2-16gb", "int8: products are converted" },
    };

    for (size_t i = 0; i < ERG_COUNT(cases); i++) {
        erg_hardware *device = room_hardware(cases[i].device);
        erg_graph *graph = room_graph(cases[i].network, 1, ERG_INT8);
        erg_estimation *made = estimate(graph, device, NULL);
        CHECK(has_note(made, cases[i].says));
        erg_estimation_free(made);
        erg_graph_free(graph);
        erg_hardware_free(device);
    }
}

static void what_cannot_be_estimated_is_said(void)
{
    erg_hardware *compat = room_hardware("compat-gpu-a100");
    erg_hardware *a100 = room_hardware("a100-pcie-40gb");
    erg_graph *graph = room_graph("zoo:resnet18", 1, ERG_FP32);
    erg_profile *profile = erg_profile_load(&room_catalog, a100, NULL, NULL);
    erg_estimate_options hot = { .thermal_point = "no-such" };
    erg_error err = { 0 };

    CHECK(!erg_estimate_run(graph, compat, profile, NULL, &err));
    CHECK(err.code == ERG_UNSUPPORTED && strstr(err.text, "compat"));
    CHECK(!erg_estimate_run(graph, a100, profile, &hot, &err));
    CHECK(err.code == ERG_NOT_FOUND && strstr(err.text, "no-such"));
    erg_profile_free(profile);
    erg_graph_free(graph);
    erg_hardware_free(a100);
    erg_hardware_free(compat);
}

/* What a record lacks is not free: coral has no bandwidth, tpu-v4 no fp32. */
static void a_device_of_unknown_rates_has_no_estimate(void)
{
    static const struct { const char *name; erg_precision precision; const char *says; }
        rows[] = {
        { "coral", ERG_INT8, "no bandwidth of its memory" },
        { "tpu-v4", ERG_FP32, "no peak rate for products in fp32" },
        { "tpu-v4", ERG_BF16, NULL },
    };

    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        erg_hardware *hardware = room_hardware(rows[i].name);
        erg_graph *graph = room_graph("zoo:bert_base", 1, rows[i].precision);
        erg_profile *profile = erg_profile_load(&room_catalog, hardware, NULL, NULL);
        erg_error err = { 0 };
        erg_estimation *made = erg_estimate_run(graph, hardware, profile, NULL, &err);
        CHECK(rows[i].says ? !made && err.code == ERG_UNSUPPORTED : made != NULL);
        if (rows[i].says && !strstr(err.text, rows[i].says))
            fail_msg("%s: %s", rows[i].name, err.text);
        if (made)
            erg_estimation_free(made);
        erg_profile_free(profile);
        erg_graph_free(graph);
        erg_hardware_free(hardware);
    }
}

/* Scalar code for half precision is a hundred times slower, not a little faster. */
static void half_precision_without_a_unit_is_slow_on_a_processor(void)
{
    erg_hardware *epyc = room_hardware("epyc-9654");
    erg_graph *single = room_graph("zoo:bert_base", 1, ERG_FP32);
    erg_graph *half = room_graph("zoo:bert_base", 1, ERG_FP16);
    erg_estimation *fast = estimate(single, epyc, NULL), *slow = estimate(half, epyc, NULL);

    CHECK(slow->latency_s > 30 * fast->latency_s);
    CHECK(slow->latency_s < 150 * fast->latency_s);
    CHECK(slow->total.total_j > 10 * fast->total.total_j);
    CHECK(has_note(slow, "1 %") && !has_note(fast, "no unit"));
    erg_estimation_free(slow);
    erg_estimation_free(fast);
    erg_graph_free(half);
    erg_graph_free(single);
    erg_hardware_free(epyc);
}

static void a_package_of_two_devices_is_named_so(void)
{
    static const struct { const char *name; bool is_two; } rows[] = {
        { "mi250", true }, { "mi210", false },
    };

    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        erg_hardware *hardware = room_hardware(rows[i].name);
        erg_graph *graph = room_graph("zoo:bert_base", 8, ERG_FP16);
        erg_estimation *made = estimate(graph, hardware, NULL);
        CHECK(has_note(made, "as 2 devices") == rows[i].is_two);
        erg_estimation_free(made);
        erg_graph_free(graph);
        erg_hardware_free(hardware);
    }
}

static void grades_say_how_far_from_measured_rows_it_is(void)
{
    erg_hardware *a100 = room_hardware("a100-pcie-40gb"), *mi210 = room_hardware("mi210");
    erg_graph *graph = room_graph("zoo:bert_large", 8, ERG_BF16);
    erg_estimation *far = estimate(graph, mi210, NULL);
    erg_estimate_options here = { .clock_hz = 900e6, .measured_latency_s = 0.05 };
    erg_estimation *near = estimate(graph, a100, &here);
    double wide = far->total.high_j / far->total.total_j;

    CHECK(far->grade == ERG_THEORETICAL && wide >= exp(0.5) * (1 - 1e-12));
    CHECK(near->total.high_j / near->total.total_j <= wide);
    erg_estimation_free(near);
    erg_estimation_free(far);
    erg_graph_free(graph);
    erg_hardware_free(mi210);
    erg_hardware_free(a100);
}

int main(void)
{
    static const test tests[] = {
        TEST(parts_sum_to_the_total),
        TEST(power_keeps_the_cap_and_a_higher_cap_never_slows),
        TEST(what_no_clock_brings_below_its_cap_stands_still_in_between),
        TEST(passes_of_tf32_are_those_of_fp32),
        TEST(joules_in_doubt_make_a_capped_time_doubtful),
        TEST(a_higher_clock_is_faster_and_draws_more),
        TEST(a_clock_that_the_device_has_not_is_told),
        TEST(a_measured_time_is_spread_in_proportion),
        TEST(gating_turns_static_power_of_unused_units_off),
        TEST(a_product_too_thin_for_a_unit_is_told_apart),
        TEST(what_cannot_be_estimated_is_said),
        TEST(a_device_of_unknown_rates_has_no_estimate),
        TEST(half_precision_without_a_unit_is_slow_on_a_processor),
        TEST(a_package_of_two_devices_is_named_so),
        TEST(grades_say_how_far_from_measured_rows_it_is),
    };
    return test_run(tests, ERG_COUNT(tests));
}
