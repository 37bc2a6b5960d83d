/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The decisions, pure. Every rank of a communicator must decide alike, or a collective
 * would be cut on one and whole on another: so nothing here sees a clock, a rank's own
 * buffer or its own waiting. A figure that was measured comes in only after the ranks
 * have agreed on it.
 */
#ifndef ERG_PLUGIN_MPI_PLAN_H
#define ERG_PLUGIN_MPI_PLAN_H

#include <stdint.h>
#include "mpi/config.h"

/* Which of the like groups of the world this communicator is: groups of so many ranks
 * that lie stride apart and begin at first. Regular groups get 0, 1, 2 ... */
typedef struct mpi_place { int64_t first, stride, size, world; } mpi_place;
int64_t mpi_place_index(mpi_place place);

/* Delay of entry: index/groups of the stagger, at most the agreed slack (INFINITY: not
 * known yet) and at most 1 % of the collective's timeout. */
double mpi_plan_offset_s(const mpi_config *config, int64_t index, int64_t groups,
                         double slack_s);
/* On top of it: the delay by chance of the group's collective of that number, at most 1 %
 * of the timeout. Where a group lies tells it from the others. */
double mpi_plan_jitter_s(const mpi_config *config, int64_t index, int64_t groups,
                         int64_t sequence);
/* The slack that a rank offers to its group's agreement. applied_s is what it was delayed
 * by, elsewhere_s how long it then waited in other communicators. */
double mpi_plan_slack_s(double applied_s, double elsewhere_s);

/* A message up to this is never cut. */
extern const double mpi_uncut_bytes;
/* Pieces of `each` elements, the last of what is left. One piece: not cut. */
typedef struct mpi_cut { int each, pieces; } mpi_cut;
mpi_cut mpi_plan_cut(const mpi_config *config, bool one_node, int count, int element_bytes);
/* From the start of a piece to the next start. */
double mpi_plan_gap_s(const mpi_config *config, double bytes);

/* The next nap of a wait that has lasted so long; 0: test again at once. */
double mpi_plan_nap_s(const mpi_config *config, double waited_s);

#endif
