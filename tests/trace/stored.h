/* SPDX-License-Identifier: Apache-2.0 */
/* A recording to save: two channels, regions, a mark, a setting, a flag. */
#ifndef ERG_TESTS_STORED_H
#define ERG_TESTS_STORED_H

#include "test.h"
#include "trace/block.h"
#include "trace/load.h"
#include "trace/store.h"

static const erg_device_info gpu = {
    .name = "nvml:0", .driver = "nvml", .uuid = "GPU-1", .model = "A100",
    .scope = ERG_SCOPE_BOARD, .host_id = "host-a", .wired_to = "host-b", .shared = true,
};

static const erg_channel_info power = {
    .name = "power", .unit = "W", .quantity = ERG_POWER, .kind = ERG_SMOOTHED,
    .method = ERG_METHOD_INTEGRAL, .scope = ERG_SCOPE_BOARD, .update_s = 0.1012,
    .window_s = 0.025, .delay_s = NAN, .gain = 0.957, .offset = -1.5, .gain_u = 0.05,
    .offset_u = 0.25, .range_j = 0, .resolution = 0.001, .max_w = 250,
    .calibration = "GPU-1 530 2026-02-06",
};

static const erg_channel_info energy = {
    .name = "energy", .unit = "J", .quantity = ERG_ENERGY, .kind = ERG_COUNTER,
    .method = ERG_METHOD_COUNTER, .scope = ERG_SCOPE_BOARD, .range_j = 262143.328850,
    .gain = 1,
};

static inline const char *path_in(const char *folder, const char *name)
{
    static char path[2][600];
    static int turn;
    turn = !turn;
    snprintf(path[turn], sizeof(path[turn]), "%s/%s", folder, name);
    return path[turn];
}

/* Sample i of a 10 Hz recording. */
static inline erg_sample sample_at(int64_t i)
{
    return (erg_sample){ .t_ns = 1000 + i * 100 * ERG_NS_PER_MS, .half_width_ns = 0,
                         .value = (double)(50000 + i % 7 * 13) / 1000 };
}

static inline erg_trace *build_trace(void)
{
    erg_trace *trace = erg_trace_new(NULL);
    CHECK(erg_trace_add_device(trace, &gpu, NULL) == 0);
    CHECK(erg_trace_add_channel(trace, &power, NULL) == 0);
    CHECK(erg_trace_add_channel(trace, &energy, NULL) == 1);
    for (int64_t i = 0; i < 5000; i++) {
        erg_sample one = sample_at(i);
        CHECK(erg_trace_add_samples(trace, 0, &one, 1, NULL));
    }
    erg_sample gap = { 5000, 20, NAN };
    CHECK(erg_trace_add_samples(trace, 1, &gap, 1, NULL));
    erg_region run = { .id = 7, .parent = 0, .thread = 12, .name = "run", .begin_ns = 100,
                       .end_ns = 900, .runs = NAN };
    erg_region open = { .id = 9, .parent = 7, .thread = 13, .name = "décode \"x\"",
                        .begin_ns = 200, .end_ns = INT64_MAX, .runs = 3 };
    CHECK(erg_trace_add_region(trace, &run, NULL)
          && erg_trace_add_region(trace, &open, NULL));
    CHECK(erg_trace_add_mark(trace, &(erg_mark_row){ 300, "loss", 0.1 + 0.2 }, NULL));
    CHECK(erg_trace_add_setting(trace, &(erg_setting){ 10, 0, "sm_clock", "1410" }, NULL));
    CHECK(erg_trace_add_anchor(trace, &(erg_anchor){ 1, 2, 1770402736596337000, 40 },
                               NULL));
    CHECK(erg_trace_add_flag(trace, &(erg_flag){ ERG_FLAG_ALIASED, 0, { 5, 6 }, "beats" },
                             NULL));
    CHECK(erg_trace_set_meta(trace, "command", "python3 infer.py", NULL));
    return trace;
}

#endif
