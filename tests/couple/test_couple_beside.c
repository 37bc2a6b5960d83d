/* SPDX-License-Identifier: Apache-2.0 */
/* What stands beside the test of the joint recordings: each with its size, and rates that
 * hold 0 and exclude the 0.1 that was once published for them. */
#include "erg/couple.h"
#include "test.h"

static const char *const sessions[] = {
    "thermal/joint/reproducibility_test_1", "thermal/joint/reproducibility_test_2",
    "thermal/joint/workload_independence_gpu_inference",
};

static erg_result *study_pair(const char *name, const char *pair, bool secondary)
{
    const erg_couple_options options = { .pairs = &pair, .pair_count = 1, .device = "gpu",
                                         .draws = secondary ? 20 : 400,
                                         .secondary = secondary };
    erg_error err = { 0 };
    erg_couple_files files;
    char folder[400];

    snprintf(folder, sizeof(folder), "%s", test_data(name));
    CHECK_OK(erg_couple_find_files(folder, &files, &err), err);
    erg_monitor *monitor = erg_monitor_load(files.monitor, NULL, &err);
    erg_training *log = erg_training_load(files.training, NULL, &err);
    CHECK(monitor && log);
    erg_result *result = erg_couple_study(monitor, log, &options, &err);
    CHECK(result != NULL);
    erg_training_free(log);
    erg_monitor_free(monitor);
    return result;
}

static erg_result *study(const char *name, bool secondary)
{
    return study_pair(name, "grad_norm:rle_smoothed", secondary);
}

static double real_at(const erg_table *table, size_t row, const char *column)
{
    return erg_table_find(table, row, column).real;
}

static void rates_of_the_joint_recordings_hold_zero(void)
{
    for (size_t i = 0; i < ERG_COUNT(sessions); i++) {
        erg_result *result = study(sessions[i], true);
        const erg_table *rates = erg_result_find(result, "rates");
        CHECK(erg_table_row_count(rates) == 2);
        for (size_t row = 0; row < 2; row++) {
            CHECK(real_at(rates, row, "k_low") < 0 && real_at(rates, row, "k_high") > 0);
            CHECK(real_at(rates, row, "k_high") < 0.1);
            double half = real_at(rates, row, "k_high") - real_at(rates, row, "k");
            CHECK(half / 1.99 > 1e-4 && half / 1.99 < 3.5e-4);
        }
        erg_result_free(result);
    }
}

static void every_surrogate_tells_its_size(void)
{
    erg_result *result = study(sessions[0], true);
    const erg_table *table = erg_result_find(result, "surrogates");

    CHECK(erg_table_row_count(table) == 3);
    for (size_t row = 0; row < 3; row++) {
        double size = real_at(table, row, "size"), p = real_at(table, row, "p_value");
        CHECK(size > 0.01 && size < 0.25);
        CHECK(p > 0 && p <= 1);
    }
    /* 80 values are too few to ask for an entropy. */
    CHECK(erg_table_row_count(erg_result_find(result, "transfer")) == 0);
    CHECK(erg_result_find(result, "spikes") != NULL);
    erg_result_free(result);
}

/* Beside each p of a secondary test, what it finds where nothing is. */
static void every_p_of_granger_has_its_size_beside_it(void)
{
    static const struct { const char *p, *size; } both[] = {
        { "p_naive", "size_naive" }, { "p_value", "size" },
        { "driven_p_value", "driven_size" },
    };

    for (size_t i = 0; i < ERG_COUNT(sessions); i++) {
        erg_result *result = study_pair(sessions[i], "grad_norm:power", false);
        const erg_table *table = erg_result_find(result, "granger");
        CHECK(erg_table_row_count(table) == 2);
        for (size_t row = 0; row < 2; row++)
            for (size_t k = 0; k < ERG_COUNT(both); k++) {
                double size = real_at(table, row, both[k].size);
                CHECK(isfinite(real_at(table, row, both[k].p)));
                CHECK(size >= 0 && size < 0.3);
            }
        erg_result_free(result);
    }
}

static void none_of_it_is_there_unasked(void)
{
    erg_result *result = study(sessions[0], false);

    CHECK(erg_result_find(result, "surrogates") == NULL);
    CHECK(erg_result_find(result, "rates") == NULL);
    erg_result_free(result);
}

int main(void)
{
    static const test tests[] = {
        TEST(rates_of_the_joint_recordings_hold_zero),
        TEST(every_surrogate_tells_its_size),
        TEST(every_p_of_granger_has_its_size_beside_it),
        TEST(none_of_it_is_there_unasked),
    };
    return test_run(tests, ERG_COUNT(tests));
}
