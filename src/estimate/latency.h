/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of a latency: where an operator runs, how long its tiles take, what
 * its bytes cost. */
#ifndef ERG_ESTIMATE_LATENCY_H
#define ERG_ESTIMATE_LATENCY_H

#include "erg/estimate.h"

/* Where an operator's arithmetic runs and how fast that is at the clock held. */
typedef struct erg_unit {
    erg_unit_class unit;
    double flop_per_s;
} erg_unit;

erg_unit erg_unit_of(const erg_operator *op, const erg_hardware *hardware, double clock_hz);
/* Do these terms hold what a cap takes from a clock that nobody else holds? */
bool erg_terms_hold_cap(const erg_time_terms *terms, double free_cap_w);
/* As the timing asks. Terms whose rows ran under a cap already hold what a cap that is
 * no lower takes: then the quoted clock. */
erg_unit erg_timing_unit(const erg_timing *timing, const erg_operator *op);

/* A product of matrices on a device of `units`, cut in tiles and waves. */
typedef struct erg_product {
    double batch, m, n, k;
    double partial_bytes_per_s;     /* at which partial sums of a split k are added */
    bool is_gathered;               /* a convolution: its rows do not lie k apart */
} erg_product;

double erg_tile_time(const erg_product *product, const erg_hardware *hardware,
                     erg_unit unit, const erg_time_terms *terms);

/* Plain roofline: a lower bound of any run. */
double erg_roofline_time(const erg_timing *timing, const erg_subgraph *subgraph);
erg_bound erg_roofline_bound(double compute_s, double memory_s, double overhead_s);

/* The same launches on timing->streams streams, each as it is alone: from the first to
 * the last. NAN: no memory. */
double erg_latency_streams(const erg_timing *timing, const erg_latency *alone);

/* Bytes of a product that cross into a level of this capacity, never below the
 * compulsory ones. */
double erg_traffic_product(const erg_product *product, double element_bytes,
                           double capacity);
/* Bytes that subgraphs find in the last cache because they were written or read so
 * shortly before; one a subgraph. false: no memory. */
bool erg_traffic_cached(const erg_partition *partition, const erg_hardware *hardware,
                        double *cached_bytes);

#endif
