/* SPDX-License-Identifier: Apache-2.0 */
/* What too few applications, or those that lack something, leave of a validation. */
#include "fit/validated.h"

static void add(erg_points *points, const char *name, double mhz, double power_w,
                double time_s)
{
    erg_application app = { .retention = NAN, .retention_low = NAN };
    erg_visit visit = { .setting = erg_knob_setting_none(), .mean_w = power_w,
                        .time_s = time_s, .energy_j = power_w * time_s, .fp_active = NAN,
                        .dram_active = NAN, .start_ns = INT64_MIN, .temp_c = NAN };

    erg_text_put(app.name, sizeof(app.name), name);
    visit.setting.at[ERG_SM_CLOCK] = mhz * 1e6;
    CHECK(erg_points_application(points, &app, &visit.application, NULL));
    CHECK(erg_points_add(points, &visit, NULL));
}

static size_t notes_with(const erg_validation *validation, const char *word)
{
    erg_result *result = erg_result_new("fit", NULL);
    size_t found = 0;

    CHECK(erg_validation_table(validation, result, NULL));
    for (size_t i = 0; i < erg_result_note_count(result); i++)
        found += strstr(erg_result_note_at(result, i), word) != NULL;
    erg_result_free(result);
    return found;
}

static void one_application_is_fitted_but_not_judged(void)
{
    erg_points *points = erg_points_new(NULL);

    for (double mhz = 1400; mhz >= 600; mhz -= 100)
        add(points, "a", mhz, mhz / 10, 5 + 7000 / mhz);
    erg_validation *validation = validate(points, NULL,
                                          &(erg_validate_options){ .anchors = 0 });
    CHECK(erg_validation_count(validation) == 0);
    CHECK_TEXT(erg_fit_name(erg_validation_chosen(validation, ERG_TARGET_TIME)),
               "anchored");
    CHECK(notes_with(validation, "FEW_APPLICATIONS: 1") == 1);
    CHECK(notes_with(validation, "cannot be left out") == 1);
    erg_validation_free(validation);
    erg_points_free(points);
}

static void an_application_without_its_highest_clock_is_left_out_by_name(void)
{
    erg_points *points = erg_points_new(NULL);

    for (double mhz = 1400; mhz >= 600; mhz -= 200) {
        add(points, "whole", mhz, mhz / 10, 5 + 7000 / mhz);
        add(points, "other", mhz, mhz / 12, 6 + 3000 / mhz);
        add(points, "headless", mhz, mhz / 11, 6 + 3000 / mhz);
    }
    erg_points_visit_edit(points, 2)->state = ERG_VISIT_CONTAMINATED;
    erg_validation *validation = validate(points, NULL,
                                          &(erg_validate_options){ .anchors = 0 });
    CHECK(notes_with(validation, "NO_REFERENCE") == 1);
    CHECK(notes_with(validation, "headless") == 1);
    CHECK(find(validation, "anchored", ERG_TARGET_POWER, false)->groups == 2);
    erg_validation_free(validation);
    erg_points_free(points);
}

static void another_definition_of_activity_is_refused(void)
{
    erg_points *points = erg_points_new(NULL), *tests = erg_points_new(NULL);
    erg_error err = { 0 };

    for (double mhz = 1400; mhz >= 600; mhz -= 200) {
        add(points, "a", mhz, mhz / 10, 5 + 7000 / mhz);
        add(points, "b", mhz, mhz / 12, 6 + 3000 / mhz);
        add(tests, "c", mhz, mhz / 11, 6 + 3000 / mhz);
    }
    erg_points_application_edit(points, 0)->definition = ERG_ACTIVITY_HALF;
    erg_points_application_edit(tests, 0)->definition = ERG_ACTIVITY_ALL;
    CHECK(!erg_fit_validate(points, tests, &(erg_validate_options){ .anchors = 0 }, &err));
    CHECK(err.code == ERG_REFUSED && strstr(err.text, "half") && strstr(err.text, "all"));
    erg_points_free(points);
    erg_points_free(tests);
}

int main(void)
{
    static const test tests[] = {
        TEST(one_application_is_fitted_but_not_judged),
        TEST(an_application_without_its_highest_clock_is_left_out_by_name),
        TEST(another_definition_of_activity_is_refused),
    };
    return test_run(tests, ERG_COUNT(tests));
}
