/* SPDX-License-Identifier: Apache-2.0 */
/* Kernel models learnt from shapes of a law that is known. */
#include "erg/kernel.h"
#include "test.h"

static const int sizes[] = { 64, 128, 256, 512, 1024, 2048, 4096, 8192 };
enum { SIZES = ERG_COUNT(sizes) };

static const erg_hardware hardware = {
    .name = "lawful", .units = 100, .memory_bytes_per_s = 1e12, .cap_w = 400,
    .peak_flop_per_s = { [ERG_UNIT_TENSOR] = { [ERG_BF16] = 2e14, [ERG_FP8] = 4e14 } },
};

/* A launch, then compute and memory one after another; padded k costs a fifth more. */
static double latency_of(int m, int n, int k)
{
    double flop = 2.0 * m * n * k,
           bytes = 2.0 * ((double)m * k + (double)n * k + (double)m * n);

    return 4e-6 + flop / 1.4e14 + bytes / 8e11 * (k % 256 ? 1.2 : 1);
}

static double power_of(int m, int n, int k)
{
    double latency_s = latency_of(m, n, k);

    return 90 + 300 * 2.0 * m * n * k / latency_s / 1.4e14;
}

/* Every third pair is missing. noise: of ln, standard deviation. */
static void write_law(const char *path, double noise)
{
    FILE *file = fopen(path, "w");
    test_random random = { 23 };

    CHECK(file && fputs("gemm_dtype,m,n,k,latency_ms,power_w\n", file) >= 0);
    for (int i = 0; i < SIZES * SIZES; i++)
        for (int m = 1; i % 3 != 2 && m <= 4096; m += 1 + m / 2) {
            int n = sizes[i / SIZES], k = sizes[i % SIZES];
            fprintf(file, "bfloat16,%d,%d,%d,%.6g,%.6g\n", m, n, k,
                    1e3 * latency_of(m, n, k) * exp(noise * test_normal(&random)),
                    power_of(m, n, k) * exp(noise * test_normal(&random)));
        }
    CHECK(fclose(file) == 0);
}

/* Skips without XGBoost. */
static erg_result *learn(const char *path, erg_kernels **model)
{
    erg_error err = { 0 };
    const erg_kernels_options options = { .rows_paths = &path, .path_count = 1,
                                          .source = "a law", .date = "2026-01-01" };
    erg_result *result = erg_kernels_calibrate(&hardware, &options, model, &err);

    if (!result && err.code == ERG_UNSUPPORTED)
        SKIP(err.text);
    CHECK_TEXT(err.text, "");
    return result;
}

static void a_law_is_learnt_and_pairs_that_were_missing_are_predicted(void)
{
    char path[ERG_PATH_MOST];
    erg_kernels *model = NULL;
    double worst = 0, sum = 0;
    int count = 0;

    snprintf(path, sizeof(path), "%s/law.csv", test_folder());
    write_law(path, 0);
    erg_result *result = learn(path, &model);
    for (int i = SIZES + 1; i < SIZES * (SIZES - 1); i++)
        for (int m = 8; i % 3 == 2 && m <= 2048; m *= 4, count++) {
            erg_kernel_shape shape = { ERG_KERNEL_GEMM, ERG_KERNEL_BF16, .m = m,
                                       .n = sizes[i / SIZES], .k = sizes[i % SIZES] };
            erg_kernel_cost cost;
            CHECK(erg_kernels_cost(model, &shape, &cost, NULL));
            double error = fabs(cost.latency_s.value
                                / latency_of(m, (int)shape.n, (int)shape.k) - 1);
            worst = error > worst ? error : worst;
            sum += error;
        }
    CHECK(sum / count < 0.03);
    CHECK(worst < 0.25);
    erg_result_free(result);
    erg_kernels_free(model);
}

static void intervals_hold_in_ninety_to_ninety_nine_of_a_hundred(void)
{
    static const char *const columns[] = { "latency_covered", "power_covered",
                                           "energy_covered" };
    char path[ERG_PATH_MOST];
    erg_kernels *model = NULL;

    snprintf(path, sizeof(path), "%s/noisy.csv", test_folder());
    write_law(path, 0.05);
    erg_result *result = learn(path, &model);
    const erg_table *table = erg_result_find(result, "held_out");
    for (size_t i = 0; i < ERG_COUNT(columns); i++) {
        double covered = erg_table_find(table, 0, columns[i]).real;
        CHECK(covered > 0.90 && covered < 0.99);
    }
    CHECK(erg_table_find(table, 0, "latency_median").real < 0.06);
    erg_result_free(result);
    erg_kernels_free(model);
}

/* Attention draws 100 to 139 W: far from the cap, where logarithms of power are 0. */
static void write_attention(const char *path)
{
    FILE *file = fopen(path, "w");

    CHECK(file && fputs("batch_size,isl,num_heads,num_key_value_heads,head_dim,"
                        "kv_cache_dtype,step,window_size,latency_ms,power_w\n", file) >= 0);
    for (int heads = 1; heads <= 32; heads *= 2)
        for (int batch = 1; batch <= 128; batch *= 2)
            for (int seq = 16; seq <= 16384; seq *= 2)
                fprintf(file, "%d,%d,%d,%d,128,bfloat16,0,0,%.6g,%d\n", batch, seq, heads,
                        heads, 5e-3 + 1e-9 * batch * heads * seq * seq,
                        100 + (batch + 3 * seq + 5 * heads) % 40);
    CHECK(fclose(file) == 0);
}

static void a_model_that_was_saved_answers_as_when_it_learnt(void)
{
    const erg_kernel_shape shape = { ERG_KERNEL_PREFILL, ERG_KERNEL_BF16, .batch = 4,
        .seq = 300, .heads = 8, .kv_heads = 8, .head_dim = 128 };
    char path[ERG_PATH_MOST], kept[ERG_PATH_MOST];
    erg_kernel_cost learnt, loaded;
    erg_kernels *model = NULL;
    erg_error err = { 0 };

    snprintf(path, sizeof(path), "%s/attention.csv", test_folder());
    snprintf(kept, sizeof(kept), "%s/lawful.json", test_folder());
    write_attention(path);
    erg_result *result = learn(path, &model);
    CHECK_OK(erg_kernels_save(model, kept, &err), err);
    erg_kernels *again = erg_kernels_load(&(erg_catalog){ 0 }, "lawful", kept, &err);
    CHECK_TEXT(err.text, "");
    CHECK(erg_kernels_cost(model, &shape, &learnt, NULL));
    CHECK(erg_kernels_cost(again, &shape, &loaded, NULL));
    CHECK(learnt.power_w.value > 95 && learnt.power_w.value < 145);
    CHECK_NEAR(loaded.power_w.value, learnt.power_w.value, 1e-9);
    CHECK_NEAR(loaded.latency_s.value, learnt.latency_s.value, 1e-15);
    erg_result_free(result);
    erg_kernels_free(again);
    erg_kernels_free(model);
}

static void rows_that_are_none_are_refused_with_their_line(void)
{
    static const char *const wrong[] = {
        "gemm_dtype,m,n,k,latency_ms\nbfloat16,1,2,3,-1\n",
        "gemm_dtype,m,n,k,latency_ms\nint3,1,2,3,1\n",
        "gemm_dtype,m,n,k,latency_ms\nbfloat16,0,2,3,1\n",
        "gemm_dtype,m,n,k\nbfloat16,1,2,3\n", "m,n,k,latency_ms\n1,2,3,1\n", "",
        "gemm_dtype,m,n,k,latency_ms\n",
    };
    char path[ERG_PATH_MOST];
    const char *paths[] = { path };
    const erg_kernels_options options = { .rows_paths = paths, .path_count = 1 };
    erg_kernels *model = NULL;

    snprintf(path, sizeof(path), "%s/wrong.csv", test_folder());
    for (size_t i = 0; i < ERG_COUNT(wrong); i++) {
        FILE *file = fopen(path, "w");
        erg_error err = { 0 };
        CHECK(file && fputs(wrong[i], file) >= 0 && fclose(file) == 0);
        CHECK(!erg_kernels_calibrate(&hardware, &options, &model, &err));
        CHECK(err.code == ERG_BAD_INPUT);
        CHECK(strstr(err.text, "wrong.csv") != NULL);
        CHECK(!model);
    }
}

int main(void)
{
    static const test tests[] = {
        TEST(a_law_is_learnt_and_pairs_that_were_missing_are_predicted),
        TEST(intervals_hold_in_ninety_to_ninety_nine_of_a_hundred),
        TEST(a_model_that_was_saved_answers_as_when_it_learnt),
        TEST(rows_that_are_none_are_refused_with_their_line),
    };
    return test_run(tests, ERG_COUNT(tests));
}
