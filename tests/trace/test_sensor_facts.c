/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of a sensor before it is measured. */
#include "trace/sensor_facts.h"
#include "test.h"

typedef struct known {
    const char *model, *driver;
    erg_reading_option option;
    double update_ms, window_ms, within_ms;
    erg_kind kind;
} known;

static void check_all(const known wanted[], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const known *want = &wanted[i];
        erg_sensor_facts got;

        print_message("# %s %s %d\n", want->model, want->driver, (int)want->option);
        CHECK(erg_sensor_lookup(want->model, want->driver, want->option, &got));
        CHECK_NEAR(1e3 * got.update_s, want->update_ms, 4);
        CHECK_NEAR(1e3 * got.window_s, want->window_ms, want->within_ms);
        CHECK(got.kind == want->kind);
    }
}

static void one_call_has_two_meanings(void)
{
    static const known wanted[] = {
        { "NVIDIA GeForce RTX 3090", "535.54.03", ERG_POWER_DRAW, 100, 1000, 0,
          ERG_SMOOTHED },
        { "NVIDIA GeForce RTX 3090", "530.30.02", ERG_POWER_DRAW, 100, 100, 5,
          ERG_AVG_PREV },
        { "NVIDIA GeForce RTX 3090", "525.89.02", ERG_POWER_DRAW, 100, 1000, 0,
          ERG_SMOOTHED },
        { "NVIDIA GeForce RTX 3090", "570.86.10", ERG_POWER_INSTANT, 100, 100, 5,
          ERG_AVG_PREV },
        { "NVIDIA GeForce RTX 4090", "530.30.02", ERG_POWER_DRAW, 100, 109, 3,
          ERG_AVG_PREV },
        { "NVIDIA A100-PCIE-40GB", "535.54.03", ERG_POWER_DRAW, 102, 25, 2, ERG_INSTANT },
        { "NVIDIA A100-SXM4-40GB", "525.85.12", ERG_POWER_DRAW, 101, 25, 2, ERG_INSTANT },
        { "NVIDIA H100 PCIe", "525.105.17", ERG_POWER_DRAW, 100, 1000, 0, ERG_SMOOTHED },
        { "NVIDIA H100 PCIe", "550.54.15", ERG_POWER_INSTANT, 100, 23, 2, ERG_INSTANT },
        { "NVIDIA RTX A6000", "515.65.01", ERG_POWER_DRAW, 100, 1000, 0, ERG_SMOOTHED },
    };
    check_all(wanted, ERG_COUNT(wanted));
}

static void older_boards_are_instant(void)
{
    static const known wanted[] = {
        { "Tesla V100-SXM2-16GB", "525.116.04", ERG_POWER_DRAW, 20, 10.6, 0.5,
          ERG_AVG_PREV },
        { "Tesla P100-PCIE-16GB", "535.54.03", ERG_POWER_DRAW, 21, 10, 0.5, ERG_INSTANT },
        { "Quadro RTX 8000", "525.116.04", ERG_POWER_INSTANT, 100, 20, 1, ERG_INSTANT },
        { "NVIDIA TITAN RTX", "525.116.04", ERG_POWER_DRAW, 101, 101, 2, ERG_AVG_PREV },
        { "NVIDIA GeForce GTX 1080 Ti", "535.54.03", ERG_POWER_DRAW, 20, 9.7, 0.5,
          ERG_INSTANT },
    };
    check_all(wanted, ERG_COUNT(wanted));
}

static void an_unlisted_board_takes_after_its_family(void)
{
    static const known wanted[] = {
        { "NVIDIA A100-SXM4-80GB", "535.104.05", ERG_POWER_DRAW, 101, 25, 1, ERG_INSTANT },
        { "NVIDIA A30", "535.104.05", ERG_POWER_DRAW, 101, 25, 1, ERG_INSTANT },
        { "NVIDIA H100 80GB HBM3", "550.54.15", ERG_POWER_DRAW, 100, 1000, 0,
          ERG_SMOOTHED },
        { "NVIDIA H100 80GB HBM3", "550.54.15", ERG_POWER_INSTANT, 100, 23, 1,
          ERG_INSTANT },
        { "NVIDIA L40S", "550.54.15", ERG_POWER_DRAW, 100, 1000, 0, ERG_SMOOTHED },
        { "NVIDIA L4", "530.41.03", ERG_POWER_DRAW, 100, 100, 1, ERG_AVG_PREV },
        { "NVIDIA GeForce RTX 3080 Laptop GPU", "535.98", ERG_POWER_DRAW, 100, 1000, 0,
          ERG_SMOOTHED },
        { "Tesla V100-PCIE-32GB", "470.57.02", ERG_POWER_DRAW, 20, 10.6, 0.5,
          ERG_AVG_PREV },
        { "NVIDIA B200", "570.86.10", ERG_POWER_DRAW, 100, 1000, 0, ERG_SMOOTHED },
        { "NVIDIA RTX 6000 Ada Generation", "550.54.15", ERG_POWER_AVERAGE, 100, 1000, 0,
          ERG_SMOOTHED },
        { "NVIDIA GH200 480GB", "550.54.15", ERG_POWER_INSTANT, 100, 20, 1, ERG_INSTANT },
    };
    check_all(wanted, ERG_COUNT(wanted));
}

static void names_are_known_however_they_are_written(void)
{
    static const char *const names[] = {
        "NVIDIA A100-PCIE-40GB",
        "NVIDIA_A100_40GB_PCIe",
        "A100-PCIE-40GB",
        "nvidia a100 pcie 40gb",
    };

    for (size_t i = 0; i < ERG_COUNT(names); i++) {
        erg_sensor_facts got;
        CHECK(erg_sensor_lookup(names[i], "530.30.02", ERG_POWER_DRAW, &got));
        CHECK_NEAR(got.window_s, 0.02519, 1e-4);
    }
}

static void nothing_is_made_up(void)
{
    erg_sensor_facts got;

    CHECK(!erg_sensor_lookup("AMD Instinct MI210", "6.2", ERG_POWER_DRAW, &got));
    CHECK(!erg_sensor_lookup("", NULL, ERG_POWER_DRAW, &got));
    CHECK(!erg_sensor_lookup(NULL, "535", ERG_POWER_DRAW, &got));
    CHECK(erg_sensor_lookup("NVIDIA B200", "570.86.10", ERG_POWER_INSTANT, &got));
    CHECK(isnan(got.window_s) && got.kind == ERG_INSTANT);
    CHECK(erg_sensor_lookup("Tesla T4", NULL, ERG_POWER_DRAW, &got) && isnan(got.window_s));
}

static void a_gain_known_to_be_far_off_is_not_called_five_per_cent(void)
{
    erg_sensor_facts got;

    CHECK(erg_sensor_lookup("Quadro K620", "535.54.03", ERG_POWER_DRAW, &got));
    CHECK_NEAR(got.gain_u, 0.41, 0.01);
    CHECK(erg_sensor_lookup("NVIDIA GeForce RTX 3090", "535.54.03", ERG_POWER_DRAW, &got));
    CHECK_NEAR(got.gain_u, 0.05, 1e-9);
    /* Like a capacitor: as late as a window of two time constants. */
    CHECK(
        erg_sensor_lookup("NVIDIA GeForce GTX TITAN X", "535.54.03", ERG_POWER_DRAW, &got));
    CHECK_NEAR(got.window_s, 0.318, 0.005);
    CHECK(got.kind == ERG_SMOOTHED);
}

/* Every row has a figure, and every board is found by its own name. */
static void the_table_finds_itself(void)
{
    size_t readings = 0;

    for (size_t i = 0; i < erg_sensor_row_count; i++) {
        const erg_sensor_row *row = &erg_sensor_rows[i];
        erg_sensor_facts got;
        unsigned reads = row->reads & 7;

        readings += (reads & 1) + (reads >> 1 & 1) + (reads >> 2 & 1);
        CHECK(row->update_ms >= 15 && row->update_ms <= 104);
        CHECK(erg_sensor_lookup(row->model, NULL, ERG_POWER_DRAW, &got));
        CHECK(isnan(row->window_ms) || (row->window_ms > 5 && row->window_ms < 120));
    }
    CHECK(readings == 154);
}

int main(void)
{
    static const test tests[] = {
        TEST(one_call_has_two_meanings),
        TEST(older_boards_are_instant),
        TEST(an_unlisted_board_takes_after_its_family),
        TEST(names_are_known_however_they_are_written),
        TEST(nothing_is_made_up),
        TEST(a_gain_known_to_be_far_off_is_not_called_five_per_cent),
        TEST(the_table_finds_itself),
    };
    return test_run(tests, ERG_COUNT(tests));
}
