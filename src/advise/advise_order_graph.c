/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order of a graph's launches: their times, joules and needs are those of erg estimate,
 * which takes them one after the other, too.
 */
#include <math.h>
#include <stdlib.h>
#include "advise/advise.h"
#include "erg/estimate.h"

#define USUAL_WINDOW_S 0.1
#define WINDOW_SHARE 0.1        /* of a graph that is over within a few usual windows */

typedef struct workshop {
    erg_hardware *hardware;
    erg_profile *profile;
    erg_graph *graph;
    erg_estimation *estimate;
    erg_order_item *items;
    erg_order_edge *edges;
    size_t edge_count;
} workshop;

static void close_all(workshop *of)
{
    free(of->items);
    free(of->edges);
    erg_estimation_free(of->estimate);
    erg_graph_free(of->graph);
    erg_profile_free(of->profile);
    erg_hardware_free(of->hardware);
}

static bool open_all(workshop *to, const char *workload, const erg_advise_device *on,
                     erg_error *err)
{
    erg_precision precision = ERG_FP32;

    if (!on->hardware)
        return erg_fail(err, ERG_BAD_INPUT, "a graph needs --on HARDWARE");
    if (on->precision && !erg_precision_parse(on->precision, &precision))
        return erg_fail(err, ERG_BAD_INPUT, "--precision: there is no '%s'", on->precision);
    const erg_graph_options options = { .batch = on->batch, .seq = on->seq,
                                        .precision = precision, .phase = ERG_PREFILL };
    to->hardware = erg_hardware_load(on->env, on->catalog, on->hardware, err);
    to->profile =
        to->hardware ? erg_profile_load(on->catalog, to->hardware, NULL, err) : NULL;
    to->graph = to->profile ? erg_graph_load(workload, &options, err) : NULL;
    to->estimate = to->graph ? erg_estimate_run(to->graph, to->hardware, to->profile,
                                                &(erg_estimate_options){ 0 }, err)
                             : NULL;
    return to->estimate != NULL;
}

/* Subgraphs stand in an order that keeps their needs. */
static bool list_launches(workshop *of, erg_error *err)
{
    const erg_partition *cut = of->estimate->partition;
    size_t count = (size_t)cut->subgraph_count, edges = 0;

    for (size_t s = 0; s < count; s++)
        edges += (size_t)cut->subgraphs[s].need_count;
    of->items = calloc(count + 1, sizeof(*of->items));
    of->edges = calloc(edges + 1, sizeof(*of->edges));
    if (!of->items || !of->edges)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory for %zu launches", count);
    for (size_t s = 0; s < count; s++) {
        const erg_subgraph *launch = &cut->subgraphs[s];
        double time_s = of->estimate->latency[s].total_s;
        of->items[s].time_s = time_s;
        of->items[s].power_w = time_s > 0 ? of->estimate->energy[s].total_j / time_s : 0;
        erg_text_put(of->items[s].name, sizeof(of->items[s].name), launch->name);
        for (int32_t k = 0; k < launch->need_count; k++)
            of->edges[of->edge_count++] = (erg_order_edge){ (size_t)launch->needs[k], s };
    }
    return true;
}

erg_result *erg_advise_order_of_graph(const char *workload, double window_s,
                                      const erg_advise_device *on, erg_error *err)
{
    workshop of = { 0 };
    erg_result *result = NULL;
    char source[160];

    if (open_all(&of, workload, on, err) && list_launches(&of, err)) {
        double usual_s = fmin(USUAL_WINDOW_S, WINDOW_SHARE * of.estimate->latency_s);
        const erg_order_problem is = {
            of.items, (size_t)of.estimate->partition->subgraph_count, of.edges,
            of.edge_count, window_s > 0 ? window_s : usual_s
        };
        snprintf(source, sizeof(source), "erg estimate %.80s --on %.40s", workload,
                 of.hardware->name);
        result = erg_order_result(&is, source, err);
    }
    close_all(&of);
    return result;
}
