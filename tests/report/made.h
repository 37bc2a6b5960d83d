/* SPDX-License-Identifier: Apache-2.0 */
/* Recordings to export, smooth and rough, and the text that comes out. */
#ifndef ERG_TESTS_REPORT_MADE_H
#define ERG_TESTS_REPORT_MADE_H

#include "test.h"
#include "erg/import.h"
#include "erg/report.h"

static inline erg_trace *make_trace(erg_method method)
{
    erg_error err = { 0 };
    erg_trace *trace = erg_trace_new(&err);
    erg_device_info device = { .name = "gpu:0", .driver = "test", .uuid = "GPU-1",
                               .model = "A \"quoted\" GPU", .scope = ERG_SCOPE_BOARD };
    erg_channel_info power = { .name = "power", .unit = "W", .quantity = ERG_POWER,
                               .kind = ERG_INSTANT, .method = method,
                               .scope = ERG_SCOPE_BOARD, .update_s = 0.1, .window_s = 0.025,
                               .delay_s = 0.01, .gain = 0.95, .offset = 1.5,
                               .gain_u = 0.02 };
    erg_channel_info energy = { .name = "energy", .unit = "J", .quantity = ERG_ENERGY,
                                .kind = ERG_COUNTER, .method = ERG_METHOD_COUNTER,
                                .scope = ERG_SCOPE_BOARD, .update_s = 0.1, .window_s = NAN,
                                .gain = 1, .gain_u = 0.02, .range_j = 262144 };
    erg_anchor anchor = { 1000, 1000, 1770402743000001000, 50 };
    erg_region region = { .name = "run", .begin_ns = 1000000000, .end_ns = 9000000000,
                          .runs = 4 };
    erg_mark_row mark = { 2000000000, "loss", 0.1 };
    test_random random = { 3 };
    double total_j = 0;
    CHECK(trace && erg_trace_add_device(trace, &device, &err) == 0);
    CHECK(erg_trace_add_channel(trace, &power, &err) == 0);
    CHECK(erg_trace_add_channel(trace, &energy, &err) == 1);
    for (int i = 0; i < 100; i++) {
        erg_sample watts = { 1000 + i * 100000000LL, 40, 100 + test_normal(&random) };
        erg_sample joules = { 1500 + i * 100000000LL, 40, total_j += 0.1 * watts.value };
        if (i == 50)
            watts.value = NAN;
        CHECK(erg_trace_add_samples(trace, 0, &watts, 1, &err));
        CHECK(erg_trace_add_samples(trace, 1, &joules, 1, &err));
    }
    CHECK(erg_trace_add_anchor(trace, &anchor, &err));
    CHECK(erg_trace_add_region(trace, &region, &err));
    CHECK(erg_trace_add_mark(trace, &mark, &err));
    CHECK(erg_trace_set_meta(trace, "command", "sleep 1", &err));
    return trace;
}

static inline char *export_text(const erg_trace *trace, const erg_export_options *options,
                                size_t *size)
{
    erg_error err = { 0 };
    char *text = NULL;
    FILE *out = open_memstream(&text, size);
    CHECK_OK(erg_export(trace, options, out, &err), err);
    fclose(out);
    return text;
}

/* Two boards and a package: gaps, a counter that wraps, one that starts anew. */
static inline erg_trace *make_rough_trace(void)
{
    static const double ranges_j[] = { 0, 65.536, 0 };
    erg_error err = { 0 };
    erg_trace *trace = make_trace(ERG_METHOD_INTEGRAL);
    test_random random = { 77 };
    for (int d = 0; d < 3; d++) {
        erg_device_info device = { .driver = "test", .scope = ERG_SCOPE_BOARD };
        erg_channel_info power = { .name = "power", .unit = "W", .quantity = ERG_POWER,
                                   .kind = d ? ERG_AVG_PREV : ERG_SMOOTHED,
                                   .update_s = 0.1, .window_s = d ? 0.1 : 1, .gain = 1,
                                   .gain_u = 0.05 };
        erg_channel_info energy = { .name = "energy", .unit = "J", .quantity = ERG_ENERGY,
                                    .kind = ERG_COUNTER, .gain = 1, .gain_u = 0.01,
                                    .range_j = ranges_j[d], .max_w = 400 };
        double total_j = 1.0 / 3;
        snprintf(device.name, sizeof(device.name), "b\xe4rg, \"%d\"", d);
        snprintf(device.uuid, sizeof(device.uuid), "U-%d", d);
        power.device = energy.device = erg_trace_add_device(trace, &device, &err);
        int p = erg_trace_add_channel(trace, &power, &err);
        int e = erg_trace_add_channel(trace, &energy, &err);
        CHECK(p >= 0 && e >= 0);
        for (int i = 0; i < 200; i++) {
            int64_t t_ns = 17 + d + i * 50000000LL + (int64_t)(1e6 * test_uniform(&random));
            double w = 150 + 100 * test_uniform(&random);
            total_j += 0.05 * w;
            if (ranges_j[d] > 0 && total_j > ranges_j[d])
                total_j -= ranges_j[d];
            if (d == 2 && i == 120)
                total_j = 0;
            bool is_gap = i % 37 == 5 || (i > 60 && i < 66);
            erg_sample watts = { t_ns, 123 + i, is_gap ? NAN : w };
            erg_sample joules = { t_ns, 99, i % 41 == 7 ? NAN : total_j };
            CHECK_OK(erg_trace_add_samples(trace, p, &watts, 1, &err), err);
            CHECK_OK(erg_trace_add_samples(trace, e, &joules, 1, &err), err);
        }
    }
    return trace;
}

#endif
