/* SPDX-License-Identifier: Apache-2.0 */
/* Structure functions against closed forms: ladders, a uniform rod, and records of them. */
#include <stdlib.h>
#include "math/random.h"
#include "test.h"
#include "thermal/structure.h"

static const double pi = 3.14159265358979323846;

/* A die, a lid and a sink: 10 ms, 0.5 s and 20 s or so. */
static const erg_cauer part = { 3, { 0.1, 2.5, 60 }, { 0.1, 0.2, 0.3 } };

static erg_rc_spectrum poles_of(const erg_cauer *ladder)
{
    erg_rc_spectrum out = { .count = 0 };
    erg_thermal foster;
    erg_error err = { 0 };
    CHECK_OK(erg_thermal_foster(ladder, &foster, &err), err);
    for (int i = 0; i < foster.pole_count; i++) {
        out.tau_s[out.count] = foster.poles[i].tau_s;
        out.r_k_per_w[out.count++] = foster.poles[i].r_k_per_w;
    }
    return out;
}

static void a_ladder_is_its_own_structure(void)
{
    erg_rc_spectrum poles = poles_of(&part);
    erg_structure got;
    erg_error err = { 0 };
    poles.r_fast_k_per_w = 0.05;
    CHECK_OK(erg_structure_of(&poles, &got, &err), err);
    CHECK(got.count == 3 && got.r_fast_k_per_w == 0.05);
    for (int k = 0; k < 3; k++) {
        CHECK_NEAR(got.c_j_per_k[k], part.c_j_per_k[k], 1e-9 * part.c_j_per_k[k]);
        CHECK_NEAR(got.r_k_per_w[k], part.r_k_per_w[k], 1e-9 * part.r_k_per_w[k]);
    }
}

/* Of a rod with its end at the ambient: tau_k = 4 R C / ((2k-1) pi)^2, R_k = 2 tau_k / C.
 * Its structure function is a straight line: C over R is that of the whole, everywhere. */
static void a_uniform_rod_is_a_straight_line(void)
{
    enum { POLES = 60 };
    const double r = 2, c = 50;
    erg_rc_spectrum rod = { .count = POLES };
    erg_structure got;
    erg_error err = { 0 };
    for (size_t k = 0; k < POLES; k++) {
        rod.tau_s[k] = 4 * r * c / pow((2 * (double)k + 1) * pi, 2);
        rod.r_k_per_w[k] = 2 * rod.tau_s[k] / c;
    }
    CHECK_OK(erg_structure_of(&rod, &got, &err), err);
    CHECK(got.count == POLES);
    double r_sum = 0, c_sum = 0;
    for (size_t k = 0; k < POLES; k++) {
        r_sum += got.r_k_per_w[k];
        c_sum += got.c_j_per_k[k];
        if (k > 2 && k < POLES - 5) /* sixty poles are no rod: their ends are lumps */
            CHECK_NEAR(c_sum / r_sum, c / r, 0.06 * c / r);
    }
    CHECK_NEAR(r_sum, r, 0.01 * r);
    CHECK_NEAR(c_sum, c, 0.08 * c);
}

/* Poles of two spectra of one impedance, the second's split: the same ladder, to the last
 * stage that the split adds nothing to. */
static void a_hundred_random_poles_give_their_impedance_back(void)
{
    erg_random random = { 4 };
    erg_rc_spectrum poles = { .count = 100 };
    erg_structure got;
    erg_error err = { 0 };
    for (size_t i = 0; i < poles.count; i++) {
        poles.tau_s[i] =
            pow(10, -3 + 0.05 * ((double)i + 0.5 * erg_random_uniform(&random)));
        poles.r_k_per_w[i] = 0.001 + 0.01 * erg_random_uniform(&random);
    }
    CHECK_OK(erg_structure_of(&poles, &got, &err), err);
    for (double s = 1e-3; s < 2e3; s *= 10) {
        double z = 0, ladder = 0;
        for (size_t i = 0; i < poles.count; i++)
            z += poles.r_k_per_w[i] / (1 + s * poles.tau_s[i]);
        for (size_t k = got.count; k-- > 0;)
            ladder = 1 / (s * got.c_j_per_k[k] + 1 / (got.r_k_per_w[k] + ladder));
        CHECK_NEAR(ladder, z, 1e-8 * z);
    }
}

/* ---- records ------------------------------------------------------------------------ */

enum { HZ = 1000, SECONDS = 90, ROWS = HZ * SECONDS };

typedef struct record {
    erg_window w;
    double *room;
    size_t *segment;
} record;

/* 20 W, from 1 s on 120 W; what the ladder makes of it, with noise, in steps. */
static record recorded(double noise_k, double step_k)
{
    record of = { .room = calloc(4 * ROWS, sizeof(double)),
                  .segment = calloc(ROWS, sizeof(size_t)) };
    erg_rc_spectrum poles = poles_of(&part);
    erg_random random = { 8 };
    CHECK(of.room && of.segment);
    of.w = (erg_window){ .n = ROWS, .segments = 1, .dt_s = 1.0 / HZ, .t_s = of.room,
                         .temp_k = of.room + ROWS, .power_w = of.room + 2 * ROWS,
                         .late_w = of.room + 2 * ROWS, .segment = of.segment };
    for (size_t k = 0; k < ROWS; k++) {
        double t_s = (double)k / HZ, since_s = t_s - 1, k_now = 310;
        for (size_t i = 0; i < poles.count && since_s > 0; i++)
            k_now += 100 * poles.r_k_per_w[i] * -expm1(-since_s / poles.tau_s[i]);
        k_now += noise_k * erg_random_normal(&random);
        of.w.t_s[k] = t_s;
        of.w.power_w[k] = t_s > 1 ? 120 : 20;
        of.w.temp_k[k] = step_k > 0 ? step_k * round(k_now / step_k) : k_now;
    }
    return of;
}

static void drop(const record *of)
{
    free(of->room);
    free(of->segment);
}

/* Capacity that lies before this resistance. */
static double capacity_at(const erg_structure *of, double r_k_per_w)
{
    double r = of->r_fast_k_per_w, c = 0;
    for (size_t k = 0; k < of->count && r < r_k_per_w; k++) {
        c += of->c_j_per_k[k];
        r += of->r_k_per_w[k];
    }
    return c;
}

static void a_record_shows_its_plateaus(void)
{
    static const struct { double noise_k, step_k; } rows[] = {
        { 0, 0 }, { 0.02, 0 }, { 0.05, 0.0625 },
    };
    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        record of = recorded(rows[i].noise_k, rows[i].step_k);
        erg_rc_spectrum spectrum;
        erg_structure got;
        erg_error err = { 0 };
        CHECK(erg_structure_can(&of.w));
        CHECK_OK(erg_structure_spectrum(&of.w, &spectrum, &err), err);
        CHECK_OK(erg_structure_of(&spectrum, &got, &err), err);
        double sum = got.r_fast_k_per_w;
        for (size_t k = 0; k < got.count; k++)
            sum += got.r_k_per_w[k];
        print_message("# noise %.2f K: %zu stages, R %.4f K/W, C %.3f %.3f %.2f J/K\n",
                      rows[i].noise_k, got.count, sum, capacity_at(&got, 0.05),
                      capacity_at(&got, 0.2), capacity_at(&got, 0.45));
        CHECK_NEAR(sum, 0.6, 0.006);
        CHECK_NEAR(capacity_at(&got, 0.05), 0.1, 0.1 * 0.05);
        CHECK_NEAR(capacity_at(&got, 0.2), 2.6, 2.6 * 0.05);
        CHECK_NEAR(capacity_at(&got, 0.45), 62.6, 62.6 * 0.1);
        drop(&of);
    }
}

static void what_is_slow_or_broken_has_none(void)
{
    record of = recorded(0, 0);
    erg_rc_spectrum spectrum;
    erg_structure got;
    erg_error err = { 0 };
    of.w.dt_s = 0.01;
    CHECK(!erg_structure_can(&of.w));
    of.w.segments = 2;
    CHECK(!erg_structure_spectrum(&of.w, &spectrum, &err) && err.code == ERG_NO_DATA);
    spectrum = (erg_rc_spectrum){ .count = 0 };
    CHECK(!erg_structure_of(&spectrum, &got, &err) && err.code == ERG_NO_DATA);
    drop(&of);
}

int main(void)
{
    static const test tests[] = {
        TEST(a_ladder_is_its_own_structure),
        TEST(a_uniform_rod_is_a_straight_line),
        TEST(a_hundred_random_poles_give_their_impedance_back),
        TEST(a_record_shows_its_plateaus),
        TEST(what_is_slow_or_broken_has_none),
    };
    return test_run(tests, ERG_COUNT(tests));
}
