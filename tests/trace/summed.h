/* SPDX-License-Identifier: Apache-2.0 */
/* A recording of a few meters, and its summary's cells. */
#ifndef ERG_TESTS_SUMMED_H
#define ERG_TESTS_SUMMED_H

#include "erg/energy.h"
#include "erg/report.h"
#include "test.h"

typedef struct meter {
    const char *device, *driver;
    erg_scope scope;
    erg_method method;
} meter;

static inline erg_trace *new_trace(void)
{
    erg_error err = { 0 };
    erg_trace *trace = erg_trace_new(&err);
    CHECK_OK(trace, err);
    return trace;
}

/* Constant power from 0 to seconds, polled every 10 ms. */
static inline int add_power(erg_trace *trace, const meter *plan, double power_w,
                            double seconds)
{
    erg_error err = { 0 };
    erg_device_info device = { .scope = plan->scope, .host_id = "here" };
    snprintf(device.name, sizeof(device.name), "%s", plan->device);
    snprintf(device.driver, sizeof(device.driver), "%s", plan->driver);
    snprintf(device.uuid, sizeof(device.uuid), "uuid of %s", plan->device);
    bool counter = plan->method == ERG_METHOD_COUNTER;
    erg_channel_info info = {
        .device = erg_trace_add_device(trace, &device, &err), .method = plan->method,
        .quantity = counter ? ERG_ENERGY : ERG_POWER, .scope = plan->scope,
        .kind = counter ? ERG_COUNTER : ERG_INSTANT, .update_s = 0.01, .gain_u = 0.05 };
    snprintf(info.name, sizeof(info.name), "%s", counter ? "energy" : "power");
    snprintf(info.unit, sizeof(info.unit), "%s", counter ? "J" : "W");
    int channel = erg_trace_add_channel(trace, &info, &err);
    CHECK_OK(channel >= 0, err);
    for (int i = 0; i <= (int)(seconds * 100 + 0.5); i++) {
        erg_sample sample = { .t_ns = i * 10 * ERG_NS_PER_MS,
                              .value = counter ? power_w * i / 100 : power_w };
        CHECK_OK(erg_trace_add_samples(trace, channel, &sample, 1, &err), err);
    }
    return channel;
}

static inline void add_region(erg_trace *trace, const char *name, double begin_s,
                              double end_s)
{
    erg_error err = { 0 };
    erg_region region = { .begin_ns = erg_ns_from_s(begin_s),
                          .end_ns = erg_ns_from_s(end_s), .runs = NAN };
    snprintf(region.name, sizeof(region.name), "%s", name);
    CHECK_OK(erg_trace_add_region(trace, &region, &err), err);
}

static inline erg_result *summary_of(const erg_trace *trace,
                                     const erg_summary_options *options)
{
    static const erg_summary_options plain = { .command = "show" };
    erg_error err = { 0 };
    erg_result *result = erg_trace_summary(trace, options ? options : &plain, &err);
    CHECK_OK(result, err);
    return result;
}

static inline double real_of(const erg_result *result, const char *table, size_t row,
                             const char *column)
{
    return erg_table_find(erg_result_find(result, table), row, column).real;
}

static inline const char *text_of(const erg_result *result, const char *table, size_t row,
                                  const char *column)
{
    return erg_table_find(erg_result_find(result, table), row, column).text;
}

static const meter gpu = { "nvml:0", "nvml", ERG_SCOPE_BOARD, ERG_METHOD_INTEGRAL };
static const meter cpu = { "rapl:package-0", "rapl", ERG_SCOPE_PACKAGE,
                           ERG_METHOD_COUNTER };
static const meter wall = { "wattsup:0", "wattsup", ERG_SCOPE_NODE, ERG_METHOD_INTEGRAL };
static const meter core = { "rapl:core-0", "rapl", ERG_SCOPE_CORE, ERG_METHOD_COUNTER };

#endif
