/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What only the program or its compiler can change, with the numbers: advice, never an act.
 *
 *   Units    SI; ratios and relative errors 0..1. A wish of 0 is not wished for, except
 *            where a field says otherwise.
 *   Owning   The result is yours: erg_result_free. Texts of a wish are borrowed.
 *   Failing  ERG_BAD_INPUT names file and line. That nothing pays is an answer.
 *   Threads  None shared.
 *   Source   docs/advise.md.
 */
#ifndef ERG_ADVISE_H
#define ERG_ADVISE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "erg/env.h"
#include "erg/table.h"
#include "erg/trace.h"

#pragma GCC visibility push(default)
#ifdef __cplusplus
extern "C" {
#endif

/* ---- for the program itself ------------------------------------------------------- */

/* Stochastic rounding to bfloat16: x with its low 16 bits 0, up or down so that the mean
 * over all 65,536 values of r16 is x itself, as long as none of them overflows. r16:
 * uniform, from any generator. An infinity stays one, NAN stays NAN. */
float erg_sr_bf16(float x, uint16_t r16);

/* ---- a recorded run ---------------------------------------------------------------- */

/* Table advice: what the run suggests, most joules at stake first. Energies are those of
 * erg_trace_summary; what the file cannot support is not told. */
erg_result *erg_advise_run(const erg_trace *trace, erg_error *err);

/* ---- precision -------------------------------------------------------------------- */

typedef struct erg_precision_wish {
    double error;           /* most relative error against fp64; NAN: any */
    const char *phases;     /* CSV phase,tolerance,steps: a variant each; NULL: none */
    double switch_j;        /* of changing the variant between two phases */
} erg_precision_wish;

/* path: CSV variant,energy_per_step_j,steps,error: each variant's own steps to the same
 * target. Tables precision and, with phases, phases. */
erg_result *erg_advise_precision(const char *path, const erg_precision_wish *wish,
                                 erg_error *err);

/* ---- collectives ------------------------------------------------------------------ */

typedef struct erg_sparse_wish {
    int ranks; /* of one all-reduce */
    double element_bytes;
    double index_bytes; /* sent along with each element; 0: 4 */
    double density;     /* share of elements that are not 0; NAN: only the break-even */
} erg_sparse_wish;

/* Table sparse. */
erg_result *erg_advise_sparse(const erg_sparse_wish *wish, erg_error *err);

/* Which rank should sit on which slot: least bytes x hops, never worse than rank i on the
 * i-th slot. traffic: CSV from,to,bytes of ranks from 0; hops: CSV from,to,hops of slots,
 * "host" or "host:slot", either way alike, in the order of their names; on one host 0. */
typedef struct erg_rank_map erg_rank_map;
erg_rank_map *erg_rank_map_new(const char *traffic, const char *hops, erg_error *err);
void erg_rank_map_free(erg_rank_map *map);
/* Tables totals and map. */
erg_result *erg_rank_map_result(const erg_rank_map *map, erg_error *err);
/* A rankfile as Open MPI's mpirun --rankfile takes it. */
bool erg_rank_map_write(const erg_rank_map *map, FILE *out, erg_error *err);

/* ---- placement ---------------------------------------------------------------------- */

typedef struct erg_place_wish {
    int domains;            /* of power; 0: 2 */
    double node_w;          /* that a node carries; 0: nothing is packed */
    double idle_w;          /* of a node that is freed */
    double cooling;         /* watts of cooling for each watt of it */
} erg_place_wish;

/* Run files, or CSV t_s,power_w[,unit]: a load for each unit. Tables domains, packing (with
 * node_w) and loads. */
erg_result *erg_advise_place(char *const paths[], size_t count, const erg_place_wish *wish,
                             erg_error *err);

/* ---- tensors ------------------------------------------------------------------------ */

struct erg_catalog;

typedef struct erg_advise_device {
    const erg_env *env;
    const struct erg_catalog *catalog;
    const char *hardware;            /* of the catalogue; NULL: figures are given */
    double flop_j, byte_j, static_w; /* come before those of its profile; 0: not given */
    const char *precision;           /* NULL: "fp32" */
    int64_t batch, seq;              /* of a graph; 0: the default */
    int top;                         /* rows; 0: 20 */
} erg_advise_device;

/* path: CSV tensor,flop,bytes,time_s[,input_bytes], or a workload as erg_graph_load takes
 * it: what its way back reads. Table recompute, greatest margin first. */
erg_result *erg_advise_recompute(const char *path, const erg_advise_device *on,
                                 erg_error *err);
/* Table fusion: tensors that a compiler that fuses keeps on chip, dearest first. Table
 * in_place: outputs that may be written over a dead input, largest first. */
erg_result *erg_advise_fusion(const char *workload, const erg_advise_device *on,
                              erg_error *err);

/* CSV operator,cpu_s,copy_s,slack_s,cpu_j,copy_j,gpu_j, joules marginal. Table offload. */
erg_result *erg_advise_offload(const char *path, erg_error *err);
/* CSV operator,time_s,power_w[,after] (names it needs, blanks between), in a valid order:
 * the order of least peak of the moving mean (window_s; 0: 100 ms). Tables totals and
 * order. */
erg_result *erg_advise_order(const char *path, double window_s, erg_error *err);
/* CSV stage,time_s,energy_j[,after], a row for each setting that a stage was measured at:
 * how slow each may be where the whole takes at most `within` more (0.05: 5 %) than its
 * shortest time. Tables front, by falling time, and plan. */
erg_result *erg_advise_stages(const char *path, double within, erg_error *err);
/* Of the innermost regions of a recorded run's first repetition, at the power that was
 * measured; those of one name keep their order, the others are taken to be free. name: for
 * the column source. ERG_BAD_INPUT: regions overlap. ERG_NO_DATA: none, or no joules. */
erg_result *erg_advise_order_of_run(const erg_trace *trace, const char *name,
                                    double window_s, erg_error *err);
/* Of a workload as erg_graph_load takes it: its launches on that hardware, by erg estimate
 * (window_s 0: a tenth of its time, at most 100 ms). */
erg_result *erg_advise_order_of_graph(const char *workload, double window_s,
                                      const erg_advise_device *on, erg_error *err);

#ifdef __cplusplus
}
#endif
#pragma GCC visibility pop
#endif
