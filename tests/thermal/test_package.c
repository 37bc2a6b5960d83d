/* SPDX-License-Identifier: Apache-2.0 */
/* A processor in a run file: RAPL counts its joules, hwmon reads its temperature. */
#include <string.h>
#include "erg/thermal.h"
#include "test.h"

enum { ROWS = 1800, TEN_HZ = 10 };
static const double r_k_per_w = 0.4, tau_s = 20;

static int add_device(erg_trace *trace, const char *name, erg_quantity quantity,
                      const char *channel)
{
    erg_device_info info = { .scope = ERG_SCOPE_PACKAGE };
    erg_channel_info one = { .quantity = quantity, .gain = 1, .scope = ERG_SCOPE_PACKAGE };
    snprintf(info.name, sizeof(info.name), "%s", name);
    snprintf(one.name, sizeof(one.name), "%s", channel);
    if (quantity == ERG_ENERGY)
        one.kind = ERG_COUNTER;
    one.device = erg_trace_add_device(trace, &info, NULL);
    return erg_trace_add_channel(trace, &one, NULL);
}

static void push(erg_trace *trace, int channel, int64_t t_ns, double value)
{
    erg_error err = { 0 };
    erg_sample one = { .t_ns = t_ns, .value = value };
    CHECK_OK(erg_trace_add_samples(trace, channel, &one, 1, &err), err);
}

/* 20 or 120 W in chips of 8 s at 10 Hz; the counter is read 2 ms before the thermometer.
 * Each socket its own load. gap: the counter is silent from 60 to 70 s. */
static erg_trace *machine(int sockets, int meters, bool gap)
{
    erg_error err = { 0 };
    erg_trace *trace = erg_trace_new(&err);
    int64_t step_ns = ERG_NS_PER_S / TEN_HZ;

    CHECK_OK(erg_trace_add_anchor(trace,
                                  &(erg_anchor){ .utc_ns = 1770000000 * ERG_NS_PER_S },
                                  &err),
             err);
    for (int s = 0; s < sockets; s++) {
        char name[32];
        int warm, counter = -1;
        test_random luck = { 7 + 5 * (uint64_t)s };
        double x = 20, p = 20, joules = 0, fade = exp(-1.0 / TEN_HZ / tau_s);
        snprintf(name, sizeof(name), "rapl:package-%d", s);
        if (s < meters)
            counter = add_device(trace, name, ERG_ENERGY, "energy");
        snprintf(name, sizeof(name), "hwmon:coretemp%d", s);
        warm = add_device(trace, name, ERG_TEMPERATURE, "temperature");
        for (int k = 0; k < ROWS; k++) {
            int64_t t_ns = (k + 1) * step_ns;
            if (k % (8 * TEN_HZ) == 0)
                p = test_uniform(&luck) < 0.5 ? 20 : 120;
            x = fade * x + (1 - fade) * p;
            joules += p / TEN_HZ;
            if (counter >= 0 && !(gap && k >= 600 && k < 700))
                push(trace, counter, t_ns - 2000000, joules);
            push(trace, warm, t_ns,
                 303.15 + 30 * s + r_k_per_w * x + 0.1 * test_normal(&luck));
        }
    }
    return trace;
}

static erg_monitor *log_of(const erg_trace *trace)
{
    erg_error err = { 0 };
    erg_monitor *log = erg_monitor_of_trace(trace, &err);
    CHECK_OK(log != NULL, err);
    return log;
}

static void a_thermometer_takes_the_power_of_its_packages_counter(void)
{
    erg_trace *trace = machine(2, 2, false);
    erg_monitor *log = log_of(trace);

    for (int s = 0; s < 2; s++) {
        const char *name = s ? "hwmon:coretemp1" : "hwmon:coretemp0";
        erg_error err = { 0 };
        erg_thermal out;
        CHECK_OK(erg_thermal_fit(erg_monitor_find(log, name), &(erg_thermal_options){ 0 },
                                 &out, &err), err);
        CHECK_TEXT(erg_thermal_verdict_name(out.verdict), "identified");
        CHECK_NEAR(out.ambient_k, 303.15 + 30 * s, 0.3);
        CHECK_NEAR(out.poles[out.pole_count - 1].tau_s, tau_s, 1);
        CHECK(out.power_low_w < 25 && out.power_high_w > 115);
    }
    erg_result *result = erg_thermal_fit_tables(log, NULL, &(erg_thermal_options){ 0 },
                                                NULL);
    bool said = false;
    for (size_t i = 0; i < erg_result_note_count(result); i++)
        said = said || strstr(erg_result_note_at(result, i),
                              "power of hwmon:coretemp0 is that of rapl:package-0");
    CHECK(said);
    erg_result_free(result);
    erg_monitor_free(log);
    erg_trace_free(trace);
}

static void a_gap_of_the_counter_leaves_rows_without_power(void)
{
    erg_trace *trace = machine(1, 1, true);
    erg_monitor *log = log_of(trace);
    const erg_monitor_device *warm = erg_monitor_find(log, "hwmon:coretemp0");
    erg_error err = { 0 };
    erg_thermal out;
    size_t known = 0;

    for (size_t i = 600; i < 700; i++)
        known += isfinite(warm->rows[i].value[ERG_MONITOR_POWER_W]);
    CHECK(known <= 1 && isfinite(warm->rows[500].value[ERG_MONITOR_POWER_W]));
    CHECK_OK(erg_thermal_fit(warm, &(erg_thermal_options){ 0 }, &out, &err), err);
    CHECK(out.segments == 2 && out.verdict == ERG_THERMAL_IDENTIFIED);
    /* The half of the longer stretch is foretold by all that lies before it. */
    CHECK(out.held_out_rmse_k > 0.05 && out.held_out_rmse_k < 0.3);
    erg_monitor_free(log);
    erg_trace_free(trace);
}

static void no_thermometer_is_paired_by_guess(void)
{
    erg_trace *trace = machine(2, 1, false);
    erg_monitor *log = log_of(trace);

    for (int s = 0; s < 2; s++) {
        const erg_monitor_device *one = erg_monitor_find(log, s ? "hwmon:coretemp1"
                                                                : "hwmon:coretemp0");
        for (size_t i = 0; i < one->count; i++)
            CHECK(isnan(one->rows[i].value[ERG_MONITOR_POWER_W]));
    }
    erg_monitor_free(log);
    erg_trace_free(trace);
}

int main(void)
{
    static const test tests[] = {
        TEST(a_thermometer_takes_the_power_of_its_packages_counter),
        TEST(a_gap_of_the_counter_leaves_rows_without_power),
        TEST(no_thermometer_is_paired_by_guess),
    };
    return test_run(tests, ERG_COUNT(tests));
}
