/* SPDX-License-Identifier: Apache-2.0 */
/* Clocks of other meters against loads whose truth is known. */
#include "math/stats.h"
#include "plant/power.h"
#include "trace/align.h"
#include "trace/stream.h"
#include "test.h"

enum { SAMPLES_MOST = 20000 };

static erg_sample load[SAMPLES_MOST], meter[SAMPLES_MOST];
static size_t load_count, meter_count;

static void edge(double t_s, double from, double to)
{
    load[load_count++] = (erg_sample){ erg_ns_from_s(t_s), 0, from };
    load[load_count++] = (erg_sample){ erg_ns_from_s(t_s), 0, to };
}

/* Chips of chip_s from begin_s on, over for_s, repeated with the sign given. */
static void play_chips(const unsigned char chips[], size_t count, double chip_s,
                       double for_s)
{
    double level = 0;

    load_count = 0;
    load[load_count++] = (erg_sample){ 0, 0, 0 };
    for (size_t i = 0; 20 + (double)i * chip_s < for_s - 20; i++) {
        double next = chips[i % count];
        if (next != level)
            edge(20 + (double)i * chip_s, level, next);
        level = next;
    }
    edge(for_s - 20, level, 0);
    load[load_count++] = (erg_sample){ erg_ns_from_s(for_s), 0, 0 };
}

/* Mean of the load over (a, b]. */
static double load_mean(double a_s, double b_s)
{
    double sum = 0;

    for (size_t i = 0; i + 1 < load_count; i++) {
        double begin = fmax(a_s, erg_s_from_ns(load[i].t_ns));
        double end = fmin(b_s, erg_s_from_ns(load[i + 1].t_ns));
        if (begin < end)
            sum += load[i].value * (end - begin);
    }
    return sum / (b_s - a_s);
}

typedef struct clock_of {
    double offset_s, drift, noise, swing_w;
} clock_of;

/* A 1 Hz averaging meter whose stamps are off: t_host = t_meter + offset + drift. */
static void read_meter(double for_s, clock_of clock, uint64_t seed)
{
    test_random random = { seed };
    double phase_s = test_uniform(&random);

    meter_count = 0;
    for (double t_s = 1 + phase_s; t_s < for_s; t_s += 1) {
        double stamp_s = t_s - clock.offset_s - clock.drift * (t_s - 0.5 * for_s);
        double watts = 100 + clock.swing_w * load_mean(t_s - 1, t_s);

        meter[meter_count++] =
            (erg_sample){ erg_ns_from_s(stamp_s), 0,
                          watts * (1 + clock.noise * test_normal(&random)) };
    }
}

static bool align_by(double window_s, erg_offset *out, erg_error *err)
{
    return erg_align((erg_samples){ load, load_count }, (erg_samples){ meter, meter_count },
                     window_s, 5, out, err);
}

static bool align(erg_offset *out, erg_error *err)
{
    return align_by(1, out, err);
}

static void any_offset_within_3_s_is_found_at_1_hz(void)
{
    test_random random = { 12 };
    double sum = 0, squares = 0, worst = 0, told = 0;
    enum { ROUNDS = 60 };

    play_chips(erg_marker_chips, 31, 4, 164);
    for (int i = 0; i < ROUNDS; i++) {
        clock_of clock = { 6 * test_uniform(&random) - 3, 0, 0.02, 150 };
        erg_offset got;
        erg_error err = { 0 };

        read_meter(164, clock, 100 + (uint64_t)i);
        CHECK_OK(align(&got, &err), err);
        double off = got.offset_s - clock.offset_s;
        CHECK_NEAR(off, 0, 0.1);
        CHECK(got.peak > 0.95 && got.second < 0.5);
        sum += off;
        squares += off * off;
        told += got.offset_u_s * got.offset_u_s;
        worst = fmax(worst, fabs(off));
    }
    double rms = sqrt(squares / ROUNDS);
    print_message("# bias %.4f, rms %.4f, worst %.3f, foretold %.4f s\n", sum / ROUNDS, rms,
                  worst, sqrt(told / ROUNDS));
    CHECK_NEAR(sum / ROUNDS, 0, 0.01);
    CHECK_NEAR(rms / sqrt(told / ROUNDS), 1, 0.3);
}

static void without_the_window_the_answer_is_half_a_second_off(void)
{
    erg_offset got;
    erg_error err = { 0 };

    play_chips(erg_marker_chips, 31, 4, 164);
    read_meter(164, (clock_of){ 0.7, 0, 0.02, 150 }, 9);
    CHECK_OK(align_by(0, &got, &err), err);
    CHECK_NEAR(got.offset_s, 0.2, 0.1);
}

static void three_bursts_of_unequal_spacing_will_do(void)
{
    static const unsigned char bursts[] = { 1, 0, 0, 0, 0, 0, 1, 0, 0,
                                            1, 0, 0, 0, 0, 0, 0, 0, 0 };
    erg_offset got;
    erg_error err = { 0 };

    play_chips(bursts, ERG_COUNT(bursts), 3, 40 + 3.0 * ERG_COUNT(bursts));
    read_meter(90, (clock_of){ -1.9, 0, 0.02, 150 }, 31);
    CHECK_OK(align(&got, &err), err);
    CHECK_NEAR(got.offset_s, -1.9, 0.1);
}

static void refused(const char *because)
{
    erg_offset got;
    erg_error err = { 0 };

    CHECK(!align(&got, &err));
    print_message("# %s\n", err.text);
    CHECK(err.code == ERG_REFUSED && strstr(err.text, because));
}

static void an_inverted_meter_is_refused(void)
{
    play_chips(erg_marker_chips, 31, 4, 164);
    for (uint64_t i = 0; i < 10; i++) {
        read_meter(164, (clock_of){ 0.3 * (double)i - 1.5, 0, 0.01, -60 }, i);
        refused("does not follow");
    }
}

static void a_square_wave_is_ambiguous(void)
{
    static const unsigned char square[] = { 1, 0 };

    play_chips(square, 2, 2, 200);
    for (uint64_t i = 0; i < 10; i++) {
        read_meter(200, (clock_of){ 0.4 * (double)i - 2, 0, 0.02, 150 }, i);
        refused("ambiguous");
    }
}

static void one_long_step_is_too_wide(void)
{
    static const unsigned char step[] = { 1 };

    play_chips(step, 1, 40, 320); /* 280 s of load in one piece */
    read_meter(320, (clock_of){ 1, 0, 0.02, 150 }, 4);
    refused("ambiguous");
}

static void a_flat_meter_is_refused(void)
{
    play_chips(erg_marker_chips, 31, 4, 164);
    read_meter(164, (clock_of){ 1, 0, 0.01, 0 }, 3);
    refused("does not follow");
    read_meter(164, (clock_of){ 1, 0, 0, 0 }, 3);
    refused("never");
}

static void a_drift_of_150_ppm_is_found(void)
{
    test_random random = { 2 };

    play_chips(erg_marker_chips, 31, 4, 640);
    for (int i = 0; i < 20; i++) {
        double sign = i % 2 ? 1 : -1, offset_s = 4 * test_uniform(&random) - 2;
        erg_offset got;
        erg_error err = { 0 };

        read_meter(640, (clock_of){ offset_s, sign * 150e-6, 0.02, 150 }, 50 + (uint64_t)i);
        CHECK_OK(align(&got, &err), err);
        CHECK_NEAR(got.drift, sign * 150e-6, 50e-6);
        CHECK_NEAR(got.offset_s, offset_s, 0.05);
    }
}

static void no_clock_drifts_by_half_a_per_mille(void)
{
    play_chips(erg_marker_chips, 31, 4, 640);
    read_meter(640, (clock_of){ 1, 600e-6, 0.01, 150 }, 3);
    refused("drifts");
}

static void the_marker_is_like_nothing_but_itself(void)
{
    for (int shift = 0; shift < 31; shift++) {
        int sum = 0;
        for (int i = 0; i < 31; i++)
            sum += erg_marker_chips[i] == erg_marker_chips[(i + shift) % 31] ? 1 : -1;
        CHECK(sum == (shift ? -1 : 31));
    }
}

/* The load as a sensor of 100 Hz has it: more readings than are to be held. */
static void a_sensor_of_many_readings_tells_as_much_in_bins(void)
{
    enum { HELD = 1024 };
    static const double offsets_s[] = { -2.31, 0, 1.87 };

    play_chips(erg_marker_chips, 31, 4, 164);
    for (size_t i = 0; i < ERG_COUNT(offsets_s); i++) {
        erg_stream stream = { .update_s = 0.01 };
        erg_error err = { 0 };
        erg_offset got;
        size_t count;

        for (int64_t at_ns = 0; at_ns < 164 * ERG_NS_PER_S; at_ns += 10 * ERG_NS_PER_MS) {
            double begin_s = erg_s_from_ns(at_ns), w = load_mean(begin_s, begin_s + 0.01);
            erg_piece piece = { at_ns, at_ns + 10 * ERG_NS_PER_MS, w, w };
            CHECK_OK(erg_stream_add_piece(&stream, piece, &err), err);
        }
        erg_sample *held = erg_align_sensor(&stream, HELD, &count, &err);
        CHECK_OK(held != NULL, err);
        CHECK(count <= 2 * HELD && count > HELD);
        read_meter(164, (clock_of){ offsets_s[i], 0, 0.02, 150 }, 7 + i);
        CHECK_OK(erg_align((erg_samples){ held, count },
                           (erg_samples){ meter, meter_count }, 1, 5, &got, &err), err);
        CHECK_NEAR(got.offset_s - offsets_s[i], 0, 0.1);
        free(held);
        erg_rows_free(&stream.pieces);
    }
}

static void activity_is_the_union_of_the_regions(void)
{
    static const erg_region regions[] = {
        { .name = "run", .begin_ns = 10, .end_ns = 20 },
        { .name = "prefill", .begin_ns = 15, .end_ns = 30 },
        { .name = "idle_before", .begin_ns = 0, .end_ns = 9 },
        { .name = "run", .begin_ns = 50, .end_ns = 60 },
    };
    erg_error err = { 0 };
    erg_trace *trace = erg_trace_new(&err);
    size_t count = 0;

    CHECK(!erg_align_activity(trace, &count, &err) && err.code == ERG_NO_DATA);
    for (size_t i = 0; i < ERG_COUNT(regions); i++) {
        erg_region region = regions[i];
        CHECK_OK(erg_trace_add_region(trace, &region, &err), err);
    }
    erg_sample *activity = erg_align_activity(trace, &count, &err);
    CHECK(activity && count == 10);
    static const int64_t edges[] = { 10, 10, 30, 30, 50, 50, 60, 60 };
    static const double levels[] = { 0, 1, 1, 0, 0, 1, 1, 0 };
    for (size_t i = 0; i < 8; i++)
        CHECK(activity[i + 1].t_ns == edges[i] && activity[i + 1].value == levels[i]);
    free(activity);
    erg_trace_free(trace);
}

int main(void)
{
    static const test tests[] = {
        TEST(any_offset_within_3_s_is_found_at_1_hz),
        TEST(without_the_window_the_answer_is_half_a_second_off),
        TEST(three_bursts_of_unequal_spacing_will_do),
        TEST(an_inverted_meter_is_refused),
        TEST(a_square_wave_is_ambiguous),
        TEST(one_long_step_is_too_wide),
        TEST(a_flat_meter_is_refused),
        TEST(a_drift_of_150_ppm_is_found),
        TEST(no_clock_drifts_by_half_a_per_mille),
        TEST(the_marker_is_like_nothing_but_itself),
        TEST(a_sensor_of_many_readings_tells_as_much_in_bins),
        TEST(activity_is_the_union_of_the_regions),
    };
    return test_run(tests, ERG_COUNT(tests));
}
