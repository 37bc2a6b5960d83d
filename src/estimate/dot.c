/* SPDX-License-Identifier: Apache-2.0 */
/* The partition of a study's first row as Graphviz text. */
#include <stdlib.h>
#include "estimate/study.h"

static void put_name(erg_text *to, const char *name)
{
    for (; *name; name++)
        erg_text_add(to, *name == '"' || *name == '\\' ? "\\%c" : "%c", *name);
}

static const char *fill_of(erg_bound bound)
{
    switch (bound) {
    case ERG_BOUND_COMPUTE:   return "#f4cccc";
    case ERG_BOUND_BANDWIDTH: return "#cfe2f3";
    case ERG_BOUND_BALANCED:  return "#d9ead3";
    case ERG_BOUND_LAUNCH:    return "#eeeeee";
    case ERG_BOUNDS:          break;
    }
    return "#ffffff";
}

char *erg_dot_of(const erg_case *one)
{
    const erg_estimation *done = one->estimation;
    erg_text to = { 0 };

    erg_text_add(&to, "digraph \"");
    put_name(&to, one->graph->name);
    erg_text_add(&to, "\" {\n  rankdir=TB;\n  node [shape=box, style=filled, "
                      "fontname=\"sans-serif\"];\n");
    for (int32_t s = 0; s < done->partition->subgraph_count; s++) {
        const erg_subgraph *part = &done->partition->subgraphs[s];
        erg_text_add(&to, "  s%d [label=\"", s);
        put_name(&to, part->name);
        erg_text_add(&to, "\\n%.3g GFLOP  %.3g us  %.3g mJ\", fillcolor=\"%s\"];\n",
                     (double)part->flop * 1e-9, done->latency[s].total_s * 1e6,
                     done->energy[s].total_j * 1e3, fill_of(done->latency[s].bound));
    }
    for (int32_t s = 0; s < done->partition->subgraph_count; s++)
        for (int32_t i = 0; i < done->partition->subgraphs[s].need_count; i++)
            erg_text_add(&to, "  s%d -> s%d;\n", done->partition->subgraphs[s].needs[i], s);
    erg_text_add(&to, "}\n");
    return erg_text_take(&to);
}
