/* SPDX-License-Identifier: Apache-2.0 */
/* Rows made of known coefficients give them back; real rows give what was published. */
#include "estimate/energy.h"
#include "estimate/operating_point.h"
#include "run/calibrate_energy.h"
#include "test.h"

static const erg_catalog catalog = { .data_dir = ERG_TEST_SOURCE "/data" };

static erg_hardware *a100(void)
{
    erg_error err = { 0 };
    erg_hardware *hardware =
        erg_hardware_load(&(erg_env){ 0 }, &catalog, "a100-pcie-40gb", &err);
    CHECK_OK(hardware != NULL, err);
    return hardware;
}

enum { MODELS = 4, BATCHES = 4 };
/* J/FLOP, J/byte, J/byte on top beyond the cache, W. */
static const double truth[] = { 0.7e-12, 100e-12, 60e-12, 46 };

typedef struct made { char rows[ERG_PATH_MOST], lists[ERG_PATH_MOST]; } made;

static void write_list(const char *folder, int model, int batch)
{
    char path[ERG_PATH_MOST + 64];
    snprintf(path, sizeof(path), "%s/m%d_pbf16_b%d_x.json", folder, model, batch);
    FILE *file = fopen(path, "w");

    CHECK(file);
    fprintf(file,
            "[[{\"batch\":1,\"dimM\":%d,\"dimN\":1024,\"dimK\":%d,\"precM\":\"bf16\"},"
                  "[\"gemm\"]],[{\"dim\":%d,\"op\":\"relu\",\"prec\":\"bf16\"},"
                  "[\"elementwise\"]]]",
            512 * batch, 256 << (2 * model), 1000000 * batch * (5 - model));
    fclose(file);
}

/* Energy of each row by the form, times 1 + noise; rows in the given turn. */
static made make(double noise, int turn)
{
    made to;
    test_random random = { 17 };
    double factor[MODELS * BATCHES];
    erg_hardware *hardware = a100();
    double resident = 0.8 * hardware->l2_bytes;

    snprintf(to.lists, sizeof(to.lists), "%s", test_folder());
    snprintf(to.rows, sizeof(to.rows), "%.400s/rows.csv", to.lists);
    for (int i = 0; i < MODELS * BATCHES; i++)
        factor[i] = 1 + noise * test_normal(&random);
    FILE *file = fopen(to.rows, "w");
    CHECK(file);
    fprintf(file, "gpu,model,precision,batch,seq,freq_mhz,time_ms,energy_j\n");
    for (int k = 0; k < MODELS * BATCHES; k++) {
        int i = (k * turn) % (MODELS * BATCHES), model = i / BATCHES,
            batch = 1 << i % BATCHES;
        double flop = 2.0 * 512 * batch * 1024 * (256 << (2 * model));
        double pass = 4.0 * 1000000 * batch * (5 - model);
        double bytes = 2.0 * (512.0 * batch * (256 << (2 * model))
                              + 1024.0 * (256 << (2 * model))
                              + 512.0 * batch * 1024) + pass;
        double far = (pass > resident ? pass : 0)
            + (bytes - pass > resident ? bytes - pass : 0);
        double time_s = 2e-4 + flop / 80e12 + bytes / 1e12;
        double energy_j = truth[0] * flop + truth[1] * bytes + truth[2] * far
            + truth[3] * time_s;

        write_list(to.lists, model, batch);
        fprintf(file, "a100,m%d,bf16,%d,,900,%.17g,%.17g\n", model, batch, 1e3 * time_s,
                energy_j * factor[i]);
    }
    fclose(file);
    erg_hardware_free(hardware);
    return to;
}

static void fit_of(const made *from, erg_energy_fit *fit, erg_profile *profile)
{
    erg_hardware *hardware = a100();
    erg_calibrate_options options = { .rows_path = from->rows,
                                      .workloads_dir = from->lists };
    erg_measured measured;
    erg_error err = { 0 };

    CHECK_OK(erg_measured_load(&measured, hardware, &options, &err), err);
    CHECK_OK(erg_energy_fit_run(fit, &measured, hardware, false, &err), err);
    erg_energy_fit_store(fit, profile);
    fit->rows = (free(fit->rows), NULL);
    erg_measured_free(&measured);
    erg_hardware_free(hardware);
}

static void known_coefficients_come_back(void)
{
    made rows = make(0, 1);
    erg_energy_fit fit;
    erg_profile profile = { 0 };

    fit_of(&rows, &fit, &profile);
    CHECK(fit.form.columns == 4 && fit.count == MODELS * BATCHES);
    CHECK_NEAR(profile.energy.op_j_per_flop[ERG_UNIT_TENSOR][ERG_BF16] / truth[0], 1, 1e-9);
    CHECK_NEAR(profile.energy.byte_j / truth[1], 1, 1e-9);
    CHECK_NEAR(profile.energy.far_byte_j / truth[2], 1, 1e-9);
    CHECK_NEAR(profile.energy.static_w / truth[3], 1, 1e-9);
    CHECK_TEXT(profile.byte_rule, "unfused+far");
    CHECK_NEAR(profile.clock_hz, 900e6, 0);
    CHECK(isnan(profile.energy.op_j_per_flop[ERG_UNIT_VECTOR][ERG_FP32]));
    CHECK_NEAR(profile.energy.half_width, 0, 1e-8);
    erg_energy_fit_free(&fit);
}

static void noise_stays_inside_the_intervals_and_order_does_not_matter(void)
{
    made rows = make(0.05, 1), turned = make(0.05, 7);
    erg_energy_fit one, other;
    erg_profile profile = { 0 }, again = { 0 };

    fit_of(&rows, &one, &profile);
    fit_of(&turned, &other, &again);
    for (size_t j = 0; j < 4; j++) {
        double want = j < 3 ? truth[j] * 1e12 : truth[j];
        CHECK(one.terms.low[j] <= want && want <= one.terms.high[j]);
        CHECK_NEAR(one.terms.value[j] / other.terms.value[j], 1, 1e-12);
    }
    CHECK_NEAR(profile.energy.half_width, again.energy.half_width, 1e-12);
    erg_energy_fit_free(&one);
    erg_energy_fit_free(&other);
}

static void rows_that_cannot_be_true_are_set_aside_with_the_reason(void)
{
    static const struct { const char *row, *word; } cases[] = {
        { "a100,m0,bf16,1,,900,0.0001,1,", "peak" },
        { "a100,m0,bf16,1,,900,50,0.1,", "idle" },
        { "a100,m9,bf16,1,,900,5,1,", "kernel list" },
        { "a100,m0,bf16,1,,900,,1,", "missing" },
        { "a100,m0,bf16,1,,900,5,1.2,1", "updates" },
        { "a100,m0,bf16,1,,900,5,1.24,", "cap" },
        { "a100,m3,bf16,1,,900,5,0.5,", "" },
    };
    made rows = make(0, 1);
    FILE *file = fopen(rows.rows, "w");
    erg_hardware *hardware = a100();
    erg_calibrate_options options = { .rows_path = rows.rows, .workloads_dir = rows.lists };
    erg_measured measured;
    erg_error err = { 0 };

    CHECK(file);
    fprintf(file, "gpu,model,precision,batch,seq,freq_mhz,time_ms,energy_j,updates\n");
    for (size_t i = 0; i < ERG_COUNT(cases); i++)
        fprintf(file, "%s\n", cases[i].row);
    fclose(file);
    CHECK_OK(erg_measured_load(&measured, hardware, &options, &err), err);
    CHECK(measured.count == ERG_COUNT(cases));
    for (size_t i = 0; i < ERG_COUNT(cases); i++) {
        CHECK(strstr(measured.rows[i].reason, cases[i].word));
        CHECK(cases[i].word[0] || !measured.rows[i].reason[0]);
    }
    erg_measured_free(&measured);
    erg_hardware_free(hardware);
}

static void files_that_are_no_rows_are_refused_in_one_sentence(void)
{
    static const char *const texts[] = {
        "a,b\n1,2\n",
        "gpu,model,precision,batch,seq,freq_mhz,time_ms,energy_j\na10,m,bf17,1,,900,1,1\n",
        "gpu,model,precision,batch,seq,freq_mhz,time_ms,energy_j\na10,m,bf16,x,,900,1,1\n",
        ("gpu,model,precision,batch,seq,freq_mhz,time_ms,energy_j\n"
         "a10,m,bf16,1,,900,1,1\nt4,m,bf16,1,,900,1,1\n"),
        "",
    };
    erg_hardware *hardware = a100();

    for (size_t i = 0; i < ERG_COUNT(texts); i++) {
        char folder[ERG_PATH_MOST], path[ERG_PATH_MOST + 16];
        erg_profile profile = { 0 };
        erg_error err = { 0 };
        snprintf(folder, sizeof(folder), "%s", test_folder());
        snprintf(path, sizeof(path), "%s/rows.csv", folder);
        FILE *file = fopen(path, "w");
        erg_calibrate_options options = { .rows_path = path, .workloads_dir = folder };

        CHECK(file);
        fputs(texts[i], file);
        fclose(file);
        CHECK(!erg_calibrate(hardware, &options, &profile, &err));
        CHECK(err.code == ERG_BAD_INPUT || err.code == ERG_NO_DATA);
        CHECK(err.text[0]);
    }
    erg_hardware_free(hardware);
}

/* Only the bf16 rows of a file into another. */
static void copy_bf16(const char *from, const char *to)
{
    FILE *in = fopen(from, "r"), *out = fopen(to, "w");
    char line[512];

    CHECK(in && out);
    for (bool head = true; fgets(line, sizeof(line), in); head = false)
        if (head || strstr(line, ",bf16,"))
            fputs(line, out);
    fclose(in);
    fclose(out);
}

/* What the recipe of one byte class reaches: bf16, eager, one model left out. */
static void folds_of_real_rows_reach_what_was_published(void)
{
    static const struct { const char *name; double mape; } known[] = {
        { "a100-pcie-40gb", 0.050 }, { "a10", 0.037 },
    };
    char rows[ERG_PATH_MOST], lists[ERG_PATH_MOST];

    snprintf(lists, sizeof(lists), "%s", test_data("energy/workloads"));
    snprintf(rows, sizeof(rows), "%s/bf16.csv", test_folder());
    copy_bf16(test_data("energy/measured.csv"), rows);
    for (size_t i = 0; i < ERG_COUNT(known); i++) {
        erg_error err = { 0 };
        erg_hardware *hardware =
            erg_hardware_load(&(erg_env){ 0 }, &catalog, known[i].name, &err);
        CHECK_OK(hardware != NULL, err);
        erg_profile *profile = erg_profile_load(&catalog, hardware, NULL, &err);
        CHECK_OK(profile != NULL, err);
        erg_calibrate_options options = { .rows_path = rows, .workloads_dir = lists,
                                          .one_byte_class = true,
                                          .energy_only = true };
        erg_result *result = erg_calibrate(hardware, &options, profile, &err);
        CHECK_OK(result != NULL, err);
        const erg_table *folds = erg_result_find(result, "folds");
        size_t last = erg_table_row_count(folds) - 1;

        CHECK(last == 4);
        CHECK_NEAR(erg_table_find(folds, last, "mape").real, known[i].mape, 0.002);
        erg_result_free(result);
        erg_profile_free(profile);
        erg_hardware_free(hardware);
    }
}

int main(void)
{
    static const test tests[] = {
        TEST(known_coefficients_come_back),
        TEST(noise_stays_inside_the_intervals_and_order_does_not_matter),
        TEST(rows_that_cannot_be_true_are_set_aside_with_the_reason),
        TEST(files_that_are_no_rows_are_refused_in_one_sentence),
        TEST(folds_of_real_rows_reach_what_was_published),
    };
    return test_run(tests, ERG_COUNT(tests));
}
