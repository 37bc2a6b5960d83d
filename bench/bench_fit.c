/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fits against the clock: one application at 117 clocks with 200 draws, and a row of a
 * forest. CPU time, the least of several rounds: the machine may have other work. Beside
 * them those of scikit-learn on as many rows, where it is installed.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "bench.h"
#include "erg/fit.h"
#include "fit/physical.h"
#include "math/random.h"

enum { CLOCKS = 117, APPLICATIONS = 16, ROUNDS = 21, CURVES = 301 };

static double clock_at(int i) { return (1380 - 7.5 * i) * 1e6; }

static erg_clock_law law_of(int application)
{
    double share = 0.1 + 0.05 * application;

    return (erg_clock_law){ .p0_w = 40 + 2 * application, .c_w = 100 + 60 * share,
                            .xk = 0.86, .vm = 0.92, .tm_s = 10 * (1 - share),
                            .tc_s = 10 * share, .q = 1.5 };
}

/* ---- the physical model ---------------------------------------------------- */

static double physical_s(void)
{
    erg_anchor at[CLOCKS];
    erg_clock_curve out[CLOCKS];
    double x[CLOCKS], least = INFINITY;
    erg_random random = { 3 };
    erg_clock_law law = law_of(9);
    erg_physical form = { at, CLOCKS, { 0.86, 0.92 }, .draws = ERG_PHYSICAL_DRAWS };

    for (int i = 0; i < CLOCKS; i++) {
        x[i] = clock_at(i) / clock_at(0);
        at[i] = (erg_anchor){ .x = x[i], .power_error = NAN, .time_error = NAN };
        at[i].power_w = erg_clock_law_w(&law, x[i])
            * (1 + 0.01 * erg_random_normal(&random));
        at[i].time_s = erg_clock_law_s(&law, x[i])
            * (1 + 0.01 * erg_random_normal(&random));
    }
    for (int round = 0; round < ROUNDS; round++) {
        double begin_s = bench_now_s(CLOCK_PROCESS_CPUTIME_ID);
        if (!erg_physical_curve(&form, x, CLOCKS, out, NULL))
            exit(1);
        least = fmin(least, bench_now_s(CLOCK_PROCESS_CPUTIME_ID) - begin_s);
    }
    return least;
}

/* ---- forests ---------------------------------------------------------------- */

static void add_application(erg_points *points, int index)
{
    erg_application app = { .retention = NAN, .retention_low = NAN };
    erg_clock_law law = law_of(index);
    erg_random random = { (unsigned)index };
    size_t at;

    snprintf(app.name, sizeof(app.name), "app%d", index);
    if (!erg_points_application(points, &app, &at, NULL))
        exit(1);
    for (int i = 0; i < CLOCKS; i++) {
        double x = clock_at(i) / clock_at(0), noise = 1 + 0.01 * erg_random_normal(&random);
        double power = erg_clock_law_w(&law, x) * noise, time = erg_clock_law_s(&law, x);
        erg_visit visit = { .application = at, .setting = erg_knob_setting_none(),
                            .time_s = time, .energy_j = power * time, .mean_w = power,
                            .peak_w = NAN, .temp_c = NAN, .fp_active = 0.05 * index,
                            .dram_active = 0.8 - 0.04 * index };
        visit.setting.at[ERG_SM_CLOCK] = clock_at(i);
        if (!erg_points_add(points, &visit, NULL))
            exit(1);
    }
}

/* Seconds a row: power and time of one application at 117 clocks, halved. */
static double forest_s(const char *name, const erg_points *points)
{
    erg_anchors anchors;
    erg_curve_point out[CLOCKS];
    double clocks[CLOCKS], least = INFINITY;
    erg_model *model = erg_fit_train(erg_fit_find(name), points, NULL, NULL);
    erg_clock_point *rows = erg_anchors_take(points, 5, 1, &anchors, NULL);

    for (int i = 0; i < CLOCKS; i++)
        clocks[i] = clock_at(i);
    for (int round = 0; model && rows && round < CURVES; round++) {
        double begin_s = bench_now_s(CLOCK_PROCESS_CPUTIME_ID);
        if (!erg_model_predict(model, &anchors, clocks, CLOCKS, out, NULL))
            exit(1);
        least = fmin(least, (bench_now_s(CLOCK_PROCESS_CPUTIME_ID) - begin_s) / 2 / CLOCKS);
    }
    free(rows);
    erg_model_free(model);
    return least;
}

static const char theirs_text[] =
    "import time, random\n"
    "from sklearn.ensemble import GradientBoostingRegressor, RandomForestRegressor\n"
    "rows = [[random.random() for _ in range(4)] for _ in range(16 * 117)]\n"
    "told = [r[0] * r[1] + r[2] + random.random() / 50 for r in rows]\n"
    "for trees in (RandomForestRegressor(200, max_depth=12, n_jobs=1),\n"
    "              GradientBoostingRegressor(n_estimators=300, max_depth=4)):\n"
    "    trees.fit(rows, told)\n"
    "    best = 9\n"
    "    for _ in range(301):\n"
    "        begin = time.process_time()\n"
    "        trees.predict(rows[:117])\n"
    "        best = min(best, time.process_time() - begin)\n"
    "    print('%.3g' % (best / 117 * 1e6))\n";

typedef struct theirs {
    double forest_us, boosted_us; /* a row; NAN where scikit-learn is not installed */
} theirs;

static theirs ask_theirs(void)
{
    char command[2048];
    theirs told = { NAN, NAN };

    snprintf(command, sizeof(command), "/usr/bin/python3 -c \"%s\" 2>/dev/null",
             theirs_text);
    FILE *out = popen(command, "r");
    if (!out || fscanf(out, "%lf %lf", &told.forest_us, &told.boosted_us) != 2)
        told = (theirs){ NAN, NAN };
    if (out)
        pclose(out);
    return told;
}

int main(void)
{
    erg_points *points = erg_points_new(NULL);
    theirs beside = ask_theirs();
    double forest, boosted;

    for (int i = 0; i < APPLICATIONS; i++)
        add_application(points, i);
    forest = 1e6 * forest_s("forest", points);
    boosted = 1e6 * forest_s("boosted", points);
    bench_print(&(bench_row){ "physical: 117 clocks, 200 draws, power and time", "ms",
                              1e3 * physical_s(), NAN, 40, ROUNDS });
    bench_print(&(bench_row){ "forest: a row of a curve, 200 trees", "us", forest,
                              beside.forest_us, 1, CURVES });
    bench_print(&(bench_row){ "boosted: a row of a curve, 300 trees", "us", boosted,
                              beside.boosted_us, 1, CURVES });
    if (isnan(beside.forest_us))
        puts("scikit-learn beside them: not here (tools/setup --all installs "
             "python3-sklearn)");
    erg_points_free(points);
    return 0;
}
