/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Times of kernels in blocks, on a simulated machine that is crowded now and then: whether
 * intervals hold what they say, and where they stop. No clock, no engine.
 */
#include <math.h>
#include <string.h>
#include "math/stats.h"
#include "run/replay_blocks.h"
#include "test.h"

enum { KERNELS = 12, SEEDS = 100, REFERENCE_EVERY = 10, ROUNDS_MOST = 100 };
static const double block_s = 0.07, wanted = 0.01;

/* Others come for `stay_s` and go for `away_s` on average, and make all slower by a factor
 * of their own; a clock drifts. A kernel feels them by its own share. */
typedef struct machine {
    test_random random;
    double now_s, until_s, crowd;
    double stay_s, away_s, most, drift_per_s, noise;
} machine;

static double draw(machine *m, double mean)
{
    return -mean * log(1 - test_uniform(&m->random));
}

static double normal(machine *m)
{
    return sqrt(-2 * log(1 - test_uniform(&m->random)))
         * cos(6.283185307179586 * test_uniform(&m->random));
}

static double block_of(machine *m, double time_s, double feels)
{
    m->now_s += block_s;
    while (m->now_s > m->until_s) {
        bool comes = m->crowd == 0 && m->stay_s > 0;
        m->crowd = comes ? m->most * test_uniform(&m->random) : 0;
        m->until_s += draw(m, comes ? m->stay_s : m->away_s);
    }
    return time_s * (1 + m->drift_per_s * m->now_s) * (1 + feels * m->crowd)
         * (1 + m->noise * normal(m));
}

static machine machine_of(uint64_t seed, double stay_s)
{
    return (machine){ .random = { seed }, .stay_s = stay_s, .away_s = 4, .most = 0.4,
                      .drift_per_s = 4e-4, .noise = 0.004 };
}

/* The lower quartile of very many blocks on a machine that does not drift. */
static double truth_of(double feels, double stay_s)
{
    enum { MANY = 200000 };
    machine m = machine_of(7, stay_s);
    double *all = calloc(MANY, sizeof(*all));

    m.drift_per_s = 0;
    CHECK(all);
    for (size_t i = 0; i < MANY; i++) {
        m.now_s += 0.9; /* the others' turns */
        all[i] = block_of(&m, 1, feels);
    }
    double truth = erg_quantile(all, MANY, 0.25);
    free(all);
    return truth;
}

static double feels_of(size_t kernel) { return 0.2 + 0.1 * (double)kernel; }

typedef struct score {
    double covered, all, narrow, widest, reference;
} score;

static void refer(machine *m, erg_drift *drift)
{
    erg_error err = { 0 };
    double time_s = block_of(m, 2e-3, 0.6);

    CHECK_OK(erg_drift_add(drift, m->now_s, time_s, &err), err);
}

/* Rounds over all that are not known well enough, as erg replay run makes them. */
static void session(uint64_t seed, double stay_s, const double truths[], score *to)
{
    machine m = machine_of(seed, stay_s);
    erg_time_blocks blocks[KERNELS] = { 0 };
    erg_drift drift = { 0 };
    bool done[KERNELS] = { false };
    erg_error err = { 0 };
    size_t turn = 0;

    for (int round = 0; round < ROUNDS_MOST; round++)
        for (size_t k = 0; k < KERNELS; k++) {
            if (done[k])
                continue;
            if (turn++ % REFERENCE_EVERY == 0)
                refer(&m, &drift);
            double time_s = block_of(&m, 1e-3, feels_of(k));
            erg_time_block one = { m.now_s, time_s };
            CHECK_OK(erg_time_blocks_add(&blocks[k], &one, &err), err);
            done[k] = erg_time_blocks_are_enough(&blocks[k], &drift, wanted);
        }
    /* The time of a kernel is as of when the reference takes then_s. */
    double then_s = erg_drift_level(&drift), then = then_s / (2e-3 * to->reference);
    for (size_t k = 0; k < KERNELS; k++) {
        erg_block_time of;
        CHECK(erg_time_blocks_time(&blocks[k], &drift, then_s, &of));
        double truth_s = 1e-3 * then * truths[k];
        to->covered += of.low_s <= truth_s && truth_s <= of.high_s;
        to->narrow += done[k];
        to->widest = fmax(to->widest, (of.high_s - of.low_s) / (2 * of.time_s));
        to->all++;
        erg_time_blocks_free(&blocks[k]);
    }
    erg_drift_free(&drift);
}

static score play(double stay_s)
{
    double truths[KERNELS];
    score all = { .reference = truth_of(0.6, stay_s) };

    for (size_t k = 0; k < KERNELS; k++)
        truths[k] = truth_of(feels_of(k), stay_s);
    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        session(seed, stay_s, truths, &all);
    print_message("# crowds of %.0f s: %.4f of %.0f intervals cover, %.3f stopped, widest "
                  "%.2f %%\n", stay_s, all.covered / all.all, all.all,
                  all.narrow / all.all, 100 * all.widest);
    return all;
}

static void intervals_cover_on_a_quiet_machine(void)
{
    score of = play(0);

    CHECK(of.covered / of.all >= 0.94);
    CHECK(of.narrow == of.all && of.widest <= 1.5 * wanted);
}

/* Two seconds in six somebody makes all slower by up to 40 %. */
static void intervals_cover_on_a_crowded_machine(void)
{
    score of = play(2);

    CHECK(of.covered / of.all >= 0.94);
    CHECK(of.narrow / of.all >= 0.75);
}

static void a_mean_would_be_off_by_what_the_others_took(void)
{
    double truth = truth_of(1, 2), mean = 0;
    machine m = machine_of(3, 2);

    m.drift_per_s = 0;
    for (int i = 0; i < 20000; i++) {
        m.now_s += 0.9;
        mean += block_of(&m, 1, 1) / 20000;
    }
    CHECK(mean > 1.04 && fabs(truth - 1) < 0.004);
}

static void few_blocks_have_a_mean_and_student_s_t(void)
{
    static const double times[] = { 1, 1.02, 0.98, 1.01, 0.99 };
    erg_time_blocks blocks = { 0 };
    erg_drift drift = { 0 };
    erg_error err = { 0 };
    erg_block_time of;

    for (size_t i = 0; i < ERG_COUNT(times); i++) {
        erg_time_block one = { (double)i, times[i] };
        CHECK_OK(erg_time_blocks_add(&blocks, &one, &err), err);
        CHECK(!erg_time_blocks_are_enough(&blocks, &drift, 1));
        CHECK(erg_time_blocks_time(&blocks, &drift, NAN, &of) == (i > 0));
    }
    CHECK_NEAR(of.time_s, 1, 1e-12);
    CHECK(of.low_s < 0.98 && of.high_s > 1.02);
    erg_time_blocks_free(&blocks);
}

/* Of twenty the first and the eleventh: P(X = 0) = 0.0032, P(X >= 11) = 0.0039. */
static void ranks_are_those_of_the_binomial_law(void)
{
    erg_time_blocks blocks = { 0 };
    erg_drift drift = { 0 };
    erg_error err = { 0 };
    erg_block_time of;

    for (size_t i = 0; i < 20; i++) {
        erg_time_block one = { (double)i, 100 + (double)(7 * i % 20) };
        CHECK_OK(erg_time_blocks_add(&blocks, &one, &err), err);
    }
    CHECK(erg_time_blocks_time(&blocks, &drift, NAN, &of));
    CHECK_NEAR(of.time_s, 104.75, 1e-9);
    CHECK_NEAR(of.low_s, 100, 1e-9);
    CHECK_NEAR(of.high_s, 110, 1e-9);
    CHECK(erg_time_blocks_are_enough(&blocks, &drift, 0.05));
    CHECK(!erg_time_blocks_are_enough(&blocks, &drift, 0.04));
    erg_time_blocks_free(&blocks);
}

static void the_centre_of_a_window_forgets_a_quarter_on_each_side(void)
{
    double times[] = { 9, 1, 1.2, 90, 1.1, 1.3, 0.1, 1.4 };

    CHECK_NEAR(erg_time_centre(times, ERG_COUNT(times)), 1.25, 1e-12);
}

int main(void)
{
    static const test tests[] = {
        TEST(intervals_cover_on_a_quiet_machine),
        TEST(intervals_cover_on_a_crowded_machine),
        TEST(a_mean_would_be_off_by_what_the_others_took),
        TEST(few_blocks_have_a_mean_and_student_s_t),
        TEST(ranks_are_those_of_the_binomial_law),
        TEST(the_centre_of_a_window_forgets_a_quarter_on_each_side),
    };
    return test_run(tests, ERG_COUNT(tests));
}
