/* SPDX-License-Identifier: Apache-2.0 */
/* Figures of a wave against closed forms, and against 8 s of a real meter. */
#include "format/csv.h"
#include "shape/metrics.h"
#include "test.h"

enum { COUNT = 131072 };
static double wave_w[COUNT];

static erg_metrics measure(size_t count, double dt_s, double window_s)
{
    const erg_wave_view view = { wave_w, count, dt_s, window_s };
    erg_metrics got;
    erg_error err = { 0 };

    CHECK_OK(erg_metrics_of(&view, &got, &err), err);
    return got;
}

static void make_sine(double mean_w, double swing_w, double f_hz)
{
    for (size_t i = 0; i < COUNT; i++)
        wave_w[i] = mean_w + swing_w * sin(2 * M_PI * f_hz * (double)i * 1e-3);
}

static void make_square(double low_w, double high_w, size_t high, size_t period)
{
    for (size_t i = 0; i < COUNT; i++)
        wave_w[i] = i % period < high ? high_w : low_w;
}

static void a_sine_reads_its_amplitude_over_root_two(void)
{
    static const double lines_hz[] = { 0.5, 1.25, 9.6, 19 };

    for (size_t i = 0; i < ERG_COUNT(lines_hz); i++) {
        make_sine(1000, 200, lines_hz[i]);
        erg_metrics got = measure(COUNT, 1e-3, 0);
        CHECK_NEAR(got.band_rms * got.mean_w, 200 / sqrt(2), 0.02);
        CHECK_NEAR(got.band_share, 1, 1e-6);
        CHECK_NEAR(got.line_hz, lines_hz[i], 1e-3);
        CHECK_NEAR(got.line_w, 200, 0.5);
        CHECK_NEAR(got.crest, 1200 / sqrt(1e6 + 2e4), 2e-3);
    }
}

static void a_line_outside_the_band_counts_as_nothing(void)
{
    make_sine(1000, 200, 25);
    erg_metrics got = measure(COUNT, 1e-3, 0);
    CHECK(got.band_rms < 1e-4);
    CHECK_NEAR(got.ac_rms, 0.2 / sqrt(2), 1e-4);
}

static void a_square_wave_has_its_closed_band(void)
{
    double band = 0;

    make_square(300, 1000, 750, 1000);
    erg_metrics got = measure(COUNT, 1e-3, 0);
    /* a_k = 2 S/(pi k) |sin(pi k D)| */
    for (int k = 1; k <= 20; k++) {
        double a = 2 * 700 / (M_PI * k) * fabs(sin(M_PI * k * 0.75));
        band += a * a / 2;
    }
    CHECK_NEAR(got.band_rms, sqrt(band) / got.mean_w, 3e-4);
    CHECK_NEAR(got.ac_rms, 700 * sqrt(0.75 * 0.25) / got.mean_w, 3e-4);
    CHECK_NEAR(got.range, 700 / got.mean_w, 1e-12);
    CHECK(got.step_10ms_w == 700 && got.peak_w == 1000);
    CHECK_NEAR(got.ramp_w_per_s[0], 700 / 0.01, 1e-6);
    CHECK_NEAR(got.ramp_w_per_s[1], 700 / 0.1, 1e-6);
    CHECK_NEAR(got.ramp_w_per_s[2], 0, 1e-9);
    CHECK_NEAR(got.peak_mean_w[2], 825, 1e-9);
}

static void what_the_meter_cannot_show_is_not_a_number(void)
{
    make_square(300, 1000, 75, 100);
    erg_metrics slow = measure(COUNT, 0.1, 0.1), wide = measure(COUNT, 1e-3, 0.025);

    CHECK(isnan(slow.band_rms) && isnan(slow.peak_mean_w[0])
          && isnan(slow.ramp_w_per_s[0]));
    CHECK(!isnan(slow.peak_mean_w[1]) && isnan(slow.step_10ms_w));
    CHECK(isnan(wide.band_rms) && isnan(wide.peak_mean_w[0])
          && !isnan(wide.peak_mean_w[1]));
}

/* The band needs 50 values a second; its parts what leaves 0.7 of their highest line. */
static void parts_of_the_band_are_told_as_far_as_the_meter_shows_them(void)
{
    static const struct { double dt_s, window_s; int bands; } rows[] = {
        { 0.02, 0.02, 3 }, { 0.1, 0, 2 }, { 0.1, 0.1, 2 }, { 0.1, 0.17, 2 },
        { 0.1, 0.19, 1 }, { 0.25, 0, 1 }, { 0.5, 0.5, 1 }, { 0.5, 0.7, 0 }, { 1, 0, 0 },
        { 0.001, 0.025, 2 }, { 0.001, 1, 0 },
    };

    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        for (size_t k = 0; k < COUNT; k++)
            wave_w[k] = 1000 + 200 * sin(M_PI * (double)k * rows[i].dt_s);
        erg_metrics got = measure(COUNT, rows[i].dt_s, rows[i].window_s);
        CHECK(isnan(got.band_rms) == (rows[i].bands < ERG_BANDS));
        for (int b = 0; b < ERG_BANDS; b++)
            CHECK(isnan(got.bands[b]) == (b >= rows[i].bands));
        if (rows[i].bands)
            CHECK_NEAR(got.bands[0] * got.mean_w, 200 / sqrt(2), 0.2);
    }
}

static void figures_scale_with_watts_and_seconds(void)
{
    test_random random = { 3 };

    for (size_t i = 0; i < COUNT; i++)
        wave_w[i] = 500 + 100 * test_uniform(&random);
    erg_metrics one = measure(COUNT, 1e-3, 0);
    for (size_t i = 0; i < COUNT; i++)
        wave_w[i] *= 64;
    erg_metrics many = measure(COUNT, 1e-3, 0);
    CHECK_NEAR(many.mean_w / one.mean_w, 64, 1e-9);
    CHECK_NEAR(many.band_rms / one.band_rms, 1, 1e-9);
    CHECK_NEAR(many.ramp_w_per_s[1] / one.ramp_w_per_s[1], 64, 1e-9);
    CHECK_NEAR(many.crest / one.crest, 1, 1e-9);
}

/* ---- yang_a100_5050_pmd_1ms.csv, 1600 ms to 9600 ms (Yang et al., SC 2024) ---------- */

static size_t real_count;

static bool take_row(void *self, const erg_csv_row *row, erg_error *err)
{
    double t_ms, power_w;

    (void)self, (void)err;
    if (row->count >= 2 && erg_number_parse(row->fields[0].text, row->fields[0].count,
                                            '.', &t_ms)
        && erg_number_parse(row->fields[1].text, row->fields[1].count, '.', &power_w)
        && t_ms >= 1600 && t_ms < 9600 && real_count < COUNT)
        wave_w[real_count++] = power_w;
    return true;
}

static void a_real_meter_gives_the_known_figures(void)
{
    const char *path = test_data("sensors/yang_a100_5050_pmd_1ms.csv");
    erg_error err = { 0 };
    size_t size;
    char *bytes = erg_file_read(path, 1 << 26, &size, &err);
    erg_csv csv = { .name = "pmd", .row = take_row, .keep_last = true };

    CHECK_OK(bytes != NULL, err);
    real_count = 0;
    CHECK_OK(erg_csv_read(&csv, bytes, size, NULL, &err), err);
    free(bytes);
    CHECK(real_count == 8000);
    erg_metrics got = measure(real_count, 1e-3, 0);
    CHECK_NEAR(got.mean_w, 127.760, 5e-4);
    CHECK_NEAR(got.peak_w, 196.19, 5e-3);
    CHECK_NEAR(got.peak_to_mean, 1.536, 5e-4);
    CHECK_NEAR(got.crest, 1.376, 5e-4);
    CHECK_NEAR(got.range, 1.0795, 5e-5);
    CHECK_NEAR(got.peak_mean_w[0], 194.505, 5e-4);
    CHECK_NEAR(got.line_hz, 9.6, 0.15);
    CHECK_NEAR(got.ac_rms, 0.496, 5e-3);
    CHECK(got.short_record);
}

int main(void)
{
    static const test tests[] = {
        TEST(a_sine_reads_its_amplitude_over_root_two),
        TEST(a_line_outside_the_band_counts_as_nothing),
        TEST(a_square_wave_has_its_closed_band),
        TEST(what_the_meter_cannot_show_is_not_a_number),
        TEST(parts_of_the_band_are_told_as_far_as_the_meter_shows_them),
        TEST(figures_scale_with_watts_and_seconds),
        TEST(a_real_meter_gives_the_known_figures),
    };
    return test_run(tests, ERG_COUNT(tests));
}
