/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kernel models on pairs (n, k), or (heads, kv_heads), that were left out: learnt anew
 * from the measured shapes (NVIDIA aiconfigurator), five folds. Needs XGBoost and gzip.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "accuracy.h"
#include "erg/kernel.h"
#include "run/kernel_samples.h"

static const struct { const char *file, *device; bool has_budget; } files[] = {
    { "h200_gemm", "h200-sxm-141gb", true },
    { "b200_gemm", "b200", true },
    { "h200_attention_prefill", "h200-sxm-141gb", true },
    { "h200_attention_decode", "h200-sxm-141gb", true },
    { "a100_gemm_latency", "a100-sxm4-80gb", false },
    { "l40s_gemm_latency", "l40s", false },
};
static const struct {
    const char *name, *mean, *median, *covered;
    double budget;
    bool of_mean;
}
    quantities[] = {
    { "time", "latency_mean", "latency_median", "latency_covered", 0.03, false },
    { "power", "power_mean", "power_median", "power_covered", 0.04, false },
    { "energy", "energy_mean", "energy_median", "energy_covered", 0.06, true },
};

static bool unzip(const char *data, const char *file, char path[64], erg_error *err)
{
    char command[2 * ERG_PATH_MOST];

    snprintf(path, 64, "/tmp/erg-kernels-%d.csv", (int)getpid());
    snprintf(command, sizeof(command), "gzip -dc '%s/kernels/%s.csv.gz' > %s", data,
             file, path);
    return system(command) == 0
        || erg_fail(err, ERG_NOT_FOUND, "cannot unpack %s/kernels/%s.csv.gz", data, file);
}

static void print_row(const erg_table *table, size_t file, size_t of, double floor)
{
    double mean = erg_table_find(table, 0, quantities[of].mean).real;
    double median = erg_table_find(table, 0, quantities[of].median).real;
    double judged = quantities[of].of_mean ? mean : median;
    char name[64];

    if (isnan(mean))
        return;
    snprintf(name, sizeof(name), "%s %s, pair left out",
             erg_table_find(table, 0, "kind").text, quantities[of].name);
    printf("%-27s %-16s %4lld %6.1f %6.1f %6s %6s ", name, files[file].device,
           (long long)erg_table_find(table, 0, "rows").integer, 100 * mean,
           100 * median, "", "");
    if (of == ERG_KERNEL_LATENCY || isnan(floor))
        printf("%6s ", "");
    else
        printf("%6.1f ", 100 * floor);
    printf("%6.1f ", 100 * erg_table_find(table, 0, quantities[of].covered).real);
    if (files[file].has_budget)
        printf("%4.0f %-4s", 100 * quantities[of].budget,
               judged <= quantities[of].budget ? "held" : "NO");
    else
        printf("%9s", "");
    printf("  the other pairs; budget of the %s\n",
           quantities[of].of_mean ? "mean" : "median");
}

static double find_floor(const char *path)
{
    erg_kernel_samples samples;
    erg_error err = { 0 };

    if (!erg_kernel_samples_load(&samples, path, &err))
        return NAN;
    double floor = twins_floor(&samples);
    erg_kernel_samples_free(&samples);
    return floor;
}

static bool judge_file(const evidence *court, size_t file, erg_error *err)
{
    char path[64] = "";
    const char *paths[] = { path };
    const erg_kernels_options options = { .rows_paths = paths, .path_count = 1 };
    erg_kernels *model = NULL;
    erg_hardware *hardware = erg_hardware_load(NULL, &court->catalog,
                                               files[file].device, err);
    erg_result *result = hardware && unzip(court->data, files[file].file, path, err)
                       ? erg_kernels_calibrate(hardware, &options, &model, err) : NULL;

    double floor = result ? find_floor(path) : NAN;
    for (size_t i = 0; result && i < ERG_COUNT(quantities); i++)
        print_row(erg_result_find(result, "held_out"), file, i, floor);
    unlink(path);
    erg_result_free(result);
    erg_kernels_free(model);
    erg_hardware_free(hardware);
    return result != NULL;
}

bool judge_kernels(const evidence *court, erg_error *err)
{
    for (size_t i = 0; i < ERG_COUNT(files); i++)
        if (!judge_file(court, i, err))
            return false;
    return true;
}
