/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dynamic energy of switched capacitance is C V^2 an event, whatever the clock:
 * event counts times coefficients. e_byte is of one *algorithmic* byte (all
 * levels, network on chip, registers), several times that of the DRAM device.
 * FLOP of elementwise passes cost nothing here: they move with their bytes.
 *
 * A byte that memory serves costs more than one out of the last cache. Without that
 * the small launches of an A100 (40 MB of cache) come out 17 % too dear, the large
 * ones 9 % too cheap.
 */
#include <math.h>
#include "estimate/energy.h"

#define RESIDENT_SHARE 0.8

/* What one launch touches comes from the last cache if it leaves a fifth of it free:
 * the residency rule of time, too. */
static double far_part(double bytes, const erg_hardware *hardware)
{
    return bytes <= RESIDENT_SHARE * hardware->l2_bytes ? 0 : bytes;
}

void erg_work_add_operator(erg_work *work, const erg_operator *op,
                           const erg_hardware *hardware)
{
    double flop = erg_matrix_flop(op);

    if (flop > 0) {
        erg_engine unit = erg_engine_of(op, hardware);
        work->flop[unit.class][unit.precision] += flop;
    }
    double bytes = (double)op->in_bytes + (double)op->out_bytes + (double)op->weight_bytes;
    work->bytes += bytes;
    work->far_bytes += far_part(bytes, hardware);
    work->threads = fmax(work->threads, (double)op->threads);
}

erg_work erg_work_of_subgraph(const erg_graph *graph, const erg_subgraph *subgraph,
                              const erg_hardware *hardware)
{
    erg_work work = { 0 };

    for (int32_t i = 0; i < subgraph->operator_count; i++)
        erg_work_add_operator(&work, &graph->operators[subgraph->operators[i]], hardware);
    work.far_bytes = 0;
    work.bytes = (double)subgraph->in_bytes + (double)subgraph->out_bytes
        + (double)subgraph->weight_bytes;
    work.far_bytes = far_part(work.bytes, hardware);
    return work;
}

double erg_compute_j(const erg_work *work, const erg_energy_terms *terms)
{
    double sum_j = 0;

    for (int class = 0; class < ERG_UNIT_CLASSES; class++)
        for (int precision = 0; precision < ERG_PRECISIONS; precision++)
            if (work->flop[class][precision] > 0)       /* NAN where nothing runs is fine */
                sum_j += terms->op_j_per_flop[class][precision]
                    * work->flop[class][precision];
    return sum_j;
}

double erg_memory_j(const erg_work *work, const erg_energy_terms *terms)
{
    return terms->byte_j * work->bytes + terms->far_byte_j * work->far_bytes;
}

void erg_estimate_finish(erg_estimate *estimate, double utilization)
{
    double dynamic_j = estimate->compute_j + estimate->memory_j;

    estimate->total_j = dynamic_j + estimate->static_j;
    estimate->wasted_j = estimate->static_j * (1 - utilization);
    estimate->efficiency = estimate->total_j > 0 ? dynamic_j / estimate->total_j : NAN;
}
