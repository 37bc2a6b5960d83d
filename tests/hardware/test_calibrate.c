/* SPDX-License-Identifier: Apache-2.0 */
/* Measuring this machine, small and short: the figures are not judged, only that they
 * can be true and are kept. */
#include <sys/stat.h>
#include "estimate/latency.h"
#include "hardware/measure.h"
#include "hardware/record.h"
#include "test.h"

static void triad_gives_a_rate_between_its_slowest_and_fastest(void)
{
    for (int threads = 1; threads <= 3; threads++) {
        erg_measure_plan plan = { .threads = threads,
                                  .array_bytes = 1 << 20,
                                  .for_s = 0.01 };
        erg_measured stream;
        erg_error err = { 0 };
        CHECK_OK(erg_measure_triad(&plan, &stream, &err), err);
        CHECK(stream.repeats >= 3);
        CHECK(stream.low > 1e6 && stream.low <= stream.median
              && stream.median <= stream.high);
        CHECK(stream.high < 1e13);
    }
}

static void median_is_the_middle_of_any_order(void)
{
    double odd[] = { 3, 1, 2 }, even[] = { 4, 1, 3, 2 };

    CHECK_NEAR(erg_measured_of(odd, 3).median, 2, 0);
    CHECK_NEAR(erg_measured_of(even, 4).median, 2.5, 0);
    CHECK_NEAR(erg_measured_of(even, 4).high, 4, 0);
    CHECK(isnan(erg_measured_of(odd, 0).median));
}

static void a_record_comes_back_as_it_was_saved(void)
{
    char path[300];
    snprintf(path, sizeof(path), "%s/x.json", test_folder());
    erg_catalog catalog = { .data_dir = ERG_TEST_SOURCE "/data" };
    erg_error err = { 0 };
    erg_hardware *one = erg_hardware_load(NULL, &catalog, "epyc-9654", &err);
    CHECK_OK(one && erg_record_save(erg_record_of(one), path, &err), err);
    erg_hardware *two = erg_hardware_load(NULL, &catalog, path, &err);

    CHECK_OK(two != NULL, err);
    CHECK(erg_hardware_number_count(one) == erg_hardware_number_count(two));
    for (size_t i = 0; i < erg_hardware_number_count(one); i++) {
        const erg_number *a = erg_hardware_number_at(one, i);
        const erg_number *b = erg_hardware_number(two, a->key);
        CHECK_NEAR(b->value, a->value, 1e-11 * a->value);
        CHECK_TEXT(b->source, a->source);
        CHECK_TEXT(b->grade, a->grade);
    }
    CHECK_TEXT(two->about, one->about);
    CHECK(two->kind == one->kind);
    erg_hardware_free(one);
    erg_hardware_free(two);
}

/* A measured share of peak has its place in the record. */
static void measured_numbers_fill_their_fields(void)
{
    erg_error err = { 0 };
    erg_record *record = erg_record_new("x", &err);
    erg_number product = { .key = "gemm_flop_per_s.vector.fp32", .unit = "flop_per_s",
                           .source = "s", .grade = "measured", .date = "2026-11-21",
                           .value = 1e11 };

    CHECK_OK(record && erg_record_number(record, &product, &err), err);
    CHECK_NEAR(record->hardware.gemm_flop_per_s[ERG_UNIT_VECTOR][ERG_FP32], 1e11, 0);
    CHECK(!erg_record_number(record, &product, &err));
    assert_non_null(strstr(err.text, "given twice"));
    erg_record_free(record);
}

/* Two thirds of the peak were reached, and streams are what the record says they are. */
static void estimates_take_what_was_measured_here(void)
{
    erg_hardware cpu = { .kind = ERG_CPU, .memory_share = 1 }, plain = { .kind = ERG_CPU };
    cpu.peak_flop_per_s[ERG_UNIT_VECTOR][ERG_FP32] = 1.5e11;
    cpu.gemm_flop_per_s[ERG_UNIT_VECTOR][ERG_FP32] = 1e11;
    erg_time_terms terms = erg_time_shared(&cpu, ERG_UNIT_VECTOR);
    erg_time_terms shared = erg_time_shared(&plain, ERG_UNIT_VECTOR);

    CHECK_NEAR(terms.share, 2.0 / 3, 1e-12);
    CHECK_NEAR(terms.bandwidth[ERG_BYTES_NORM], 1, 0);
    CHECK_NEAR(shared.share, 0.7, 1e-12);
    CHECK_NEAR(shared.bandwidth[ERG_BYTES_NORM], 0.7, 1e-12);
}

/* A root with no caches and little memory keeps the arrays small. */
static void a_busy_machine_is_told_and_the_record_is_kept(void)
{
    char root[300], user[300];
    snprintf(root, sizeof(root), "%s", test_folder());
    snprintf(user, sizeof(user), "%s", test_folder());
    const char *const files[][2] = {
        { "cpuinfo", "processor\t: 0\ncpu MHz\t: 1000\nflags\t: sse2\n" },
        { "meminfo", "MemTotal: 24576 kB\n" }, { "loadavg", "7.50 1 1 1/1 1\n" },
    };
    char path[400];
    snprintf(path, sizeof(path), "%s/proc", root);
    CHECK(mkdir(path, 0700) == 0);
    for (size_t i = 0; i < ERG_COUNT(files); i++) {
        snprintf(path, sizeof(path), "%s/proc/%s", root, files[i][0]);
        test_write(path, files[i][1]);
    }
    erg_error err = { 0 };
    erg_env env = { .root = root };
    erg_catalog catalog = { .user_dir = user };
    erg_result *result = erg_hardware_calibrate_cpu(&env, &catalog, 0.01, &err);
    CHECK_OK(result != NULL, err);
    assert_non_null(strstr(erg_result_note_at(result, 0), "load 7.5 on 1 cores"));
    erg_result_free(result);

    erg_hardware *cpu = erg_hardware_load(&env, &catalog, "this-cpu", &err);
    CHECK_OK(cpu != NULL, err);
    CHECK(cpu->memory_bytes_per_s > 1e6);
    CHECK_TEXT(erg_hardware_number(cpu, "levels.memory.bw_bytes_per_s")->grade, "measured");
    erg_hardware_free(cpu);
}

static void without_a_home_nothing_is_measured_in_vain(void)
{
    erg_error err = { 0 };
    erg_catalog catalog = { .user_dir = NULL };

    assert_null(erg_hardware_calibrate_cpu(NULL, &catalog, 0.01, &err));
    CHECK(err.code == ERG_NOT_FOUND);
    assert_non_null(strstr(err.text, "HOME"));
}

int main(void)
{
    static const test tests[] = {
        TEST(triad_gives_a_rate_between_its_slowest_and_fastest),
        TEST(median_is_the_middle_of_any_order),
        TEST(a_record_comes_back_as_it_was_saved),
        TEST(measured_numbers_fill_their_fields),
        TEST(estimates_take_what_was_measured_here),
        TEST(a_busy_machine_is_told_and_the_record_is_kept),
        TEST(without_a_home_nothing_is_measured_in_vain),
    };
    return test_run(tests, ERG_COUNT(tests));
}
