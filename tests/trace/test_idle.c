/* SPDX-License-Identifier: Apache-2.0 */
/* Energy above an idle level that changed on the way: its interval says that it did. */
#include "series.h"

/* Idle for 40 s, work for 100 s, idle for 40 s. */
static const double WORK_S = 40, AFTER_S = 140, END_S = 180, LOAD_W = 200, NOISE_W = 0.5;

/* How the idle level gets from before_w to after_w while the work hides it. */
typedef struct course { double before_w, after_w, moment_s, takes_s; } course;

static double idle_at(const course *of, double t_s)
{
    double share = of->takes_s > 0 ? (t_s - of->moment_s) / of->takes_s
                                   : t_s >= of->moment_s;
    return of->before_w + fmin(fmax(share, 0), 1) * (of->after_w - of->before_w);
}

static erg_trace *record(const course *of, test_random *random)
{
    erg_channel_info info = { .kind = ERG_INSTANT, .gain_u = 1e-9 };
    erg_error err = { 0 };
    series readings = { 0 };

    for (int i = 0; i <= (int)END_S * 4; i++) {
        double t_s = i / 4.0, load_w = t_s >= WORK_S && t_s < AFTER_S ? LOAD_W : 0;
        series_add(&readings, erg_ns_from_s(t_s),
                   idle_at(of, t_s) + load_w + NOISE_W * test_normal(random));
    }
    erg_trace *trace = trace_of(info, &readings);
    erg_region before = { .name = "idle_before", .runs = NAN,
                          .end_ns = erg_ns_from_s(WORK_S - 1) };
    erg_region after = { .name = "idle_after", .runs = NAN,
                         .begin_ns = erg_ns_from_s(AFTER_S + 1),
                         .end_ns = erg_ns_from_s(END_S) };
    CHECK_OK(erg_trace_add_region(trace, &before, &err), err);
    CHECK_OK(erg_trace_add_region(trace, &after, &err), err);
    return trace;
}

/* Does the interval of the net energy of any stretch of the work hold the truth? */
static bool holds(const course *of, test_random *random)
{
    double a_s = WORK_S + 2 + 96 * test_uniform(random);
    double b_s = WORK_S + 2 + 96 * test_uniform(random);
    erg_span span = span_s(fmin(a_s, b_s), fmax(a_s, b_s) + 1);
    erg_trace *trace = record(of, random);
    erg_energy energy = energy_of(trace, span);

    CHECK(has_flag(&energy, ERG_FLAG_IDLE_DRIFT));
    erg_trace_free(trace);
    double true_j = LOAD_W * erg_s_from_ns(span.end_ns - span.begin_ns);
    return fabs(energy.net_j - true_j) <= energy.net_spread_j;
}

/* How many of so many runs hold it; takes_s: how long the level takes to change. */
static int held_of(int runs, double takes_s)
{
    test_random random = { .state = 6 };
    int held = 0;

    for (int i = 0; i < runs; i++) {
        course of = { .before_w = 40 + 60 * test_uniform(&random), .takes_s = takes_s };
        double share = 0.05 + 0.25 * test_uniform(&random);
        of.after_w = of.before_w * (test_uniform(&random) < 0.5 ? 1 - share : 1 + share);
        of.moment_s = WORK_S + test_uniform(&random) * (AFTER_S - WORK_S - takes_s);
        held += holds(&of, &random);
    }
    return held;
}

static void net_energy_holds_the_truth_whenever_the_idle_level_stepped(void)
{
    int held = held_of(1000, 0);
    print_message("# %d of 1000\n", held);
    CHECK(held >= 940);
}

static void net_energy_holds_the_truth_of_a_level_that_creeps(void)
{
    CHECK(held_of(300, 30) >= 282);
    CHECK(held_of(300, 100) >= 282);
}

/* A step that was seen to be none, or small, costs nothing: (b - a) SE alone. */
static void a_level_that_stays_is_as_sure_as_its_records(void)
{
    test_random random = { .state = 7 };
    course stays = { 50, 50.5, 90, 0 }, steps = { 50, 55, 90, 0 };
    erg_span span = span_s(WORK_S + 2, AFTER_S - 2);

    erg_trace *quiet = record(&stays, &random), *drifting = record(&steps, &random);
    erg_energy sure = energy_of(quiet, span), unsure = energy_of(drifting, span);
    erg_trace_free(quiet);
    erg_trace_free(drifting);
    CHECK(!has_flag(&sure, ERG_FLAG_IDLE_DRIFT) && sure.idle_spread_w < 0.3);
    /* Shares 0.16 to 0.84 of 140 s between the middles of the records. */
    double a = (42 - 19.5) / 141, b = (138 - 19.5) / 141;
    double u = 5 * sqrt(a + (b - a) / 3 - (a + b) * (a + b) / 4);
    CHECK_NEAR(unsure.idle_spread_w, 2 * u, 0.15);
    CHECK_NEAR(unsure.net_spread_j, 96 * 2 * u, 96 * 0.15);
}

int main(void)
{
    static const test tests[] = {
        TEST(net_energy_holds_the_truth_whenever_the_idle_level_stepped),
        TEST(net_energy_holds_the_truth_of_a_level_that_creeps),
        TEST(a_level_that_stays_is_as_sure_as_its_records),
    };
    return test_run(tests, ERG_COUNT(tests));
}
