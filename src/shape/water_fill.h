/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A budget of watts among nodes: everyone's least, then demands by class from the highest
 * down, then what is left up to everyone's most. Within a fill the water stands at one
 * level per weight, found exactly.
 */
#ifndef ERG_SHAPE_WATER_FILL_H
#define ERG_SHAPE_WATER_FILL_H

#include <stdbool.h>
#include <stddef.h>

typedef struct erg_claim {
    double least_w, demand_w, most_w;   /* least <= demand <= most */
    double weight;                      /* above 0 */
    int rank;                           /* its class: higher ones are served first */
} erg_claim;

typedef struct erg_filled {
    bool is_feasible;
    double deficit_w;       /* by how much the least of all is above the budget; 0 */
    size_t shed_count;      /* infeasible: order[0..) of them to stop, until it fits */
} erg_filled;

/* order: room for n, used on the way. Infeasible: everyone keeps the least. */
erg_filled erg_water_fill(const erg_claim claims[], size_t n, double budget_w,
                          size_t order[], double grants_w[]);

/* What a node asks for next, from what it draws. */
typedef struct erg_demand { double mean_w, square_w2; bool started; } erg_demand;
double erg_demand_step(erg_demand *state, double power_w, double cap_w, double most_w,
                       double dt_s);

#endif
