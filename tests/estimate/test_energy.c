/* SPDX-License-Identifier: Apache-2.0 */
/* The three terms by hand, and which unit runs what. */
#include "estimate/energy.h"
#include "estimate/estimate_room.h"

static erg_energy_terms terms_of_the_specification(void)
{
    erg_energy_terms terms = { .byte_j = 155.4e-12 };

    for (int class = 0; class < ERG_UNIT_CLASSES; class++)
        for (int precision = 0; precision < ERG_PRECISIONS; precision++)
            terms.op_j_per_flop[class][precision] = NAN;
    terms.op_j_per_flop[ERG_UNIT_TENSOR][ERG_BF16] = 0.709e-12;
    terms.op_j_per_flop[ERG_UNIT_TENSOR][ERG_TF32] = 0.63e-12;
    terms.op_j_per_flop[ERG_UNIT_VECTOR][ERG_FP32] = 9.07e-12;
    return terms;
}

/* bert-large, batch 8, length 512 on an A100 at 900 MHz, 50.04 ms: measured 7.717 J. */
static void the_worked_example_gives_7_79_joules(void)
{
    erg_energy_terms terms = terms_of_the_specification();
    erg_work work = { .bytes = 23.19668e9 };
    work.flop[ERG_UNIT_TENSOR][ERG_BF16] = 2.680076e12;
    erg_estimate e = { .compute_j = erg_compute_j(&work, &terms),
                       .memory_j = erg_memory_j(&work, &terms),
                       .static_j = 45.6 * 0.05004 };

    erg_estimate_finish(&e, 0.5);
    CHECK_NEAR(e.compute_j, 1.900, 5e-4);
    CHECK_NEAR(e.memory_j, 3.605, 5e-4);
    CHECK_NEAR(e.static_j, 2.282, 5e-4);
    CHECK_NEAR(e.total_j, 7.79, 5e-3);
    CHECK_NEAR(e.efficiency, (1.900 + 3.605) / 7.787, 1e-4);
    CHECK_NEAR(e.wasted_j, 0.5 * 2.282, 5e-4);
}

static void the_counts_of_a_list_give_the_same_joules(void)
{
    const char *list =
        test_data("energy/workloads/bertmodel_large_pbf16_b8_s512_modeprefill.json");
    erg_graph *graph = room_graph(list, 8, ERG_BF16);
    erg_hardware *a100 = room_hardware("a100-pcie-40gb");
    erg_energy_terms terms = terms_of_the_specification();
    erg_work work = { 0 };

    for (int32_t i = 0; i < graph->operator_count; i++)
        erg_work_add_operator(&work, &graph->operators[i], a100);
    CHECK_NEAR(erg_compute_j(&work, &terms) + erg_memory_j(&work, &terms),
               1.900 + 3.605, 1e-3);
    erg_hardware_free(a100);
    erg_graph_free(graph);
}

static void compute_scales_with_flop_and_memory_with_bytes(void)
{
    erg_energy_terms terms = terms_of_the_specification();
    erg_work one = { .bytes = 3e9 }, two = { .bytes = 6e9 };

    one.flop[ERG_UNIT_VECTOR][ERG_FP32] = 5e9;
    two.flop[ERG_UNIT_VECTOR][ERG_FP32] = 10e9;
    CHECK_NEAR(erg_compute_j(&two, &terms), 2 * erg_compute_j(&one, &terms), 1e-15);
    CHECK_NEAR(erg_memory_j(&two, &terms), 2 * erg_memory_j(&one, &terms), 1e-15);
    /* A unit without a coefficient is not known, unless nothing runs there. */
    CHECK(!isnan(erg_compute_j(&one, &terms)));
    one.flop[ERG_UNIT_VECTOR][ERG_FP64] = 1;
    CHECK(isnan(erg_compute_j(&one, &terms)));
}

static erg_engine unit_of(erg_op_kind kind, erg_precision precision,
                          const erg_window *window,
                        const erg_hardware *hardware)
{
    erg_operator op = { .kind = kind, .precision = precision, .macs = 1000,
                        .window = window };
    return erg_engine_of(&op, hardware);
}

static void fp32_convolutions_run_tf32_and_fp32_products_do_not(void)
{
    erg_hardware *a100 = room_hardware("a100-pcie-40gb");
    erg_hardware *p100 = room_hardware("p100-pcie-16gb");
    erg_window depthwise = { .groups = 32, .channels_in = 32 };
    erg_engine unit = unit_of(ERG_OP_CONV, ERG_FP32, NULL, a100);

    CHECK(unit.class == ERG_UNIT_TENSOR && unit.precision == ERG_TF32);
    unit = unit_of(ERG_OP_LINEAR, ERG_FP32, NULL, a100);
    CHECK(unit.class == ERG_UNIT_VECTOR && unit.precision == ERG_FP32);
    unit = unit_of(ERG_OP_LINEAR, ERG_BF16, NULL, a100);
    CHECK(unit.class == ERG_UNIT_TENSOR && unit.precision == ERG_BF16);
    unit = unit_of(ERG_OP_CONV, ERG_BF16, &depthwise, a100);
    CHECK(unit.class == ERG_UNIT_VECTOR && unit.precision == ERG_BF16);
    unit = unit_of(ERG_OP_CONV, ERG_FP32, NULL, p100);
    CHECK(unit.class == ERG_UNIT_VECTOR && unit.precision == ERG_FP32);
    unit = unit_of(ERG_OP_LINEAR, ERG_BF16, NULL, p100);    /* emulated */
    CHECK(unit.class == ERG_UNIT_VECTOR && unit.precision == ERG_FP32);
    erg_hardware_free(p100);
    erg_hardware_free(a100);
}

static void what_a_device_lacks_runs_in_the_narrowest_that_holds_it(void)
{
    static const struct { const char *device; erg_precision asked; erg_engine want; }
    cases[] = {
        { "a100-pcie-40gb", ERG_FP8, { ERG_UNIT_TENSOR, ERG_FP16 } },
        { "h100-sxm5-80gb", ERG_INT4, { ERG_UNIT_TENSOR, ERG_INT8 } },
        { "p100-pcie-16gb", ERG_INT8, { ERG_UNIT_VECTOR, ERG_FP16 } },
        { "t4", ERG_BF16, { ERG_UNIT_VECTOR, ERG_FP32 } },
        { "xeon-8490h", ERG_FP8, { ERG_UNIT_TENSOR, ERG_BF16 } },
        { "epyc-9654", ERG_INT8, { ERG_UNIT_VECTOR, ERG_FP32 } },
        { "jetson-orin-nx-16gb", ERG_FP16, { ERG_UNIT_TENSOR, ERG_FP16 } },
        { "jetson-orin-nano-8gb", ERG_TF32, { ERG_UNIT_TENSOR, ERG_TF32 } },
        { "mi210", ERG_TF32, { ERG_UNIT_TENSOR, ERG_FP32 } },
    };

    for (size_t i = 0; i < ERG_COUNT(cases); i++) {
        erg_hardware *device = room_hardware(cases[i].device);
        erg_engine got = unit_of(ERG_OP_LINEAR, cases[i].asked, NULL, device);
        CHECK(got.class == cases[i].want.class);
        CHECK(got.precision == cases[i].want.precision);
        erg_hardware_free(device);
    }
}

int main(void)
{
    static const test tests[] = {
        TEST(the_worked_example_gives_7_79_joules),
        TEST(the_counts_of_a_list_give_the_same_joules),
        TEST(compute_scales_with_flop_and_memory_with_bytes),
        TEST(fp32_convolutions_run_tf32_and_fp32_products_do_not),
        TEST(what_a_device_lacks_runs_in_the_narrowest_that_holds_it),
    };
    return test_run(tests, ERG_COUNT(tests));
}
