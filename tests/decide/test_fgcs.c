/* SPDX-License-Identifier: Apache-2.0 */
/* What the published equations choose: the golden picks of fgcs, and small tables. */
#include "choices.h"
#include "fit/fit.h"

enum { CLOCKS_MOST = 128 };

/* ---- small tables --------------------------------------------------------------- */

static double best(const row rows[], size_t count, const char *objective)
{
    erg_points *points = made(rows, count);
    double mhz = choose_mhz(points, "", objective, NAN, NULL);
    erg_points_free(points);
    return mhz;
}

static void three_clocks_have_four_answers(void)
{
    static const row rows[] = { { 1000, 1.0, 100 }, { 1200, 0.9, 120 },
                                { 1400, 0.8, 140 } };

    CHECK_NEAR(best(rows, 3, "edp"), 1000, 1e-9);
    CHECK_NEAR(best(rows, 3, "ed2p"), 1400, 1e-9);
    CHECK_NEAR(best(rows, 3, "energy"), 1000, 1e-9);
    CHECK_NEAR(best(rows, 3, "time"), 1400, 1e-9);
}

static void a_tie_goes_to_less_energy(void)
{
    static const row rows[] = { { 1000, 1.5, 100 }, { 1100, 1.3, 120 }, { 1200, 1.1, 140 },
                                { 1300, 0.9, 160 }, { 1400, 0.8, 180 } };

    CHECK_NEAR(best(rows, 5, "edp"), 1300, 1e-9);   /* 144 at 1300 and at 1400 */
    CHECK_NEAR(best(rows, 5, "ed2p"), 1400, 1e-9);
}

/* ---- the golden picks ----------------------------------------------------------- */

static size_t read_clocks(const char *list, double mhz[])
{
    FILE *file = fopen(test_data("dvfs/dvfs_lists.csv"), "r");
    char line[200], name[64];
    size_t count = 0;
    double value;

    CHECK(file != NULL);
    while (fgets(line, sizeof(line), file))
        if (sscanf(line, "%63[^,],%*d,%lf", name, &value) == 2 && strcmp(name, list) == 0
            && count < CLOCKS_MOST)
            mhz[count++] = value;
    fclose(file);
    return count;
}

static void predict(const erg_fit *fit, erg_target target, const erg_clock_point *top,
                    const double clocks_hz[], size_t count, double out[])
{
    erg_error err = { 0 };
    erg_trained *trained =
        erg_fit_train_target(fit, target, &(erg_train){ .count = 0 }, &err);
    erg_case of = { .anchors = { top, 1, ERG_ACTIVITY_UNKNOWN }, .clock_hz = clocks_hz,
                    .count = count };

    CHECK_OK(trained && erg_fit_predict_target(trained, &of, out, NULL, &err), err);
    erg_trained_free(trained);
}

/* A sweep as the equations see it; naive: time falls as the clock rises, all of it. */
static erg_points *foreseen(const char *list, double fp, double dram, double time_s,
                            bool naive)
{
    double mhz[CLOCKS_MOST], hz[CLOCKS_MOST], power[CLOCKS_MOST], time[CLOCKS_MOST];
    size_t count = read_clocks(list, mhz);
    row rows[CLOCKS_MOST];

    CHECK(count > 50);
    for (size_t i = 0; i < count; i++)
        hz[i] = 1e6 * mhz[i];
    erg_clock_point top = { hz[0], NAN, time_s, NAN, NAN, fp, dram };
    predict(&erg_fit_fgcs, ERG_TARGET_POWER, &top, hz, count, power);
    predict(&erg_fit_fgcs, ERG_TARGET_TIME, &top, hz, count, time);
    for (size_t i = 0; i < count; i++) {
        double at_s = naive ? time_s * mhz[0] / mhz[i] : time[i];
        rows[i] = (row){ mhz[i], at_s, power[i] * at_s };
    }
    return made(rows, count);
}

typedef struct pick {
    char list[64];
    double fp, dram, time_s, edp, edp_s, edp_w, edp_j, ed2p, ed2p_s, ed2p_w, ed2p_j;
    double energy, energy_j, time, time_at_s, naive;
} pick;

static bool read_pick(FILE *file, pick *out)
{
    char line[400];

    return fgets(line, sizeof(line), file)
        && sscanf(line,
                  "%63[^,],%lf,%lf,%lf,%lf,%lf,%lf,%lf,%lf,%lf,%lf,%lf,%lf,%lf,%lf,%lf,"
                  "%*f,%*f,%lf", out->list, &out->fp, &out->dram, &out->time_s, &out->edp,
                  &out->edp_s, &out->edp_w, &out->edp_j, &out->ed2p, &out->ed2p_s,
                  &out->ed2p_w, &out->ed2p_j, &out->energy, &out->energy_j, &out->time,
                  &out->time_at_s, &out->naive) == 17;
}

static void check_figures(const erg_points *points, double mhz, double time_s,
                          double energy_j)
{
    for (size_t i = 0; i < erg_points_visits(points); i++) {
        const erg_visit *visit = erg_points_visit_at(points, i);
        if (fabs(visit->setting.at[ERG_SM_CLOCK] / 1e6 - mhz) > 1e-6)
            continue;
        CHECK_NEAR(visit->time_s, time_s, 0.0051);
        CHECK_NEAR(visit->energy_j, energy_j, 0.0051);
        return;
    }
    CHECK(false);
}

static void the_golden_picks_are_found_clock_by_clock(void)
{
    FILE *file = fopen(test_data("dvfs/fgcs_golden_selection.csv"), "r");
    char header[1000];
    size_t rows = 0;
    pick of;

    CHECK(file && fgets(header, sizeof(header), file));
    for (; read_pick(file, &of); rows++) {
        erg_points *points = foreseen(of.list, of.fp, of.dram, of.time_s, false);
        erg_points *naive = foreseen(of.list, of.fp, of.dram, of.time_s, true);
        CHECK_NEAR(choose_mhz(points, "", "edp", NAN, NULL), of.edp, 1e-6);
        CHECK_NEAR(choose_mhz(points, "", "ed2p", NAN, NULL), of.ed2p, 1e-6);
        CHECK_NEAR(choose_mhz(points, "", "energy", NAN, NULL), of.energy, 1e-6);
        CHECK_NEAR(choose_mhz(points, "", "time", NAN, NULL), of.time, 1e-6);
        CHECK_NEAR(choose_mhz(naive, "", "edp", NAN, NULL), of.naive, 1e-6);
        check_figures(points, of.edp, of.edp_s, of.edp_j);
        check_figures(points, of.ed2p, of.ed2p_s, of.ed2p_j);
        erg_points_free(points);
        erg_points_free(naive);
    }
    CHECK(rows == 15);
    fclose(file);
}

int main(void)
{
    static const test tests[] = {
        TEST(three_clocks_have_four_answers),
        TEST(a_tie_goes_to_less_energy),
        TEST(the_golden_picks_are_found_clock_by_clock),
    };
    return test_run(tests, ERG_COUNT(tests));
}
