/* SPDX-License-Identifier: Apache-2.0 */
/* The order of a recorded run's regions, where every watt is known. */
#include "erg/advise.h"
#include "erg/trace.h"
#include "test.h"

enum { RATE_HZ = 100, HEAVY_W = 900, LIGHT_W = 200 };

/* 0..4 s heavy, 4..8 s light, in regions of 1 s inside one run. */
static double power_at(double t_s) { return t_s < 4 ? HEAVY_W : LIGHT_W; }

static erg_trace *make(const erg_region regions[], size_t count)
{
    const erg_device_info gpu = { .name = "nvml:0", .driver = "nvml",
                                  .scope = ERG_SCOPE_BOARD };
    const erg_channel_info power = {
        .name = "power", .unit = "W", .quantity = ERG_POWER, .kind = ERG_INSTANT,
        .method = ERG_METHOD_INTEGRAL, .scope = ERG_SCOPE_BOARD, .update_s = 1.0 / RATE_HZ,
    };
    erg_trace *trace = erg_trace_new(NULL);

    CHECK(trace && erg_trace_add_device(trace, &gpu, NULL) >= 0);
    int channel = erg_trace_add_channel(trace, &power, NULL);
    for (int i = 0; i < 8 * RATE_HZ; i++) {
        erg_sample one = { .t_ns = erg_ns_from_s((double)i / RATE_HZ),
                           .value = power_at((double)i / RATE_HZ) };
        CHECK(erg_trace_add_samples(trace, channel, &one, 1, NULL));
    }
    for (size_t i = 0; i < count; i++)
        CHECK(erg_trace_add_region(trace, &regions[i], NULL));
    return trace;
}

static erg_region region(const char *name, double begin_s, double end_s)
{
    erg_region made = { .begin_ns = erg_ns_from_s(begin_s), .end_ns = erg_ns_from_s(end_s),
                        .runs = NAN };

    snprintf(made.name, sizeof(made.name), "%s", name);
    return made;
}

static double real_of(const erg_result *result, const char *column)
{
    return erg_table_find(erg_result_find(result, "totals"), 0, column).real;
}

/* Four heavy seconds, then four light ones: over 2 s 900 W, in turn (900 + 200)/2. */
static void heavy_regions_go_between_light_ones(void)
{
    const erg_region regions[] = {
        region("run", 0, 8), region("step", 0, 8),
        region("h1", 0, 1), region("h2", 1, 2), region("h3", 2, 3), region("h4", 3, 4),
        region("l1", 4, 5), region("l2", 5, 6), region("l3", 6, 7), region("l4", 7, 8),
    };
    erg_error err = { 0 };
    erg_trace *trace = make(regions, ERG_COUNT(regions));
    erg_result *result = erg_advise_order_of_run(trace, "x.erg", 2, &err);

    CHECK_OK(result, err);
    CHECK(erg_table_row_count(erg_result_find(result, "order")) == 8);
    CHECK_NEAR(real_of(result, "peak_given_w"), HEAVY_W, 15);
    CHECK_NEAR(real_of(result, "peak_w"), 550, 15);
    CHECK_NEAR(real_of(result, "time_s"), 8, 1e-6);
    erg_result_free(result);
    erg_trace_free(trace);
}

/* All of one name: nothing may move, and the input order is kept. */
static void regions_of_one_name_keep_their_order(void)
{
    erg_region regions[9] = { region("run", 0, 8) };
    erg_error err = { 0 };

    for (int k = 0; k < 8; k++)
        regions[k + 1] = region(k % 2 ? "b" : "a", k, k + 1);
    erg_trace *trace = make(regions, ERG_COUNT(regions));
    erg_result *result = erg_advise_order_of_run(trace, "x.erg", 0, &err);
    CHECK_OK(result, err);
    const erg_table *order = erg_result_find(result, "order");
    int64_t last[2] = { 0, 0 };
    for (size_t i = 0; i < 8; i++) {
        int which = erg_table_find(order, i, "operator").text[0] - 'a';
        int64_t was = erg_table_find(order, i, "was").integer;
        CHECK(was > last[which]);
        last[which] = was;
    }
    CHECK(real_of(result, "peak_w") <= real_of(result, "peak_given_w"));
    erg_result_free(result);
    erg_trace_free(trace);
}

static void only_the_first_repetition_is_ordered(void)
{
    const erg_region regions[] = { region("run", 4, 8), region("run", 0, 4),
                                   region("a", 0, 1), region("b", 1, 3), region("a", 4, 5),
                                   region("b", 5, 7), region("warmup", 3, 4) };
    erg_error err = { 0 };
    erg_trace *trace = make(regions, ERG_COUNT(regions));
    erg_result *result = erg_advise_order_of_run(trace, "x.erg", 0, &err);

    CHECK_OK(result, err);
    CHECK(erg_table_row_count(erg_result_find(result, "order")) == 2);
    CHECK_NEAR(real_of(result, "time_s"), 3, 1e-9);
    erg_result_free(result);
    erg_trace_free(trace);
}

static void what_is_no_sequence_is_refused(void)
{
    const erg_region apart[] = { region("run", 0, 8), region("a", 0, 5),
                                 region("b", 3, 8) };
    const erg_region none[] = { region("run", 0, 8) };
    erg_error err = { 0 };
    erg_trace *trace = make(apart, ERG_COUNT(apart));

    CHECK(!erg_advise_order_of_run(trace, "x.erg", 0, &err));
    CHECK(err.code == ERG_BAD_INPUT && strstr(err.text, "a and b overlap"));
    erg_trace_free(trace);
    trace = make(none, ERG_COUNT(none));
    CHECK(!erg_advise_order_of_run(trace, "x.erg", 0, &err));
    CHECK(err.code == ERG_NO_DATA && strstr(err.text, "mark its parts"));
    erg_trace_free(trace);
}

int main(void)
{
    static const test tests[] = {
        TEST(heavy_regions_go_between_light_ones),
        TEST(regions_of_one_name_keep_their_order),
        TEST(only_the_first_repetition_is_ordered),
        TEST(what_is_no_sequence_is_refused),
    };
    return test_run(tests, ERG_COUNT(tests));
}
