/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Transfer entropy by nearest neighbours: Granger's question without straight lines. For
 * Gaussian data it is half the log of his ratio of residuals and adds nothing. Secondary:
 * it never decides, and it is wrong about series that sensors have smoothed.
 */
#ifndef ERG_COUPLE_TRANSFER_H
#define ERG_COUPLE_TRANSFER_H

#include "base/base.h"

typedef struct erg_transfer_options {
    size_t draws;           /* 0: 99 */
    size_t size_runs;       /* pairs simulated for the size; 0: 100 */
    uint64_t key;
    int threads;            /* 0: as many as help */
} erg_transfer_options;

typedef struct erg_transfer_way {
    double nats;            /* I(y[t+1]; x[t] | y[t]); below 0 only by its own scatter */
    double p_value;         /* x[t] permuted */
    double size;            /* share below 0.05 in pairs without a tie, simulated from the
                             * models of these two; at most size_n long */
} erg_transfer_way;

typedef struct erg_transfer {
    size_t rows, size_n;
    erg_transfer_way x_to_y, y_to_x;
} erg_transfer;

enum { ERG_TRANSFER_LEAST = 500 };

/* ERG_NO_DATA: fewer than ERG_TRANSFER_LEAST rows, or a series that does not move. */
bool erg_transfer_test(const double x[], const double y[], size_t n,
                       const erg_transfer_options *options, erg_transfer *out,
                       erg_error *err);

#endif
