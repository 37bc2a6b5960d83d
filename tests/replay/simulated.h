/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run whose joules are known: idle, the model step after step, idle, each kernel alone,
 * idle; seen through a sensor that looks 25 ms of every 100.
 *
 * The model overlaps launches on a second stream and leaves gaps: power is the base and
 * what each running kernel adds, so its energy is sum n e + P_base T whatever overlaps.
 */
#ifndef TESTS_REPLAY_SIMULATED_H
#define TESTS_REPLAY_SIMULATED_H

#include "made.h"
#include "plant/sensor.h"
#include "test.h"

enum { SIM_KERNELS = 6, SIM_PIECES = 64, SIM_SEGMENTS = 32 };
static const double SIM_IDLE_S = 4, SIM_WHOLE_S = 12, SIM_ALONE_S = 5, SIM_PAUSE_S = 0.6;
static const double SIM_UPDATE_S = 0.1, SIM_WINDOW_S = 0.025, SIM_POLL_S = 0.02;
static const double SIM_GAIN_U = 0.02, SIM_STEPS = 25;

/* One step of the model in order, and where its launches end. */
typedef struct sim_piece { double end_s, w; } sim_piece;
/* Power over time: constant, or the step again and again where period_s > 0. */
typedef struct sim_segment {
    double begin_s, end_s, w, energy_before_j;
    bool is_model;
} sim_segment;

typedef struct sim {
    double base_w, kernel_w[SIM_KERNELS], kernel_s[SIM_KERNELS];
    double count[SIM_KERNELS];  /* of a step */
    sim_piece pieces[SIM_PIECES];
    size_t piece_count;
    double step_s, step_j, gap_s, overlap_s;
    double model_runs;
    sim_segment segments[SIM_SEGMENTS];
    size_t segment_count;
    erg_replay *replay;
} sim;

static inline double sim_step_j(const sim *s, double t_s)
{
    double energy_j = 0, at_s = 0;
    for (size_t i = 0; i < s->piece_count && at_s < t_s; i++) {
        double end_s = fmin(t_s, s->pieces[i].end_s);
        energy_j += s->pieces[i].w * (end_s - at_s);
        at_s = end_s;
    }
    return energy_j;
}

static inline double sim_until_j(const sim *s, double t_s)
{
    size_t i = 0;
    while (i + 1 < s->segment_count && s->segments[i].end_s < t_s)
        i++;
    const sim_segment *in = &s->segments[i];
    double into_s = t_s - in->begin_s;
    if (!in->is_model)
        return in->energy_before_j + in->w * into_s;
    double whole = floor(into_s / s->step_s);
    return in->energy_before_j + whole * s->step_j
           + sim_step_j(s, into_s - whole * s->step_s);
}

static inline double sim_energy_j(const void *self, double begin_s, double end_s)
{
    return sim_until_j(self, end_s) - sim_until_j(self, begin_s);
}

static inline double sim_power_w(const void *self, double t_s)
{
    return sim_energy_j(self, t_s, t_s + 1e-6) / 1e-6;
}

static inline void sim_piece_add(sim *s, double for_s, double w)
{
    s->step_s += for_s;
    s->step_j += for_s * w;
    s->pieces[s->piece_count++] = (sim_piece){ s->step_s, w };
}

/* The first kernel runs beside the second, the others alone, with gaps. */
static inline void sim_step(sim *s, test_random *random)
{
    double both_s = fmin(s->count[0] * s->kernel_s[0], s->count[1] * s->kernel_s[1]);

    sim_piece_add(s, both_s, s->base_w + s->kernel_w[0] + s->kernel_w[1]);
    s->overlap_s = both_s;
    for (size_t k = 0; k < SIM_KERNELS; k++) {
        double left_s = s->count[k] * s->kernel_s[k] - (k < 2 ? both_s : 0);
        if (left_s > 0)
            sim_piece_add(s, left_s, s->base_w + s->kernel_w[k]);
        double gap_s = 2e-3 + 6e-3 * test_uniform(random);
        s->gap_s += gap_s;
        sim_piece_add(s, gap_s, s->base_w);
    }
}

static inline erg_span sim_segment_add(sim *s, double for_s, double w, bool is_model)
{
    const sim_segment *last = s->segment_count ? &s->segments[s->segment_count - 1] : NULL;
    double begin_s = last ? last->end_s : 0;
    double before_j = last ? sim_until_j(s, begin_s) : 0;

    s->segments[s->segment_count++] =
        (sim_segment){ begin_s, begin_s + for_s, w, before_j, is_model };
    return (erg_span){ erg_ns_from_s(begin_s), erg_ns_from_s(begin_s + for_s) };
}

static inline void sim_region(sim *s, const char *name, erg_span span)
{
    erg_region region = { .begin_ns = span.begin_ns, .end_ns = span.end_ns, .runs = NAN };
    erg_text_put(region.name, sizeof(region.name), name);
    CHECK(erg_trace_add_region(s->replay->trace, &region, NULL));
}

static inline void sim_draw(sim *s, test_random *random)
{
    s->base_w = 40 + 30 * test_uniform(random);
    for (size_t k = 0; k < SIM_KERNELS; k++) {
        s->kernel_w[k] = 20 + 150 * test_uniform(random);
        s->kernel_s[k] = 1e-4 * exp(3 * test_uniform(random));
        s->count[k] = ceil((2e-3 + 8e-3 * test_uniform(random)) / s->kernel_s[k]);
    }
    sim_step(s, random);
}

static inline void sim_alone(sim *s, size_t k)
{
    made_kernel kernel = { s->kernel_s[k], s->base_w + s->kernel_w[k],
                           s->count[k] * SIM_STEPS };
    double runs = ceil(SIM_ALONE_S / s->kernel_s[k]);

    sim_segment_add(s, SIM_PAUSE_S, s->base_w, false);
    erg_span span = sim_segment_add(s, runs * s->kernel_s[k], kernel.power_w, false);
    erg_kernel_timing timing = made_timing(&kernel, runs, span.begin_ns);
    timing.low_s = kernel.time_s * 0.995;
    timing.high_s = kernel.time_s * 1.005;
    timing.kernel = (int32_t)k;
    snprintf(timing.name, sizeof(timing.name), "kernel%zu", k);
    timing.span = span;
    CHECK(erg_replay_add(s->replay, &timing, NULL));
}

static inline void sim_schedule(sim *s)
{
    erg_whole_timing *whole = &s->replay->whole;

    sim_region(s, "idle_before", sim_segment_add(s, SIM_IDLE_S, s->base_w, false));
    s->model_runs = ceil(SIM_WHOLE_S / s->step_s);
    whole->span = sim_segment_add(s, s->model_runs * s->step_s, NAN, true);
    whole->runs = s->model_runs;
    whole->time_s = s->step_s;
    for (size_t k = 0; k < SIM_KERNELS; k++)
        sim_alone(s, k);
    sim_segment_add(s, SIM_PAUSE_S, s->base_w, false);
    sim_region(s, "idle_after", sim_segment_add(s, SIM_IDLE_S, s->base_w, false));
}

/* A maker states limits: anywhere in them, u = limit / sqrt(3). A laboratory states u. */
typedef enum sim_gain { SIM_GAIN_WITHIN_LIMITS, SIM_GAIN_NORMAL } sim_gain;

static inline double sim_gain_draw(test_random *random, sim_gain kind)
{
    double normal = test_normal(random), within = sqrt(3) * (2 * test_uniform(random) - 1);
    return 1 + SIM_GAIN_U * (kind == SIM_GAIN_NORMAL ? normal : within);
}

static inline void sim_see(sim *s, test_random *random, uint64_t seed, sim_gain kind)
{
    erg_plant_sensor sensor = { .update_s = SIM_UPDATE_S, .window_s = SIM_WINDOW_S,
                                .phase_s = SIM_UPDATE_S * test_uniform(random),
                                .gain = sim_gain_draw(random, kind), .noise_w = 1,
                                .resolution_w = 0.01, .seed = seed };
    erg_plant_view view = { s, sim_power_w, sim_energy_j };
    int64_t end_ns = erg_ns_from_s(s->segments[s->segment_count - 1].end_s);

    for (int64_t t_ns = erg_ns_from_s(2 * SIM_UPDATE_S); t_ns < end_ns;
         t_ns += erg_ns_from_s(SIM_POLL_S)) {
        erg_sample one = { t_ns, 0, erg_plant_sensor_see(&sensor, view, t_ns) };
        CHECK(erg_trace_add_samples(s->replay->trace, 0, &one, 1, NULL));
    }
}

static inline sim *sim_new(uint64_t seed, sim_gain kind)
{
    test_random random = { seed * 7919 + 1 };
    erg_device_info device = { .name = "gpu:0", .driver = "sim", .scope = ERG_SCOPE_BOARD };
    erg_channel_info channel = { .name = "power", .unit = "W", .quantity = ERG_POWER,
                                 .kind = ERG_AVG_PREV, .scope = ERG_SCOPE_BOARD, .gain = 1,
                                 .gain_u = SIM_GAIN_U, .update_s = SIM_UPDATE_S,
                                 .window_s = SIM_WINDOW_S,
                                 .calibration = "sim 2026-01-01" };
    sim *s = calloc(1, sizeof(*s));

    s->replay = erg_replay_new(NULL);
    s->replay->trace = erg_trace_new(NULL);
    s->replay->channel = 0;
    s->replay->steps = SIM_STEPS;
    CHECK(erg_trace_add_device(s->replay->trace, &device, NULL) == 0);
    CHECK(erg_trace_add_channel(s->replay->trace, &channel, NULL) == 0);
    sim_draw(s, &random);
    sim_schedule(s);
    sim_see(s, &random, seed, kind);
    return s;
}

static inline void sim_free(sim *s)
{
    erg_replay_free(s->replay);
    free(s);
}

#endif
