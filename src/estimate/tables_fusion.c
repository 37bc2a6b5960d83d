/* SPDX-License-Identifier: Apache-2.0 */
/* Ways to cut the same graph into launches, each priced, beside the first one. */
#include <math.h>
#include "estimate/run.h"
#include "estimate/study.h"

static const erg_column columns[] = {
    { "hardware", ERG_TEXT, "device of the catalogue" },
    { "precision", ERG_TEXT, "of the arithmetic" },
    { "batch", ERG_INTEGER, "inferences at once" },
    { "fusion", ERG_TEXT, "none, runtime or compat" },
    { "subgraphs", ERG_INTEGER, "launches" },
    { "external_bytes", ERG_INTEGER, "read and written by them" },
    { "internal_bytes", ERG_INTEGER, "that stay inside them" },
    { "reduction", ERG_REAL, "internal over both, 0 to 1" },
    { "latency_s", ERG_REAL, "of the batch" },
    { "energy_j", ERG_REAL, "of the batch" },
    { "latency_ratio", ERG_REAL, "over that of the first strategy" },
    { "energy_ratio", ERG_REAL, "over that of the first strategy" },
};

/* first: of the first strategy, which may be this one. */
static bool put_one(erg_desk *desk, erg_table *table, const erg_case *one,
                    const erg_estimate *first, double first_s)
{
    const erg_partition *cut = one->estimation->partition;
    double external = (double)cut->external_bytes, internal = (double)cut->internal_bytes;
    const erg_whole wholes[] = {
        { "subgraphs", cut->subgraph_count },
        { "external_bytes", cut->external_bytes },
        { "internal_bytes", cut->internal_bytes },
    };
    const erg_real reals[] = {
        { "reduction", external + internal > 0 ? internal / (external + internal) : NAN },
        { "latency_s", one->estimation->latency_s },
        { "energy_j", one->estimation->total.total_j },
        { "latency_ratio", one->estimation->latency_s / first_s },
        { "energy_ratio", one->estimation->total.total_j / first->total_j },
    };
    return erg_put_case(desk, table, one)
        && erg_table_text(table, "fusion", erg_fusion_name(one->setting.options.fusion),
                          desk->err)
        && erg_put_wholes(table, wholes, ERG_COUNT(wholes), desk->err)
        && erg_put_reals(table, reals, ERG_COUNT(reals), desk->err);
}

static bool put_strategies(erg_desk *desk, erg_table *table, const erg_case *base)
{
    bool ok = true;

    for (size_t i = 0; i < desk->study->fusion_count && ok; i++) {
        erg_variant setting = base->setting;
        erg_case one;
        setting.options.fusion = desk->study->fusions[i];
        if (!erg_case_price(desk, &setting, &one))
            return erg_fail(desk->err, one.why.code, "%s", one.why.text);
        ok = put_one(desk, table, &one, &base->estimation->total,
                     base->estimation->latency_s);
        erg_case_end(&one);
    }
    return ok;
}

/* One strategy has nothing to be compared with. */
bool erg_tables_strategies(erg_desk *desk)
{
    return desk->study->fusion_count < 2
        || erg_put_cases(desk, "strategies", columns, ERG_COUNT(columns), put_strategies);
}
