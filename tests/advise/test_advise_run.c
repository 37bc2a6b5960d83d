/* SPDX-License-Identifier: Apache-2.0 */
/* What erg advise makes of a run whose every joule is known. */
#include "erg/advise.h"
#include "erg/energy.h"
#include "test.h"

enum { RATE_HZ = 50, WHOLE_S = 14 };

/* 80 W for 2 s, 200 W for 10 s, 80 W for 2 s; of the 10 s 2 are at a barrier. */
static const erg_region regions[] = {
    { .name = "idle_before", .begin_ns = 0, .end_ns = 2 * ERG_NS_PER_S },
    { .name = "run", .begin_ns = 2 * ERG_NS_PER_S, .end_ns = 12 * ERG_NS_PER_S, .runs = 1 },
    { .name = "barrier",
      .begin_ns = 3 * ERG_NS_PER_S,
      .end_ns = 5 * ERG_NS_PER_S,
      .runs = NAN },
    { .name = "forward",
      .begin_ns = 5 * ERG_NS_PER_S,
      .end_ns = 11 * ERG_NS_PER_S,
      .runs = NAN },
    { .name = "tiny",
      .begin_ns = 5 * ERG_NS_PER_S,
      .end_ns = 5 * ERG_NS_PER_S + 40 * ERG_NS_PER_MS,
      .runs = NAN },
    { .name = "idle_after", .begin_ns = 12 * ERG_NS_PER_S, .end_ns = 14 * ERG_NS_PER_S },
};

static double power_at(double t_s) { return t_s >= 2 && t_s < 12 ? 200 : 80; }
static double quarter_at(double t_s) { return t_s >= 2 && t_s < 12 ? 0.25 : 0; }
static double throttled_at(double t_s) { return t_s < 6 ? 0 : t_s < 9 ? t_s - 6 : 3; }

static void add(erg_trace *trace, const erg_channel_info *info, double (*at)(double t_s))
{
    int channel = erg_trace_add_channel(trace, info, NULL);

    for (int i = 0; i < WHOLE_S * RATE_HZ; i++) {
        double t_s = (double)i / RATE_HZ;
        erg_sample one = { .t_ns = erg_ns_from_s(t_s), .value = at(t_s) };
        CHECK(erg_trace_add_samples(trace, channel, &one, 1, NULL));
    }
}

/* With what the sensor told besides its power, or without. */
static erg_trace *make(bool is_rich)
{
    const erg_device_info gpu = { .name = "nvml:0",
                                  .driver = "nvml",
                                  .scope = ERG_SCOPE_BOARD };
    const erg_channel_info power = { .name = "power",
                                     .unit = "W",
                                     .quantity = ERG_POWER,
                                     .kind = ERG_INSTANT,
                                     .method = ERG_METHOD_INTEGRAL,
                                     .scope = ERG_SCOPE_BOARD,
                                     .update_s = 1.0 / RATE_HZ };
    const erg_channel_info use = {
        .name = "use", .quantity = ERG_USE, .kind = ERG_INSTANT, .update_s = 1.0 / RATE_HZ
    };
    const erg_channel_info heat = { .name = "throttled_sw_thermal",
                                    .unit = "s",
                                    .quantity = ERG_DURATION,
                                    .kind = ERG_COUNTER,
                                    .update_s = 1.0 / RATE_HZ };
    erg_trace *trace = erg_trace_new(NULL);

    erg_trace_add_device(trace, &gpu, NULL);
    add(trace, &power, power_at);
    if (is_rich) {
        add(trace, &use, quarter_at);
        add(trace, &heat, throttled_at);
    }
    for (size_t i = is_rich ? 0 : 1; i < ERG_COUNT(regions) - (is_rich ? 0 : 1); i++)
        CHECK(erg_trace_add_region(trace, &regions[i], NULL));
    return trace;
}

/* The row whose finding holds this, or the count of rows. */
static size_t row_of(const erg_table *table, const char *part)
{
    size_t i = 0;

    while (i < erg_table_row_count(table)
           && !strstr(erg_table_find(table, i, "finding").text, part))
        i++;
    return i;
}

static void check(const erg_result *result, const char *part, double energy_j,
                  const char *method)
{
    const erg_table *table = erg_result_find(result, "advice");
    size_t at = row_of(table, part);

    CHECK(at < erg_table_row_count(table));
    CHECK_NEAR(erg_table_find(table, at, "energy_j").real, energy_j, 0.01 * energy_j);
    CHECK_TEXT(erg_table_find(table, at, "method").text, method);
    CHECK_TEXT(erg_table_find(table, at, "source").text, "nvml:0/power");
}

static void a_run_is_told_its_idle_waits_use_and_heat_in_joules(void)
{
    erg_trace *trace = make(true);
    erg_error err = { 0 };
    erg_result *result = erg_advise_run(trace, &err);
    const erg_table *table = result ? erg_result_find(result, "advice") : NULL;

    CHECK_OK(result != NULL, err);
    check(result, "idle power, 80 W, makes 40 %", 800, "model");
    check(result, "in use 25 % of the time", 1500, "model");
    check(result, "30 % of the time, by heat", 600, "model");
    check(result, "barrier is waiting: 20 %", 400, "integral");
    check(result, "forward takes 60 %", 1200, "integral");
    CHECK(row_of(table, "tiny lasts 0.04 s; the sensor, new every 0.02 s, needs 0.2 s")
          < erg_table_row_count(table));
    for (size_t i = 1; i < erg_table_row_count(table); i++) {
        double a = erg_table_find(table, i - 1, "energy_j").real;
        double b = erg_table_find(table, i, "energy_j").real;
        CHECK(a >= b || isnan(b));
    }
    erg_result_free(result);
    erg_trace_free(trace);
}

static void joules_and_intervals_of_a_region_are_those_of_erg_show(void)
{
    const erg_summary_options options = { .command = "show" };
    erg_trace *trace = make(true);
    erg_result *shown = erg_trace_summary(trace, &options, NULL);
    erg_result *result = erg_advise_run(trace, NULL);
    const erg_table *seen = erg_result_find(shown, "regions");
    const erg_table *told = erg_result_find(result, "advice");
    static const char *const columns[] = { "energy_j", "energy_low_j", "energy_high_j" };
    size_t i = 0, at = row_of(told, "forward");

    while (strcmp(erg_table_find(seen, i, "region").text, "forward") != 0)
        i++;
    for (size_t k = 0; k < ERG_COUNT(columns); k++)
        CHECK(erg_table_find(seen, i, columns[k]).real
              == erg_table_find(told, at, columns[k]).real);
    erg_result_free(shown);
    erg_result_free(result);
    erg_trace_free(trace);
}

static void what_the_file_does_not_hold_is_not_told(void)
{
    erg_trace *trace = make(false);
    erg_result *result = erg_advise_run(trace, NULL);
    const erg_table *table = erg_result_find(result, "advice");
    static const char *const silent[] = { "idle power", "in use", "taken away" };

    for (size_t i = 0; i < ERG_COUNT(silent); i++)
        CHECK(row_of(table, silent[i]) == erg_table_row_count(table));
    CHECK(strstr(erg_result_note_at(result, erg_result_note_count(result) - 1),
                 "no idle record"));
    erg_result_free(result);
    erg_trace_free(trace);
}

int main(void)
{
    static const test tests[] = {
        TEST(a_run_is_told_its_idle_waits_use_and_heat_in_joules),
        TEST(joules_and_intervals_of_a_region_are_those_of_erg_show),
        TEST(what_the_file_does_not_hold_is_not_told),
    };
    return test_run(tests, ERG_COUNT(tests));
}
