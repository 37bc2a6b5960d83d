/* SPDX-License-Identifier: Apache-2.0 */
/* What only compat mode knows, as tables: its hints, its parts, its fusion. */
#include "estimate/compat.h"
#include "estimate/study.h"

static const erg_column part_columns[] = {
    { "hardware", ERG_TEXT, "device of the catalogue" },
    { "precision", ERG_TEXT, "of the arithmetic" },
    { "batch", ERG_INTEGER, "inferences at once" },
    { "subgraph", ERG_TEXT, "module or function" },
    { "kind", ERG_TEXT, "as the old partition called it" },
    { "macs", ERG_INTEGER, "multiply-adds" },
    { "intensity_flop_per_byte", ERG_REAL, "FLOP over bytes of fp32" },
    { "static_class", ERG_TEXT, "by intensity alone" },
    { "threads", ERG_INTEGER, "the old count: a stride is applied twice" },
    { "reason", ERG_TEXT, "it ends here" },
    { "compute_s", ERG_REAL, "FLOP over the peak" },
    { "memory_s", ERG_REAL, "bytes over the bandwidth" },
    { "overhead_s", ERG_REAL, "of a launch" },
    { "flop_share", ERG_REAL, "attained over peak" },
    { "bandwidth_share", ERG_REAL, "attained over peak" },
    { "peak_j", ERG_REAL, "dynamic energy over utilization" },
    { "workspace_bytes", ERG_INTEGER, "of a convolution or a linear" },
    { "parallel_efficiency", ERG_REAL, "by kind" },
    { "units_wanted", ERG_INTEGER, "of 256 threads" },
    { "says", ERG_TEXT, "which energy is most, in the old words" },
};

static const erg_column chain_columns[] = {
    { "hardware", ERG_TEXT, "device of the catalogue" },
    { "precision", ERG_TEXT, "of the arithmetic" },
    { "batch", ERG_INTEGER, "inferences at once" },
    { "subgraph", ERG_TEXT, "its first module or function" },
    { "pattern", ERG_TEXT, "kinds of its first three" },
    { "operators", ERG_INTEGER, "modules and functions" },
    { "flop", ERG_INTEGER, "of convolutions and linears" },
    { "in_bytes", ERG_INTEGER, "from outside" },
    { "out_bytes", ERG_INTEGER, "read outside" },
    { "weight_bytes", ERG_INTEGER, "parameters" },
    { "internal_bytes", ERG_INTEGER, "that fusion saves" },
};

/* ---- hints --------------------------------------------------------------------- */

static bool put_list(const erg_desk *desk, erg_table *table, const erg_case *one,
                     const erg_compat_hints *hints)
{
    for (int32_t i = 0; i < hints->count; i++) {
        const erg_compat_hint *hint = &hints->list[i];
        const erg_real reals[] = {
            { "energy_saving_j", hint->saves_j },
            { "saving", hint->saves_j / one->estimation->total.total_j },
            { "memory_change_bytes", -hint->saves_bytes },
        };
        if (!erg_put_case(desk, table, one)
            || !erg_table_text(table, "hint", hint->text, desk->err)
            || !erg_table_text(table, "condition", ERG_COMPAT_NOTE, desk->err)
            || !erg_put_reals(table, reals, ERG_COUNT(reals), desk->err))
            return false;
    }
    return true;
}

bool erg_compat_put_hints(const erg_desk *desk, erg_table *table, const erg_case *one)
{
    const erg_compat *compat = one->estimation->compat;

    return put_list(desk, table, one, &compat->energy_hints)
        && put_list(desk, table, one, &compat->memory_hints);
}

/* ---- parts --------------------------------------------------------------------- */

static bool put_words(erg_table *table, const erg_compat_part *part, erg_error *err)
{
    erg_text says = { 0 };
    bool ok = erg_compat_explain(part, &says)
        || erg_fail(err, ERG_NO_MEMORY, "no memory for a sentence");

    ok = ok && erg_table_text(table, "subgraph", part->node->name, err)
        && erg_table_text(table, "kind", part->node->type, err)
        && erg_table_text(table, "static_class", part->static_class, err)
        && erg_table_text(table, "reason", part->reason, err)
        && erg_table_text(table, "says", says.data, err);
    erg_text_free(&says);
    return ok;
}

static bool put_part(const erg_desk *desk, erg_table *table, const erg_compat_part *part)
{
    erg_compat_units units = erg_compat_units_of(part);
    const erg_real reals[] = {
        { "intensity_flop_per_byte", part->intensity },
        { "compute_s", part->latency.compute_s },
        { "memory_s", part->latency.memory_s },
        { "overhead_s", part->latency.overhead_s },
        { "flop_share", part->flop_share },
        { "bandwidth_share", part->bandwidth_share },
        { "peak_j", part->peak_j },
        { "parallel_efficiency", units.efficiency },
    };
    const erg_whole wholes[] = {
        { "macs", part->node->macs },
        { "threads", part->node->threads },
        { "workspace_bytes", part->workspace_bytes },
        { "units_wanted", units.optimal },
    };
    return put_words(table, part, desk->err)
        && erg_put_reals(table, reals, ERG_COUNT(reals), desk->err)
        && erg_put_wholes(table, wholes, ERG_COUNT(wholes), desk->err);
}

static bool put_parts(erg_desk *desk, erg_table *table, const erg_case *one)
{
    const erg_compat *compat = one->estimation->compat;
    bool ok = true;

    for (int32_t j = 0; ok && j < compat->part_count; j++)
        ok = erg_put_case(desk, table, one) && put_part(desk, table, &compat->parts[j]);
    return ok;
}

/* ---- fusion -------------------------------------------------------------------- */

static bool put_chain(const erg_desk *desk, erg_table *table, const erg_compat *compat,
                      const erg_compat_chain *chain)
{
    const erg_whole wholes[] = {
        { "operators", chain->node_count },
        { "flop", chain->flop },
        { "in_bytes", chain->in_bytes },
        { "out_bytes", chain->out_bytes },
        { "weight_bytes", chain->weight_bytes },
        { "internal_bytes", chain->internal_bytes },
    };
    const char *name = compat->nodes[chain->nodes[0]].name;

    return erg_table_text(table, "subgraph", name, desk->err)
        && erg_table_text(table, "pattern", chain->pattern, desk->err)
        && erg_put_wholes(table, wholes, ERG_COUNT(wholes), desk->err);
}

static bool put_chains(erg_desk *desk, erg_table *table, const erg_case *one)
{
    const erg_compat *compat = one->estimation->compat;
    bool ok = true;

    for (int32_t j = 0; ok && j < compat->fusion.chain_count; j++)
        ok = erg_put_case(desk, table, one)
            && put_chain(desk, table, compat, &compat->fusion.chains[j]);
    return ok;
}

/* Physical mode has neither table. */
bool erg_tables_compat(erg_desk *desk)
{
    bool is_compat = desk->study->estimate.mode == ERG_COMPAT;

    return !is_compat
        || (erg_put_cases(desk, "parts", part_columns, ERG_COUNT(part_columns), put_parts)
            && erg_put_cases(desk, "fusion", chain_columns, ERG_COUNT(chain_columns),
                             put_chains));
}
