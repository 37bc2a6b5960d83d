/* SPDX-License-Identifier: Apache-2.0 */
/* What partitioning a graph needs to know of it: who reads what, who owns whom. */
#ifndef ERG_WORKLOAD_PARTITION_H
#define ERG_WORKLOAD_PARTITION_H

#include "base/base.h"
#include "erg/workload.h"

typedef struct cut_readers { int32_t first, count; } cut_readers;

typedef struct cut {
    const erg_graph *graph;
    erg_arena *arena;
    erg_error *err;
    int32_t *owner;             /* subgraph of an operator, -1: none yet */
    int32_t *seen;              /* subgraph that counted this storage last */
    int32_t *stamp;             /* subgraph that listed this one as needed last */
    bool *kept;                 /* a view of this storage is an output of the graph */
    cut_readers *readers;       /* of a storage, through views: a run of reader_list */
    int32_t *reader_list;       /* operators */
} cut;

/* Everything lives in the arena, `err` says what failed. */
bool erg_cut_begin(cut *c);

/* Distinct operators that read what this one makes; the only one, else -1, and the
 * same where nobody else has the result. */
int32_t erg_cut_consumers(const cut *c, int32_t op);
int32_t erg_cut_reader(const cut *c, int32_t op);
int32_t erg_cut_consumer(const cut *c, int32_t op);
/* Would a runtime's compiler put these two in one launch? */
bool erg_cut_fusable(const cut *c, int32_t op, int32_t consumer);
/* Fills alike_back. */
bool erg_cut_find_alike(cut *c, erg_subgraph *subgraphs, int32_t count);
/* The operator that a chain takes in next, -1: it ends. */
int32_t erg_cut_extend(const cut *c, const int32_t *chain, int32_t length);
int32_t erg_cut_extend_compat(const cut *c, const int32_t *chain, int32_t length);
/* All that it needs is made by this chain or by those before. */
bool erg_cut_ready(const cut *c, int32_t op, const int32_t *chain);
/* Did the old code fuse these two? */
bool erg_fuse_compat_pair(const erg_operator *first, const erg_operator *second);

#endif
