/* SPDX-License-Identifier: Apache-2.0 */
/* Rows against the first one, and rows against limits. */
#include <math.h>
#include "estimate/study.h"

static const erg_column comparison_columns[] = {
    { "hardware", ERG_TEXT, "device of the catalogue" },
    { "precision", ERG_TEXT, "of the arithmetic" },
    { "batch", ERG_INTEGER, "inferences at once" },
    { "energy_per_inference_j", ERG_REAL, "of this row" },
    { "mean_w", ERG_REAL, "of this row" },
    { "latency_s", ERG_REAL, "of its batch" },
    { "saving", ERG_REAL, "of energy per inference against the first row, 0 to 1" },
    { "energy_ratio", ERG_REAL, "energy per inference over that of the first row" },
    { "latency_ratio", ERG_REAL, "over that of the first row" },
    { "edp_ratio", ERG_REAL, "energy x latency over that of the first row" },
};

static const erg_column check_columns[] = {
    { "check", ERG_TEXT, "latency, energy, power or memory" },
    { "hardware", ERG_TEXT, "device of the catalogue; none: over all rows" },
    { "precision", ERG_TEXT, "of the arithmetic" },
    { "batch", ERG_INTEGER, "inferences at once" },
    { "value", ERG_REAL, "SI; energy per inference" },
    { "limit", ERG_REAL, "the most allowed" },
    { "margin", ERG_REAL, "what is left, over the limit" },
    { "state", ERG_TEXT, "pass, fail, or partial: some rows pass" },
};

bool erg_tables_comparison(erg_desk *desk)
{
    const erg_case *first = NULL;
    erg_table *table = NULL;
    bool ok = true;

    for (size_t i = 0; i < desk->case_count && ok && desk->case_count > 1; i++) {
        const erg_case *one = &desk->cases[i];
        if (!one->estimation)
            continue;
        if (!first) {
            first = one;
            table = erg_result_add(desk->result, "comparison", comparison_columns,
                                   ERG_COUNT(comparison_columns), desk->err);
        }
        double ratio = one->energy_per_j / first->energy_per_j;
        double slower = one->estimation->latency_s / first->estimation->latency_s;
        const erg_real reals[] = {
            { "energy_per_inference_j", one->energy_per_j },
            { "mean_w", one->estimation->mean_w },
            { "latency_s", one->estimation->latency_s },
            { "saving", 1 - ratio },
            { "energy_ratio", ratio },
            { "latency_ratio", slower },
            { "edp_ratio", one->edp_js / first->edp_js },
        };
        ok = table && erg_put_case(desk, table, one)
            && erg_put_reals(table, reals, ERG_COUNT(reals), desk->err);
    }
    return ok;
}

/* ---- limits ----------------------------------------------------------------------- */

typedef struct check {
    const char *name;
    double limit;
    double (*value)(const erg_case *one);
} check;

static double latency_of(const erg_case *one) { return one->estimation->latency_s; }
static double energy_of(const erg_case *one) { return one->energy_per_j; }
static double power_of(const erg_case *one) { return one->estimation->mean_w; }
static double memory_of(const erg_case *one) { return one->estimation->peak_memory_bytes; }

/* What is not known keeps no limit. */
static bool put_check(erg_desk *desk, erg_table *table, const check *limit,
                      const erg_case *one)
{
    double value = one->estimation ? limit->value(one) : NAN;
    const erg_real reals[] = { { "value", value }, { "limit", limit->limit },
                               { "margin", 1 - value / limit->limit } };

    return erg_put_case(desk, table, one)
        && erg_table_text(table, "check", limit->name, desk->err)
        && erg_put_reals(table, reals, ERG_COUNT(reals), desk->err)
        && erg_table_text(table, "state", value <= limit->limit ? "pass" : "fail",
                          desk->err);
}

static bool put_checks(erg_desk *desk, erg_table *table, const check *limit)
{
    size_t kept = 0;
    bool ok = true;

    for (size_t i = 0; i < desk->case_count && ok; i++) {
        const erg_case *one = &desk->cases[i];
        kept += one->estimation && limit->value(one) <= limit->limit;
        ok = put_check(desk, table, limit, one);
    }
    desk->passed = desk->passed && kept == desk->case_count;
    const char *state = kept == desk->case_count ? "pass" : kept ? "partial" : "fail";
    return ok && erg_table_row(table, desk->err)
        && erg_table_text(table, "check", limit->name, desk->err)
        && erg_table_real(table, "limit", limit->limit, desk->err)
        && erg_table_text(table, "state", state, desk->err);
}

bool erg_tables_checks(erg_desk *desk)
{
    const erg_limits *limits = &desk->study->limits;
    const check checks[] = {
        { "latency", limits->latency_s, latency_of },
        { "energy", limits->energy_j, energy_of },
        { "power", limits->power_w, power_of },
        { "memory", limits->memory_bytes, memory_of },
    };
    erg_table *table = NULL;
    bool ok = true;

    for (size_t i = 0; i < ERG_COUNT(checks) && ok; i++) {
        if (!(checks[i].limit > 0))
            continue;
        if (!table)
            table = erg_result_add(desk->result, "checks", check_columns,
                                   ERG_COUNT(check_columns), desk->err);
        ok = table && put_checks(desk, table, &checks[i]);
    }
    return ok;
}
