/* SPDX-License-Identifier: Apache-2.0 */
/* Exact counts of one operator from its shapes. */
#ifndef ERG_WORKLOAD_COUNT_H
#define ERG_WORKLOAD_COUNT_H

#include "workload/build.h"

/* *to *= by, *to += by; false: it left int64_t (or a factor is negative). */
static inline bool erg_count_times(int64_t *to, int64_t by)
{
    return by >= 0 && !__builtin_mul_overflow(*to, by, to);
}

static inline bool erg_count_plus(int64_t *to, int64_t by)
{
    return !__builtin_add_overflow(*to, by, to);
}

/* Fills matrix form, flop, macs, special_op, bytes and threads of an operator
 * whose lists are set; false: a count overflowed. */
bool erg_count_operator(const erg_tensor *tensors, const erg_op_spec *spec,
                        erg_operator *op);

#endif
