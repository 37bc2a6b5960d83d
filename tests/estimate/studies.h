/* SPDX-License-Identifier: Apache-2.0 */
/* Small studies of the catalogue that is in the tree. */
#ifndef TEST_ESTIMATE_STUDIES_H
#define TEST_ESTIMATE_STUDIES_H

#include "erg/study.h"
#include "test.h"

static const erg_catalog catalog = { .data_dir = ERG_TEST_SOURCE "/data" };
static const char *const both[] = { "a100-pcie-40gb", "t4" };
static const erg_precision precisions[] = { ERG_FP32, ERG_FP16 };
static const int64_t batches[] = { 1, 8 };

static const erg_study small = { .workload = "zoo:resnet18", .hardware = both,
                                 .hardware_count = 1 };
static const erg_study wide = { .workload = "zoo:resnet18", .hardware = both,
    .hardware_count = 2, .precisions = precisions, .precision_count = 2, .batches = batches,
    .batch_count = 2 };

static erg_result *study(const erg_study *what, bool *passed)
{
    const erg_env env = { 0 };
    erg_error err = { 0 };
    bool ignored;
    erg_result *result = erg_study_run(&env, &catalog, what, passed ? passed : &ignored,
                                       &err);

    if (!result)
        fail_msg("%s", err.text);
    return result;
}

static double real(const erg_table *table, size_t row, const char *column)
{
    return erg_table_find(table, row, column).real;
}

#endif
