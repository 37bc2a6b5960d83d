/* SPDX-License-Identifier: Apache-2.0 */
/* Recorded profiles as campaigns, with figures that were worked out apart. */
#include <sys/stat.h>
#include "test.h"
#include "erg/campaign.h"

/* A profile alone in its folder. */
static erg_visit recorded(const char *name)
{
    char path[600], to[600], folder[300];
    erg_error err = { 0 };
    snprintf(path, sizeof(path), "%s", test_data(name));
    snprintf(folder, sizeof(folder), "%s/one", test_folder());
    CHECK(mkdir(folder, 0700) == 0);
    snprintf(to, sizeof(to), "%s/%s", folder, strrchr(path, '/') + 1);
    CHECK(symlink(path, to) == 0);
    erg_points *points = erg_points_new(&err);
    CHECK_OK(points && erg_points_read_campaign(points, folder, NULL, &err), err);
    CHECK(erg_points_visits(points) == 1);
    erg_visit visit = *erg_points_visit_at(points, 0);
    erg_points_free(points);
    return visit;
}

static void the_recorded_h100_has_its_joules_and_its_active_means(void)
{
    erg_visit visit = recorded("profiles/h100_stablediffusion_1785_run0.dcgm.txt");
    CHECK(visit.state == ERG_VISIT_OK && visit.samples == 1285);
    CHECK_NEAR(visit.mean_w, 201.611, 5e-4);
    CHECK_NEAR(visit.energy_j, 13229.976, 1e-6);
    CHECK_NEAR(visit.time_s / 1284, 0.05111, 5e-6);
    CHECK(visit.setting.at[ERG_SM_CLOCK] == 1785e6);
    CHECK_NEAR(visit.fp_active, 0.012180, 5e-7);
    CHECK_NEAR(visit.dram_active, 0.139761, 5e-7);
}

static void the_recorded_v100_has_its_joules_and_its_wrong_clock(void)
{
    erg_visit right = recorded("profiles/v100_lstm_1380_run1.dcgm.txt");
    CHECK(right.state == ERG_VISIT_OK && right.samples == 613);
    CHECK_NEAR(right.mean_w, 38.445, 5e-4);
    CHECK_NEAR(right.energy_j, 1189.150, 5e-4);
    CHECK_NEAR(right.time_s / 612, 0.05054, 5e-6);
    erg_visit wrong = recorded("profiles/v100_lstm_named1380_saclk1230_run1.dcgm.txt");
    CHECK(wrong.state == ERG_VISIT_CLOCK_NOT_REACHED && wrong.samples == 616);
    CHECK(wrong.setting.at[ERG_SM_CLOCK] == 1380e6 && wrong.sm_clock_seen_hz == 1230e6);
    CHECK_NEAR(wrong.mean_w, 42.816, 5e-4);
    CHECK_NEAR(wrong.energy_j, 1328.927, 5e-4);
}

static void the_recorded_a100_is_no_run_at_the_clock_of_its_name(void)
{
    erg_visit visit = recorded("profiles/a100_lstm_1410_run0.nvsmi.csv");
    CHECK(visit.state == ERG_VISIT_CLOCK_NOT_REACHED && visit.sm_clock_seen_hz == 765e6);
    CHECK(visit.samples == 1464);
    CHECK_NEAR(visit.energy_j, 55893.48, 5e-3);
    CHECK_NEAR(visit.time_s, 1470.277, 5e-4);
    CHECK_NEAR(visit.time_s / 1463, 1.0050, 5e-5);
    CHECK_NEAR(visit.mean_w, 38.015, 5e-4);
}

int main(void)
{
    static const test tests[] = {
        TEST(the_recorded_h100_has_its_joules_and_its_active_means),
        TEST(the_recorded_v100_has_its_joules_and_its_wrong_clock),
        TEST(the_recorded_a100_is_no_run_at_the_clock_of_its_name),
    };
    return test_run(tests, ERG_COUNT(tests));
}
