/* SPDX-License-Identifier: Apache-2.0 */
/* The report that the demo of 2025-10-28 printed, byte by byte. */
#include "estimate/compat.h"

enum { RULE = 80, CONSUMERS = 5 };

bool erg_compat_explain(const erg_compat_part *part, erg_text *to)
{
    const erg_estimate *e = &part->energy;
    double share = e->static_j;
    const char *word = "static (leakage)";

    if (!(e->total_j > 0)) {
        erg_text_add(to, "%s: No energy consumption", part->node->name);
        return !to->failed;
    }
    if (e->compute_j > e->memory_j && e->compute_j > e->static_j) {
        word = "compute";
        share = e->compute_j;
    } else if (e->memory_j > e->static_j) {
        word = "memory";
        share = e->memory_j;
    }
    erg_text_add(to, "%s: %.1fμJ total, %s dominant (%.1f%%)", part->node->name,
                 1e6 * e->total_j, word, 100 * share / e->total_j);
    return !to->failed;
}

static void rule(erg_text *to)
{
    for (int i = 0; i < RULE; i++)
        erg_text_add(to, "=");
    erg_text_add(to, "\n");
}

static void heading(erg_text *to, const char *text)
{
    rule(to);
    erg_text_add(to, "%s\n", text);
    rule(to);
    erg_text_add(to, "\n");
}

static double percent(double part, double whole)
{
    return whole > 0 ? part / whole * 100 : 0;
}

static void print_totals(const erg_compat_energy *e, erg_text *to)
{
    erg_text_add(to, "Total Energy:\n  Total:   %.2f mJ (%.0f μJ)\n", 1e3 * e->total_j,
                 1e6 * e->total_j);
    erg_text_add(to, "  Compute: %.0f μJ (%.1f%%)\n", 1e6 * e->compute_j,
                 percent(e->compute_j, e->total_j));
    erg_text_add(to, "  Memory:  %.0f μJ (%.1f%%)\n", 1e6 * e->memory_j,
                 percent(e->memory_j, e->total_j));
    erg_text_add(to, "  Static:  %.0f μJ (%.1f%%)\n\n", 1e6 * e->static_j,
                 percent(e->static_j, e->total_j));
    erg_text_add(to, "Power Analysis:\n  Average Power: %.2f W\n", e->mean_w);
    if (e->peak_w > 0)
        erg_text_add(to, "  Peak Power:    %.2f W\n", e->peak_w);
    erg_text_add(to, "  Total Latency: %.2f ms\n\n", 1e3 * e->latency_s);
    erg_text_add(to, "Efficiency:\n  Average Efficiency:   %.1f%%\n", 100 * e->efficiency);
    erg_text_add(to, "  Average Utilization:  %.1f%%\n", 100 * e->utilization);
    erg_text_add(to, "  Wasted Energy: %.0f μJ (%.1f%%)\n\n", 1e6 * e->wasted_j,
                 percent(e->wasted_j, e->total_j));
}

static void print_consumers(const erg_compat *compat, const int32_t *rank, erg_text *to)
{
    if (compat->part_count)
        erg_text_add(to, "Top Energy Consumers:\n");
    for (int i = 0; i < CONSUMERS && i < compat->part_count; i++) {
        const erg_compat_part *part = &compat->parts[rank[i]];
        erg_text_add(to, "  %d. %s: %.0f μJ (%.1f%%)\n", i + 1, part->node->name,
                     1e6 * part->energy.total_j,
                     percent(part->energy.total_j, compat->energy.total_j));
    }
    erg_text_add(to, "\n");
}

static void print_top(const erg_compat *compat, const int32_t *rank, int top, erg_text *to)
{
    char title[64];

    snprintf(title, sizeof(title), "TOP %d SUBGRAPHS BY ENERGY", top);
    heading(to, title);
    for (int i = 0; i < top && i < compat->part_count; i++) {
        const erg_compat_part *part = &compat->parts[rank[i]];
        const erg_estimate *e = &part->energy;
        erg_text_add(to, "%d. %s\n   Energy: %.0f μJ\n", i + 1, part->node->name,
                     1e6 * e->total_j);
        erg_text_add(to, "   Breakdown: Compute %.1f%%, Memory %.1f%%, Static %.1f%%\n",
                     percent(e->compute_j, e->total_j), percent(e->memory_j, e->total_j),
                     percent(e->static_j, e->total_j));
        erg_text_add(to, "   Efficiency: %.1f%%\n\n", 100 * e->efficiency);
    }
}

bool erg_compat_print(const erg_compat *compat, int top, erg_text *to, erg_error *err)
{
    const int32_t *rank = erg_compat_rank(compat, err);

    if (!rank)
        return false;
    heading(to, "ENERGY ANALYSIS REPORT");
    print_totals(&compat->energy, to);
    print_consumers(compat, rank, to);
    if (compat->energy_hints.count) {
        erg_text_add(to, "Optimization Opportunities:\n");
        for (int32_t i = 0; i < compat->energy_hints.count; i++)
            erg_text_add(to, "  %s\n", compat->energy_hints.list[i].text);
        erg_text_add(to, "\n");
    }
    if (top > 0)
        print_top(compat, rank, top, to);
    rule(to);
    return !to->failed || erg_fail(err, ERG_NO_MEMORY, "no memory for a report");
}
