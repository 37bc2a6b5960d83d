/* SPDX-License-Identifier: Apache-2.0 */
/* Sixteen applications left out in turn, by trees: the reference results of XGBoost 1.7.4
 * with its tolerance of 0.3 points. Long: some sixty forests are grown. */
#include "erg/fit.h"
#include "test.h"

typedef struct reference { const char *name; erg_target target; double mean, most; } reference;

static void check_scores(const erg_validation *of, const reference want[], size_t count)
{
    for (size_t w = 0; w < count; w++) {
        size_t found = 0;
        for (size_t i = 0; i < erg_validation_count(of); i++) {
            const erg_fit_score *score = erg_validation_at(of, i);
            if (strcmp(erg_fit_name(score->fit), want[w].name) != 0
                || score->target != want[w].target)
                continue;
            print_message("# %s %s: %.2f, most %.2f\n", want[w].name,
                          erg_target_name(score->target), 100 * score->mape,
                          100 * score->worst_ape);
            CHECK_NEAR(100 * score->mape, want[w].mean, 0.3);
            CHECK_NEAR(100 * score->worst_ape, want[w].most, 1);
            found++;
        }
        CHECK(found == 1);
    }
}

static void trees_left_out_give_the_reference_errors(void)
{
    static const reference want[] = {
        { "forest", ERG_TARGET_POWER, 7.30, 16.1 },  { "forest", ERG_TARGET_TIME, 9.31, 23.8 },
        { "boosted", ERG_TARGET_POWER, 7.41, 19.3 }, { "boosted", ERG_TARGET_TIME, 9.24, 24.6 },
    };
    const char *const models[] = { "forest", "boosted", NULL };
    erg_validate_options options = { .models = models };
    erg_points *points = erg_points_new(NULL);
    erg_error err = { 0 };

    CHECK_OK(erg_points_read_csv(points, test_data("dvfs/gv100_apps.csv"), NULL, &err), err);
    erg_model *probe = erg_fit_train(erg_fit_find("boosted"), points, NULL, &err);
    bool is_absent = !probe && err.code == ERG_NOT_FOUND;
    erg_model_free(probe);
    if (is_absent) {
        erg_points_free(points);
        SKIP(err.text);
    }
    erg_validation *validation = erg_fit_validate(points, NULL, &options, &err);
    CHECK_OK(validation != NULL, err);
    check_scores(validation, want, ERG_COUNT(want));
    erg_validation_free(validation);
    erg_points_free(points);
}

int main(void)
{
    static const test tests[] = {
        TEST(trees_left_out_give_the_reference_errors),
    };
    return test_run(tests, ERG_COUNT(tests));
}
